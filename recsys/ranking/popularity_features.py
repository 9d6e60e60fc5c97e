"""Popularity and like-rate features of items, the same for all users."""

from __future__ import annotations

import numpy as np

from recsys.array_types import Floats, Rows
from recsys.ranking.terms.registry import item_feature_terms
from recsys.serving.live_state import LiveState


def prior_features(live: LiveState, now: float = np.inf, rows: Rows | None = None) -> Floats:
    """Return the features of rows, (len(feature_names()), rows); finite. `rows` None: of all."""
    own = slice(0, live.size) if rows is None else rows
    return np.concatenate(
        [term.values(live, own, term.feature_names(), now) for term in item_feature_terms()]
    )
