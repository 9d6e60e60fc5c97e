"""Exports with lists of items, envelopes, texts by language, rich texts, and tables in JSON."""

import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from recsys.data.item_and_event_readers import notes, read_events, read_partial_items
from recsys.data.language_tagged_fields import by_language, without_language
from recsys.data.nested_objects import flattened
from recsys.data.reading_report import Options, Reading, Reject
from recsys.data.rich_text import rich_text
from recsys.errors import DataError
from recsys.streams.event_parser import EventParser

TIME = 1_763_600_000


def events_of(path, reading=None):
    return [event for _, event in read_events(path, True, reading)]


def items_of(path, reading=None):
    return [row.value for _, row in read_partial_items(path, True, reading)]


def google(name, items):
    page = {"key": "page_location", "value": {"string_value": "https://x/a", "int_value": None}}
    session = {"key": "ga_session_id", "value": {"string_value": None, "int_value": "123"}}
    return {
        "event_name": name,
        "event_timestamp": str(TIME * 1_000_000),
        "event_params": [page, session],
        "user_pseudo_id": "ann",
        "items": items,
    }


class TestItemLists:
    sku = {"item_id": "S1", "item_name": "Shoe", "price": 9.5, "quantity": 1}

    def test_google_analytics(self, write):
        """Purchases were on the page where they were made; a session is no item either."""
        rows = [
            google("page_view", []),
            google("view_item", [self.sku]),
            google("purchase", [self.sku, {**self.sku, "item_id": "S2"}]),
        ]
        reading = Reading()
        found = events_of(write("e.jsonl", rows), reading)
        assert [(e.event, e.item_id) for e in found] == [
            ("page_view", "https://x/a"),
            ("view_item", "S1"),
            ("purchase", "S1"),
            ("purchase", "S2"),
        ]
        told = " ".join(notes(reading))
        assert "2 rows are about the items in items: read as 3 events, one for each item" in told

    def test_structs_of_parquet(self, tmp_path):
        rows = [google("purchase", [self.sku, {**self.sku, "item_id": "S2"}])]
        pq.write_table(pa.Table.from_pylist(rows), tmp_path / "e.parquet")
        assert [e.item_id for e in events_of(tmp_path / "e.parquet")] == ["S1", "S2"]

    def test_an_order_is_no_item(self, write):
        order = {
            "event": "Order Completed",
            "userId": "ann",
            "properties": {
                "order_id": "o1",
                "products": [{"product_id": "p1", "sku": "a"}, {"product_id": "p2", "sku": "b"}],
            },
        }
        path = write("e.jsonl", [order])
        assert [e.item_id for e in events_of(path)] == ["p1", "p2"]
        chosen = Reading(Options(names={"item_id": "properties.products.sku"}))
        assert [e.item_id for e in events_of(path, chosen)] == ["a", "b"]
        del order["properties"]["products"]
        [(_, reject)] = read_events(write("f.jsonl", [order]))
        assert reject.reason == "is missing"

    def test_lines_of_an_order_are_purchases(self, write):
        line = {"id": 9001, "product_id": 11, "title": "Shoe", "quantity": 1}
        row = {"id": 1, "customer": {"id": 7}, "created_at": TIME, "line_items": [line]}
        [event] = events_of(write("e.jsonl", [row]))
        assert (event.user_id, event.item_id, event.event) == ("7", "11", "purchase")

    def test_ids_alone(self, write):
        row = {
            "event_name": "Purchase",
            "user_data": {"external_id": "ann"},
            "custom_data": {"content_ids": ["p1", "p2"]},
        }
        assert [e.item_id for e in events_of(write("e.jsonl", [row]))] == ["p1", "p2"]

    def test_an_event_that_names_its_item_is_about_that_one(self, write):
        row = {"user_id": "ann", "item_id": "i", "items": [{"id": "a"}, {"id": "b"}]}
        assert [e.item_id for e in events_of(write("e.jsonl", [row]))] == ["i"]

    def test_ratings_of_the_entries(self, write):
        rated = [{"product_id": "a", "rating": 5}, {"product_id": "b", "rating": 1}]
        found = events_of(write("e.jsonl", [{"user_id": "ann", "products": rated}]))
        assert [(e.event, e.value) for e in found] == [("rating", 5.0), ("rating", 1.0)]

    def test_a_product_and_its_code(self, write):
        row = {"userId": "ann", "properties": {"sku": "S", "product_id": "p"}}
        assert [e.item_id for e in events_of(write("e.jsonl", [row]))] == ["p"]

    def test_a_message_is_one_event(self):
        parser = EventParser()
        one = {"user_id": "ann", "event": "buy", "items": [{"item_id": "a"}]}
        assert parser.parse(json.dumps(one).encode(), TIME).event.item_id == "a"
        one["items"].append({"item_id": "b"})
        refused = parser.parse(json.dumps(one).encode(), TIME)
        assert refused.reason == "the message is about 2 items: send one for each item"

    @pytest.mark.parametrize(
        ("text", "hint"),
        [
            ('user_id,item_ids\na,"1,2"\n', "item_ids holds several items in a cell"),
            ("user_id,i1,i2,i3\na,5,,3\n", "i1, i2, … look like one column for each item"),
        ],
    )
    def test_tables_with_several_items_in_a_row_are_told_of(self, write, text, hint):
        with pytest.raises(DataError, match=hint):
            events_of(write("e.csv", text))


