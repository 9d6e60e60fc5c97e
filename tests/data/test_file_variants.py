"""Files as users have them: names, separators, encodings, typed columns, spellings of NULL."""

import datetime as dt
import decimal
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recsys.data.item_and_event_readers import (
    load_events,
    load_items,
    notes,
    read_events,
    read_items,
)
from recsys.data.reading_report import BLANK, HEADER, Options, Reading, Reject
from recsys.data.records import Event, Item
from recsys.errors import DataError

ROW = Event("ann", "i1", "like", None, "", 1611903660.0)


def rows(path, reading=None):
    return [row for _, row in read_events(path, False, reading)]


@pytest.mark.parametrize(
    "header",
    [
        "USER_ID,ITEM_ID,EVENT,TIMESTAMP",
        "userId,content_id,event_type,ts",
        "Visitor ID,movieId,action,event_time",
        "uid,asin,verb,created_at",
        "\ufeff user-id ,'item_id',\"event\",date",
    ],
)
def test_columns_are_known_by_other_names(write, header):
    assert rows(write("e.csv", f"{header}\nann,i1,like,2021-01-29 07:01:00 UTC\n")) == [ROW]


def test_other_names_are_told_and_unused_columns_too(write):
    reading = Reading()
    path = write("e.csv", "user_id,content_id,rating,device\nann,i1,4,phone\n")
    assert rows(path, reading) == [Event("ann", "i1", "rating", 4.0)]
    assert reading.renamed == {"content_id": "item_id", "rating": "value"}
    assert reading.unused == ["device"]


def test_two_names_for_one_column_are_refused_until_one_is_named(write):
    path = write("e.csv", "user_id,post_id,article_id\nann,i1,i2\n")
    with pytest.raises(DataError, match="'post_id' and 'article_id' may both be item_id"):
        rows(path)
    chosen = Reading(Options({"item_id": "article_id"}))
    assert [event.item_id for event in rows(path, chosen)] == ["i2"]
    assert chosen.unused == ["post_id"]


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("user_id;item_id;event;value\nann;i1;rating;4,5\n", "utf-8"),
        ("user_id\titem_id\tevent\tvalue\nann\ti1\trating\t4.5\n", "utf-16"),
        ("user_id\titem_id\tevent\tvalue\nann\ti1\trating\t4.5\n", "utf-16-le"),
        ("user_id|item_id|event|value\nann|i1|rating|4.5\n", "utf-8-sig"),
        ("sep=;\nuser_id;item_id;event;value\nann;i1;rating;4,5\n", "utf-8"),
        ("user_id,item_id,event,value,,\nann,i1,rating,4.5,,\n", "utf-8"),
        ("user_id,item_id,event,value\r\n\r\nann,i1,rating,4.5\r\n , , ,\r\n", "utf-8"),
    ],
)
def test_separators_and_encodings(write, text, encoding):
    assert rows(write("e.txt", text, encoding)) == [Event("ann", "i1", "rating", 4.5)]


def test_repeated_headers_and_blank_rows_are_counted(write):
    reading = Reading()
    path = write("e.csv", "user_id,item_id\na,1\nuser_id,item_id\n\n,\nb,2\n")
    assert [event.user_id for event in rows(path, reading)] == ["a", "b"]
    assert reading.skipped == {BLANK: 2, HEADER: 1}


def test_latin_1_is_read_when_it_is_named(write):
    path = write("e.csv", b"user_id,item_id\nJos\xe9,1\n")
    assert "UTF-8" in rows(path)[0].reason
    assert rows(path, Reading(Options(encoding="cp1252"))) == [Event("José", "1", "view")]
    with pytest.raises(DataError, match="encoding 'none' is not known"):
        Options(encoding="none")


CHINESE = "用户编号,内容编号,标题\n甲,一,红烧肉的做法：家常菜！\n乙,二,2026年新手机评测\n"


@pytest.mark.parametrize("encoding", ["gbk", "gb2312", "gb18030"])
def test_sheets_of_chinese_windows_are_read_and_the_summary_says_so(write, encoding):
    reading = Reading()
    assert [each.user_id for each in rows(write("e.csv", CHINESE, encoding), reading)] == [
        "甲",
        "乙",
    ]
    assert "GB 18030" in reading.form


