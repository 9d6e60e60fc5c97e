"""Portrait: interests with strength and trend, seasonality, belonging; from a history alone."""

from dataclasses import replace
from zoneinfo import ZoneInfo

import numpy as np
import pytest
import worlds

from recsys.data.records import Item
from recsys.explain.user_profile import activity, belonging, interests
from recsys.ranking.history import History
from recsys.ranking.query import Interaction
from recsys.serving.item_clusters import Communities
from recsys.serving.label_names import name_of, value_of

NOW = worlds.topics().now


@pytest.fixture
def live():
    return worlds.live()


def history(live, *items):
    given = [
        Interaction(item.lstrip("-"), "dislike" if item[0] == "-" else "like") for item in items
    ]
    return History.resolve(given, live)


def by_name(live, found):
    return {name_of(live, one.kind, one.code): one for one in found}


def test_shares_by_category_with_what_says_so(live):
    own = history(live, "sea-1", "sea-2", "sea-3", "chess-1", "-chess-2")
    found = by_name(live, interests(live, own, "category"))
    assert list(found) == ["sea", "chess"]
    assert found["sea"].share + found["chess"].share == pytest.approx(1.0, abs=1e-6)
    assert found["sea"].share == pytest.approx(0.75, abs=0.02)
    assert (found["sea"].events, found["chess"].events, found["chess"].disliked) == (3, 1, 1.0)
    titles = {live.item_id(row) for row in found["sea"].because}
    assert titles == {"sea-1", "sea-2", "sea-3"}
    assert found["sea"].usual + found["chess"].usual == pytest.approx(1.0, abs=1e-6)


def test_an_interest_rises_or_fades_with_what_was_done_lately(live):
    turned = [f"sea-{n}" for n in range(12)] + [f"chess-{n}" for n in range(12)]
    found = by_name(live, interests(live, history(live, *turned), "category"))
    assert (found["chess"].trend, found["sea"].trend) == ("rising", "fading")
    mixed = [f"{of}-{n}" for n in range(8) for of in ("sea", "chess")]
    found = by_name(live, interests(live, history(live, *mixed), "category"))
    assert {one.trend for one in found.values()} == {"steady"}
    few = by_name(live, interests(live, history(live, "sea-1", "sea-2"), "category"))
    assert few["sea"].trend == "unknown"


def test_tags_authors_and_what_was_posted_since(live):
    live.add_item(Item("post", "tide", tags=("fresh",), category="new", author_id="zoe"))
    own = history(live, "sea-1", "post")
    tags = by_name(live, interests(live, own, "tag"))
    assert set(tags) == {"sea", "tag-1", "fresh"}
    assert tags["fresh"].usual == 0.0 and 0 < tags["tag-1"].usual < tags["sea"].usual < 1
    assert set(by_name(live, interests(live, own, "author"))) == {"sea-author-1", "zoe"}
    new = by_name(live, interests(live, own, "category"))["new"]
    assert value_of(live, "category", new.code) == "new" and new.usual == 0.0
    assert interests(live, own, "topic") == [] and interests(live, history(live), "tag") == []
    live.add_event("post", "like", timestamp=NOW + 1)
    assert by_name(live, interests(live, own, "tag"))["fresh"].usual > 0


def test_when_somebody_was_here():
    monday = 1_704_099_600.0  # Monday 1 January 2024, 9 o'clock UTC
    times = np.array([monday, monday + 60, monday + 86_400 * 2, monday + 86_400 * 14, np.nan])
    found = activity(times)
    assert (found.events, found.days, found.first) == (5, 3, monday)
    assert found.hours[9] == 1.0 and sum(found.hours) == 1.0
    assert found.weekdays == (0.75, 0, 0.25, 0, 0, 0, 0)
    assert found.per_week == pytest.approx(2.0)
    there = activity(times, ZoneInfo("America/New_York"))  # 4 o'clock
    assert there.hours[4] == 1.0 and there.weekdays == found.weekdays
    far = activity(times, ZoneInfo("Pacific/Auckland"))  # 22 o'clock, summer time
    assert far.hours[22] == 1.0
    summer = activity(np.array([1_720_000_000.0]), ZoneInfo("Europe/Berlin"))  # 9:46 UTC in July
    winter = activity(np.array([1_704_099_600.0]), ZoneInfo("Europe/Berlin"))
    assert summer.hours[11] == 1.0 and winter.hours[10] == 1.0
    nobody = activity(np.array([np.nan]))
    assert nobody.events == 1 and nobody.first is None and nobody.hours == ()


def test_belonging_hides_small_circles_and_what_is_gone(live):
    size = len(live.model)
    items = np.where(np.arange(size) < 32, 0, 1).astype(np.int32)
    typical = np.array([[1, 2, 3, -1], [32, 33, 34, 35]], np.int32)
    groups = Communities(items, np.array([40, 9], np.int32), typical)
    live.model = replace(live.model, communities=groups)
    live.remove_item("sea-2")
    first, second = belonging(live, history(live, "sea-1", "sea-4", "sea-5", "chess-9"))
    assert (first.community, first.readers, first.typical) == (0, 40, (3,))
    assert [live.item_id(row) for row in first.because] == ["sea-5", "sea-4", "sea-1"]
    assert second.readers is None and first.share > 0.7 > second.share
    assert belonging(live, history(live)) == []