class TestEnvelopes:
    row = {"user_id": 1, "item_id": 5, "event": "like", "created_at": TIME * 1000}

    @pytest.mark.parametrize(
        "around",
        [
            lambda row: {"before": None, "after": row, "op": "c", "ts_ms": TIME * 1000 + 5},
            lambda row: {"payload": {"after": row, "op": "r", "ts_ms": 1}},
            lambda row: {"database": "d", "table": "likes", "type": "insert", "data": row},
            lambda row: {"data": [row], "table": "likes", "type": "INSERT", "isDdl": False},
            lambda row: {"Item": {name: {"S": str(value)} for name, value in row.items()}},
        ],
    )
    def test_the_row_inside_is_read(self, write, around):
        [event] = events_of(write("e.jsonl", [around(self.row)]))
        assert (event.user_id, event.item_id, event.event) == ("1", "5", "like")
        assert event.timestamp == TIME

    @pytest.mark.parametrize(
        "deleted",
        [
            {"before": row, "after": None, "op": "d", "ts_ms": TIME * 1000},
            {"database": "d", "table": "likes", "type": "delete", "data": row},
        ],
    )
    def test_a_deleted_row_is_no_act(self, write, deleted):
        """The deletion of a like was a like."""
        [(_, reject)] = read_events(write("e.jsonl", [deleted]))
        assert isinstance(reject, Reject)
        assert "the row was deleted in its source database" in reject.reason


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ({"_seconds": TIME, "_nanoseconds": 500_000_000}, TIME + 0.5),
        ({"seconds": str(TIME), "nanos": 0}, TIME),
        ({"epochSecond": TIME, "nano": 0}, TIME),
        ({"$timestamp": {"t": TIME, "i": 1}}, TIME),
        ({"__time__": "2025-11-20T00:53:20Z"}, TIME),
        ({"__type": "Date", "iso": "2025-11-20T00:53:20Z"}, TIME),
        ({"__datatype__": "timestamp", "value": {"_seconds": TIME, "_nanoseconds": 0}}, TIME),
        ([2025, 11, 20, 0, 53, 20], TIME),
    ],
)
def test_times_that_are_objects(write, written, seconds):
    [event] = events_of(write("e.jsonl", [{"user_id": "a", "item_id": "i", "ts": written}]))
    assert event.timestamp == seconds


@pytest.mark.parametrize(
    "written", [[2025, 13, 1], [2025], [True, 1, 1], {"seconds": 5, "nanos": 0}]
)
def test_other_lists_and_objects_are_no_times(write, written):
    [(_, row)] = read_events(write("e.jsonl", [{"user_id": "a", "item_id": "i", "ts": written}]))
    assert isinstance(row, Reject)


