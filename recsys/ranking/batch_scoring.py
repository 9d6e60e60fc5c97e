"""Scores of many histories at once, equal to those of single requests."""

from __future__ import annotations

import numpy as np

from recsys.array_types import Floats
from recsys.ranking.history_batch import HistoryBatch
from recsys.ranking.terms.protocol import BatchContext
from recsys.ranking.terms.registry import TERMS, feature_names
from recsys.ranking.user_features import user_features_of
from recsys.serving.model import Model


def score_block(model: Model, histories: HistoryBatch, features: Floats) -> Floats:
    """Return the scores of all the model's items as a request would get them, (users, n_items).

    `features`: item features in the order of `feature_names()`, of a live state without later
    events.
    """
    created = model.catalogue.created
    user_features = [user_features_of(history, created) for history in histories]
    named = dict(zip(feature_names(), features, strict=True))
    context = BatchContext(model, model.score_model, histories, user_features, named)
    total = np.zeros((len(histories), len(model)), np.float32)
    for term in TERMS:
        if (scores := term.batch(context)) is not None:
            total += scores
    return total