def test_chinese_below_an_english_header_of_many_rows_is_found(write):
    ascii_rows = "".join(f"u{n},i{n}\n" for n in range(3_000))
    path = write("e.csv", f"user_id,item_id\n{ascii_rows}小红,红烧肉\n", "gbk")
    assert rows(path)[-1] == Event("小红", "红烧肉", "view")


def test_a_broken_byte_in_utf_8_does_not_make_it_another_encoding(write):
    path = write("e.csv", CHINESE.encode() + b"\xe7\x94,3,x\n")
    first, second, third = rows(path)
    assert (first.user_id, second.user_id) == ("甲", "乙") and "UTF-8" in third.reason


def test_a_header_in_an_unknown_encoding_says_how_to_name_it(write):
    path = write("e.csv", "用戶編號,文章編號,行為,時間\n甲,一,按讚,2026年1月29日\n", "big5")
    with pytest.raises(DataError, match="--encoding big5"):
        rows(path)
    (read,) = rows(path, Reading(Options(encoding="big5")))
    assert (read.user_id, read.item_id, read.event) == ("甲", "一", "按讚") and read.timestamp


def test_json_files(write):
    records = [{"user_id": 12, "item_id": 5.0}, {"user_id": "ann", "item_id": None}]
    for text in (
        json.dumps(records),
        json.dumps({"events": records}, indent=1),
        "\n".join(map(json.dumps, records)),
    ):
        good, bad = rows(write("e.json", text))
        assert good == Event("12", "5", "view") and "is missing" in bad.reason


def test_typed_columns_of_parquet(tmp_path):
    table = pa.table(
        {
            "USER_ID": pa.array([decimal.Decimal(12), None], pa.decimal128(38, 0)),
            "item_id": pa.array([b"i1", b"i2"], pa.binary()),
            "rating": pa.array([decimal.Decimal("4.5"), None], pa.decimal128(10, 2)),
            "timestamp": pa.array([dt.date(2021, 1, 29), None]),
        }
    )
    pq.write_table(table, tmp_path / "e.parquet")
    good, bad = rows(tmp_path / "e.parquet")
    assert good == Event("12", "i1", "rating", 4.5, "", 1611878400.0)
    assert isinstance(bad, Reject) and bad.column == "user_id"


@pytest.mark.parametrize(
    "null", ["", "NULL", "null", "None", "nan", "NaN", "\\N", "N/A", "-", None]
)
@pytest.mark.parametrize("name", ["e.csv", "e.jsonl"])
def test_null_is_absent_in_every_format(write, name, null):
    columns = {"user_id": "ann", "item_id": "1", "event": null, "value": null, "timestamp": null}
    if name == "e.csv":
        cells = ["" if value is None else value for value in columns.values()]
        text = f"{','.join(columns)}\n{','.join(cells)}\n"
    else:
        text = json.dumps(columns)
    assert rows(write(name, text)) == [Event("ann", "1", "view")]


def test_a_title_may_be_a_word_that_programs_write_for_nothing(write):
    path = write(
        "i.csv", "item_id,title,category,tags\n1,None,None,\"['a', 'b']\"\n2,NULL,Nan,[]\n"
    )
    found = [item for _, item in read_items(path)]
    assert found == [Item("1", "None", tags=("a", "b")), Item("2", category="Nan")]


@pytest.mark.parametrize("year", ["2008", "1999.0", "44225.29", "0", "5", "18656"])
def test_small_numbers_are_no_times(write, year):
    (reject,) = rows(write("e.csv", f"user_id,item_id,timestamp\na,1,{year}\n"))
    assert "is not a time" in reject.reason


def test_a_column_that_a_later_file_lacks_stays(write):
    full = write("full.csv", "item_id,title,text,year\n1,One,Words,1999\n2,Two,More,\n")
    part = write("part.csv", "item_id,title,text\n1,Eins,\n")
    table = load_items([full, part])
    assert (table.title[0], table.text[0], table.metadata[0]) == ("Eins", "", {"year": "1999"})
    assert table.text[1] == "More"


