"""The gate's arithmetic: what passes, what is refused, and why."""

import numpy as np
import pytest

from recsys.tuning.publication_gate import (
    CELLS,
    FEWEST_PEOPLE,
    PEOPLE,
    SCORES,
    Gains,
    decide,
    decide_by_gains,
    decide_by_index_recall,
    people_asked,
    people_at_a_time,
)

RNG = np.random.default_rng(3)
BEFORE = RNG.uniform(0, 1, 500)


def test_the_same_answers_pass():
    verdict = decide(BEFORE, BEFORE)
    assert verdict.passed and verdict.low == verdict.high == 0
    assert verdict.people == 500 and verdict.today == verdict.yesterday


def test_clearly_worse_is_refused():
    verdict = decide(0.9 * BEFORE, BEFORE)
    assert not verdict.passed and verdict.high < -0.01
    assert "previous bundle" in verdict.reason


def test_clearly_better_passes():
    assert decide(1.1 * BEFORE, BEFORE).passed


def test_worse_by_less_than_a_hundredth_passes():
    assert decide(0.995 * BEFORE, BEFORE).passed


def test_worse_within_chance_passes():
    noise = RNG.normal(-0.02, 1.0, 500)
    assert decide(BEFORE + noise, BEFORE).passed


def test_a_night_that_pays_what_tuning_may_is_refused_once_in_thirty_at_most():
    """Today loses a standard error of the validation, and no more than a hundredth."""
    refused = 0
    for seed in range(30):
        rng = np.random.default_rng(seed)
        before = rng.uniform(0, 1, 600) * (rng.random(600) < 0.3)  # most lists have no hit
        noise = rng.normal(0, 0.1, 600) * (before > 0)
        price = min(noise.std() / np.sqrt(600), 0.01 * before.mean())
        refused += not decide(before + noise - price, before).passed
    assert refused <= 1


def test_debiased_ndcg_is_said_and_decides_nothing():
    today, yesterday = Gains(BEFORE, 0.5 * BEFORE), Gains(BEFORE, BEFORE)
    verdict = decide_by_gains(today, yesterday)
    assert verdict.passed and "debiased" in verdict.reason
    assert verdict.debiased == pytest.approx(0.5 * verdict.debiased_yesterday)


def test_the_interval_is_relative_to_yesterday():
    verdict = decide(0.5 * BEFORE, BEFORE)
    assert verdict.low < -0.45 and -0.55 < verdict.high < -0.4


def test_nobody_to_ask_or_nothing_right_before_passes():
    assert decide(np.zeros(0), np.zeros(0)).passed
    assert decide(np.zeros(9), np.zeros(9)).passed


@pytest.mark.parametrize(("recall", "refused"), [(1.0, False), (0.98, False), (0.979, True)])
def test_an_index_below_the_floor_is_refused(recall, refused):
    verdict = decide_by_index_recall(recall, 0.1)
    assert (verdict is not None) == refused
    if verdict is not None:
        assert not verdict.passed and "0.979" in verdict.reason


def test_what_a_comparison_computes_and_holds_does_not_grow_with_the_catalogue():
    assert people_asked(100) == people_asked(100_000) == PEOPLE
    assert people_asked(1_000_000) * 1_000_000 <= SCORES
    assert people_asked(10**8) == FEWEST_PEOPLE
    for n_items in (10, 120_000, 1_000_000, 30_000_000):
        assert people_at_a_time(n_items, 256) * n_items <= CELLS
    assert people_at_a_time(10, 256) == 256 and people_at_a_time(10**9, 256) == 1
