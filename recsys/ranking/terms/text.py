"""Text: inner products of the history's text vectors and those of items."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from recsys.array_types import Floats, Rows, Times
from recsys.ranking.history import History
from recsys.ranking.item_feature_table import ItemFeatureTable
from recsys.ranking.terms.protocol import (
    ALWAYS,
    WHEN_CHEAP,
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
from recsys.ranking.text_scores import has_texts, nearest_texts, text_scores, text_vectors
from recsys.serving.live_state import LiveState
from recsys.serving.score_model import ScoreModel, Term

HALF_LIVES = (1.0, 6.0, np.inf)  # events of the history back
GBDT_HALF_LIFE = 6.0  # the same, for what the trees read


@dataclass(frozen=True, slots=True)
class UserText(UserTerm):
    """The text vector of one user."""

    live: LiveState
    history: History
    vectors: Floats  # (n, t): of the history's items
    weights: Floats  # (n,): of each
    used: bool  # whether the score reads it; the trees may read it in any case

    @property
    def text_vector(self) -> Floats | None:
        """Weighted sum of the history's vectors, (t,)."""
        if not self.used:
            return None
        return np.asarray((self.vectors * self.weights[:, None]).sum(axis=0), np.float32)

    def attribute(self, rows: Rows, values: Floats, table: ItemFeatureTable) -> Attribution:
        """Return the product of each history entry's vector."""
        if not self.used:
            return Attribution()
        own = self.vectors * self.weights[:, None]
        found = own @ text_vectors(self.live, rows).T
        return Attribution(history=np.asarray(found, np.float32))

    def gbdt_features(self, rows: Rows, now: float, times: Times) -> dict[str, Floats]:
        """Return the products at one half-life."""
        decay = np.exp2(-self.history.ages() / np.float32(GBDT_HALF_LIFE)) * self.history.weights
        return {"words": text_vectors(self.live, rows) @ (decay @ self.vectors)}


class Text(ScoreTerm):
    """Weight · Σ over the history of likeness to the item's text."""

    name = "words"
    gbdt_names = ("words",)

    def bind(self, context: UserContext) -> UserText:
        """Weigh the text vectors of a history."""
        live, history, score_model = context.live, context.history, context.score_model
        weights = score_model.history_weights("words", history.ages(), history.weights)
        return UserText(
            live, history, text_vectors(live, history.rows), weights, score_model.uses("words")
        )

    def batch(self, context: BatchContext) -> Floats | None:
        """Return the products of many users."""
        score_model, histories, model = context.score_model, context.histories, context.model
        if not score_model.uses("words"):
            return None
        weights = score_model.history_weights("words", histories.ages(), histories.weights)
        own = np.asarray(histories.matrix(weights, len(model)) @ model.words, np.float32)
        return own @ model.words.T

    def columns(self, context: CutContext) -> dict[Column, Floats]:
        """Return the products at each half-life; those at no decay alone where nothing else is."""
        model = next(iter(context.models.values()))
        if not has_texts(model.words):
            return {}
        histories, found = context.histories, {}
        for life in HALF_LIVES:
            decayed = histories.decayed(life, len(context.created), histories.weights)
            own = np.asarray(decayed @ model.words, np.float32)
            found[self.column(life)] = own @ model.words.T
        return found

    def replay_columns(self, context: ReplayContext) -> dict[Column, Floats]:
        """Return the products at each half-life."""
        live, history = context.live, context.history
        columns = [self.column(life) for life in HALF_LIVES]
        columns = [column for column in columns if context.wants(column)]
        if not columns or not has_texts(live.model.words):
            return {}
        known, ages = text_vectors(live, history.rows), history.ages()
        whole = len(context.rows) == live.size
        own = None if whole else text_vectors(live, context.rows)
        found: dict[Column, Floats] = {}
        for column in columns:
            vector = (history.weights * np.exp2(-ages / np.float32(column.half_life))) @ known
            found[column] = text_scores(live, vector) if own is None else own @ vector
        return found

    def nominees(self, context: ReplayContext, most: int) -> Rows:
        """Return the rows with the nearest texts; approximately where the model has an index."""
        live, history = context.live, context.history
        if not has_texts(live.model.words):
            return np.zeros(0, np.int32)
        decay = history.weights * np.exp2(-history.ages() / np.float32(GBDT_HALF_LIFE))
        vector = decay @ text_vectors(live, history.rows)
        return nearest_texts(live, np.asarray(vector, np.float32), most)

    def column(self, half_life: float) -> Column:
        """Return the column of a half-life."""
        nominates = ALWAYS if half_life == GBDT_HALF_LIFE else WHEN_CHEAP
        return Column(self.name, "", half_life, nominates)

    def design(self, form: ModelForm, choices: Choices) -> list[tuple[Parameter, Floats]]:
        """Return the columns of the form."""
        return [(Parameter(self.name, str(c)), choices.columns[c]) for c in form.words]

    def learned(
        self, form: ModelForm, weights: Mapping[Parameter, float], score_model: ScoreModel
    ) -> ScoreModel:
        """Return the score model with the half-lives and weights of the form's columns."""
        terms = [
            Term("words", c.half_life, weights[Parameter(self.name, str(c))])
            for c in form.words
            if c.half_life is not None
        ]
        return replace(score_model, terms=(*score_model.terms, *terms))

    def gbdt_columns(self, form: ModelForm, choices: Choices) -> dict[str, Floats]:
        """Return the products at one half-life."""
        column = self.column(GBDT_HALF_LIFE)
        return {"words": choices.columns[column]} if column in choices.columns else {}
