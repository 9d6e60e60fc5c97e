"""Bulk requests of Elasticsearch: rows are read, actions are none."""

import json

from recsys.data.item_and_event_readers import notes, read_events, read_partial_items
from recsys.data.reading_report import Reading, Reject


def test_items_have_the_id_of_their_action_and_their_own_fields(write):
    lines = [
        {"index": {"_index": "articles", "_id": "1"}},
        {"title": "Rye", "body": "bread"},
        {"create": {"_id": "2"}},
        {"id": "own", "title": "Oats"},
    ]
    reading = Reading()
    found = [row.value for _, row in read_partial_items(write("a.ndjson", lines), True, reading)]
    assert [(one.item_id, one.title, one.text) for one in found] == [
        ("1", "Rye", "bread"),
        ("own", "Oats", ""),
    ]
    assert not any(one.metadata for one in found)
    assert "read as bulk requests" in " ".join(notes(reading))


def test_events_are_read_whatever_the_name_of_the_file(write):
    lines = [
        {"index": {}},
        {"user_id": "a", "item_id": "1", "event": "like"},
        {"create": {"_index": "events", "_id": "77"}},
        {"user_id": "b", "item_id": "2", "event": "hide"},
    ]
    text = "".join(json.dumps(one) + "\n" for one in lines)
    for name in ("e.ndjson", "e.json", "e.log"):
        rows = list(read_events(write(name, text), True))
        assert [(line, one.user_id, one.item_id, one.event) for line, one in rows] == [
            (2, "a", "1", "like"),
            (4, "b", "2", "hide"),
        ]


def test_an_update_is_the_part_that_it_changes(write):
    lines = [
        {"update": {"_id": "1"}},
        {"doc": {"title": "New"}},
        {"update": {"_id": "2"}},
        {"script": {"source": "ctx._source.n += 1"}},
    ]
    (_, part), (line, reject) = read_partial_items(write("a.jsonl", lines))
    assert part.value.title == "New" and part.names == {"item_id", "title"}
    assert line == 4 and isinstance(reject, Reject) and "is a script" in reject.reason


def test_actions_that_delete_and_actions_alone_are_told(write):
    lines = [
        {"delete": {"_id": "1"}},
        {"index": {"_id": "2"}},
        {"index": {"_id": "3"}},
        {"title": "Three"},
        {"index": {"_id": "4"}},
    ]
    rows = dict(read_partial_items(write("a.jsonl", lines)))
    assert rows[4].value.item_id == "3"
    assert [rows[line].reason.partition(" ")[0] for line in (1, 2, 5)] == ["the"] * 3
    assert "deletes the row" in rows[1].reason and json.loads(rows[1].raw) == lines[0]
    assert rows[2].reason == rows[5].reason == "the action has no row below it"


def test_an_object_with_a_field_of_that_name_is_a_record(write):
    lines = [{"index": {"place": 1}, "user_id": "a", "item_id": "1"}, {"index": 2}]
    (_, event), (_, reject) = read_events(write("e.jsonl", lines))
    assert event.user_id == "a" and isinstance(reject, Reject)
