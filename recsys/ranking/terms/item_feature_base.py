"""Base of terms that are linear in item features, with weights that may depend on user features."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from recsys.array_types import Floats, Mask, Rows, Times
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
class UserItemFeatures(UserTerm):
    """Item features with one user's weights."""

    personal: ClassVar[bool] = False

    term: ItemFeatureTerm
    live: LiveState
    names: tuple[str, ...]  # of the features that the score model reads
    weights: Floats  # (names,)

    @property
    def feature_weights(self) -> Floats:
        """Weights of the features, (names,)."""
        return self.weights

    def attribute(self, rows: Rows, values: Floats, table: ItemFeatureTable) -> Attribution:
        """Split by kind of reason, against the mean of the catalogue.

        A part is quiet where none of its features exceeds the mean and adds to the score.
        """
        usual, shifts = table.usual_of(self.term.name), self.shifts(rows)
        parts: dict[str, tuple[Floats, Mask]] = {}
        moved = values if shifts is None else values + shifts
        for name, own, mean, weight in zip(self.names, moved, usual, self.weights, strict=True):
            added = weight * (own - mean)
            above = (own > mean) & (added > 0)
            kind = self.term.kinds[name]
            if kind in parts:
                before, more = parts[kind]
                added, above = before + added, more | above
            parts[kind] = added, above
        found = tuple(
            Part(kind, added, quiet=self.term.quiet(self.live, rows, kind, ~above))
            for kind, (added, above) in parts.items()
        )
        return Attribution(found, base=float(self.weights @ usual))

    def shifts(self, rows: Rows) -> Floats | None:
        """Return how far this user's features of rows are moved, (names, rows); None: nowhere."""
        return None

    def gbdt_features(self, rows: Rows, now: float, times: Times) -> dict[str, Floats]:
        """Return the features that the trees read."""
        names = self.term.gbdt_names
        values = self.term.values(self.live, rows, names, now)
        return dict(zip(names, values, strict=True))


class ItemFeatureTerm(ScoreTerm):
    """Σ weight · feature(item). Subclasses say what the features are."""

    kinds: ClassVar[Mapping[str, str]]  # feature -> kind of reason
    nominating: ClassVar[bool] = True  # whether its best items are offered to choose from

    def values(
        self, live: LiveState, rows: Rows | slice, names: tuple[str, ...], now: float
    ) -> Floats:
        """Return some features of rows as of `now`, (names, rows); finite."""
        raise NotImplementedError

    def quiet(self, live: LiveState, rows: Rows, kind: str, below: Mask) -> Mask:
        """Return the rows where a user would not accept this kind as a reason.

        `below`: rows where the features do not exceed the mean.
        """
        return below

    def feature_names(self) -> tuple[str, ...]:
        """Return the names of the features."""
        return tuple(self.kinds)

    def used_names(self, score_model: ScoreModel) -> tuple[str, ...]:
        """Return the names of the features that a score model reads."""
        used = score_model.used_features
        return tuple(name for name in self.kinds if name in used)

    def used_features(self, model: Model) -> int:
        """Return how many features the score reads."""
        return len(self.used_names(model.score_model))

    def item_features(self, live: LiveState, rows: Rows | slice, now: float) -> Floats:
        """Return the features that the score reads."""
        return self.values(live, rows, self.used_names(live.model.score_model), now)

    def bind(self, context: UserContext) -> UserItemFeatures | None:
        """Weigh the features for one user; None where neither score nor trees read any."""
        names, cold_user = self.used_names(context.score_model), context.history.cold_user
        if not names and not (self.gbdt_names and context.live.model.trees is not None):
            return None
        weights = context.score_model.prior_weights(names, context.user_features, cold_user)
        return UserItemFeatures(self, context.live, names, weights)

    def batch(self, context: BatchContext) -> Floats | None:
        """Return the term's scores of many users."""
        names = self.used_names(context.score_model)
        if not names:
            return None
        features = np.stack([context.features[name] for name in names])
        weights = [
            context.score_model.prior_weights(names, user_features, history.cold_user)
            for history, user_features in zip(context.histories, context.user_features, strict=True)
        ]
        return np.asarray(np.stack(weights) @ features, np.float32)

    def columns(self, context: CutContext) -> dict[Column, Floats]:
        """Return each feature, the same for all users."""
        shape = (len(context.histories), len(context.created))
        return {
            self.column(name): np.broadcast_to(context.features[name], shape) for name in self.kinds
        }

    def replay_columns(self, context: ReplayContext) -> dict[Column, Floats]:
        """Return each feature as of the moment."""
        if not any(context.wants(self.column(name)) for name in self.kinds):
            return {}
        values = self.values(context.live, context.rows, self.feature_names(), context.now)
        return {self.column(name): row for name, row in zip(self.kinds, values, strict=True)}

    def column(self, name: str) -> Column:
        """Return the column of a feature."""
        if not self.nominating:
            return Column(self.name, name, nominates=NEVER)
        return Column(self.name, name)

    def design(self, form: ModelForm, choices: Choices) -> list[tuple[Parameter, Floats]]:
        """Return the features of the form, and those multiplied by user features."""
        columns, own = choices.columns, self.kinds
        found = [
            (Parameter(self.name, name, shared=True), columns[self.column(name)])
            for name in form.shares
            if name in own
        ]
        found += [
            (
                Parameter(self.name, name, trait, shared=True),
                columns[self.column(name)] * choices.user_features[trait][:, None],
            )
            for trait, name in form.by_trait
            if name in own
        ]
        return found

    def learned(
        self, form: ModelForm, weights: Mapping[Parameter, float], score_model: ScoreModel
    ) -> ScoreModel:
        """Return the score model with the weights of the features."""
        priors = dict(score_model.priors)
        user_features = {
            trait: dict(by_name) for trait, by_name in score_model.user_features.items()
        }
        for parameter, weight in weights.items():
            if parameter.term != self.name:
                continue
            if parameter.trait:
                user_features.setdefault(parameter.trait, {})[parameter.name] = weight
            else:
                priors[parameter.name] = weight
        return replace(score_model, priors=priors, user_features=user_features)

    def gbdt_columns(self, form: ModelForm, choices: Choices) -> dict[str, Floats]:
        """Return the features that the trees read."""
        return {name: choices.columns[self.column(name)] for name in self.gbdt_names}
