"""Asymptotic confidence sequences: intervals that hold at all looks together.

Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas, "Time-uniform central limit theory and asymptotic
confidence sequences" (2021): the normal mixture boundary, narrowest at a planned number of units.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

from recsys.errors import DataError
from recsys.experiments.arm_sums import Difference

PLANNED_UNITS = 20_000  # of both arms, at which an interval is narrowest without a plan


@dataclass(frozen=True, slots=True)
class Interval:
    """Lower and upper bound of a difference."""

    low: float
    high: float

    @property
    def excludes_zero(self) -> bool:
        """Whether the difference is of one sign throughout the interval."""
        return self.low > 0 or self.high < 0


def always_valid(
    found: Difference, alpha: float = 0.05, planned_units: int = PLANNED_UNITS
) -> Interval:
    """Return the two-sided interval that holds at every look with probability 1 − alpha."""
    half = _boundary(found.units, alpha, planned_units) * math.sqrt(found.variance)
    return Interval(found.value - half, found.value + half)


def lower_bound(
    found: Difference, alpha: float = 0.05, planned_units: int = PLANNED_UNITS
) -> float:
    """Return the one-sided lower bound of the difference, valid at every look."""
    half = _boundary(found.units, 2 * alpha, planned_units) * math.sqrt(found.variance)
    return found.value - half


def fixed_horizon(found: Difference, alpha: float = 0.05) -> Interval:
    """Return the interval of one look at the planned end; looked at daily it is wrong too often."""
    half = NormalDist().inv_cdf(1 - alpha / 2) * math.sqrt(found.variance)
    return Interval(found.value - half, found.value + half)


def _boundary(units: int, alpha: float, planned_units: int) -> float:
    """Return how many standard errors the interval reaches, infinite without units."""
    if not 0 < alpha < 1 or planned_units < 2:
        raise DataError(f"alpha {alpha:g} and {planned_units} planned units make no interval")
    if units < 2:
        return math.inf
    log = -2 * math.log(alpha)
    spread = units * (log + math.log(log + 1)) / planned_units
    return math.sqrt(2 * (1 + 1 / spread) * (0.5 * math.log1p(spread) - math.log(alpha)))
