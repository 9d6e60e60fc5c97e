"""Rows of items that are not public: stored, expired, counted, and listed again once public."""

import csv
import json

import pytest

from recsys.data.dataframes import items_of
from recsys.data.item_and_event_readers import notes, read_items, read_partial_items
from recsys.data.partial_updates import filled_items
from recsys.data.publication_state import LONG_AGO, closed_by
from recsys.data.reading_report import Options, Reading


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("post_status", "draft"),
        ("postStatus", "Auto-Draft"),
        ("status", " TRASH "),
        ("visibility", "direct"),
        ("archetype", "private_message"),
        ("状态", "待审核"),
        ("is_deleted", "1"),
        ("isDeleted", True),
        ("hidden", "t"),
        ("is_published", "0"),
        ("published", False),
        ("public", "no"),
        ("deleted_at", "2026-11-01 10:00:00"),
        ("Status", "archived"),
        ("dead", True),
        ("是否删除", "是"),
        ("是否发布", "否"),
    ],
)
def test_not_public(name, value):
    assert closed_by(name, value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("post_status", "publish"),
        ("status", "closed"),
        ("status", 3),
        ("visibility", "public"),
        ("visibility", "unlisted"),
        ("archetype", "regular"),
        ("is_deleted", "0"),
        ("is_deleted", None),
        ("is_published", "1"),
        ("is_published", ""),
        ("published", "2026-11-01"),
        ("deleted_at", ""),
        ("deleted_at", "0000-00-00 00:00:00"),
        ("deleted_at", None),
        ("mood", "private"),
        ("title", "draft"),
    ],
)
def test_public(name, value):
    assert not closed_by(name, value)


ROWS = [
    {"ID": "1", "post_title": "Soil", "post_status": "publish", "post_date": "2026-11-01"},
    {"ID": "2", "post_title": "Rose", "post_status": "draft", "post_date": "2026-11-02"},
    {"ID": "3", "post_title": "Yew", "post_status": "trash", "post_date": ""},
]
CREATED = 1_793_577_600.0  # 2026-11-02


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "posts.csv"
    with path.open("w", newline="") as target:
        writer = csv.DictWriter(target, list(ROWS[0]))
        writer.writeheader()
        writer.writerows(ROWS)
    return path


def test_a_file_keeps_them_and_says_so(file):
    reading = Reading()
    items = {item.item_id: item for _, item in read_items(file, reading=reading)}
    assert [items[id].expires_at for id in "123"] == [None, CREATED, LONG_AGO]
    assert items["2"].metadata == {"post_status": "draft"}
    (sentence,) = [line for line in notes(reading) if "public" in line]
    assert "2 items are not public (post_status=draft 1, post_status=trash 1)" in sentence


def test_a_file_in_which_one_is_public_lists_it_again(file):
    def read(path, *names):
        rows = read_partial_items(path, strict=True, reading=Reading(Options(dict(names))))
        return [row for _, row in rows]

    before = {item.item_id: item for item in filled_items(read(file), {})}
    file.write_text(file.read_text().replace("draft", "publish"))
    after = {item.item_id: item for item in filled_items(read(file), before)}
    assert [after[id].expires_at for id in "123"] == [None, None, LONG_AGO]
    every = filled_items(read(file, ("expires_at", "")), after)
    assert [item.expires_at for item in every] == [None] * 3


def test_a_limit_of_its_own_holds_where_the_item_is_public():
    rows = [
        {"item_id": "1", "expires_at": "2040-01-01", "status": "published"},
        {"item_id": "2", "expires_at": "2040-01-01", "available_from": "2039-01-01"},
        {"item_id": "3", "available_from": "2039-01-01", "is_draft": 1, "created_at": "2026-11-02"},
    ]
    first, second, third = items_of(rows)
    assert first.expires_at == second.expires_at != third.expires_at == CREATED
    assert third.available_from is None


def test_frames_and_json_are_read_alike(tmp_path, caplog):
    path = tmp_path / "posts.jsonl"
    path.write_text("\n".join(map(json.dumps, ROWS)))
    assert items_of(ROWS) == items_of(str(path))
    assert "with columns: expires_at= they are listed" in caplog.text


def test_a_removed_post_of_reddit_has_neither_author_nor_text():
    row = {"id": "a", "title": "T", "author": "[deleted]", "selftext": "[removed]"}
    (item,) = items_of([{**row, "removed_by_category": "moderator", "subreddit": "soil"}])
    assert (item.author_id, item.text, item.category) == ("", "", "soil") and item.expires_at
