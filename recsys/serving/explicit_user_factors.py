"""Explicit feedback: likes and dislikes from the weights of a history, and user factors from
them.
"""

from __future__ import annotations

import numpy as np

from recsys.array_types import Floats
from recsys.models.explicit_mf import ExplicitMF, posterior_mean_parts

PASSED_BY = (-0.3, 0.7)  # vote and weight of what was only seen: weak evidence against


def explicit_ratings(weights: Floats, rated: bool) -> tuple[Floats, Floats]:
    """Return (votes in -1..1, how much each counts) for signed event weights.

    `rated`: the platform has ratings, whose weight is 1 at the user's own mean. Otherwise a
    weight of 1 or more is a like, a positive one below it a passing by, a negative one a dislike.
    """
    if rated:
        return np.clip(weights - 1.0, -1.0, 1.0), np.ones_like(weights)
    stated = (weights >= 0.95) | (weights < 0)
    ratings = np.where(stated, np.sign(weights), np.float32(PASSED_BY[0]))
    return ratings.astype(np.float32), np.where(stated, 1.0, PASSED_BY[1]).astype(np.float32)


def mean_loading(loadings: Floats, evidence: Floats) -> Floats:
    """Return the loading of what is usually voted on, (rank,).

    Taking it off removes a user's general agreeableness: rankings stay as they are, and scores
    given at different moments become comparable. Weighted by evidence; equal weights would take
    off more than there is.
    """
    total: Floats = evidence @ loadings / max(float(evidence.sum()), 1e-9)
    return total.astype(np.float32)


def user_factor_parts(
    explicit_mf: ExplicitMF, bases: Floats, loadings: Floats, weights: Floats, rated: bool
) -> Floats:
    """Return each history entry's part of the user's taste vector, (n, rank).

    `bases` and `loadings`: of the history's items, as they are now.
    """
    if not len(weights):
        return np.zeros((0, loadings.shape[1]), np.float32)
    ratings, trust = explicit_ratings(weights, rated)
    return posterior_mean_parts(loadings, ratings - bases, trust, explicit_mf.config.noise)
