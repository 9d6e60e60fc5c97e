"""Users per item in the newest training events, for popularity-weighted metrics."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from recsys.data.dataset import Dataset
from recsys.ranking_metrics import Values, popularity_weights

SHARE = 0.1  # of the training events, the last in their order


def recent_users(data: Dataset) -> NDArray[np.int64]:
    """Return how many users have a positive event on each item in the last tenth, (n_items,)."""
    first = len(data.user) - round(len(data.user) * SHARE)
    good = np.flatnonzero(data.weight[first:] > 0) + first
    keys = np.unique(data.user[good].astype(np.int64) * len(data.items) + data.item[good])
    return np.bincount(keys % max(len(data.items), 1), minlength=len(data.items))


def item_weights(data: Dataset) -> Values:
    """Return the weight of a hit on each item in debiased nDCG, (n_items,)."""
    return popularity_weights(recent_users(data))
