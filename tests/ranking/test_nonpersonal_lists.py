"""Lists that are the same for everybody, and the words of reasons."""

import numpy as np
import pytest
import worlds

from recsys.data.records import Item
from recsys.i18n import translate
from recsys.ranking import new_voices, pinned_items
from recsys.ranking.nonpersonal_lists import latest, popular, search, similar, trending
from recsys.ranking.query import Filters, Reason
from recsys.ranking.reason_templates import (
    AGAINST,
    BY,
    DISLIKED,
    LESS_LIKE,
    LESS_OF,
    LIKE,
    LIKED,
    MORE_LIKE,
    SENTENCES,
    UNNAMED,
    UNNAMED_AGAINST,
    named,
    sentence,
    shared,
)
from recsys.ranking.terms.registry import item_feature_terms, sources
from recsys.recommender import SOURCES
from recsys.serving.item_popularity_from_events import DAY, HOUR
from recsys.serving.score_model import ScoreModel

NOW = worlds.topics().now
ALL = Filters()


@pytest.fixture
def live():
    return worlds.live()


def ids(found):
    return [one.item_id for one in found]


def test_similar_items_are_of_the_same_topic(live):
    found = similar(live, "chess-3", 10, ALL)
    assert len(found) == 10 and "chess-3" not in ids(found)
    assert all(one.item_id.startswith("chess") for one in found)
    assert [one.rank for one in found] == list(range(1, 11))
    assert similar(live, "never heard of", 10, ALL) == []


def test_a_new_post_has_similar_items_and_is_one(live):
    live.add_item(Item("post", title="海浪", created_at=NOW))
    assert all(item.startswith("sea") for item in ids(similar(live, "post", 5, ALL)))
    fresh = Filters(max_age=1e12, not_category=frozenset({"sea", "chess"}))
    assert ids(similar(live, "sea-3", 5, fresh)) == ["post"]


def test_words_are_searched_in_either_language(live):
    assert all(item.startswith("sea") for item in ids(search(live, "海 船", 8, ALL)))
    assert all(item.startswith("chess") for item in ids(search(live, "pawn", 8, ALL)))
    assert search(live, "zzz", 8, ALL) == [] and search(live, "", 8, ALL) == []


def test_what_is_taken_up_now_is_trending_and_what_was_most_is_popular(live):
    for step in range(30):
        live.add_event("sea-1", "like", timestamp=NOW + step)
    for step in range(10):
        live.add_event("chess-1", "like", timestamp=NOW + 40 * DAY + step)
    assert ids(popular(live, 1, ALL)) == ["sea-1"]
    assert ids(trending(live, 1, ALL)) == ["chess-1"]
    assert ids(trending(live, 1, ALL, window=2 * DAY)) == ["chess-1"]
    assert sum(one.score for one in popular(live, 99, ALL)) == pytest.approx(1.0)


def test_one_act_in_a_quiet_hour_is_no_trend(live):
    for step in range(8):
        live.add_event("chess-1", "like", timestamp=NOW + 10 * DAY + step)
    live.add_event("sea-1", "like", timestamp=NOW + 10 * DAY + DAY)
    for window in (None, 2 * HOUR, DAY):
        assert ids(trending(live, 1, ALL, window=window)) == ["chess-1"]
    live.add_event("sea-1", "like", timestamp=NOW + 10 * DAY + DAY + 1)
    assert ids(trending(live, 1, ALL, window=2 * HOUR)) == ["sea-1"]


def test_the_latest_come_first_whoever_likes_them(live):
    live.add_item(Item("undated"))
    live.add_item(Item("post", created_at=NOW + DAY))
    found = ids(latest(live, 99, ALL))
    assert found[0] == "post" and found[-1] == "undated" and len(found) == live.size


def test_filters_and_removals_hold_everywhere(live):
    live.remove_item("sea-1")
    sea = Filters(category=frozenset({"sea"}))
    for found in (
        similar(live, "sea-3", 99, sea),
        search(live, "tide", 99, sea),
        trending(live, 99, sea),
        popular(live, 99, sea),
        latest(live, 99, sea),
    ):
        assert found and all(one.item_id.startswith("sea") for one in found)
        assert "sea-1" not in ids(found)
        scores = [one.score for one in found]
        assert scores == sorted(scores, reverse=True) and np.isfinite(scores).all()


def test_every_kind_of_reason_has_a_sentence_and_a_source():
    pinned = {pinned_items.SOURCE, new_voices.SOURCE}  # places, no part of a score
    assert SENTENCES.keys() == SOURCES.keys() | sources().keys() | pinned
    kinds = {kind for term in item_feature_terms() for kind in term.kinds.values()}
    assert kinds <= sources().keys()
    others = (LIKED, DISLIKED, LIKE, MORE_LIKE, LESS_LIKE, LESS_OF)
    assert AGAINST.keys() <= SENTENCES.keys()
    others += (UNNAMED_AGAINST, *UNNAMED.values(), *BY.values(), *AGAINST.values())
    for key in (*SENTENCES.values(), *others):
        assert translate(key, "zh", items="", name="") != translate(key, items="", name="")
    assert sentence("because_you", "海", "zh") == "因为你看过《海》"
    assert named(["A", "B"], 0) == "“A” and “B”" and named(["A"], 2) == "“A” and 2 more like it"
    assert named(["A", "B"], 3) == "“A”, “B” and 3 more like them"
    assert sentence("fresh", language="xx") == sentence("fresh")


def test_shares_are_of_what_speaks_for_an_item():
    parts = [
        Reason(kind, 0.0, "", None, value)
        for kind, value in (("popular", 1.0), ("search", 3.0), ("fresh", -9.0), ("liked", 0.0))
    ]
    found = shared(parts, most=5)
    assert [(one.kind, one.share) for one in found] == [("search", 0.75), ("popular", 0.25)]
    assert shared(parts, most=1)[0].share == 0.75 and shared([], 3) == ()


def test_what_carries_next_to_nothing_is_no_reason():
    parts = [Reason("popular", 0.0, "", None, 1.0), Reason("liked", 0.0, "", None, 1e-8)]
    assert [one.kind for one in shared(parts, 3)] == ["popular"]


def test_where_nothing_is_taken_up_any_more_the_most_popular_come_first(live):
    for n, item in enumerate(("bread-7", "sea-11", "chess-5")):
        if item == "bread-7":
            live.add_item(Item(item))
        for step in range(60 - 10 * n):
            live.add_event(item, "like", timestamp=NOW + step)
    live.counters.level[:-1] = -np.inf  # all of it faded away
    wanted = ids(popular(live, 20, ALL))
    assert {"bread-7", "sea-11", "chess-5"} <= set(wanted[:5])
    for n in (2, 7, 20):  # the bound lies among equals
        assert ids(trending(live, n, ALL)) == wanted[:n]
        assert ids(trending(live, n, ALL, window=7200.0)) == wanted[:n]


@pytest.mark.parametrize("unread", ["sea-30", "post"])
def test_what_nobody_has_read_is_answered_by_its_words(unread):
    live = worlds.live(ScoreModel(priors={"share_all": 1.0}))  # neither neighbours nor words
    live.add_item(Item("post", title="tide sailor wave"))
    found = [one.item_id for one in similar(live, unread, 10, Filters())]
    assert len(found) == 10 and all(name.startswith(("sea", "post")) for name in found)
    assert unread not in found
