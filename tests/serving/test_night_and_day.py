"""What a live state counts after events is what a night counts of them."""

from dataclasses import replace

import numpy as np
import pytest
import worlds

from recsys.data.dataset import Dataset
from recsys.data.event_kind_weights import EventWeights
from recsys.data.rating_scale import RatingScale
from recsys.data.records import Event
from recsys.serving.item_popularity_from_events import HALF_LIVES
from recsys.serving.live_event import LiveEvent
from recsys.serving.live_state import LiveState
from recsys.serving.live_state_updates import all_events, counted_weights
from recsys.serving.popularity_counters import PopularityCounters
from recsys.store.store import Store
from recsys.store_log_tailer import LogTailer

KINDS = [
    ("like", None),
    ("like", -1.0),
    ("play", 0.0),
    ("view", 3.0),
    ("unlike", None),
    ("goBack", None),
    ("impression", None),
    ("share", None),
    ("un-share", None),
    ("dislike", None),
    ("undislike", None),
    ("block", None),
    ("thumbs-up", None),
    ("removeThumbsUp", None),
]
NOW = 1.8e9


def some_events(seed, count=300):
    """Return events of few users on few items, not in the order of time."""
    rng = np.random.default_rng(seed)
    for _ in range(count):
        kind, value = KINDS[rng.integers(len(KINDS))]
        user, item = f"u{rng.integers(4)}", f"sea-{rng.integers(5)}"
        yield Event(user, item, kind, value, timestamp=NOW + float(rng.integers(5_000)))


@pytest.mark.parametrize("seed", range(4))
def test_a_day_of_events_counts_as_a_night_counts_it(tmp_path, seed):
    model = worlds.plain(worlds.odd_even(), worlds.WHOLE)
    live = LiveState(model, EventWeights(account_tests=False))
    live.counters = PopularityCounters.empty(live.room)
    events = list(some_events(seed))
    with Store.open(f"sqlite:///{tmp_path / 'store.db'}") as store:
        feed = LogTailer(live, {})
        for start in range(0, len(events), 37):
            store.add_events(events[start : start + 37])
            feed.follow(store)
        data = Dataset.build(store.event_table(), store.item_table())
    rows = np.array([live.row(item) for item in data.items], np.int32)
    night = PopularityCounters.from_events(
        live.room, rows[data.item], data.weight, data.explicit, data.time
    )
    live.counters.few = night.few  # which is read off the first counts
    np.testing.assert_allclose(live.counters.log_shares(), night.log_shares(), atol=1e-4)
    np.testing.assert_allclose(live.counters.likes, night.likes, atol=1e-4)
    np.testing.assert_allclose(live.counters.dislikes, night.dislikes, atol=1e-4)


def test_the_first_ratings_teach_their_scale_at_once():
    live = worlds.live()
    bad, good = live.row("sea-1"), live.row("sea-2")
    before = live.counters.likes[[bad, good]].copy()
    for place in range(25):  # one after the other: the first 1 cannot be known to be bad
        live.add_event("sea-1", "rating", 1.0, NOW + place, actor=f"v{place}")
    for place in range(25):
        live.add_event("sea-2", "rating", 10.0, NOW + 100 + place, actor=f"v{place}")
    assert live.scale.low == 1.0 and live.scale.mean == pytest.approx(5.0, abs=1.0)
    assert live.counters.likes[bad] - before[0] == pytest.approx(0.0, abs=1e-3)
    assert live.counters.dislikes[bad] >= 25 - 1e-3
    assert live.counters.likes[good] > before[1] + 25


def test_ratings_of_one_user_do_not_move_the_scale_of_a_night():
    night = RatingScale(3.5, 1.2, 1.0, 500)
    live = LiveState(replace(worlds.plain(worlds.odd_even(), worlds.WHOLE), rating_scale=night))
    items = [live.item_id(row) for row in range(5)]
    for at in range(200):
        live.add_events([LiveEvent(i, "rating", 10.0, NOW + at, actor="eve") for i in items])
    assert live.scale == night
    for at in range(60):
        live.add_events([LiveEvent(i, "rating", 5.0, NOW + at, actor=f"u{at}") for i in items])
    assert night.mean < live.scale.mean < 5.0  # those of many users do


def test_a_night_with_many_ratings_holds_its_scale():
    night = RatingScale(7.0, 2.0, 0.0, 1000)
    live = LiveState(replace(worlds.plain(worlds.odd_even(), worlds.WHOLE), rating_scale=night))
    for place in range(50):
        live.add_event("sea-1", "rating", 1.0, NOW + place)
    assert live.scale == night


def test_a_withdrawn_voice_counts_nothing_and_may_come_back(tmp_path):
    model = worlds.plain(worlds.odd_even(), worlds.WHOLE)
    live = LiveState(model)
    item, row = model.catalogue.ids[0], 0
    before = live.counters.mass(len(HALF_LIVES) - 1, np.array([row])), live.counters.likes[row]
    now = live.counters.newest + 1
    with Store.open(f"sqlite:///{tmp_path / 'store.db'}") as store:
        feed = LogTailer(live, {})
        for place, kind in enumerate(("like", "unlike", "like", "like")):
            store.add_events([Event("somebody", item, kind, timestamp=now + place)])
            feed.follow(store)
            gained = live.counters.mass(len(HALF_LIVES) - 1, np.array([row])) - before[0]
            assert gained == pytest.approx(float(kind == "like"), abs=1e-5), place
            gained = float(live.counters.likes[row] - before[1])
            assert gained == pytest.approx(float(kind == "like"), abs=1e-5)


def test_a_withdrawn_rating_of_before_the_night_is_taken_out_as_the_night_weighed_it(tmp_path):
    """The night weighs a rating by its user's mean; counts by the mean of all would be off."""
    ratings = [("mild", f"book-{n}", 6.0 + n % 2) for n in range(8)]
    ratings += [("strict", f"book-{n}", 2.0 + n % 2) for n in range(8)]
    given = [
        Event(user, item, "rating", value, timestamp=NOW + place)
        for place, (user, item, value) in enumerate(ratings)
    ]
    with Store.open(f"sqlite:///{tmp_path / 'store.db'}") as store:
        store.add_events(given)
        night = store.last_event_id()
        weights = EventWeights()
        table = store.event_table()
        night_weights = weights.of_table(table)
        place = next(
            at
            for at in range(len(table))
            if (table.users[table.user[at]], table.items[table.item[at]]) == ("strict", "book-1")
        )
        events = store.history("strict")
        old = [one for one in events if one.item_id == "book-1"]
        scale = weights.rating_scale(table)
        found = counted_weights(old, all_events(store, "strict", night), None, weights, scale)
    assert found[old[0].id] == pytest.approx(float(night_weights[place]), abs=1e-5)
    assert found[old[0].id] > weights.of_rating(3.0, 0.0, 0, scale) + 0.3  # by the mean of all


def test_the_ratings_of_a_night_are_read_to_its_end_and_no_further(tmp_path):
    with Store.open(f"sqlite:///{tmp_path / 'store.db'}") as store:
        store.add_events(Event("ann", f"item-{n}", "like", timestamp=NOW + n) for n in range(2500))
        assert len(all_events(store, "ann", 2100)) == 2100
        assert all_events(store, "nobody", 2100) == []
