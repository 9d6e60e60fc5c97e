"""Plan of an experiment: how many users an effect needs, and how many days that takes."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

from recsys.errors import DataError

SEQUENTIAL = (
    1.58  # width of an always valid interval at its planned end against a fixed one, squared below
)


@dataclass(frozen=True, slots=True)
class Plan:
    """Users of each arm, and days until they have come."""

    users_per_arm: int
    days: int


def plan(
    mean: float,
    standard_deviation: float,
    relative_effect: float,
    users_per_day: float,
    *,
    power: float = 0.8,
    alpha: float = 0.05,
    two_sided: bool = True,
    correlation_before: float = 0.0,
    arms: int = 2,
) -> Plan:
    """Return the users and days after which an effect of this size is found with this power.

    `users_per_day`: new users of all arms. `correlation_before`: of a user's value with that of the
    weeks before, which CUPED takes off the variance. For one look at the end; an always valid
    interval needs about `SEQUENTIAL` squared times as many users in the worst case and fewer where
    the effect is larger than planned.
    """
    if mean <= 0 or standard_deviation <= 0 or relative_effect == 0 or users_per_day <= 0:
        raise DataError(
            f"mean {mean:g}, standard deviation {standard_deviation:g}, relative effect"
            f" {relative_effect:g} and {users_per_day:g} users a day: each must be above 0"
        )
    if not (0 < power < 1 and 0 < alpha < 1 and -1 < correlation_before < 1 and arms >= 2):
        raise DataError(
            f"power {power:g}, alpha {alpha:g}, correlation {correlation_before:g} or {arms} arms"
            " is out of range"
        )
    normal = NormalDist()
    reach = normal.inv_cdf(1 - alpha / (2 if two_sided else 1)) + normal.inv_cdf(power)
    variance = standard_deviation**2 * (1 - correlation_before**2)
    users = math.ceil(2 * variance * (reach / (mean * relative_effect)) ** 2)
    return Plan(users, math.ceil(users * arms / users_per_day))
