"""Slices: what is cut off, and what is asked."""

import numpy as np
import pytest
import worlds
from tables import events, items

from recsys.data.event_kind_weights import EventWeights
from recsys.data.event_tables import ItemTable
from recsys.data.records import Event
from recsys.tuning import validation_splits
from recsys.tuning.held_out_event_masks import last_slice
from recsys.tuning.validation_splits import (
    FOLD_LISTS,
    FOLD_USERS,
    MOST_FOLDS,
    MOST_REPLAYED,
    cuts_of,
    folds_of,
    last_fifth_of_each_user,
    last_of_each_user,
    newest,
    random_of_each_user,
    replayed_share,
    sorted_by_item,
    validation,
    validation_set_of,
)

NAN = float("nan")


def timed_events(count, users=5):
    rows = [(f"u{n % users}", f"i{n}", "like", NAN, float(n)) for n in range(count)]
    return events(*rows)


def test_the_newest_tenth_or_what_is_later_than_a_moment():
    table = timed_events(100)
    assert np.flatnonzero(newest(table)).tolist() == list(range(90, 100))
    assert np.flatnonzero(newest(table, 95.0)).tolist() == [96, 97, 98, 99]
    assert not newest(table, 99.0).any()


def test_of_many_events_no_more_are_replayed(monkeypatch):
    assert replayed_share(100) == replayed_share(10 * MOST_REPLAYED) == 0.1
    assert round(replayed_share(10**8) * 10**8) == MOST_REPLAYED
    table = timed_events(100)
    monkeypatch.setattr(validation_splits, "MOST_REPLAYED", 4)
    assert np.flatnonzero(newest(table)).tolist() == [96, 97, 98, 99]
    assert (newest(table) == last_slice(table.time, True, replayed_share(100))).all()
    catalogue = items([f"i{n}" for n in range(100)])
    assert (validation(table, catalogue, EventWeights())[0] == last_of_each_user(table)).all()


def test_each_cut_in_time_knows_nothing_of_what_came_after_it():
    (whole, last), (before, one_before) = cuts_of(timed_events(100))
    assert len(whole) == 100 and np.flatnonzero(last).tolist() == list(range(90, 100))
    assert len(before) == 90 and np.flatnonzero(one_before).tolist() == list(range(81, 90))
    assert before.users is whole.users and before.items is whole.items
    assert (before.time == whole.time[:90]).all()


def test_without_timestamps_there_is_no_newest():
    table = events(("a", "x"), ("b", "y"))
    assert not newest(table).any() and cuts_of(table) == []


def test_the_last_of_each_user_leaves_everybody_a_history():
    table = events(("a", "x"), ("b", "x"), ("a", "y"), ("c", "z"), ("b", "z"), ("a", "z"))
    assert np.flatnonzero(last_of_each_user(table)).tolist() == [4, 5]


def test_what_is_asked_is_new_positive_and_of_people_with_a_history():
    table = events(
        ("ann", "x", "like", NAN, 1.0),
        ("bob", "x", "like", NAN, 2.0),
        ("ann", "x", "like", NAN, 3.0),  # not new to her
        ("ann", "y", "like", NAN, 4.0),
        ("bob", "y", "dislike", NAN, 5.0),  # not positive
        ("eve", "y", "like", NAN, 6.0),  # no history
    )
    is_test = np.array([False, False, True, True, True, True])
    check = validation_set_of(table, items("y"), EventWeights(), is_test)
    assert len(check) == 1
    assert [check.data.items[row] for row in check.relevant.items] == ["y"]
    assert [check.data.items[row] for row in check.histories[0].rows] == ["x"]


def test_an_item_that_did_not_exist_before_counts_as_missed():
    table = events(("ann", "x", "like", NAN, 1.0), ("ann", "new", "like", NAN, 2.0))
    check = validation_set_of(table, ItemTable.empty(), EventWeights(), np.array([False, True]))
    assert check.relevant.items.tolist() == [-1]


def test_nothing_of_the_slice_is_learned_from():
    table = timed_events(800, users=80)
    is_test, check = validation(table, ItemTable.empty(), EventWeights())
    assert len(check) >= 50 and check.data.time.max() < table.time[is_test].min()
    assert len(check.data.user) == 720


@pytest.mark.parametrize("count", [0, 1, 2, 12])
def test_too_few_people_are_asked_for_their_last_event(count):
    is_test, check = validation(timed_events(count), ItemTable.empty(), EventWeights())
    assert len(check) == is_test.sum() == max(0, min(count - 5, 5))


