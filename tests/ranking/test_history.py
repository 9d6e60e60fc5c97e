"""History and traits: what a user did, and what that says about him."""

import numpy as np
import pytest
import worlds

from recsys.data.dataset import Dataset
from recsys.data.event_tables import ItemTable
from recsys.data.records import Event
from recsys.ranking.history import (
    DISLIKE_DAMPING,
    History,
    factor_weights,
    implicit_weights,
)
from recsys.ranking.history_batch import HistoryBatch
from recsys.ranking.query import Interaction
from recsys.ranking.user_features import activity, ages, exposure_age, gap, preferred_item_age
from recsys.serving.item_popularity_from_events import DAY

START = worlds.START


def resolved(*events):
    live = worlds.live()
    interactions = [
        Interaction(item, kind, value, START + place)
        for place, (item, kind, value) in enumerate(events)
    ]
    found = History.resolve(interactions, live)
    return [live.item_id(row) for row in found.rows.tolist()], found


def test_one_entry_per_item_placed_by_its_last_event():
    names, found = resolved(
        ("sea-1", "view", None), ("sea-2", "like", None), ("sea-1", "like", None)
    )
    assert names == ["sea-2", "sea-1"]
    assert found.weights.tolist() == [1.0, 1.5] and found.ages().tolist() == [1.0, 0.0]
    assert found.times.tolist() == [START + 1, START + 2]


def test_a_change_of_mind_counts_as_what_was_said_last():
    assert resolved(("sea-1", "like", None), ("sea-1", "dislike", None))[1].weights == [-1.0]
    assert resolved(("sea-1", "dislike", None), ("sea-1", "like", None))[1].weights == [1.0]


def test_unknown_items_are_passed_over_and_weights_are_bounded():
    names, found = resolved(("nowhere", "like", None), *[("sea-1", "share", None)] * 9)
    assert names == ["sea-1"] and found.weights.tolist() == [2.0]
    assert len(resolved()[1]) == 0 and len(History.empty()) == 0


def test_an_impression_neither_hides_an_item_nor_ages_what_was_done():
    names, found = resolved(
        ("sea-1", "like", None), ("sea-2", "impression", None), ("sea-1", "impression", None)
    )
    assert names == ["sea-1"] and found.ages().tolist() == [0.0]
    assert found.times.tolist() == [START] and found.weights.tolist() == [1.0]


def test_a_history_in_a_batch_is_that_of_a_request():
    kinds = ["like", "impression", "dislike", "save"]
    rng = np.random.default_rng(2)
    events = [
        Event("ann", f"sea-{rng.integers(6)}", kinds[rng.integers(4)], timestamp=START + n)
        for n in range(40)
    ]
    data = Dataset.build(worlds.event_table(events), worlds.topics().table)
    batch = HistoryBatch.of_dataset(data, np.array([0, -1], np.int32))
    _, one = resolved(*((e.item_id, e.event, None) for e in events))
    assert [data.items[row] for row in batch[0].rows] == [
        worlds.topics().items[row] for row in one.rows
    ]
    assert np.allclose(batch[0].weights, one.weights) and len(batch[1]) == 0
    assert np.array_equal(batch[0].times, one.times)
    assert np.array_equal(batch.ages(), one.ages())


def test_some_people_of_a_batch():
    data = worlds.odd_even()
    batch = HistoryBatch.of_dataset(data, np.array([0, 1, 2], np.int32))
    some = batch.take(np.array([2, 0]))
    assert some[0].rows.tolist() == batch[2].rows.tolist()
    assert some[1].rows.tolist() == batch[0].rows.tolist() and len(some) == 2
    assert len(batch.take(np.array([], int))) == 0


def test_ratings_weigh_alike_by_both_ways():
    events = [
        Event("ann", f"i{n}", "rating", value, timestamp=START + n)
        for n, value in enumerate([9.0, 3.0, 6.0])
    ]
    data = Dataset.build(worlds.event_table(events), ItemTable.empty())
    live = worlds.LiveState(worlds.plain(data, worlds.WHOLE))
    found = History.resolve(
        [Interaction(e.item_id, "rating", e.value, e.timestamp) for e in events], live
    )
    assert found.weights.tolist() == pytest.approx(data.weight.tolist(), abs=1e-6)


def test_activity_grows_with_the_history():
    assert activity(0) == -2.0 and activity(50) > activity(5)


def test_a_habit_is_how_old_things_are():
    created = np.array([0.0, 0.0, np.nan])
    fresh = preferred_item_age(np.array([0, 1]), np.array([0.0, 0.1 * DAY]), created)
    old = preferred_item_age(np.array([0, 1]), np.array([300 * DAY, 400 * DAY]), created)
    assert fresh < 0 < old
    assert preferred_item_age(np.array([2]), np.array([5.0]), created) == 0.0
    assert preferred_item_age(np.array([0]), np.array([np.nan]), created) == 0.0


def test_passed_counts_the_events_since_an_item_appeared():
    times = np.array([10.0, 20.0, 30.0])
    created = np.array([5.0, 20.0, 25.0, 40.0, np.nan])
    assert np.allclose(np.expm1(exposure_age(times, created)), [3, 2, 1, 0, 0])
    assert (
        not exposure_age(np.array([np.nan]), created).any()
        and not exposure_age(times[:0], created).any()
    )


def test_ages_and_gaps_say_when_they_do_not_know():
    assert np.allclose(ages(np.array([0.0, DAY, np.nan, 9 * DAY]), DAY), [np.log(2), 0, -1, 0])
    assert (ages(np.array([0.0]), np.nan) == -1).all()
    assert gap(np.array([0.0]), DAY) == pytest.approx(np.log(2))
    assert gap(np.array([]), DAY) == -1.0 and gap(np.array([np.nan]), DAY) == -1.0


def test_where_people_rate_what_was_chosen_counts_and_how_well_it_was_liked_hardly():
    weights = np.array([2.0, 0.1, 0.0, -0.4, -1.0, -2.0], np.float32)
    assert implicit_weights(weights, rated=True).tolist() == [1, 1, 0, 0, -1, -2]
    unliked = [-0.4 * DISLIKE_DAMPING, -DISLIKE_DAMPING, -2 * DISLIKE_DAMPING]
    assert implicit_weights(weights, rated=False).tolist() == pytest.approx([2, 0.1, 0, *unliked])
    assert factor_weights(weights, rated=True).tolist() == [1, 1, 0, 0, 0, 0]
    assert factor_weights(weights, rated=False).tolist() == pytest.approx([2, 0.1, 0, *unliked])


def test_entries_at_equal_times_are_equally_far_back():
    times = np.array([1.0, 2.0, 2.0, 3.0])
    history = History(np.arange(4, dtype=np.int32), np.ones(4, np.float32), times)
    assert history.ages().tolist() == [2, 1, 1, 0]
    undated = History(history.rows, history.weights, np.full(4, np.nan))
    assert undated.ages().tolist() == [3, 2, 1, 0]
    assert History.empty().ages().tolist() == []


def test_ages_are_counted_within_each_history():
    times = np.array([1.0, 1.0, 5.0, 5.0, 6.0, np.nan, np.nan])
    ends = np.array([0, 0, 2, 5, 7, 7])
    many = HistoryBatch(ends, np.arange(7, dtype=np.int32), np.ones(7, np.float32), times)
    assert many.ages().tolist() == [0, 0, 1, 1, 0, 1, 0]
    assert [history.ages().tolist() for history in many] == [[], [0, 0], [1, 1, 0], [1, 0], []]
