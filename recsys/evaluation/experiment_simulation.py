"""Simulated A/B tests: power and false positive rate."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from recsys.experiments.arm_sums import ArmSums, difference
from recsys.experiments.confidence_sequence import always_valid, fixed_horizon
from recsys.experiments.guardrail import Guardrail
from recsys.experiments.sample_ratio import mismatched
from recsys.experiments.sample_size import plan

RATE = 0.05  # clicks per list without an effect
DAYS = 30  # one look at the end of each
USERS = 500  # new ones of each arm and day
MARGIN = 0.02  # relative, of the guardrail
HARM = -0.05  # relative, of an arm that has to be stopped


@dataclass(frozen=True, slots=True)
class Found:
    """Shares of simulated experiments in which a difference was found.

    `always_valid`: at some look, by the confidence sequence. `last_look`: at the last look, by the
    interval of one look. `any_look`: at some look, by the same interval, which is wrong.
    """

    always_valid: float
    last_look: float
    any_look: float


def found_differences(
    lift: float, correlation: float, simulations: int, seed: int, rate: float = RATE
) -> Found:
    """Simulate experiments of `DAYS` looks with a relative lift of the rate in one arm.

    `correlation`: of a user's value with the one before the experiment.
    """
    counts = np.zeros(3)
    for number in range(simulations):
        rng = np.random.default_rng([seed, number])
        arms = _days((rate, rate * (1 + lift)), correlation, rng)
        looks = [_look(control, arm) for control, arm in arms]
        counts += [any(look[0] for look in looks), looks[-1][1], any(look[1] for look in looks)]
    shares = counts / simulations
    return Found(float(shares[0]), float(shares[1]), float(shares[2]))


def _days(
    rates: tuple[float, float], correlation: float, rng: np.random.Generator
) -> Iterator[tuple[ArmSums, ArmSums]]:
    arms = (ArmSums(), ArmSums())
    for _ in range(DAYS):
        for arm, rate in zip(arms, rates, strict=True):
            value = (rng.random(USERS) < rate).astype(float)
            known = (value - rate) / math.sqrt(rate * (1 - rate))
            noise = rng.standard_normal(USERS) * math.sqrt(1 - correlation**2)
            arm.add(value, before=correlation * known + noise)
        yield arms


def _look(control: ArmSums, arm: ArmSums) -> tuple[bool, bool]:
    sequence = always_valid(difference(arm, control))
    plain = [
        ArmSums(each.units, each.sums * [1, 1, 0], _without_before(each)) for each in (control, arm)
    ]
    return sequence.excludes_zero, fixed_horizon(difference(plain[1], plain[0])).excludes_zero


def _without_before(arm: ArmSums) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    products = np.array(arm.products, float)
    products[2] = products[:, 2] = 0.0
    return products


def found_mismatches(
    share: float, units: int, simulations: int, seed: int, looks: int = 100
) -> float:
    """Return the share of experiments in which units of an arm with this share look misassigned.

    The arms were assigned halves; the test is looked at `looks` times.
    """
    found = 0
    for number in range(simulations):
        rng = np.random.default_rng([seed, number])
        first = np.cumsum(rng.binomial(units // looks, share, looks))
        total = np.arange(1, looks + 1) * (units // looks)
        pairs = zip(first.tolist(), (total - first).tolist(), strict=True)
        found += any(mismatched(pair, (0.5, 0.5)) for pair in pairs)
    return found / simulations


def stopped_by_guardrail(
    effect: float, until: float, simulations: int, seed: int, rate: float = RATE
) -> float:
    """Return the share of experiments that a guardrail stops before a share of its planned users.

    Planned for a relative margin of `MARGIN` with power .8 at one-sided .05, looked at daily.
    """
    deviation = math.sqrt(rate * (1 - rate))
    users = plan(rate, deviation, MARGIN, 1.0, two_sided=False).users_per_arm
    rail = Guardrail("clicks", MARGIN, planned_units=2 * users)
    step, stopped = users // DAYS, 0
    for number in range(simulations):
        rng = np.random.default_rng([seed, number])
        arms = [_cumulated(rate * (1 + e), step, rng) for e in (0.0, effect)]
        looks = range(int(DAYS * until))
        stopped += any(rail.harmed(arms[1][look], arms[0][look]) for look in looks)
    return stopped / simulations


def _cumulated(rate: float, step: int, rng: np.random.Generator) -> list[ArmSums]:
    """Return the sums of clicks of one list per user after each day."""
    found = []
    for day, clicks in enumerate(np.cumsum(rng.binomial(step, rate, DAYS)).tolist(), start=1):
        units = day * step
        products = np.array([[clicks, clicks, 0.0], [clicks, units, 0.0], [0.0, 0.0, 0.0]])
        found.append(ArmSums(units, np.array([clicks, units, 0.0], float), products))
    return found
