"""Catalogues in which nothing has happened: the newest first, and no reason that is not true."""

import time
from dataclasses import replace

import pytest
import worlds

from recsys.data.dataset import Dataset
from recsys.data.records import Item
from recsys.data.table_builder import item_table
from recsys.ranking.nonpersonal_lists import popular, trending
from recsys.ranking.query import Filters, Query
from recsys.recommender import Recommender
from recsys.serving.item_popularity_from_events import DAY
from recsys.serving.live_state import LiveState
from recsys.tuning.model_selection import FIXED

AGES = {
    "old": 300,
    "oldest": 700,
    "older": 400,
    "undated": None,
    "week": 7,
    "month": 40,
    "ahead": -5,
}  # days


@pytest.fixture
def live():
    now = time.time()
    rows = [
        Item(name, title=name, created_at=None if days is None else now - days * DAY)
        for name, days in AGES.items()
    ]
    data = Dataset.build(worlds.event_table([]), item_table(rows))
    return LiveState(worlds.plain(data, replace(FIXED, terms=(), unread=0.0)))


def test_a_list_has_the_newest_first_and_says_so(live):
    found = Recommender(live).recommend(Query(n=10, now=time.time(), diversity=0.0))
    ids = [one.item_id for one in found]
    assert ids[:3] == ["week", "month", "old"] and "ahead" not in ids
    texts = {one.item_id: [reason.text for reason in one.reasons] for one in found}
    assert texts["week"] == ["It is new"]
    assert texts["month"] == ["It is newer than many items here"]
    assert texts["older"] == [] and texts["undated"] == []
    assert {one.source for one in found[:2]} == {"fresh"}


@pytest.mark.parametrize("listed", [popular, trending])
def test_what_nobody_took_up_is_neither_popular_nor_trending(live, listed):
    found = listed(live, 10, Filters())
    assert [one.item_id for one in found] == ["week", "month", "old", "older", "oldest", "undated"]
    kinds = {one.item_id: [reason.kind for reason in one.reasons] for one in found}
    assert kinds.pop("week") == ["fresh"]
    assert not any(kinds.values())


def test_the_first_events_come_before_dates(live):
    live.counters.add(live.row("older"), 1.0, True, time.time())
    found = popular(live, 10, Filters())
    assert [one.item_id for one in found[:3]] == ["older", "week", "month"]
    assert [reason.kind for reason in found[0].reasons] == ["popular"]
