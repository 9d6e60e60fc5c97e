"""Intervals of a change between nights: false alarms, falls that are found, too few nights."""

import numpy as np
import pytest

from recsys.evaluation.nightly_metric_change import ChangeBetweenNights


def test_the_change_is_that_of_the_means():
    found = ChangeBetweenNights.of([1.0, 3.0, 9.0, 9.0, 2.0, 4.0], 2)
    assert found is not None and found.change == 1.0 and found.nights == 2
    assert (found.low + found.high) / 2 == pytest.approx(1.0)


@pytest.mark.parametrize("nights", [1, 7])
def test_an_interval_misses_no_change_in_one_of_twenty_runs(nights):
    rng = np.random.default_rng(0)
    missed = 0
    for _ in range(2_000):
        found = ChangeBetweenNights.of(rng.normal(0.08, 0.01, 30).tolist(), nights)
        assert found is not None
        missed += not found.low <= 0 <= found.high
    assert 60 <= missed <= 140  # 100 of 2,000


def test_a_steady_fall_is_found_and_does_not_widen_the_interval():
    noise = np.random.default_rng(1).normal(0, 0.002, 30)
    level = ChangeBetweenNights.of((0.08 + noise).tolist(), 7)
    falling = ChangeBetweenNights.of((np.linspace(0.1, 0.05, 30) + noise).tolist(), 7)
    assert level is not None and falling is not None
    assert falling.fell and not level.fell
    assert falling.high - falling.low < 1.5 * (level.high - level.low)


@pytest.mark.parametrize(("count", "nights"), [(4, 1), (13, 7), (2, 1)])
def test_too_few_nights_have_no_interval(count, nights):
    assert ChangeBetweenNights.of([0.1] * count, nights) is None
