"""Nested JSON objects and Parquet structs: exports of event collectors and of databases."""

import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from recsys.data.item_and_event_readers import read_events, read_items
from recsys.data.nested_objects import flattened, without
from recsys.data.reading_report import Reading, Reject

TIME = 1_700_000_000.0


def written(path, rows):
    path.write_text("\n".join(json.dumps(row) for row in rows), "utf-8")
    return path


def only(rows):
    ((_, row),) = rows
    assert not isinstance(row, Reject), str(row)
    return row


def test_fields_keep_their_order_and_their_names():
    flat = flattened({"a": 1, "b": {"c": {"d": 2}, "e": {}}, "f": [3]})
    assert list(flat) == ["a", "b", "b.c", "b.c.d", "b.e", "f"]
    assert flat["b.c.d"] == 2 and flat["b.e"] is None


@pytest.mark.parametrize(
    ("wrapped", "plain"),
    [
        ({"$oid": "5f1"}, "5f1"),
        ({"$date": {"$numberLong": "1700000000000"}}, "1700000000000"),
        ({"rendered": "<p>Hi</p>", "protected": False}, "<p>Hi</p>"),
        ({"string_value": None, "int_value": 7}, 7),
        ({"string_value": None}, None),
    ],
)
def test_wrappers_are_removed(wrapped, plain):
    assert flattened({"x": wrapped}) == {"x": plain}


def test_a_deep_or_wide_object_stays_bounded():
    deep = {"k": 1}
    for _ in range(50):
        deep = {"k": deep}
    assert max(name.count(".") for name in flattened(deep)) == 3
    wide = flattened({"a": {str(n): n for n in range(5_000)}, "user_id": "u"})
    assert len(wide) < 400 and wide["user_id"] == "u"


def test_fields_that_are_read_leave_the_metadata():
    inner = {"id": 7, "more": {"x": 1}, "name": "Ann"}
    assert without(inner, ["author.id", "author.more.x"], "author.") == {"name": "Ann"}


EVENTS = {
    "segment": {
        "event": "Video Watched",
        "userId": "ann",
        "messageId": "m1",
        "timestamp": "2023-11-14T22:13:20Z",
        "context": {"page": {"title": "no column"}, "device": {"id": "d"}},
        "properties": {"videoId": "v1", "percent": 40},
    },
    "mixpanel": {
        "event": "watch",
        "properties": {"distinct_id": "ann", "time": TIME, "video_id": "v1", "progress": 0.4},
    },
    "google analytics": {
        "event_name": "watch",
        "event_date": "20231114",
        "event_timestamp": 1_700_000_000_000_000,
        "user_pseudo_id": "ann",
        "event_params": [
            {"key": "item_id", "value": {"string_value": "v1", "int_value": None}},
            {"key": "progress", "value": {"double_value": 0.4}},
        ],
    },
    "posthog": {
        "event": "video_watched",
        "distinct_id": "ann",
        "timestamp": "2023-11-14T22:13:20Z",
        "properties": {"video": {"id": "v1", "title": "x"}, "percent_watched": 40},
    },
}


@pytest.mark.parametrize("source", EVENTS)
def test_events_of_collectors(source, tmp_path):
    event = only(read_events(written(tmp_path / "e.jsonl", [EVENTS[source]])))
    assert (event.user_id, event.item_id, event.timestamp) == ("ann", "v1", TIME)
    assert event.event in ("watch", "video watched", "video_watched") and event.value == 0.4


def test_an_activity_has_an_actor_and_an_object(tmp_path):
    row = {"type": "Like", "actor": {"id": "ann"}, "object": {"id": "v1"}, "published": TIME}
    event = only(read_events(written(tmp_path / "e.jsonl", [row])))
    assert (event.user_id, event.item_id, event.event) == ("ann", "v1", "like")


def test_two_nested_ids_are_refused_with_the_way_out(tmp_path):
    row = {"user_id": "ann", "properties": {"video_id": "v", "course_id": "c"}}
    ((_, reject),) = read_events(written(tmp_path / "e.jsonl", [row]))
    assert "--map item_id=properties.video_id" in str(reject)


def test_the_report_names_nested_fields_and_passes_over_unrelated_objects(tmp_path):
    reading = Reading()
    only(read_events(written(tmp_path / "e.jsonl", [EVENTS["segment"]]), reading=reading))
    assert reading.renamed["properties.videoId"] == "item_id"
    assert reading.unused == ["messageId", "context"]


def test_items_of_a_document_database(tmp_path):
    row = {
        "_id": {"$oid": "5f1"},
        "title": "Bread",
        "createdAt": {"$date": {"$numberLong": "1700000000000"}},
        "author": {"id": {"$oid": "77"}, "name": "Ann"},
        "size": {"w": 1, "h": 2},
    }
    item = only(read_items(written(tmp_path / "i.jsonl", [row])))
    assert (item.item_id, item.title, item.author_id, item.created_at) == (
        "5f1",
        "Bread",
        "77",
        TIME,
    )
    assert item.metadata == {"author": {"name": "Ann"}, "size": {"w": 1, "h": 2}}


@pytest.mark.parametrize(
    "row",
    [
        {"_index": "p", "_id": "1", "_source": {"title": "T", "body": "B", "tags": ["x"]}},
        {"id": "1", "attributes": {"title": "T", "text": "B", "tags": [{"name": "x"}]}},
        {"id": 1, "title": {"rendered": "T"}, "content": {"rendered": "B"}, "tags": ["x"]},
        {"id_str": "1", "title": "T", "full_text": "B", "entities": {"hashtags": [{"text": "x"}]}},
    ],
)
def test_items_of_content_systems(row, tmp_path):
    item = only(read_items(written(tmp_path / "i.jsonl", [row])))
    assert (item.item_id, item.title, item.text, item.tags) == ("1", "T", "B", ("x",))


def test_structs_of_parquet_are_read_like_objects(tmp_path):
    rows = [{"userId": "ann", "ts": TIME, "event": "play", "payload": {"video_id": "v1", "s": 3}}]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "e.parquet")
    event = only(read_events(tmp_path / "e.parquet"))
    assert (event.user_id, event.item_id, event.timestamp) == ("ann", "v1", TIME)


def test_dotted_columns_of_a_table_are_nested_names_too(tmp_path):
    path = tmp_path / "e.csv"
    path.write_text("userId,properties.video_id,context.page.title\nann,v1,x\n", "utf-8")
    assert only(read_events(path)).item_id == "v1"
