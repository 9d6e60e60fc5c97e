"""Files in: every format, and every kind of bad file and bad row."""

import gzip
import json
import math
import time
from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from recsys.data.item_and_event_readers import (
    count_lines,
    load_events,
    load_items,
    read_events,
    read_follows,
    read_items,
    read_partial_users,
)
from recsys.data.reading_report import Reject
from recsys.data.records import Event, Follow, Item, User
from recsys.errors import DataError

HEAD = "user_id,item_id,event,value,text,timestamp\n"


def only(rows):
    return [row for _, row in rows]


def test_the_same_events_from_every_format(write, tmp_path):
    ann = Event("ann", "7/8", "like", None, "", 1e9)
    bob = Event("鲍勃", "9", "rating", 4.5, 'so "good", 🎬\nreally', 1e9 + 60)
    csv = (
        HEAD + 'ann,7/8,Like,,,1000000000\n鲍勃,9,rating,4.5,"so ""good"", 🎬\nreally",1000000060\n'
    )
    lines = [
        {"user_id": "ann", "item_id": "7/8", "event": "like", "timestamp": 10**9},
        {
            "user_id": "鲍勃",
            "item_id": 9,
            "event": "rating",
            "value": 4.5,
            "text": bob.text,
            "timestamp": "2001-09-09T01:47:40Z",
        },
    ]
    jsonl = "\n".join(json.dumps(line) for line in lines) + "\n"
    table = pa.table(
        {
            "user_id": ["ann", "鲍勃"],
            "item_id": ["7/8", "9"],
            "event": ["like", "rating"],
            "value": [None, 4.5],
            "text": [None, bob.text],
            "timestamp": pa.array([10**18, (10**9 + 60) * 10**9], pa.timestamp("ns")),
        }
    )
    pq.write_table(table, tmp_path / "e.parquet")
    packed = (tmp_path / "e.parquet").read_bytes()
    paths = [
        write("e.csv", csv),
        write("bom.csv", "\ufeff" + csv),
        write("e.csv.gz", csv),
        write("e.jsonl", jsonl),
        write("e.JSONL.gz", jsonl),
        tmp_path / "e.parquet",
        write("e.parquet.gz", packed),
    ]
    for path in paths:
        assert only(read_events(path)) == [ann, bob], path


def test_unknown_columns_of_items_become_metadata(write):
    path = write(
        "i.csv", "item_id,title,tags,created_at,year,empty\n1,Kung Fu,a|b,1980-01-01,1974,\n"
    )
    assert only(read_items(path)) == [
        Item("1", "Kung Fu", tags=("a", "b"), created_at=315532800.0, metadata={"year": "1974"})
    ]


def test_users_and_follows(write):
    users = write("u.csv", "user_id,name,interests,language\nu1,Ann,jazz|chess,de\nu2,,,\n")
    assert [row.value for row in only(read_partial_users(users))] == [
        User("u1", "Ann", ("jazz", "chess"), "de"),
        User("u2"),
    ]
    follows = write("f.csv", "user_id,author_id,followed_user_id\nu1,a,\nu1,,u2\nu1,,\nu1,a,u2\n")
    first, second, none, both = only(read_follows(follows))
    assert (first, second) == (Follow("u1", "a"), Follow("u1", "", "u2"))
    assert "is missing" in none.reason and "both given" in both.reason


def test_only_the_ids_are_required(write):
    path = write("e.csv", "item_id,user_id\n1,ann\n")
    assert only(read_events(path)) == [Event("ann", "1", "view")]
    path = write("r.csv", "item_id,user_id,value\n1,ann,5\n")
    assert only(read_events(path)) == [Event("ann", "1", "rating", 5.0)]


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("empty.csv", "", "the file is empty"),
        ("blank.csv", "\n\n", "the file is empty"),
        ("empty.csv.gz", "", "the file is empty"),
        ("empty.jsonl", "\n", "the file is empty"),
        ("headerless.csv", "1,2,like\n3,4,like\n", "the first line must name the columns"),
        ("half.csv", "user_id,event\n1,like\n", "the header has no item_id"),
        ("twice.csv", "user_id,item_id,item_id\n1,2,3\n", "names item_id more than once"),
        ("events.xlsx", "user_id,item_id\n1,2\n", "unknown extension '.xlsx': .*save the sheet"),
        ("zipped.csv", b"PK\x03\x04....", "is a spreadsheet or a zip archive"),
        ("events", b"\x7fELF\x02\x01\x01\x00\x01", "unknown extension ''"),
        ("false.parquet", "no parquet at all", "is not a Parquet file"),
    ],
)
def test_a_bad_file_is_refused_as_a_whole(write, name, text, reason):
    path = write(name, text)
    with pytest.raises(DataError, match=reason) as caught:
        list(read_events(path))
    assert str(path) in str(caught.value)


