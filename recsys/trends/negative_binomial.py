"""Negative binomial tail probabilities and quantiles."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.floating]

SMALLEST = 1e-300


def upper_tail(count: Numbers, mean: Numbers, size: Numbers) -> NDArray[np.float64]:
    """Return P(N ≥ count) of a negative binomial of this mean and variance mean + mean² / size.

    1 where the count is 0. The regularized incomplete beta function gives it without a sum.
    """
    mean = np.maximum(mean, 1e-12)
    if not count.size:
        return np.ones(count.shape)
    from scipy.special import betainc  # here: slow to load

    chance = betainc(np.maximum(count, 1e-9), size, mean / (mean + size))
    return np.asarray(np.where(count > 0, np.maximum(chance, SMALLEST), 1.0), np.float64)


def interval(
    mean: Numbers, size: Numbers, share: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the counts between which a share of all lies, in the middle; whole numbers."""
    success = size / (size + np.maximum(mean, 1e-12))
    outside = (1 - share) / 2
    return _quantile(outside, size, success), _quantile(1 - outside, size, success)


def _quantile(share: float, size: Numbers, success: Numbers) -> NDArray[np.float64]:
    """Return the least count that a share of all does not exceed."""
    from scipy.special import betainc, nbdtrik  # here: slow to load

    least = betainc(size, 1.0, success)  # the chance of no event at all
    found = np.ceil(nbdtrik(np.where(least < share, share, 0.5), size, success))
    before = np.maximum(found - 1, 0)  # the inverse may be one too high
    found = np.where(betainc(size, before + 1, success) >= share, before, found)
    return np.asarray(np.where(least >= share, 0.0, found), np.float64)


def joined_size(*sizes: Numbers | float) -> Numbers:
    """Return the size of a count whose mean is uncertain for several reasons at once."""
    return np.asarray(1.0 / sum(1.0 / np.asarray(size, np.float64) for size in sizes))