class TestLanguages:
    def test_columns_of_a_table(self, write):
        reading = Reading()
        path = write("i.csv", "item_id,title_en,title_zh,text_en\n1,Bread,面包,Flour\n2,,渡轮,\n")
        first, second = items_of(path, reading)
        assert (first.title, first.text, second.title) == ("Bread", "Flour", "渡轮")
        assert first.metadata["title_zh"] == "面包"
        told = " ".join(notes(reading))
        assert "the first that is filled was read: title_en, title_zh as title; text_en" in told
        chosen = Reading(Options(names={"title": "title_zh"}))
        assert [item.title for item in items_of(path, chosen)] == ["面包", "渡轮"]

    def test_a_title_goes_before_titles_by_language(self, write):
        path = write("i.csv", "item_id,title,title_en\n1,面包,Bread\n")
        assert items_of(path)[0].title == "面包"

    def test_objects_of_a_content_system(self, write):
        entry = {
            "sys": {"id": "e1", "contentType": {"sys": {"id": "post"}}},
            "fields": {
                "title": {"en-US": "Bread", "de-DE": "Brot"},
                "tags": {"en-US": ["food"]},
                "slug": {"en-US": "bread"},
            },
        }
        [item] = items_of(write("i.jsonl", [entry]))
        assert (item.item_id, item.title, item.tags) == ("e1", "Bread", ("food",))
        assert item.metadata["fields"]["title"]["de-DE"] == "Brot"
        whole = {
            "contentTypes": [{"sys": {"id": "post"}}],
            "entries": [entry],
            "assets": [{"a": 1}],
        }
        assert items_of(write("i.json", whole))[0].title == "Bread"
        chosen = Reading(Options(names={"title": "fields.title.de-DE"}))
        assert items_of(write("i.jsonl", [entry]), chosen)[0].title == "Brot"

    @pytest.mark.parametrize(
        ("name", "base", "tag"),
        [
            ("title_en", "title", "en"),
            ("title.zh-CN", "title", "zh-CN"),
            ("Title (de)", "Title", "de"),
            ("fields.title.pt-BR", "fields.title", "pt-BR"),
            ("english_title", "title", "english"),
            ("英文标题", "标题", "英文"),
            ("title_type", "", ""),
            ("created_at", "", ""),
        ],
    )
    def test_names_with_a_language(self, name, base, tag):
        assert without_language(name) == (base, tag)

    def test_an_id_is_no_language(self, write):
        assert not by_language({"id": "7"}) and not by_language({"id": "7", "no": "3"})
        assert by_language({"id": "Roti", "en": "Bread"})
        assert flattened({"user": {"id": "7"}})["user.id"] == "7"
        [item] = items_of(write("i.csv", "title_id,title_type\ntt1,movie\n"))
        assert (item.item_id, item.title) == ("tt1", "")


CONTENTFUL = {
    "nodeType": "document",
    "content": [
        {
            "nodeType": "paragraph",
            "content": [
                {"nodeType": "text", "value": "Flour and "},
                {"nodeType": "text", "value": "water.", "marks": [{"type": "bold"}]},
            ],
        },
        {"nodeType": "paragraph", "content": [{"nodeType": "text", "value": "Bake."}]},
    ],
}
SANITY = [
    {
        "_type": "block",
        "children": [{"_type": "span", "text": t} for t in ("Flour and ", "water.")],
    },
    {"_type": "block", "children": [{"_type": "span", "text": "Bake."}]},
]
PROSEMIRROR = {
    "type": "doc",
    "content": [
        {"type": "paragraph", "content": [{"type": "text", "text": "Flour and water."}]},
        {"type": "paragraph", "content": [{"type": "text", "text": "Bake."}]},
    ],
}


