"""Samples that hardly change when what is sampled from hardly changes."""

import numpy as np
import worlds

from recsys.array_types import Rows
from recsys.data.event_tables import EventTable
from recsys.data.records import Event
from recsys.tuning.live_state_replay import _of_some_users
from recsys.tuning.stable_sampling import event_keys, half, number_in_user, random_order, sample
from recsys.tuning.validation_splits import random_of_each_user

USERS: Rows = np.arange(1_000, dtype=np.int32)


def test_one_user_less_replaces_at_most_one_of_a_sample() -> None:
    drawn = set(USERS[sample(USERS, 100, 0)].tolist())
    for gone in range(0, 1_000, 37):
        others = np.delete(USERS, gone)
        again = set(others[sample(others, 100, 0)].tolist())
        assert len(drawn - again) == (gone in drawn)


def test_a_sample_is_ascending_and_differs_by_seed() -> None:
    drawn = sample(USERS, 100, 0)
    assert len(drawn) == 100 and (np.diff(drawn) > 0).all()
    assert 2 < len(np.intersect1d(drawn, sample(USERS, 100, 1))) < 30  # 10 are expected
    assert sample(USERS[:7], 100, 0).tolist() == list(range(7))
    assert not len(sample(USERS[:0], 100, 0))


def test_samples_and_halves_are_even() -> None:
    counts = np.bincount(
        np.concatenate([sample(USERS, 100, seed) for seed in range(300)]), minlength=1_000
    )
    assert 28 < counts.mean() < 32 and counts.min() > 8 and counts.max() < 56
    shares = [half(USERS, seed).mean() for seed in range(100)]
    assert min(shares) > 0.44 and max(shares) < 0.56
    together = np.mean([half(USERS, seed)[0] == half(USERS, seed)[1] for seed in range(400)])
    assert 0.42 < together < 0.58


def test_events_have_the_number_that_they_have_among_those_of_their_user() -> None:
    user = np.array([3, 1, 3, 3, 1], np.int32)
    assert number_in_user(user).tolist() == [0, 0, 1, 2, 1]
    assert len(np.unique(event_keys(user))) == 5
    assert sorted(random_order(event_keys(user), 0).tolist()) == [0, 1, 2, 3, 4]


def test_another_user_changes_nothing_of_what_is_held_out() -> None:
    def held_out(users: int) -> list[tuple[int, int]]:
        events = _events(users)
        found = np.flatnonzero(random_of_each_user(events, np.ones(len(events), bool), 0))
        return [(int(events.user[one]), int(events.item[one])) for one in found]

    assert held_out(11)[: len(held_out(10))] == held_out(10)


def test_an_act_that_counts_no_more_changes_little_of_what_a_replay_asks() -> None:
    rng = np.random.default_rng(0)
    user = rng.integers(0, 500, 5_000).astype(np.int32)
    asked = _of_some_users(user, np.ones(5_000, bool), 0, 1_000)
    assert 900 < asked.sum() <= 1_000
    for gone in (0, 1_234, 4_999):
        queried = np.ones(5_000, bool)
        queried[gone] = False
        assert (_of_some_users(user, queried, 0, 1_000) != asked).sum() <= 20


def _events(users: int) -> EventTable:
    return worlds.event_table(
        Event(f"u{user}", f"i{item}", "view", timestamp=float(100 * user + item))
        for user in range(users)
        for item in range(10)
    )