def test_an_undated_export_that_grew_counts_each_row_once(write):
    first = write("1.csv", "user_id,item_id\na,1\na,1\nb,2\n")
    second = write("2.csv", "user_id,item_id\r\na,1\r\na,1\r\na,1\r\nb,2\r\nc,3\r\n")
    assert len(load_events(first)) == 3 and len(load_events([first, second])) == 5


CELL = st.text(max_size=12) | st.sampled_from(
    ["NULL", "12.0", "2008", "a|b", '"', "\u200b", "[", "é"]
)
VALUE = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | CELL,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(CELL, inner, max_size=3),
    max_leaves=4,
)


@settings(max_examples=60, deadline=None)
@given(
    st.binary(max_size=200), st.sampled_from(["csv", "tsv", "json", "jsonl", "csv.gz", "parquet"])
)
def test_no_bytes_crash_a_reader(tmp_path_factory, data, ending):
    path = tmp_path_factory.mktemp("bytes") / f"e.{ending}"
    path.write_bytes(b"user_id,item_id\n" + data if len(data) % 2 else data)
    try:
        rows(path)
    except DataError as error:
        assert str(path) in str(error)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.dictionaries(st.sampled_from(["user_id", "Item ID", "value", "ts", "x"]), VALUE))
)
def test_every_json_row_is_read_or_rejected_in_order(tmp_path_factory, records):
    path = tmp_path_factory.mktemp("rows") / "e.jsonl"
    path.write_text("\n".join(map(json.dumps, records)) or "\n", "utf-8")
    try:
        found = list(read_events(path))
    except DataError as error:
        assert not records and "is empty" in str(error)
        return
    assert [line for line, _ in found] == list(range(1, len(records) + 1))


NOTES = "columns read under another name: "


@pytest.mark.parametrize(
    ("name", "text", "said", "seconds"),
    [
        (
            "a.tsv",
            "USER\tarticle\taction\tmoment\nu\t1\tread\t2026-11-01 10:00\n",
            "moment as timestamp",
            1_793_527_200.0,
        ),
        (
            "b.csv",
            "用户ID,文章ID,行为,时间\nu,1,点赞,2026年11月1日 10:00\n",
            "时间 as timestamp",
            1_793_527_200.0,
        ),
        (
            "c.jsonl",
            '{"user": "u", "post": "1", "stamped": 1793527200}\n',
            "stamped as timestamp",
            1_793_527_200.0,
        ),
        (
            "d.csv",
            "user,item,stamped\nu,1,1793527200000\n",
            "stamped as timestamp",
            1_793_527_200.0,
        ),
        ("e.csv", "user,item,price\nu,1,17.5\n", "", None),
        ("f.csv", "user,item,year\nu,1,2008\n", "", None),
        ("g.csv", "user,item,phone\nu,1,4915112345678\n", "", None),
        ("h.csv", "user,item,note\nu,1,a-b\n", "", None),
        ("i.csv", "user,item,moment\nu,1,2026-11-01\nu,2,soon\n", "", None),
    ],
)
def test_a_column_of_times_is_found_by_its_values(write, name, text, said, seconds):
    reading = Reading()
    events = rows(write(name, text), reading)
    assert events[0].timestamp == seconds
    renamed = ", ".join(line for line in notes(reading) if line.startswith(NOTES))
    assert said in renamed
    assert ("as timestamp" in renamed) == bool(said)


def test_two_columns_of_times_are_a_question(write):
    path = write("two.csv", "user,item,begun,ended\nu,1,2026-11-01,2026-11-02\n")
    with pytest.raises(DataError, match="begun and ended hold times.*--map timestamp=begun"):
        rows(path)
    assert rows(path, Reading(Options({"timestamp": ""})))[0].timestamp is None


def test_a_parquet_column_of_times_is_found(tmp_path):
    moment = dt.datetime(2026, 11, 1, 10, tzinfo=dt.UTC)
    table = pa.table({"user": ["u"], "item": ["1"], "moment": [moment], "n": [3]})
    pq.write_table(table, tmp_path / "times.parquet")
    assert rows(tmp_path / "times.parquet")[0].timestamp == moment.timestamp()


