"""Intervals, sample ratios, guardrails and plans: closed forms and small simulations."""

import math

import numpy as np
import pytest

from recsys.errors import DataError
from recsys.evaluation.experiment_simulation import (
    found_differences,
    found_mismatches,
    stopped_by_guardrail,
)
from recsys.experiments.arm_sums import ArmSums, difference, winsorised
from recsys.experiments.confidence_sequence import always_valid, fixed_horizon
from recsys.experiments.guardrail import Guardrail
from recsys.experiments.sample_ratio import log_bayes_factor, mismatched
from recsys.experiments.sample_size import plan


def arm(value, base=None, before=None):
    found = ArmSums()
    for part in np.array_split(np.arange(len(value)), 3):  # parts add up to the whole
        found.add(
            value[part],
            None if base is None else base[part],
            None if before is None else before[part],
        )
    return found


def test_a_mean_per_user_has_the_variance_of_the_sample():
    rng = np.random.default_rng(0)
    a, b = rng.normal(2, 1, 400), rng.normal(1, 2, 500)
    found = difference(arm(a), arm(b))
    assert found.value == pytest.approx(a.mean() - b.mean())
    assert found.variance == pytest.approx(a.var(ddof=1) / 400 + b.var(ddof=1) / 500)
    assert found.relative == pytest.approx(found.value / b.mean())


def test_a_ratio_has_the_variance_of_the_delta_method():
    rng = np.random.default_rng(1)
    estimates, variances = [], []
    for _ in range(400):
        lists = rng.integers(1, 20, 300)
        clicks = rng.binomial(lists, rng.beta(2, 20, 300))  # lists of a user are alike
        found = difference(arm(clicks, lists), ArmSums())
        estimates.append(arm(clicks, lists).ratio)
        variances.append(found.variance)
    assert np.mean(variances) == pytest.approx(np.var(estimates), rel=0.2)


def test_values_before_take_their_share_off_the_variance():
    rng = np.random.default_rng(2)
    before = rng.normal(size=(2, 4_000))
    value = 0.6 * before + 0.8 * rng.normal(size=(2, 4_000))
    plain = difference(arm(value[0]), arm(value[1]))
    adjusted = difference(arm(value[0], before=before[0]), arm(value[1], before=before[1]))
    assert adjusted.variance / plain.variance == pytest.approx(1 - 0.6**2, abs=0.04)


def test_one_account_does_not_decide():
    values = np.array([0.0] * 500 + [1.0] * 499 + [1_000_000.0])
    assert winsorised(values, 0.99).max() < 20_000
    assert np.array_equal(winsorised(np.zeros(3)), np.zeros(3))


def test_intervals_hold_at_all_looks_and_find_what_is_there():
    nothing = found_differences(0.0, 0.6, 120, 0)
    assert nothing.always_valid <= 0.07 < nothing.any_look
    assert found_differences(0.2, 0.6, 60, 0).always_valid >= 0.85


def test_the_interval_of_one_look_is_the_narrower_one():
    rng = np.random.default_rng(3)
    found = difference(arm(rng.normal(size=5_000)), arm(rng.normal(size=5_000)))
    sequence, fixed = always_valid(found), fixed_horizon(found)
    assert sequence.low < fixed.low < fixed.high < sequence.high
    assert always_valid(difference(ArmSums(), ArmSums())).low == -math.inf or math.isnan(
        always_valid(difference(ArmSums(), ArmSums())).low
    )
    with pytest.raises(DataError, match="alpha 2"):
        always_valid(found, 2.0)


def test_sample_ratios():
    assert mismatched((51_000, 49_000), (0.5, 0.5))
    assert not mismatched((50_300, 49_700), (0.5, 0.5))
    assert mismatched((3_000, 1_000, 1_000), (0.5, 0.25, 0.25))
    assert log_bayes_factor((0, 0), (0.5, 0.5)) == 0
    with pytest.raises(DataError, match="do not belong together"):
        mismatched((1, 2), (0.5, 0.3, 0.2))
    assert found_mismatches(0.5, 100_000, 100, 0) <= 0.02
    assert found_mismatches(0.51, 100_000, 50, 0) >= 0.96


def test_guardrails_stop_harm_and_nothing_else():
    assert stopped_by_guardrail(-0.05, 0.5, 60, 0) >= 0.85
    assert stopped_by_guardrail(0.0, 1.0, 60, 0) <= 0.07
    errors = Guardrail("errors", more_is_worse=True)
    worse, control = arm(np.ones(500)), arm(np.array([0.0, 1.0] * 250))
    assert errors.harmed(worse, control) and not errors.harmed(control, worse)
    with pytest.raises(DataError, match="margin -1"):
        Guardrail("clicks", -1.0)


def test_plans():
    found = plan(0.05, math.sqrt(0.05 * 0.95), 0.2, 1_000)
    assert found.users_per_arm == pytest.approx(7_457, abs=5) and found.days == 15
    assert plan(0.05, 0.2179, 0.2, 1_000, correlation_before=0.6).days == 10
    with pytest.raises(DataError, match="each must be above 0"):
        plan(0.05, 0.2, 0.0, 1_000)
