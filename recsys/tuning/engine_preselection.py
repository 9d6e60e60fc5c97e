"""Heats: engines meet at one cut before the costly questions are asked; the best go on."""

from __future__ import annotations

from collections.abc import Mapping

from recsys.ranking.popularity_features import prior_features
from recsys.ranking.terms.popularity import SHARES
from recsys.ranking.terms.protocol import Column
from recsys.serving.live_state import LiveState
from recsys.serving.model import Model
from recsys.tuning.choice_sets import build_pool
from recsys.tuning.model_form import Design, Judge
from recsys.tuning.validation_set import Check

FINALISTS = 2  # every engine more costs time at each cut and at each step of a walk
ASKED = 1_000  # people
HALF_LIVES = (5.0, 20.0)  # events back; the middle of what is tried later


def values_of(check: Check, models: Mapping[str, Model], seed: int) -> dict[str, float]:
    """Return what each engine's model is worth beside what is hot: nDCG@20, best first."""
    features = prior_features(LiveState(next(iter(models.values()))))
    pool = build_pool(check.sample(ASKED, seed), models, HALF_LIVES, features, seed)
    judge = Judge.halves(pool, seed)
    shares = SHARES if check.data.timed else ("share_all",)
    found = {
        name: max(
            judge.value(_form(shares, column, model))
            for column in pool.columns
            if column.source == name and column.term in ("neighbours", "factors")
        )
        for name, model in models.items()
    }
    return dict(sorted(found.items(), key=lambda pair: -pair[1]))


def _form(shares: tuple[str, ...], column: Column, model: Model) -> Design:
    if model.neighbours is not None:
        return Design(shares, neighbours=column)
    return Design(shares, factors=(column,))
