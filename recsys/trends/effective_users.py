"""Effective number of users behind a burst; few users with many events form a flood."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from recsys.array_types import Mask, Rows


def effective(actor: NDArray[np.int64]) -> float:
    """Return how many users acted, as an effective number: those who act evenly count whole.

    The exponential of the entropy of their shares (Hill 1973): three who made nearly all acts are
    three, all others. -1 stands for somebody unknown, each time another.
    """
    if not len(actor):
        return 0.0
    known = actor[actor != -1]
    counts = np.unique(known, return_counts=True)[1].astype(np.float64)
    shares = counts / len(actor)
    strangers = (len(actor) - len(known)) / len(actor) * np.log(len(actor))
    return float(np.exp(strangers - (shares * np.log(shares)).sum()))


def inside(row: Rows, rows: Rows) -> Mask:
    """Return which rows are among the wanted ones, which ascend."""
    if not len(rows):
        return np.zeros(len(row), bool)
    place = np.minimum(np.searchsorted(rows, row), len(rows) - 1)
    return np.asarray(rows[place] == row)
