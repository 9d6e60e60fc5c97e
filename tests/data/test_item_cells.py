"""Cells of events that hold a list of items: an event for each, or a reason."""

import pytest

from recsys.data.dataframes import events_of
from recsys.data.item_and_event_readers import notes, read_events
from recsys.data.reading_report import Reading, Reject
from recsys.errors import DataError


def pairs(rows):
    return [(one.user_id, one.item_id, one.event) for _, one in rows]


@pytest.mark.parametrize("cell", ["[12, 15]", '["12","15"]', "['12', '15']", "['12' '15']"])
@pytest.mark.parametrize("name", ["item_id", "item_ids", "products"])
def test_a_list_in_a_cell_is_an_event_for_each_item(write, cell, name):
    quoted = cell.replace('"', '""')
    path = write("e.csv", f'user_id,{name},event\na,"{quoted}",view\nb,"[7]",like\n')
    reading = Reading()
    found = pairs(read_events(path, True, reading))
    assert found == [("a", "12", "view"), ("a", "15", "view"), ("b", "7", "like")]
    told = f"2 rows are about the items in {name}: read as 3 events, one for each item"
    assert told in list(notes(reading))


def test_json_holds_the_list_itself_or_its_text(write):
    path = write("e.jsonl", [{"user_id": "a", "item_id": ["1", 2]}])
    assert pairs(read_events(path, True)) == [("a", "1", "view"), ("a", "2", "view")]
    path = write("f.jsonl", [{"user_id": "a", "item_ids": "[1, 2]"}])
    assert pairs(read_events(path, True)) == [("a", "1", "view"), ("a", "2", "view")]


def test_lists_in_a_parquet_file(tmp_path):
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    table = pyarrow.table({"user_id": ["a", "b"], "item_ids": [["1", "2"], ["3"]]})
    parquet.write_table(table, tmp_path / "e.parquet")
    found = pairs(read_events(tmp_path / "e.parquet", True))
    assert found == [("a", "1", "view"), ("a", "2", "view"), ("b", "3", "view")]


def test_lines_of_an_order_are_purchases(write):
    cell = '"[{""product_id"": 7, ""id"": 99}, {""product_id"": 8}]"'
    path = write("e.csv", f"user_id,line_items\na,{cell}\n")
    assert pairs(read_events(path, True)) == [("a", "7", "purchase"), ("a", "8", "purchase")]


def test_a_list_without_ids_is_rejected_and_a_text_in_brackets_is_an_id(write):
    path = write("e.csv", 'user_id,item_id\na,[]\nb,"[1,[2]]"\nc,[abc]\n')
    empty, nested, name = [row for _, row in read_events(path)]
    assert isinstance(empty, Reject) and empty.reason == nested.reason
    assert "a list without ids of items" in empty.reason
    assert name.item_id == "[abc]"


def test_signs_between_ids_are_refused_where_the_name_says_several(write):
    path = write("e.csv", "user_id;item_ids\na;1|2\n")
    with pytest.raises(DataError, match=r"or a JSON list, as in \[12, 15\]"):
        list(read_events(path))


def test_rows_of_a_table_in_memory():
    rows = [{"user_id": "a", "item_id": ["1", "2"]}, {"user_id": "b", "item_id": "[3]"}]
    assert [(one.user_id, one.item_id) for one in events_of(rows)] == [
        ("a", "1"),
        ("a", "2"),
        ("b", "3"),
    ]
