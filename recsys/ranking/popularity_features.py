"""Popularity and like-rate features of items, the same for all users."""

from __future__ import annotations

import numpy as np

from recsys.array_types import Floats
from recsys.ranking.terms.registry import item_feature_terms
from recsys.serving.live_state import LiveState


def prior_features(live: LiveState, now: float = np.inf) -> Floats:
    """Return the features of every row, (len(feature_names()), live.size); finite."""
    rows = slice(0, live.size)
    return np.concatenate(
        [term.values(live, rows, term.feature_names(), now) for term in item_feature_terms()]
    )
