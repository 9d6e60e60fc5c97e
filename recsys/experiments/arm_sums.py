"""Sums over the units of an arm, from which means, ratios and their variances are computed.

Units are users: a click rate is a ratio of two sums over users, and its variance follows by the
delta method, since lists of one user are not independent.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]
NAMES = ("value", "base", "before")  # what was counted, per what, and the same before the start


@dataclass
class ArmSums:
    """Number of units and the sums and sums of products of (value, base, before) over them.

    Of a mean per user `base` is 1 for every unit. `before` is the unit's value in the weeks before
    the experiment (CUPED: Deng et al., WSDM 2013); 0 where it is not known.
    """

    units: int = 0
    sums: Floats = field(default_factory=lambda: np.zeros(3))
    products: Floats = field(default_factory=lambda: np.zeros((3, 3)))

    def add(self, value: Floats, base: Floats | None = None, before: Floats | None = None) -> None:
        """Add units; all arrays are (n_units,)."""
        ones, zeros = np.ones(len(value)), np.zeros(len(value))
        rows = np.stack(
            [value, ones if base is None else base, zeros if before is None else before]
        ).astype(float)
        self.units += len(value)
        self.sums = self.sums + rows.sum(axis=1)
        self.products = self.products + rows @ rows.T

    @property
    def means(self) -> Floats:
        """(3,): mean of value, base and before per unit; zeros without units."""
        return self.sums / max(self.units, 1)

    @property
    def covariance(self) -> Floats:
        """(3, 3): covariance of the three per unit; zeros with fewer than two units."""
        if self.units < 2:
            return np.zeros((3, 3))
        means = self.means
        return (self.products / self.units - np.outer(means, means)) * (
            self.units / (self.units - 1)
        )

    @property
    def ratio(self) -> float:
        """Sum of values per sum of bases; 0 without any base."""
        return float(self.sums[0] / self.sums[1]) if self.sums[1] else 0.0

    def linear(self) -> tuple[Floats, Floats]:
        """Return (2,) means and (2, 2) covariance of the linearised ratio and of `before`.

        value / base ≈ ratio + (value − ratio · base) / mean base, the delta method.
        """
        base = self.means[1] if self.means[1] else 1.0
        turn = np.array([[1 / base, -self.ratio / base, 0.0], [0.0, 0.0, 1.0]])
        return np.array([self.ratio, self.means[2]]), turn @ self.covariance @ turn.T


@dataclass(frozen=True)
class Difference:
    """Value of one arm less that of another, with the variance of the estimate."""

    value: float
    variance: float
    units: int  # of both arms
    reference: float  # the value of the arm that is compared with

    @property
    def relative(self) -> float:
        """Difference as a share of the reference; 0 where that is 0."""
        return self.value / self.reference if self.reference else 0.0


def difference(arm: ArmSums, control: ArmSums) -> Difference:
    """Return the difference of two ratios, adjusted by the values before the experiment (CUPED).

    The coefficient is that of both arms together; without values before, it is 0.
    """
    (mean_a, cov_a), (mean_c, cov_c) = arm.linear(), control.linear()
    pooled = cov_a + cov_c
    theta = pooled[0, 1] / pooled[1, 1] if pooled[1, 1] > 0 else 0.0
    turn = np.array([1.0, -theta])
    variance = sum(
        float(turn @ cov @ turn) / max(units, 1)
        for cov, units in ((cov_a, arm.units), (cov_c, control.units))
    )
    value = float(turn @ (mean_a - mean_c))
    return Difference(value, variance, arm.units + control.units, control.ratio)


def winsorised(values: Floats, quantile: float = 0.999) -> Floats:
    """Return values cut at a quantile of those above 0, so that one account does not decide.

    Both arms have to be cut together, with the quantile of all their units.
    """
    positive = values[values > 0]
    return values if len(positive) == 0 else np.minimum(values, np.quantile(positive, quantile))