def test_a_missing_file_a_folder_and_a_broken_gzip(tmp_path, write):
    with pytest.raises(DataError, match="there is no such file"):
        list(read_events(tmp_path / "none.csv"))
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(DataError, match="is a folder"):
        list(read_events(tmp_path / "folder.csv"))
    whole = gzip.compress((HEAD + "a,b,like,,,1\n" * 5000).encode())
    for name, data in (
        ("cut.csv.gz", whole[: len(whole) // 2]),
        ("not.csv.gz", b"user_id,item_id"),
    ):
        (tmp_path / name).write_bytes(data)
        with pytest.raises(DataError, match="is not a whole gzip file"):
            list(read_events(tmp_path / name))


def test_a_parquet_number_that_is_not_one_is_missing(tmp_path):
    table = pa.table({"user_id": ["a"], "item_id": ["b"], "value": [float("nan")]})
    pq.write_table(table, tmp_path / "e.parquet")
    assert [event.value for _, event in read_events(tmp_path / "e.parquet")] == [None]


def test_a_parquet_file_without_a_needed_column(tmp_path):
    pq.write_table(pa.table({"user_id": ["a"]}), tmp_path / "e.parquet")
    with pytest.raises(DataError, match="there is no column item_id"):
        list(read_events(tmp_path / "e.parquet"))


BAD_ROWS = [
    (",1,like,,,1000000005", "user_id", "is missing"),
    ("a,,like,,,1000000005", "item_id", "is missing"),
    (f"a,{'x' * 10_000},like,,,1000000005", "item_id", "has 10000 characters"),
    ("a,1,like,,,4000000000", "timestamp", "is in the future"),
    ("a,1,like,,,soon", "timestamp", "is not a time"),
    ("a,1,rating,G+,,1000000005", "value", "is not a number"),
    ("a,1,rating,inf,,1000000005", "value", "is not a finite number"),
    (f"a,1,{'k' * 65},,,1000000005", "event", "is not a word of at most 64"),
    ("a,1,like", "", "the row has 3 cells, the header has 6"),
    ("a,1,like,,,1000000005,6,7", "", "the row has 8 cells, the header has 6"),
    ('a,1,like,,"x"y,1000000005', "", "the row is not CSV"),
]


@pytest.mark.parametrize(("row", "column", "reason"), BAD_ROWS)
def test_a_bad_row_is_reported_with_file_line_column_and_reason(write, row, column, reason):
    path = write(
        "e.csv", f'{HEAD}a,0,view,,"two\nlines",1000000001\n\n{row}\nb,2,view,,,1000000002\n'
    )
    (_, before), (line, reject), (last, after) = read_events(path)
    assert isinstance(reject, Reject)
    assert (reject.file, reject.line, line, reject.column) == (str(path), 5, 5, column)
    assert reason in reject.reason
    assert (before.item_id, after.item_id, last) == ("0", "2", 6)
    with pytest.raises(DataError, match=r"e\.csv:5: "):
        list(read_events(path, strict=True))


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("{not json", "the line is not JSON"),
        ("[1, 2]", "is not a JSON object"),
        ('{"user_id": "a"}', "is missing"),
        ('{"user_id": "a", "item_id": "1", "value": Infinity}', "is not a finite number"),
        ('{"user_id": "a", "item_id": "1", "value": [1]}', "is not a number"),
        ('{"user_id": "a", "item_id": "\\ud800"}', "not UTF-8"),
        ("[" * 100_000, "the line is not JSON"),
    ],
)
def test_a_bad_line_of_json(write, line, reason):
    path = write("e.jsonl", f'{line}\n{{"user_id": "b", "item_id": "2"}}\n')
    reject, event = only(read_events(path))
    assert reason in reject.reason and reject.line == 1
    assert event == Event("b", "2", "view")


def test_bytes_that_are_not_utf8_are_rejected_where_they_stand(write):
    path = write("i.csv", b"item_id,title\n1,caf\xe9\n2,caf\xc3\xa9\n")
    reject, item = only(read_items(path))
    assert (reject.column, reject.reason) == ("title", "is not valid UTF-8")
    assert item.title == "café"


def test_an_empty_text_is_an_item_like_any_other(write):
    assert only(read_items(write("i.csv", "item_id,title,text\n1,,\n"))) == [Item("1")]


