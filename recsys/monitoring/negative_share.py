"""Negative share of a window against its baseline: Beta-binomial tail, joined over windows.

Each person is one voice, however many texts they write. The baseline is the watch's own decayed
past, drawn towards the platform's, and moved with the platform where all become more negative.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

WINDOWS = (1, 3, 6, 24)  # hours
PRIOR = 100.0  # voices that speak for the platform's share, until enough watches tell
PRIORS = (100.0, 300.0)  # the least and the most
FEW = 5  # watches from which that is learned
FEW_VOICES = 20.0  # of a watch that tells something
TRUST = 400.0  # voices that a baseline counts at most: shares wander by more than chance
TIDE_PRIOR = 600.0  # voices of others that speak for no common move
LEAST_RISE = 0.1  # of the share: smaller rises make no alert, however certain
_MEDIAN = 0.4549  # of a chi-square with one degree of freedom
LEAST_KNOWN = 50.0  # voices of the platform before a share is judged at all


@dataclass(frozen=True, slots=True)
class Baseline:
    """Beta distribution of the usual negative share."""

    negative: float
    other: float

    @property
    def mean(self) -> float:
        """The usual share."""
        return self.negative / (self.negative + self.other)


def learned_prior(
    negative: NDArray[np.float64], people: NDArray[np.float64], platform: float
) -> float:
    """Return the voices that the platform's share counts for a watch, by how watches differ.

    Their squared deviations have the variance m (1 - m) (1 / voices + 1 / (prior + 1)); the prior
    is that at which the median is a chi-square's, so that watches with a burst do not decide.
    """
    some = people >= FEW_VOICES
    if some.sum() < FEW:
        return PRIOR
    platform = min(max(platform, 0.01), 0.99)
    squares = (negative[some] / people[some] - platform) ** 2 / (platform * (1 - platform))
    priors = np.geomspace(*PRIORS, 16)
    usual = 1 / people[some] + 1 / (priors[:, None] + 1)
    medians = np.median(squares / usual, axis=1)
    return float(priors[int(np.abs(medians - _MEDIAN).argmin())])


def baseline(negative: float, people: float, platform: float, prior: float = PRIOR) -> Baseline:
    """Return the baseline of decayed counts of a watch; `platform`: usual share of all texts."""
    platform = min(max(platform, 0.01), 0.99)
    a, b = negative + prior * platform, people - negative + prior * (1 - platform)
    scale = min(1.0, TRUST / (a + b))
    return Baseline(a * scale, b * scale)


def moved(base: Baseline, negative: float, people: float, usual: float) -> Baseline:
    """Return a baseline moved up with what others do now; `usual`: their usual share.

    Never down: that others are merry makes nobody's anger a burst.
    """
    usual = min(max(usual, 0.01), 0.99)
    share = (negative + TIDE_PRIOR * usual) / (people + TIDE_PRIOR)
    move = max(_logit(share) - _logit(usual), 0.0)
    total = base.negative + base.other
    mean = 1 / (1 + np.exp(-(_logit(base.mean) + move)))
    return Baseline(total * mean, total * (1 - mean))


def upper_tail(negative: int, people: int, base: Baseline) -> float:
    """Return P(K ≥ negative) of a Beta-binomial of `people` voices; 1 for none."""
    if negative <= 0:
        return 1.0
    from scipy.special import betaln, gammaln  # here: slow to load

    k: NDArray[np.float64] = np.arange(negative, people + 1, dtype=np.float64)
    ways = gammaln(people + 1) - gammaln(k + 1) - gammaln(people - k + 1)
    logs = ways + betaln(k + base.negative, people - k + base.other)
    return float(min(np.exp(logs - betaln(base.negative, base.other)).sum(), 1.0))


def simes(chances: NDArray[np.float64]) -> float:
    """Return one p-value of several (Simes 1986): valid for positively dependent windows."""
    if not len(chances):
        return 1.0
    ordered = np.sort(chances)
    return float(min((ordered * len(ordered) / np.arange(1, len(ordered) + 1)).min(), 1.0))


def _logit(share: float) -> float:
    return float(np.log(share / (1 - share)))
