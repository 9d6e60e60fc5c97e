"""PersonalRating: expected rating of this user, less that of an average user."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from recsys.array_types import Floats, Rows
from recsys.index.exact import top_k
from recsys.ranking.history import History
from recsys.ranking.history_batch import HistoryBatch
from recsys.ranking.item_feature_table import ItemFeatureTable
from recsys.ranking.terms.protocol import (
    Attribution,
    BatchContext,
    Choices,
    Column,
    CutContext,
    ModelForm,
    Parameter,
    ReplayContext,
    ScoreTerm,
    UserContext,
    UserTerm,
)
from recsys.serving.explicit_user_factors import mean_loading, user_factor_parts
from recsys.serving.live_state import LiveState
from recsys.serving.model import Model
from recsys.serving.score_model import ScoreModel


@dataclass(frozen=True, slots=True)
class UserPersonalRating(UserTerm):
    """The preference vector of one user."""

    live: LiveState
    parts: Floats  # (n, rank): of each history entry, times the weight of the term

    @property
    def feature_weights(self) -> Floats:
        """Weights of the items' loadings, (rank,)."""
        vector: Floats = self.parts.sum(axis=0)
        return vector

    @property
    def constant(self) -> float:
        """What takes the user's general agreeableness off."""
        return -float(usual_loading(self.live) @ self.feature_weights)

    def attribute(self, rows: Rows, values: Floats, table: ItemFeatureTable) -> Attribution:
        """Return the product of each history entry's part."""
        loadings = values - usual_loading(self.live)[:, None]
        return Attribution(history=self.parts @ loadings)


class PersonalRating(ScoreTerm):
    """Weight · (loading of the item − usual loading) · preference vector of the user."""

    name = "taste"

    def used_features(self, model: Model) -> int:
        """Return the rank of the loadings; 0 where the score does not read them."""
        if not model.score_model.personal_rating or model.explicit_mf is None:
            return 0
        return int(model.explicit_mf.loadings.shape[1])

    def item_features(self, live: LiveState, rows: Rows | slice, now: float) -> Floats:
        """Return the loadings of rows, (rank, rows)."""
        assert live.opinions is not None
        return np.asarray(live.opinions.loadings[rows], np.float32).T

    def bind(self, context: UserContext) -> UserPersonalRating | None:
        """Return the user's preference vector; None where the score model does not use it."""
        if context.live.opinions is None or not context.score_model.personal_rating:
            return None
        parts = rating_parts(context.live, context.history)
        return UserPersonalRating(
            context.live, np.float32(context.score_model.personal_rating) * parts
        )

    def batch(self, context: BatchContext) -> Floats | None:
        """Return the expected ratings of many users, times the weight."""
        if not context.score_model.personal_rating or context.model.explicit_mf is None:
            return None
        return np.float32(context.score_model.personal_rating) * _many(
            context.model, context.histories
        )

    def columns(self, context: CutContext) -> dict[Column, Floats]:
        """Return the expected ratings of many users; zeros without explicit feedback."""
        return {TASTE: _many(next(iter(context.models.values())), context.histories)}

    def replay_columns(self, context: ReplayContext) -> dict[Column, Floats]:
        """Return the expected ratings of one user; zeros without explicit feedback."""
        if not context.wants(TASTE):
            return {}
        return {TASTE: _of_one(context.live, context.history, context.rows)}

    def nominees(self, context: ReplayContext, most: int) -> Rows:
        """Return the rows with the largest expected ratings; none without explicit feedback."""
        live = context.live
        if live.opinions is None:
            return np.zeros(0, np.int32)
        rows: Rows = np.arange(live.size, dtype=np.int32)
        best: Rows = top_k(_of_one(live, context.history, rows)[None], most)[0][0]
        return best

    def fixed(self, form: ModelForm, choices: Choices) -> Floats | None:
        """Return the expected ratings times the weight, which is set."""
        if not (form.rating_weight and form.personal_rating):
            return None
        return np.float32(form.rating_weight) * choices.columns[TASTE]

    def learned(
        self, form: ModelForm, weights: Mapping[Parameter, float], score_model: ScoreModel
    ) -> ScoreModel:
        """Return the score model with the weight that is set."""
        return (
            replace(score_model, personal_rating=form.rating_weight)
            if form.personal_rating
            else score_model
        )


TASTE = Column("taste")


def rating_parts(live: LiveState, history: History) -> Floats:
    """Return each history entry's part of the user's preference vector, (n, rank)."""
    known, rows = live.opinions, history.rows
    if known is None:
        return np.zeros((len(history), 0), np.float32)
    return user_factor_parts(
        known.explicit_mf, known.bases[rows], known.loadings[rows], history.weights, known.rated
    )


def _of_one(live: LiveState, history: History, rows: Rows) -> Floats:
    """Return the expected ratings of rows for one user; zeros without explicit feedback."""
    if live.opinions is None:
        return np.zeros(len(rows), np.float32)
    vector = rating_parts(live, history).sum(axis=0)
    loadings = live.opinions.loadings[rows] - usual_loading(live)
    return np.asarray(loadings @ vector, np.float32)


def usual_loading(live: LiveState) -> Floats:
    """Return the loading of what is usually rated, (rank,); of rank 0 without ratings."""
    known = live.opinions
    if known is None:
        return np.zeros(0, np.float32)
    return mean_loading(known.loadings[: live.size], known.evidence[: live.size])


def expected_ratings(model: Model, history: History) -> Floats:
    """Return the rating expected of one user beyond that of an average user, (n_items,)."""
    explicit_mf = model.explicit_mf
    if explicit_mf is None:
        return np.zeros(len(model), np.float32)
    bases, loadings = explicit_mf.base[history.rows], explicit_mf.loadings[history.rows]
    user = user_factor_parts(explicit_mf, bases, loadings, history.weights, model.rated).sum(axis=0)
    usual = mean_loading(explicit_mf.loadings, explicit_mf.evidence)
    return np.asarray((explicit_mf.loadings - usual) @ user, np.float32)


def _many(model: Model, histories: HistoryBatch) -> Floats:
    found = [expected_ratings(model, history) for history in histories]
    return np.stack(found) if found else np.zeros((0, len(model)), np.float32)