def test_a_header_of_another_separator_is_shown_with_a_way_out_per_column(write):
    path = write("odd.tsv", "wer\twas\nu\t1\n")
    with pytest.raises(
        DataError,
        match="no user_id and no item_id.*wer,was.*--map user_id=NAME --map item_id=NAME",
    ):
        rows(path)


def read_of(path, **options):
    reading = Reading(Options(**options))
    return [row for _, row in read_events(path, False, reading)], reading


HEADERS = {"events": ("user_id", "item_id", "rating", "-", "timestamp")}


@pytest.mark.parametrize("sign", [",", ";", "\t", "|", "::"])
@pytest.mark.parametrize("name", ["u.csv", "u.data", "ratings.dat", "ratings"])
def test_a_table_without_a_line_of_names_is_read_by_the_option(write, sign, name):
    text = "".join(
        sign.join(row) + "\n"
        for row in (
            ("196", "242", "3", "x", "881250949"),
            ("186", "302", "4", "y", "891717742"),
        )
    )
    found, reading = read_of(write(name, text), headers=HEADERS)
    assert found == [
        Event("196", "242", "rating", 3.0, "", 881250949.0),
        Event("186", "302", "rating", 4.0, "", 891717742.0),
    ]
    assert reading.unused == ["-"]


def test_an_error_names_the_way_to_read_a_table_without_a_line_of_names(write):
    path = write("u.data", "196\t242\t3\t881250949\n")
    with pytest.raises(DataError, match="read with --header events:user_id,item_id,…"):
        read_of(path)
    rows, _ = read_of(path, headers=HEADERS)
    assert isinstance(rows[0], Reject) and "4 cells, the header has 5" in rows[0].reason


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("ml.inter", "user_id:token\titem_id:token\tevent:token\ttimestamp:float\nann\ti1\tlike\t"),
        ("log.out", '{"user_id": "ann", "item_id": "i1", "event": "like", "timestamp": '),
        ("log", "user_id,item_id,event,timestamp\nann,i1,like,"),
    ],
)
def test_text_under_any_name_is_read_by_what_it_holds(write, name, text):
    end = "}\n" if text[0] == "{" else "\n"
    assert rows(write(name, text + "1611903660" + end)) == [ROW]


def kinds_of(found):
    return [(row.item_id, row.event, row.value) for row in found]


FLAGS = ("user_id", "video_id", "is_click", "Is Like", "hate", "timestamp")
FLAG_ROWS = (
    ("ann", "a", 0, 0, 0, 1611903660),
    ("ann", "b", 1, 0, 0, 1611903661),
    ("ann", "c", 1, 1, 0, 1611903662),
    ("ann", "d", 1, 1, 1, 1611903663),
)


@pytest.mark.parametrize("form", ["csv", "jsonl", "json", "parquet", "words"])
def test_flags_say_the_kind_of_each_event(write, tmp_path, form):
    objects = [dict(zip(FLAGS, row, strict=True)) for row in FLAG_ROWS]
    if form == "parquet":
        path = tmp_path / "e.parquet"
        pq.write_table(pa.Table.from_pylist(objects), path)
    elif form in ("csv", "words"):
        words = {0: "False", 1: "true"} if form == "words" else {0: "0", 1: "1"}
        lines = [",".join(FLAGS)]
        lines += [",".join([*r[:2], *(words[f] for f in r[2:5]), str(r[5])]) for r in FLAG_ROWS]
        path = write("e.csv", "\n".join(lines) + "\n")
    else:
        lines = [json.dumps(one) for one in objects]
        text = "\n".join(lines) if form == "jsonl" else f"[{','.join(lines)}]"
        path = write(f"e.{form}", text)
    reading = Reading()
    assert kinds_of(rows(path, reading)) == [
        ("a", "impression", None),
        ("b", "click", None),
        ("c", "like", None),
        ("d", "dislike", None),
    ]
    assert reading.renamed["is_click"] == "event:click" and not reading.unused


def test_what_is_no_flag_among_flags_is_rejected(write):
    found = rows(write("e.csv", "user_id,item_id,is_click\n" + "u,a,1\n" * 2_500 + "u,b,7\n"))
    assert isinstance(found[-1], Reject) and "7' is neither 0 nor 1" in found[-1].reason


