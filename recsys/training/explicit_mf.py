"""Fit of ExplicitMF on a data set that has both likes and dislikes."""

from __future__ import annotations

import numpy as np

from recsys.data.dataset import Dataset
from recsys.models.explicit_mf import ExplicitMF, ExplicitMFConfig, fit_explicit_mf
from recsys.serving.explicit_user_factors import explicit_ratings

FEWEST = 100  # dislikes
SHARE = 0.02  # of the stated opinions that are dislikes; with fewer nothing is learned from them
MOST = 2_000_000  # votes that are learned from, the newest first


def explicit_mf_of(data: Dataset, seed: int) -> ExplicitMF | None:
    """Fit tastes to each user's last word on each item; None where dislikes are rare."""
    against = int((data.explicit & (data.weight < 0)).sum())
    if against < max(FEWEST, SHARE * int(data.explicit.sum())):
        return None
    newest = np.flatnonzero(data.weight != 0)[-MOST:]
    key = data.user[newest].astype(np.int64) * len(data.items) + data.item[newest]
    _, from_end = np.unique(key[::-1], return_index=True)
    kept = newest[len(key) - 1 - from_end]
    rated = data.rating_scale.known
    ratings, trust = explicit_ratings(data.weight[kept], rated)
    return fit_explicit_mf(
        data.user[kept], data.item[kept], ratings, trust, len(data.items), ExplicitMFConfig(), seed
    )