def test_a_header_alone_is_a_file_of_no_events(write):
    table = load_events(write("e.csv", HEAD))
    assert len(table) == 0 and not table.timed


def test_load_events_sorts_by_time_and_counts_repeats_once(write):
    path = write(
        "e.csv",
        HEAD + "b,2,rating,3,,1000000030\na,1,like,,hm,1000000010\nb,2,rating,3,,1000000030\n"
        "b,2,rating,4,,1000000030\na,1,like,,hm,1000000010\na,1,like,,,1000000010\n",
    )
    table = load_events(path)
    assert (table.time - 1e9).tolist() == [10, 10, 30, 30]
    assert [table.users[row] for row in table.user] == ["a", "a", "b", "b"]
    assert table.value[2:].tolist() == [3, 4] and np.isnan(table.value[:2]).all()
    assert [table.kinds[kind] for kind in table.kind] == ["like", "like", "rating", "rating"]
    assert dict(table.comments) == {0: "hm"}
    assert table.timed


def test_without_timestamps_the_order_of_the_file_stands_and_repeats_count(write):
    table = load_events(write("e.csv", "user_id,item_id\nb,2\na,1\nb,2\n"))
    assert [table.items[row] for row in table.item] == ["2", "1", "2"]
    assert np.isnan(table.time).all() and not table.timed


def test_one_missing_timestamp_does_not_cost_the_others_theirs(write):
    rows = "a,1,like,,,1000000030\nb,2,like,,,\nc,3,like,,,1000000010\nd,4,like,,,1000000020\n"
    table = load_events(write("e.csv", HEAD + rows))
    assert table.timed and (table.time - 1e9).tolist() == [10, 20, 30, 30]
    assert [table.items[row] for row in table.item] == ["3", "4", "1", "2"]
    first = load_events(
        write("f.csv", HEAD + "a,1,like,,,\nb,2,like,,,1000000007\nc,3,like,,,1000000009\n")
    )
    assert (first.time - 1e9).tolist() == [7, 7, 9]
    few = load_events(write("g.csv", HEAD + "a,1,like,,,1000000030\nb,2,like,,,\nc,3,like,,,\n"))
    assert not few.timed and [few.items[row] for row in few.item] == ["1", "2", "3"]


def test_a_timestamp_shortly_ahead_is_cut_to_now(write):
    table = load_events(write("e.csv", f"{HEAD}a,1,like,,,{time.time() + 200}\n"))
    assert table.time[0] <= time.time()


def test_load_items_keeps_the_last_row_of_an_id(write):
    ahead = datetime.fromtimestamp(time.time() + 200, UTC).isoformat()
    path = write("i.csv", f"item_id,title,created_at\n1,old,\n2,two,{ahead}\n1,new,2001-09-09\n")
    table = load_items(path)
    assert list(table.ids) == ["1", "2"] and table.title == ["new", "two"]
    assert table.created[0] == 999993600.0 and table.created[1] <= time.time()
    assert math.isnan(load_items(write("j.csv", "item_id\n1\n")).created[0])


def test_bad_rows_of_a_loaded_file_are_told_in_the_log(write, caplog):
    path = write("e.csv", HEAD + ",1,like,,,1000000005\na,1,like,,,1000000005\n")
    assert len(load_events(path)) == 1
    assert "1 bad row left out; the first" in caplog.text
    with pytest.raises(DataError, match="user_id is missing"):
        load_events(path, strict=True)


def test_lines_are_counted_for_the_bar_where_that_is_cheap(write):
    assert count_lines(write("e.csv", "a\nb\nc\n")) == 3
    assert count_lines(write("e.csv.gz", "a\nb\nc\n")) == 0


def test_a_gzip_that_unpacks_to_far_more_is_refused(tmp_path):
    path = tmp_path / "bomb.jsonl.gz"
    block = gzip.compress((b" " * 999_999 + b"\n") * 10)
    path.write_bytes(block * 12)  # 120 MB in 120 kB
    with pytest.raises(DataError, match="unpacks to more than 200 times its"):
        for _ in read_events(path):
            pass


def test_a_line_without_an_end_is_rejected_in_parts(tmp_path, monkeypatch):
    monkeypatch.setattr("recsys.data.file_opening.MAX_LINE", 1_000)
    path = tmp_path / "events.jsonl"
    good = '{"user_id": "a", "item_id": "b"}\n'
    path.write_text('{"user_id": "' + "x" * 5_000 + "\n" + good)
    rows = [row for _, row in read_events(path)]
    assert all(isinstance(row, Reject) for row in rows[:-1]) and len(rows) == 7
    assert rows[-1].user_id == "a"
