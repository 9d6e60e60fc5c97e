"""FactorTerm: inner products of the history's input vectors and the items' output vectors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from recsys.array_types import Floats, Rows
from recsys.index.exact import top_k
from recsys.ranking.history import factor_weights
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
from recsys.ranking.text_scores import gather
from recsys.serving.live_state import LiveState
from recsys.serving.score_model import ScoreModel, Term

HALF_LIVES = (1.0, 4.0, np.inf)  # events of the history back


@dataclass(frozen=True, slots=True)
class UserFactors(UserTerm):
    """The vector of one user."""

    live: LiveState
    parts: Floats  # (n, d): of each history entry
    vector: Floats  # (d,): their sum

    @property
    def scores_rows(self) -> bool:
        """Always: only a used term is bound."""
        return True

    @property
    def indexed(self) -> bool:
        """Whether the model has an index of these factors."""
        joined, own = self.live.model.joined, self.live.model.behaviour
        return joined is not None and own is not None and joined.factors is own

    def exceptions(self) -> Rows | None:
        """Return the rows that are newer than the index, where there is one."""
        if not self.indexed:
            return None
        return np.arange(len(self.live.model), self.live.size, dtype=np.int32)

    def score(self, rows: Rows) -> Floats:
        """Return the products with the output vectors of rows."""
        return output_vectors(self.live, rows) @ self.vector

    def attribute(self, rows: Rows, values: Floats, table: ItemFeatureTable) -> Attribution:
        """Return the product of each history entry's part."""
        return Attribution(history=self.parts @ output_vectors(self.live, rows).T)


class FactorTerm(ScoreTerm):
    """Weight · user vector · item vector, of models of factors such as ALS and ELSA."""

    name = "factors"

    def bind(self, context: UserContext) -> UserFactors | None:
        """Return the user's vector; None where the score model does not use factors."""
        live, history, score_model = context.live, context.history, context.score_model
        if not score_model.uses("behaviour"):
            return None
        factors = live.model.behaviour
        size = 0 if factors is None else factors.inputs.shape[1]
        parts = np.zeros((len(history), size), np.float32)
        given = factor_weights(history.weights, live.model.rated)
        for weight, decayed in score_model.decayed("behaviour", history.ages(), given):
            parts += np.float32(weight) * input_parts(live, history.rows, decayed)
        return UserFactors(live, parts, np.asarray(parts.sum(axis=0), np.float32))

    def batch(self, context: BatchContext) -> Floats | None:
        """Return the products of many users."""
        score_model, histories, model = context.score_model, context.histories, context.model
        if not score_model.uses("behaviour") or model.behaviour is None:
            return None
        users = np.zeros((len(histories), model.behaviour.outputs.shape[1]), np.float32)
        given = factor_weights(histories.weights, model.rated)
        for weight, decayed in score_model.decayed("behaviour", histories.ages(), given):
            matrix = histories.matrix(decayed, len(model))
            users += np.float32(weight) * model.behaviour.project_many(matrix)
        return users @ model.behaviour.outputs.T

    def columns(self, context: CutContext) -> dict[Column, Floats]:
        """Return the products of each engine at each half-life."""
        found: dict[Column, Floats] = {}
        for engine, model in context.models.items():
            if model.behaviour is None:
                continue
            histories = context.histories
            given = factor_weights(histories.weights, model.rated)
            for life in HALF_LIVES:
                decayed = histories.decayed(life, len(context.created), given)
                users = model.behaviour.project_many(decayed)
                column = Column(self.name, engine, life, nominates=self._nominates(life))
                found[column] = users @ model.behaviour.outputs.T
        return found

    def replay_columns(self, context: ReplayContext) -> dict[Column, Floats]:
        """Return the products of each engine at each half-life."""
        found: dict[Column, Floats] = {}
        history = context.history
        for engine, live in context.lives.items():
            if live.model.behaviour is None:
                continue
            columns = [Column(self.name, engine, n, self._nominates(n)) for n in HALF_LIVES]
            columns = [column for column in columns if context.wants(column)]
            items = output_vectors(live, context.rows) if columns else None
            given = factor_weights(history.weights, live.model.rated)
            for column in columns:
                assert items is not None and column.half_life is not None
                weights = given * np.exp2(-history.ages() / np.float32(column.half_life))
                user = input_parts(live, history.rows, weights.astype(np.float32)).sum(axis=0)
                found[column] = np.asarray(items @ user, np.float32)
        return found

    def nominees(self, context: ReplayContext, most: int) -> Rows:
        """Return the rows with the largest products, of each engine, without decay."""
        history, found = context.history, [np.zeros(0, np.int32)]
        for live in context.lives.values():
            if live.model.behaviour is not None:
                given = factor_weights(history.weights, live.model.rated)
                user = input_parts(live, history.rows, given).sum(axis=0)
                rows: Rows = np.arange(live.size, dtype=np.int32)
                scores = output_vectors(live, rows) @ user.astype(np.float32)
                found.append(top_k(scores[None], most)[0][0])
        return np.concatenate(found)

    def _nominates(self, half_life: float) -> Literal["always", "when cheap"]:
        return ALWAYS if np.isinf(half_life) else WHEN_CHEAP

    def design(self, form: ModelForm, choices: Choices) -> list[tuple[Parameter, Floats]]:
        """Return the columns of the form."""
        return [(Parameter(self.name, str(c)), choices.columns[c]) for c in form.factors]

    def learned(
        self, form: ModelForm, weights: Mapping[Parameter, float], score_model: ScoreModel
    ) -> ScoreModel:
        """Return the score model with the half-lives and weights of the form's columns."""
        terms = [
            Term("behaviour", c.half_life, weights[Parameter(self.name, str(c))])
            for c in form.factors
            if c.half_life is not None
        ]
        return replace(score_model, terms=(*score_model.terms, *terms))


def output_vectors(live: LiveState, rows: Rows) -> Floats:
    """Return the output vectors of rows, new items included, (rows, d)."""
    factors = live.model.behaviour
    if factors is None:
        return np.zeros((len(rows), 0), np.float32)
    return gather(factors.outputs, live.posted_vectors.behaviour[:, 1], rows)


def input_parts(live: LiveState, rows: Rows, weights: Floats) -> Floats:
    """Return each history entry's part of the user's vector, (n, d).

    An entry that is newer than the model takes part with the vector that its text predicts.
    """
    factors = live.model.behaviour
    if factors is None:
        return np.zeros((len(rows), 0), np.float32)
    known = rows < len(live.model)
    parts = np.zeros((len(rows), factors.inputs.shape[1]), np.float32)
    parts[known] = factors.parts(rows[known], weights[known])
    if not known.all() and factors.gram is None:
        fresh = live.posted_vectors.behaviour[rows[~known] - len(live.model), 0]
        parts[~known] = fresh * weights[~known][:, None]
    return parts
