"""Plan of an experiment from what users did lately: users and days that its effect needs."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from recsys.experiments.arm_sums import ArmSums
from recsys.experiments.definition import Experiment, GuardrailMetric
from recsys.experiments.sample_size import SEQUENTIAL, Plan, plan
from recsys.experiments.unit_counts import DAYS_BEFORE, UnitCounts

LEAST_USERS = 100  # of the last days, below which no plan is made


@dataclass(frozen=True, slots=True)
class Usual:
    """A metric as it was in the last days."""

    metric: str
    users: int
    value: float
    deviation: float  # of a user's value, linearised
    correlation: float  # with the value of the days before

    @classmethod
    def of(cls, metric: str, counts: UnitCounts) -> Usual:
        """Return a metric of the users of the last days."""
        sums: ArmSums = counts.sums(metric, [""])[""]
        means, covariance = sums.linear()
        both = math.sqrt(max(covariance[0, 0] * covariance[1, 1], 0.0))
        correlation = float(covariance[0, 1]) / both if both > 0 else 0.0
        return cls(
            metric,
            sums.units,
            float(means[0]),
            math.sqrt(max(float(covariance[0, 0]), 0.0)),
            min(max(correlation, -0.99), 0.99),
        )


def plan_of(one: Experiment, counts: UnitCounts) -> dict[str, Any] | None:
    """Return the plan of an experiment as JSON; None without enough users, or any act of theirs.

    Days are those until so many users have come as came in the last days; users who come again are
    counted once, so that it is a lower bound.
    """
    usual = Usual.of(one.primary, counts)
    primary = _plan(one, usual, one.effect, True)
    if primary is None:
        return None
    rails = {}
    for rail in one.guardrails:
        found = _plan(one, Usual.of(rail.metric, counts), rail.margin, False)
        rails[rail.metric] = _as_json(found) if found is not None else None
    return {
        "metric": one.primary,
        "effect": one.effect,
        "value": usual.value,
        "deviation": usual.deviation,
        "correlation": usual.correlation,
        **_as_json(primary),
        "guardrails": rails,
    }


def planned_units(one: Experiment, counts: UnitCounts) -> tuple[int, int]:
    """Return the users of two arms that intervals, and guardrails, are made for; those of the
    definition where no plan can be made.
    """
    primary = _plan(one, Usual.of(one.primary, counts), one.effect, True)
    rails = [_rail_plan(one, rail, counts) for rail in one.guardrails]
    known = [found.users_per_arm for found in rails if found is not None]
    return (
        2 * primary.users_per_arm if primary is not None else one.planned_units,
        2 * min(known) if known else one.planned_guardrail_units,
    )


def _rail_plan(one: Experiment, rail: GuardrailMetric, counts: UnitCounts) -> Plan | None:
    return _plan(one, Usual.of(rail.metric, counts), rail.margin, False)


def _plan(one: Experiment, usual: Usual, effect: float, two_sided: bool) -> Plan | None:
    if usual.users < LEAST_USERS or usual.value <= 0 or usual.deviation <= 0:
        return None
    low, high = one.range
    share = (high - low) * (1 - one.holdout)
    return plan(
        usual.value,
        usual.deviation,
        effect,
        usual.users / DAYS_BEFORE * share,
        alpha=0.05 / (len(one.arms) - 1),
        two_sided=two_sided,
        correlation_before=usual.correlation,
        arms=len(one.arms),
    )


def _as_json(found: Plan) -> dict[str, Any]:
    return {
        "users_per_arm": found.users_per_arm,
        "days": found.days,
        "users_per_arm_at_any_look": math.ceil(found.users_per_arm * SEQUENTIAL**2),
    }
