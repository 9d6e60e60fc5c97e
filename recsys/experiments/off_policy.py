"""Off-policy evaluation: the value of a policy from the log of another one that drew its actions.

Estimators: IPS, SNIPS (Swaminathan and Joachims, NeurIPS 2015), DR (Dudík, Langford and Li, ICML
2011), and two that take less of large weights, for less variance and some bias: SWITCH (Wang,
Agarwal and Dudík, ICML 2017) and DRos (Su, Dimakopoulou, Krishnamurthy and Dudík, ICML 2020). No
estimate is given where the log cannot carry it: with an effective sample size under `LEAST_ESS` or
with less than `LEAST_SUPPORT` of the policy on actions that the log may show.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from recsys.errors import DataError

Floats = NDArray[np.floating]
LEAST_ESS = 200.0  # effective number of logged decisions
LEAST_SUPPORT = 0.9  # share of the policy's choices
LEAST_PROPENSITY = 1e-4  # below it an action counts as never logged
# quantiles of the weights that SWITCH and DRos try as the largest one that counts in full
STEPS = (0.5, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999, 1.0)


@dataclass(frozen=True, slots=True)
class Log:
    """Logged decisions, each (n,): reward, probability of the action by the log and by the policy.

    `support` (n,): share of the policy's choices at each decision that lie on actions which the
    logging policy takes with at least `LEAST_PROPENSITY`; None: 1 at all.
    """

    reward: Floats
    logged: Floats
    target: Floats
    support: Floats | None = None

    def __post_init__(self) -> None:
        sizes = {len(self.reward), len(self.logged), len(self.target)}
        if len(sizes) > 1:
            raise DataError(f"a log of off-policy evaluation has columns of {sorted(sizes)} rows")
        for name, values, least in (("logged", self.logged, 0.0), ("target", self.target, -1e-12)):
            bad = ~((values > least) & (values <= 1 + 1e-9))
            if bad.any():
                at = int(np.flatnonzero(bad)[0])
                raise DataError(
                    f"row {at}: the {name} probability {float(values[at])!r} is not"
                    f" {'above 0' if least == 0 else 'from 0'} and at most 1; leave out rows that"
                    " lack it"
                )
        if not np.isfinite(self.reward).all():
            raise DataError("a reward is not finite")

    @property
    def weights(self) -> Floats:
        """(n,): by how much likelier the policy takes the logged action than the log did."""
        return np.asarray(self.target / self.logged)


@dataclass(frozen=True, slots=True)
class Estimate:
    """Value of a policy, its 95 % interval, and what the log can carry."""

    value: float
    low: float
    high: float
    effective_size: float
    support: float
    largest_weight: float

    @property
    def refused(self) -> str:
        """Why the value must not be read; empty where it may be."""
        if self.support < LEAST_SUPPORT:
            return (
                f"only {self.support:.0%} of what the policy would show can be in the log: show the"
                " other actions by exploration first"
            )
        if self.effective_size < LEAST_ESS:
            return (
                f"the log is worth {self.effective_size:.0f} decisions of this policy, and"
                f" {LEAST_ESS:.0f} are needed: log more, or a policy that is nearer"
            )
        return ""


def ips(log: Log) -> Estimate:
    """Return the mean of rewards weighted by how much likelier the policy takes each action."""
    return estimate_of_parts(log, log.weights * log.reward)


def snips(log: Log) -> Estimate:
    """Return the same divided by the mean weight: biased, with less variance."""
    weights = log.weights
    mean = float(weights.mean()) if len(weights) else 0.0
    if mean == 0:
        return estimate_of_parts(log, np.zeros(len(weights)))
    value = float((weights * log.reward).mean()) / mean
    parts = weights * (log.reward - value) / mean  # linearised: the delta method
    return estimate_of_parts(log, value + parts)


def doubly_robust(log: Log, predicted: Floats, expected: Floats) -> Estimate:
    """Return the value by a model of the reward, corrected by the weighted errors of the model.

    `predicted` (n,): the model's reward of the logged action. `expected` (n,): its mean reward of
    the policy's choices. Both by a model that did not learn from the row (cross-fitting).
    """
    return estimate_of_parts(log, expected + log.weights * (log.reward - predicted))


def switch(log: Log, predicted: Floats, expected: Floats) -> Estimate:
    """Return the doubly robust value with weights above a threshold left out.

    The model stands for what these rows would say. Arguments as of `doubly_robust`.
    """
    weights = log.weights
    kept = [np.where(weights <= most, weights, 0.0) for most in _steps(weights)]
    return _least_error(log, kept, predicted, expected)


def shrunk_doubly_robust(log: Log, predicted: Floats, expected: Floats) -> Estimate:
    """Return the doubly robust value with large weights shrunk: w to λ w / (w² + λ).

    Arguments as of `doubly_robust`.
    """
    weights = log.weights
    shrunk = [weights * most**2 / (weights**2 + most**2) for most in _steps(weights)]
    return _least_error(log, [*shrunk, weights], predicted, expected)


def _steps(weights: Floats) -> list[float]:
    """Return the values of weights among which thresholds are looked for, ascending."""
    if not len(weights):
        return []
    return sorted({float(one) for one in np.quantile(weights, STEPS) if one > 0})


def _least_error(
    log: Log, tried: Sequence[Floats], predicted: Floats, expected: Floats
) -> Estimate:
    """Return the estimate by those of some weights with the least mean squared error.

    Variance, and the square of what the change of the weights does to the value, less the square
    that noise alone would give it.
    """
    errors, n = log.reward - predicted, len(log.reward)
    best, least = log.weights, math.inf
    for weights in tried:
        moved, parts = (log.weights - weights) * errors, expected + weights * errors
        if n > 1:
            bias = max(float(moved.mean()) ** 2 - float(moved.var(ddof=1)) / n, 0.0)
            error = float(parts.var(ddof=1)) / n + bias
            if error < least:
                best, least = weights, error
    return estimate_of_parts(log, expected + best * errors)


def direct(log: Log, expected: Floats) -> Estimate:
    """Return the value by the model alone; right only as far as the model is."""
    return estimate_of_parts(log, expected)


def estimate_of_parts(log: Log, parts: Floats) -> Estimate:
    """Return the mean of what each decision says, (n,), with what the log can carry."""
    n, weights = len(parts), log.weights
    value = float(parts.mean()) if n else 0.0
    spread = float(parts.std(ddof=1)) / math.sqrt(n) if n > 1 else math.inf
    low, high = _interval(value, NormalDist().inv_cdf(0.975) * spread, log)
    squares = float((weights**2).sum())
    return Estimate(
        value,
        low,
        high,
        float(weights.sum()) ** 2 / squares if squares else 0.0,
        float(log.support.mean()) if log.support is not None and n else 1.0 if n else 0.0,
        float(weights.max(initial=0.0)),
    )


def _interval(value: float, reach: float, log: Log) -> tuple[float, float]:
    """Return the interval of a value; of rewards that are never negative on the logarithm's scale.

    Rare rewards with unequal weights have a skewed mean: the symmetric interval ends too low.
    """
    if value > 0 and math.isfinite(reach) and (log.reward >= 0).all():
        factor = math.exp(reach / value)
        return value / factor, value * factor
    return value - reach, value + reach