def test_counts_and_flags_that_are_never_set_are_no_kinds(write):
    for values in ("3", "0"):
        reading = Reading()
        path = write("e.csv", f"user_id,item_id,is_click\nu,a,{values}\n")
        assert kinds_of(rows(path, reading)) == [("a", "view", None)]
        assert reading.unused == ["is_click"]


def test_a_row_with_a_completion_and_no_flag_was_watched(write):
    path = write("e.csv", "user_id,item_id,watch_ratio,is_like\nu,a,0.7,0\nu,b,0.7,1\n")
    assert kinds_of(rows(path)) == [("a", "watch", 0.7), ("b", "like", None)]


def test_recommended_or_not_is_a_like_or_a_dislike(write):
    path = write("e.csv", "user_id,item_id,is_recommended\nu,a,true\nu,b,false\nu,c,\n")
    assert kinds_of(rows(path)) == [
        ("a", "like", None),
        ("b", "dislike", None),
        ("c", "impression", None),
    ]


def test_the_parent_of_variants_and_the_more_precise_time_are_taken(write):
    path = write("e.csv", "user_id,asin,parent_asin,date,time_ms\nu,v,p,20210129,1611903660000\n")
    assert rows(path) == [Event("u", "p", "view", None, "", 1611903660.0)]


EXPORT = {
    "db": [
        {
            "meta": {"version": "5"},
            "data": {
                "posts": [{"id": "p1", "title": "Soil"}, {"id": "p2", "title": "Rose"}],
                "tags": [{"id": "t1", "name": "Garden"}],
                "users": [{"id": "u1", "name": "Ann"}],
            },
        }
    ]
}


def test_of_the_export_of_a_database_the_list_of_the_kind_is_read(tmp_path):
    path = tmp_path / "export.json"
    path.write_text(json.dumps(EXPORT))
    reading = Reading()
    found = [item.title for _, item in read_items(path, reading=reading)]
    assert found == ["Soil", "Rose"]
    assert reading.form == ["the list data.posts; not read: data.tags (1), data.users (1)"]
    with pytest.raises(DataError, match=r"data\.posts \(2\), data\.tags \(1\).* the events"):
        list(read_events(path))


def test_a_list_of_one_item_with_lists_of_its_own_is_that_item(tmp_path):
    path = tmp_path / "one.json"
    path.write_text(json.dumps([{"id": 1, "tags": [{"name": "a"}], "posts": [{"id": 2}]}]))
    assert [item.item_id for _, item in read_items(path)] == ["1"]


@pytest.mark.parametrize(
    ("text", "form"),
    [("<?xml version='1.0'?>\n<rows/>\n", "XML"), ("INSERT INTO `likes` VALUES (1,2);\n", "SQL")],
)
def test_what_is_no_table_is_said(tmp_path, text, form):
    path = tmp_path / "likes.txt"
    path.write_text(text)
    with pytest.raises(DataError, match=f"holds {form}.*export the rows as CSV"):
        list(read_events(path))


@pytest.mark.parametrize("end", ["", "\r"])
def test_objects_with_commas_between_their_lines_are_read(write, end):
    text = f'{{"id": 1, "title": "A"}},{end}\n{{"id": 2, "title": "B"}}{end}\n'
    assert load_items(write("a.jsonl", text), True).title == ["A", "B"]


@pytest.mark.parametrize("name", ["a.jsonl", "a.ndjson", "a.json", "a.txt.log"])
def test_a_list_of_objects_is_read_under_any_name(write, name):
    text = '[\n{"id": 1, "title": "A"},\n{"id": 2, "title": "B"}\n]\n'
    assert load_items(write(name, text), True).title == ["A", "B"]


def test_json_with_a_fault_is_refused_with_its_place(write):
    with pytest.raises(DataError, match=r"it is not JSON \(.*line 1 column"):
        load_items(write("a.json", '[{"id": 1, "title": "A"},]'))


def test_one_thing_is_not_told_in_the_plural(write):
    reading = Reading()
    rows = list(
        read_events(write("e.csv", "user_id,item_id,event\na,1,like\n\nx\n"), False, reading)
    )
    assert rows[1][1].reason == "the row has 1 cell, the header has 3"
    assert "passed over: 1 blank line" in list(notes(reading))
