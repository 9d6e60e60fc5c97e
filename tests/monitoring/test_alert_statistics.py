"""Tails, joined windows, the budget of false discoveries, states of alerts, opinion shares."""

from __future__ import annotations

import numpy as np
import pytest

from recsys.evaluation.watch_trials import DAY, WARM_UP, Pool, WatchTrial, run_trial
from recsys.monitoring.alert_states import AGAIN, step
from recsys.monitoring.false_discovery import SPAN, Budget, rejected
from recsys.monitoring.negative_share import Baseline, baseline, moved, simes, upper_tail
from recsys.monitoring.opinion_shares import CONFUSION, Sums, corrected


def test_the_tail_is_that_of_simulated_shares() -> None:
    rng = np.random.default_rng(0)
    base = Baseline(12.0, 28.0)
    draws = rng.binomial(40, rng.beta(base.negative, base.other, 200_000))
    for count in (5, 12, 20, 25):
        assert upper_tail(count, 40, base) == pytest.approx((draws >= count).mean(), abs=0.004)
    assert upper_tail(0, 40, base) == 1.0


def test_a_baseline_moves_up_with_all_and_never_down() -> None:
    base = baseline(30.0, 100.0, 0.3)
    assert moved(base, 900.0, 1_000.0, 0.3).mean > base.mean + 0.2
    assert moved(base, 10.0, 1_000.0, 0.3).mean == pytest.approx(base.mean)


def test_windows_are_joined_by_simes() -> None:
    assert simes(np.array([0.01, 1.0, 1.0, 1.0])) == pytest.approx(0.04)
    assert simes(np.array([0.01, 0.01, 0.01, 0.01])) == pytest.approx(0.01)


def test_a_month_of_looks_at_chance_keeps_the_rate() -> None:
    rng, false, months = np.random.default_rng(1), 0, 40
    for month in range(months):
        budget, now = Budget(0.2), 1e9 + month
        for _ in range(30 * 24):
            now += 3_600.0
            level = budget.level(now)
            found, _ = rejected(rng.random(20).tolist(), level)
            budget.spend(level)
            for _ in range(sum(found)):
                false += 1
                budget.discovered(now)
    assert false / months <= 0.4  # one discovery earns another at most: .2 / (1 - .2) = .25


def test_a_budget_survives_clocks_that_jump() -> None:
    budget = Budget(0.1)
    first = budget.level(1e9)
    budget.spend(first)
    assert budget.level(1e9 - 50 * DAY) <= first  # back: nothing is earned
    assert budget.level(1e9 + 1_000 * DAY) <= 0.1 / (SPAN / DAY)  # ahead: a day's at most
    kept = Budget.from_json(0.1, budget.as_json())
    assert kept == budget


def test_benjamini_and_hochberg() -> None:
    assert rejected([0.001, 0.5, 0.02], 0.05)[0] == [True, False, True]
    assert rejected([0.3, 0.5], 0.05)[0] == [False, False]


def test_an_alert_needs_two_looks_and_goes_after_three_quiet_ones() -> None:
    state, change = step(None, True, 1e-4, 1e-5, 0.0)
    assert change == "pending"
    state, change = step(state, False, 0.0, 0.5, 900.0)
    assert change == ""
    state, change = step(state, False, 0.0, 5e-5, 1_800.0)  # below the bar that the first passed
    assert change == "fired" and state is not None
    for at in range(1, 5):
        state, change = step(state, False, 0.0, 0.9, 1_800.0 + at * 900.0)
        assert change == ""
    state, change = step(state, False, 0.0, 0.9, 1_800.0 + 5 * 900.0)
    assert change == "resolved" and state is not None
    again, change = step(state, True, 1e-4, 1e-6, 10_000.0)
    assert change == "reopened" and again is not None and again.fired == 1_800.0
    new, change = step(state, True, 1e-4, 1e-6, 7_000.0 + AGAIN)
    assert change == "pending" and new is not None and new.fired is None


def test_a_single_look_is_dropped() -> None:
    state, _ = step(None, True, 1e-4, 1e-5, 0.0)
    for at in (1, 2):
        state, change = step(state, False, 0.0, 0.5, at * 900.0)
    assert (state, change) == (None, "dropped")


@pytest.mark.parametrize("script", [0, 1])
@pytest.mark.parametrize("negative", [0.05, 0.5, 0.95])
def test_shares_are_those_behind_the_confusion(script: int, negative: float) -> None:
    truth = np.array([negative, 0.0, 1 - negative])
    read = CONFUSION[script] @ truth / (CONFUSION[script] @ truth).sum()
    sums = [Sums(0.0, (0.0, 0.0, 0.0), (0.0, 0.0, 0.0))] * 2
    three = (float(read[0] * 1e3), float(read[1] * 1e3), float(read[2] * 1e3))
    sums[script] = Sums(1_000.0, three, three)
    found = corrected(sums)
    assert found is not None
    assert found.share[0] == pytest.approx(negative, abs=0.01)
    assert found.low[0] <= negative <= found.high[0]
    assert sum(found.share) == pytest.approx(1.0)


def test_few_texts_tell_nothing() -> None:
    assert corrected([Sums(19.0, (19.0, 0.0, 0.0), (19.0, 0.0, 0.0))]) is None


def pool() -> Pool:
    rng = np.random.default_rng(3)
    label = rng.choice(3, 600, p=[0.26, 0.2, 0.54])
    read = np.full((600, 3), 0.1)
    right = np.where(rng.random(600) < 0.75, label, rng.choice(3, 600))
    read[np.arange(600), right] = 0.8
    return Pool(label, read)


def test_a_burst_is_found_and_a_flood_is_not() -> None:
    rng = np.random.default_rng(0)
    start = 1.3e9
    time = np.sort(rng.uniform(start - WARM_UP, start + 8 * DAY, 3_000))
    watches = {
        1: np.arange(0, 3_000, 4),
        2: np.arange(1, 3_000, 4),
        3: np.arange(0, 3_000, 2),
    }
    end = start + 8 * DAY
    found = run_trial(time, watches, pool(), WatchTrial(start, end, 2, 1, seed=5))
    assert float(str(found["found"])) >= 0.5 and found["floods_fired"] == 0
    assert found["false_alarms"] == 0