def test_a_random_fifth_of_each_user_is_held_out():
    events = [Event(f"u{user}", f"i{n}", "like") for user in range(40) for n in range(user % 12)]
    table = worlds.event_table(events)
    acts = np.ones(len(table), bool)
    held = random_of_each_user(table, acts, 0)
    counts = np.bincount(table.user)
    relevant = [0 if count < 2 else max(count // 5, 1) for count in counts.tolist()]
    assert np.bincount(table.user[held], minlength=len(counts)).tolist() == relevant
    assert (held == random_of_each_user(table, acts, 0)).all()
    assert (held != random_of_each_user(table, acts, 1)).any()
    acts[::2] = False
    assert not random_of_each_user(table, acts, 0)[::2].any()


def likes(users, each):
    return worlds.event_table(
        [Event(f"u{user}", f"i{n}", "like") for user in range(users) for n in range(each)]
    )


@pytest.mark.parametrize(
    ("users", "ordered", "folds", "further", "queried"),
    [
        (30, False, MOST_FOLDS, 0, 10),
        (30, True, 3, 0, 10),
        (1_800, False, 2, 1, 600),
        (4_002, False, 1, 2, 1_334),
        (6_003, False, 1, 0, 2_001),
        (10_000, True, 1, 0, FOLD_USERS),
    ],
)
def test_a_fold_holds_out_acts_of_a_third_of_the_users_at_most(
    users, ordered, folds, further, queried
):
    table = likes(users, 6)
    both = folds_of(table, np.ones(len(table), bool), 0, ordered)
    assert (len(both.compared), len(both.further)) == (folds, further)
    found = [*both.compared, *both.further]
    assert [len(np.unique(table.user[held])) for held in found] == [queried] * len(found)
    assert sum(map(np.count_nonzero, found)) == len(found) * queried  # one of six acts of each
    assert folds in (3, MOST_FOLDS) or folds * queried >= FOLD_LISTS
    for start in range(0, len(found), 3):  # nobody is asked twice in a round
        people = np.concatenate([np.unique(table.user[held]) for held in found[start : start + 3]])
        assert len(np.unique(people)) == len(people)
    if ordered:
        last = last_of_each_user(table)
        assert all((held & ~last).sum() == 0 for held in found)


def test_who_has_one_act_or_none_is_asked_in_no_fold():
    table = likes(30, 1)
    found = folds_of(table, np.ones(len(table), bool), 0, False).compared
    assert not any(held.any() for held in found)
    acts = likes(30, 4)
    found = folds_of(acts, np.zeros(len(acts), bool), 0, True).compared
    assert not any(held.any() for held in found)


def unordered(users, each, seed=0):
    rng = np.random.default_rng(seed)
    return worlds.event_table(
        [Event(f"u{u}", f"i{n}", "like") for u in range(users) for n in rng.permutation(60)[:each]]
    )


def test_the_first_round_of_folds_holds_out_the_last_fifth_in_the_order_of_the_files():
    table = unordered(30, 10)
    last = last_fifth_of_each_user(table, np.ones(len(table), bool))
    assert (np.flatnonzero(last) % 10 >= 8).all() and last.sum() == 60
    found = folds_of(table, np.ones(len(table), bool), 0, False).compared
    assert all((held & ~last).sum() == 0 for held in found[:3])
    assert any((held & ~last).any() for held in found[3:])
    among = folds_of(table, np.ones(len(table), bool), 0, False, ahead=False).compared
    assert all((held & ~last).any() for held in among)
    assert [held.sum() for held in among] == [held.sum() for held in found]


def test_files_that_are_sorted_by_item_are_held_out_at_random():
    assert not sorted_by_item(unordered(30, 10))
    rows = [(f"u{user}", f"i{n:03}") for user in range(30) for n in range(user, user + 10)]
    by_number = [(f"u{u}", str(n)) for u in range(9) for n in (9, 10, 11, 100)]
    for pairs in (rows, sorted(rows, key=lambda row: row[1]), rows[::-1], by_number):
        table = worlds.event_table([Event(user, item, "like") for user, item in pairs])
        assert sorted_by_item(table)
    table = worlds.event_table([Event(user, item, "like") for user, item in rows])
    last = last_fifth_of_each_user(table, np.ones(len(table), bool))
    found = folds_of(table, np.ones(len(table), bool), 0, False).compared
    assert (found[0] & ~last).any()
    assert not sorted_by_item(likes(1, 1))
