"""Base of optional terms with one learned weight: a value per user and item, times the weight."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar, Literal

import numpy as np

from recsys.array_types import Floats, Mask, Rows, Times
from recsys.index.exact import top_k
from recsys.ranking.history import History
from recsys.ranking.history_batch import HistoryBatch
from recsys.ranking.item_feature_table import ItemFeatureTable
from recsys.ranking.terms.protocol import (
    NEVER,
    Attribution,
    BatchContext,
    Choices,
    Column,
    CutContext,
    ModelForm,
    Parameter,
    Part,
    ReplayContext,
    ScoreTerm,
    UserContext,
    UserTerm,
)
from recsys.serving.live_state import LiveState
from recsys.serving.model import Model
from recsys.serving.score_model import ScoreModel


@dataclass(frozen=True, slots=True)
class UserLinear(UserTerm):
    """A linear term of one user."""

    term: LinearTerm
    live: LiveState
    history: History
    weight: float

    @property
    def scores_rows(self) -> bool:
        """Whether the weight is not zero."""
        return bool(self.weight)

    def score(self, rows: Rows) -> Floats:
        """Return the weighted values of rows."""
        values = self.term.live_values(self.live, self.history, self.history.times, rows)
        return np.float32(self.weight) * values

    def bound(self, table: ItemFeatureTable) -> Floats | float:
        """Return the greatest weighted value that each block can hold."""
        if not self.weight:
            return 0.0
        return self.term.bound(self.weight, self.live, self.history, table)

    def attribute(self, rows: Rows, values: Floats, table: ItemFeatureTable) -> Attribution:
        """Return the score against the mean of the catalogue."""
        if not self.weight:
            return Attribution()
        usual = float(self.score(table.sample).mean()) if len(table.sample) else 0.0
        parts = self.term.split(self.live, rows, self.score(rows) - np.float32(usual))
        return Attribution(parts, base=usual)

    def gbdt_features(self, rows: Rows, now: float, times: Times) -> dict[str, Floats]:
        """Return the values, if the trees read them."""
        names = self.term.gbdt_names
        if not names:
            return {}
        return {names[0]: self.term.live_values(self.live, self.history, times, rows)}


class LinearTerm(ScoreTerm):
    """Weight · value(user, item). A subclass gives the values, and the search may choose it."""

    kind: ClassVar[str]  # kind of reason
    dated: ClassVar[bool] = False  # whether it needs events with times
    of_items: ClassVar[bool] = False  # whether its values belong to items, the same for every user
    nominates: ClassVar[Literal["always", "when cheap", "never"]] = NEVER

    def live_values(self, live: LiveState, history: History, times: Times, rows: Rows) -> Floats:
        """Return the values of rows for one user, (rows,); finite.

        `times`: of the history, NaN where the model may not see them.
        """
        raise NotImplementedError

    def model_values(self, model: Model, history: History) -> Floats:
        """Return the values of all the model's items for one user, (n_items,); finite."""
        raise NotImplementedError

    def bound(
        self, weight: float, live: LiveState, history: History, table: ItemFeatureTable
    ) -> Floats | float:
        """Return an upper bound of weight · value per block of rows; inf: none is known."""
        return np.inf

    def quiet(self, live: LiveState, rows: Rows) -> Mask | None:
        """Return the rows where a user would not accept it as a reason; None: nowhere."""
        return None

    def split(self, live: LiveState, rows: Rows, values: Floats) -> tuple[Part, ...]:
        """Return the parts that weighted values of rows are told as."""
        return (Part(self.kind, values, self.quiet(live, rows)),)

    def bind(self, context: UserContext) -> UserTerm | None:
        """Return the term with the learned weight; None where nothing reads a value of it."""
        weight = self._weight(context.score_model, context.user_features, context.history)
        if not weight and not (self.gbdt_names and context.live.model.trees is not None):
            return None
        return UserLinear(self, context.live, context.history, weight)

    def batch(self, context: BatchContext) -> Floats | None:
        """Return the weighted values of many users."""
        score_model = context.score_model
        if not any(w.get(self.name) for w in (score_model.linear, score_model.cold_user_linear)):
            return None
        weights = [
            self._weight(score_model, user_features, history)
            for user_features, history in zip(context.user_features, context.histories, strict=True)
        ]
        return np.array(weights, np.float32)[:, None] * self._many(context.model, context.histories)

    def _weight(
        self, score_model: ScoreModel, user_features: Mapping[str, float], history: History
    ) -> float:
        cold_user = self.of_items and history.cold_user
        return score_model.linear_weight(self.name, user_features, cold_user)

    def columns(self, context: CutContext) -> dict[Column, Floats]:
        """Return the values of many users."""
        model = next(iter(context.models.values()))
        return {self.column(): self._many(model, context.histories)}

    def _many(self, model: Model, histories: HistoryBatch) -> Floats:
        found = [self.model_values(model, history) for history in histories]
        return np.stack(found) if found else np.zeros((0, len(model)), np.float32)

    def replay_columns(self, context: ReplayContext) -> dict[Column, Floats]:
        """Return the values of one user."""
        if not context.wants(self.column()):
            return {}
        values = self.live_values(context.live, context.history, context.times, context.rows)
        return {self.column(): values}

    def nominees(self, context: ReplayContext, most: int) -> Rows:
        """Return the rows with the largest values, where the term nominates any."""
        rows: Rows = np.arange(context.live.size, dtype=np.int32)
        if self.nominates == NEVER:
            return rows[:0]
        values = self.live_values(context.live, context.history, context.times, rows)
        best: Rows = top_k(values[None], most)[0][0]
        return best

    def column(self) -> Column:
        """Return the column of the values."""
        return Column(self.name, nominates=self.nominates)

    def design(self, form: ModelForm, choices: Choices) -> list[tuple[Parameter, Floats]]:
        """Return the values where the form has the term."""
        if self.name not in form.linear:
            return []
        return [(Parameter(self.name), choices.columns[self.column()])]

    def learned(
        self, form: ModelForm, weights: Mapping[Parameter, float], score_model: ScoreModel
    ) -> ScoreModel:
        """Return the score model with the term's weight."""
        if self.name not in form.linear:
            return score_model
        return replace(
            score_model, linear={**score_model.linear, self.name: weights[Parameter(self.name)]}
        )

    def gbdt_columns(self, form: ModelForm, choices: Choices) -> dict[str, Floats]:
        """Return the values, if the trees read them."""
        return {name: choices.columns[self.column()] for name in self.gbdt_names}
