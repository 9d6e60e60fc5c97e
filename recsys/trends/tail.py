"""Tail: how unlikely a count is under a negative binomial, and the counts that bound it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainc
from scipy.stats import nbinom

Numbers = NDArray[np.floating]

SMALLEST = 1e-300


def upper_tail(count: Numbers, mean: Numbers, size: Numbers) -> NDArray[np.float64]:
    """Return P(N ≥ count) of a negative binomial of this mean and variance mean + mean² / size.

    1 where the count is 0. The regularized incomplete beta function gives it without a sum.
    """
    mean = np.maximum(mean, 1e-12)
    chance = betainc(np.maximum(count, 1e-9), size, mean / (mean + size))
    return np.asarray(np.where(count > 0, np.maximum(chance, SMALLEST), 1.0), np.float64)


def interval(
    mean: Numbers, size: Numbers, share: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the counts between which a share of all lies, in the middle; whole numbers."""
    success = size / (size + np.maximum(mean, 1e-12))
    outside = (1 - share) / 2
    low, high = (nbinom.ppf(share, size, success) for share in (outside, 1 - outside))
    return np.asarray(low, np.float64), np.asarray(high, np.float64)


def joined_size(*sizes: Numbers | float) -> Numbers:
    """Return the size of a count whose mean is uncertain for several reasons at once."""
    return np.asarray(1.0 / sum(1.0 / np.asarray(size, np.float64) for size in sizes))
