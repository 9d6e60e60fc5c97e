"""Seasonality: profiles of hours of the day and days of the week, shrunk to uniform.

Hours are those of UTC; a platform in another time zone has the same seasonality, shifted.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from recsys.trends.series import WEEK, Counts

DAY = 24
DAY_PRIOR = 50.0  # unique users per hour of the day that speak for an even day
WEEK_PRIOR = 100.0  # unique users per weekday that speak for an even week
CELL_PRIOR = 50.0  # unique users per hour of the week that speak for "this hour, any weekday"


def week_seasonality(total: Counts, first: int) -> Counts:
    """Return the factor of each hour of the week, (168,), of mean 1.

    Hour 0 is that of the first hour of 1970, a Thursday. Hours in which nothing happened at all
    for half a day are gaps, and say nothing. A seasonality of few unique users is an even one.
    """
    place = (first + np.arange(len(total))) % WEEK
    is_covered = ~gaps(total)
    counts = np.bincount(place[is_covered], total[is_covered], WEEK).astype(np.float64)
    hours = np.bincount(place[is_covered], minlength=WEEK).astype(np.float64)
    mean = counts.sum() / max(hours.sum(), 1.0)
    if mean <= 0:
        return np.ones(WEEK, np.float32)
    expected = mean * hours
    by_hour = _shrunk(counts, expected, np.arange(WEEK) % DAY, DAY, DAY_PRIOR)
    by_day = _shrunk(counts, expected * by_hour, np.arange(WEEK) // DAY, 7, WEEK_PRIOR)
    smooth = by_hour * by_day
    found = smooth * (counts + CELL_PRIOR) / (expected * smooth + CELL_PRIOR)
    return np.asarray(found / found.mean(), np.float32)


def gaps(total: Counts) -> NDArray[np.bool_]:
    """Return which hours belong to a stretch of 12 and more in which nothing happened."""
    silent = np.concatenate([[False], total <= 0, [False]])
    edges = np.flatnonzero(silent[1:] != silent[:-1]).reshape(-1, 2)
    found = np.zeros(len(total), bool)
    for start, end in edges[edges[:, 1] - edges[:, 0] >= DAY // 2].tolist():
        found[start:end] = True
    return found


def _shrunk(
    counts: NDArray[np.floating],
    expected: NDArray[np.floating],
    group: NDArray[np.int64],
    size: int,
    prior: float,
) -> NDArray[np.float64]:
    seen, usual = np.bincount(group, counts, size), np.bincount(group, expected, size)
    return np.asarray((seen + prior) / (usual + prior))[group]