@pytest.mark.parametrize("found", [CONTENTFUL, SANITY, PROSEMIRROR])
def test_rich_texts_are_texts(write, found):
    assert rich_text(found) == "Flour and water.\nBake."
    for body in (found, {"en-US": found}):
        [item] = items_of(write("i.jsonl", [{"id": "1", "title": "T", "body": body}]))
        assert item.text == "Flour and water.\nBake."


@pytest.mark.parametrize("found", [{"a": 1}, [1, 2], [{"a": 1}], {"w": 1, "h": 2}])
def test_other_objects_are_no_texts(found):
    assert rich_text(found) is None


TABLES = {
    "columns of values": {"user_id": {"0": "a", "1": "b"}, "item_id": {"0": "x", "1": "y"}},
    "columns of lists": {"user_id": ["a", "b"], "item_id": ["x", "y"]},
    "names and rows": {"columns": ["user_id", "item_id"], "data": [["a", "x"], ["b", "y"]]},
    "lists of values": [["user_id", "item_id"], ["a", "x"], ["b", "y"]],
    "objects by id": {
        "-M1": {"userId": "a", "itemId": "x"},
        "-M2": {"userId": "b", "itemId": "y"},
    },
    "a database by id": {
        "likes": {"-M1": {"userId": "a", "itemId": "x"}, "-M2": {"userId": "b", "itemId": "y"}},
        "posts": {"x": {"title": "X"}},
    },
}


@pytest.mark.parametrize("form", TABLES)
@pytest.mark.parametrize("indent", [None, 1])
def test_tables_in_json(write, form, indent):
    reading = Reading()
    path = write("e.json", json.dumps(TABLES[form], indent=indent))
    assert [(e.user_id, e.item_id) for e in events_of(path, reading)] == [("a", "x"), ("b", "y")]
    assert reading.form


def test_items_under_their_ids(write):
    path = write("i.json", {"i1": {"title": "Bread"}, "i2": {"title": "Rye", "id": "r"}})
    assert [(item.item_id, item.title) for item in items_of(path)] == [
        ("i1", "Bread"),
        ("r", "Rye"),
    ]


def test_one_record_is_no_table(write):
    found = {"id": "1", "title": {"rendered": "Bread"}, "author": {"id": "7"}}
    [item] = items_of(write("i.json", found))
    assert (item.item_id, item.title, item.author_id) == ("1", "Bread", "7")


def test_labels_in_one_text_of_json(write):
    rows = [{"id": n, "name": "N", "categories": "Cafes, Bars"} for n in range(3)]
    reading = Reading()
    assert items_of(write("i.jsonl", rows), reading)[0].tags == ("Cafes", "Bars")
    assert reading.form == ["tags with commas between labels"]


@pytest.mark.parametrize(
    ("name", "closed", "open_"),
    [
        ("is_open", 0, 1),
        ("availability", "out of stock", "in stock"),
        ("business_status", "CLOSED_PERMANENTLY", "OPERATIONAL"),
        ("是否上架", "否", "是"),
    ],
)
def test_closed_and_sold_out_items_are_not_listed(write, name, closed, open_):
    rows = [{"id": 1, "title": "A", name: closed}, {"id": 2, "title": "B", name: open_}]
    assert [i.expires_at is None for i in items_of(write("i.jsonl", rows))] == [False, True]


@pytest.mark.parametrize(
    ("kind", "header", "columns"),
    [
        ("events", "uid,mid,behavior", {"user_id": "uid", "item_id": "mid"}),
        ("items", "mid,uid,content", {"item_id": "mid", "author_id": "uid"}),
        ("items", "bvid,aid,mid,title", {"item_id": "bvid"}),
    ],
)
def test_ids_of_weibo_and_bilibili(write, kind, header, columns):
    path = write("x.csv", header + "\n" + ",".join("abcd"[: header.count(",") + 1]) + "\n")
    reading = Reading()
    list((read_events if kind == "events" else read_partial_items)(path, True, reading))
    read = {column: name for name, column in reading.renamed.items()}
    assert {column: read.get(column) for column in columns} == columns
