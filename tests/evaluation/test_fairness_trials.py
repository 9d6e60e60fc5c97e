"""Trials of fairness on a small made world: moments in order, the floor, calibration."""

import numpy as np
import pytest

from recsys.evaluation.fairness_trials import Acts, moments, try_calibration, try_floor
from recsys.serving.creator_floor import DAY


@pytest.fixture(scope="module")
def acts():
    """Return acts of 60 users on 120 items of four topics; an eighth of the items come late."""
    rng, count = np.random.default_rng(0), 6_000
    user = rng.integers(0, 60, count).astype(np.int32)
    time = np.sort(rng.random(count)) * 100 * DAY
    liked = np.where(rng.random(count) < 0.7, user % 4, rng.integers(0, 4, count))
    item = (liked * 30 + rng.integers(0, 26, count)).astype(np.int32)
    late = (time > 75 * DAY) & (rng.random(count) < 0.03)
    item[late] = liked[late] * 30 + rng.integers(26, 30, int(late.sum()))
    topic = (np.arange(120) // 30).astype(np.int32)
    return Acts(user, item, time, np.arange(120, dtype=np.int32), topic)


def test_a_moment_knows_nothing_of_what_comes_later(acts):
    birth, last = acts.birth, 0.0
    for one in moments(acts, 100):
        assert last <= one.now and (birth[one.rows] < one.now).all()
        assert one.target in one.rows and not np.isin(one.rows, one.history).any()
        assert (np.diff(one.scores) <= 0).all()
        last = one.now


def test_the_floor_raises_new_creators_at_a_price_that_is_told(acts):
    found = try_floor(acts, 0.05, 400)
    assert len(found.gain) == len(found.plain_gain) > 100
    more = try_floor(acts, 0.3, 400)
    assert sum(more.gain) <= sum(more.plain_gain) and more.cost >= 0
    assert abs(found.cost) < 0.2 and found.hours == []  # an hour has a thousand lists


def test_calibration_brings_lists_nearer_to_histories(acts):
    plain, some, most = try_calibration(acts, (0.0, 0.3, 0.9), 200)
    assert plain.divergence > some.divergence > most.divergence
    assert plain.gain > 0 and plain.weight == 0.0
