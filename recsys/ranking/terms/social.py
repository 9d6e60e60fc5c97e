"""Social terms: what followees and those around them took up, and items of followed authors.

A term per kind of tie and number of steps in the graph of follows; see
`recsys.ranking.social_signals`. Each has two learned weights: one for all users, and one that
fades as the history grows, since a follow says most of those who did little.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from recsys.array_types import Floats, Rows, Times
from recsys.ranking import social_signals
from recsys.ranking.history import History
from recsys.ranking.history_batch import HistoryBatch
from recsys.ranking.item_feature_table import ItemFeatureTable
from recsys.ranking.social_signals import SocialSignals
from recsys.ranking.terms.protocol import (
    ALWAYS,
    NEVER,
    WHEN_CHEAP,
    Attribution,
    BatchContext,
    Choices,
    Column,
    CutContext,
    ModelForm,
    Parameter,
    Part,
    ReplayContext,
    UserContext,
    UserTerm,
)
from recsys.ranking.terms.single_weight_base import LinearTerm
from recsys.serving.label_names import value_of
from recsys.serving.live_state import LiveState
from recsys.serving.model import Model
from recsys.serving.score_model import ScoreModel

SHORT = "_short"  # ends the name of the weight that fades with the history
SHORT_ITEMS = 5.0  # items in favour at which that weight counts half
AUTHORS = "followed_authors"
# Weights in standard deviations of the scores where a night has too few follows to learn them,
# for short histories alone; of followed authors for everybody. See DESIGN.md.
PRIORS: Mapping[str, float] = {
    AUTHORS: 0.75,
    "followees" + SHORT: 0.25,
    "close_followees" + SHORT: 0.25,
}


def shortness(history: History) -> float:
    """Return how short a history is: 1 without an item in favour, one half with `SHORT_ITEMS`."""
    return float(SHORT_ITEMS / (SHORT_ITEMS + np.count_nonzero(history.weights > 0)))


@dataclass(frozen=True, slots=True)
class UserSocial(UserTerm):
    """A social term of one user."""

    term: SocialTerm
    live: LiveState
    signals: SocialSignals
    weight: float  # of this user

    @property
    def scores_rows(self) -> bool:
        """Whether any item may gain."""
        return bool(self.weight) and self.term.speaks(self.signals)

    def score(self, rows: Rows) -> Floats:
        """Return the weighted values of rows."""
        if not self.scores_rows:
            return np.zeros(len(rows), np.float32)
        codes = self.live.labels["author"][rows]
        return np.float32(self.weight) * self.term.values_of(self.signals, rows, codes)

    def exceptions(self) -> Rows | None:
        """Return the rows that have a value; all others have none."""
        if not self.scores_rows:
            return None
        return self.term.rows_of(self.signals, self.live.labels["author"][: self.live.size])

    def bound(self, table: ItemFeatureTable) -> float:
        """Return 0: what nobody around the user took up gains nothing."""
        return 0.0

    def attribute(self, rows: Rows, values: Floats, table: ItemFeatureTable) -> Attribution:
        """Return the score as one part, or one per followed author."""
        if not self.scores_rows:
            return Attribution()
        return Attribution(self.term.parts(self, rows))

    def gbdt_features(self, rows: Rows, now: float, times: Times) -> dict[str, Floats]:
        """Return the values, if the trees read them."""
        if not self.term.gbdt_names or not self.term.speaks(self.signals):
            return {}
        codes = self.live.labels["author"][rows]
        values = self.term.values_of(self.signals, rows, codes)
        return dict.fromkeys(self.term.gbdt_names, values)


class SocialTerm(LinearTerm):
    """(Weight + weight of short histories · shortness) · value; 0 without follows."""

    nominates: ClassVar[Literal["always", "when cheap", "never"]] = WHEN_CHEAP

    def speaks(self, signals: SocialSignals) -> bool:
        """Whether any item has a value."""
        raise NotImplementedError

    def values_of(self, signals: SocialSignals, rows: Rows, codes: Rows) -> Floats:
        """Return the values of rows, (rows,); `codes`: of their authors."""
        raise NotImplementedError

    def rows_of(self, signals: SocialSignals, codes: Rows) -> Rows:
        """Return the rows that may have a value, ascending; `codes`: of all rows' authors."""
        raise NotImplementedError

    def parts(self, bound: UserSocial, rows: Rows) -> tuple[Part, ...]:
        """Return the parts of the scores of rows."""
        return (Part(self.kind, bound.score(rows)),)

    def user_weight(self, weights: Mapping[str, float], history: History) -> float:
        """Return the weight of one user."""
        short = weights.get(self.name + SHORT, 0.0)
        return weights.get(self.name, 0.0) + short * shortness(history)

    def bind(self, context: UserContext) -> UserSocial | None:
        """Return the term with the learned weights; None where nothing reads a value of it."""
        signals = context.history.social
        if signals is None or not self.speaks(signals):
            return None
        weight = self.user_weight(context.score_model.linear, context.history)
        if not weight and not (self.gbdt_names and context.live.model.trees is not None):
            return None
        return UserSocial(self, context.live, signals, weight)

    def batch(self, context: BatchContext) -> Floats | None:
        """Return the weighted values of many users."""
        linear = context.score_model.linear
        if context.histories.social is None or not (
            linear.get(self.name) or linear.get(self.name + SHORT)
        ):
            return None
        found = self._many(context.model, context.histories)
        weights = [self.user_weight(linear, history) for history in context.histories]
        found *= np.array(weights, np.float32)[:, None]
        return found

    def columns(self, context: CutContext) -> dict[Column, Floats]:
        """Return the values of many users; nothing where no follow is known."""
        if context.histories.social is None:
            return {}
        return super().columns(context)

    def model_values(self, model: Model, history: History) -> Floats:
        """Return the values of all the model's items."""
        found, codes = np.zeros(len(model), np.float32), model.catalogue.labels["author"]
        if history.social is not None and self.speaks(history.social):
            rows = self.rows_of(history.social, codes)
            found[rows] = self.values_of(history.social, rows, codes[rows])
        return found

    def _many(self, model: Model, histories: HistoryBatch) -> Floats:
        found = np.zeros((len(histories), len(model)), np.float32)
        for place, history in enumerate(histories):
            found[place] = self.model_values(model, history)
        return found

    def replay_columns(self, context: ReplayContext) -> dict[Column, Floats]:
        """Return the values of one user; nothing where no follow is known."""
        social = context.history.social
        if social is None or not context.wants(self.column()):
            return {}
        if not self.speaks(social):
            return {self.column(): np.zeros(len(context.rows), np.float32)}
        codes = context.live.labels["author"][context.rows]
        return {self.column(): self.values_of(social, context.rows, codes)}

    def nominees(self, context: ReplayContext, most: int) -> Rows:
        """Return the rows that have a value, the largest ones first."""
        social = context.history.social
        if social is None or not self.speaks(social):
            return np.zeros(0, np.int32)
        codes = context.live.labels["author"][: context.live.size]
        rows = self.rows_of(social, codes)
        if len(rows) <= most:
            return rows
        values = self.values_of(social, rows, codes[rows])
        return np.asarray(rows[np.argpartition(-values, most)[:most]], np.int32)

    def design(self, form: ModelForm, choices: Choices) -> list[tuple[Parameter, Floats]]:
        """Return the values, and the same for short histories, where the form has the term."""
        if self.name not in form.linear or self.column() not in choices.columns:
            return []
        values = choices.columns[self.column()]
        length = np.expm1(choices.user_features["activity"] + 2.0)  # see `user_features.activity`
        short = SHORT_ITEMS / (SHORT_ITEMS + np.maximum(length, 0))
        return [
            (Parameter(self.name), values),
            (Parameter(self.name, trait="short"), values * short[:, None].astype(np.float32)),
        ]

    def gbdt_columns(self, form: ModelForm, choices: Choices) -> dict[str, Floats]:
        """Return the values, if the trees read them and the form has any term of follows."""
        values = choices.columns.get(self.column())
        if values is None or not any(name in NAMES for name in form.linear):
            return {}
        return dict.fromkeys(self.gbdt_names, values)

    def learned(
        self, form: ModelForm, weights: Mapping[Parameter, float], score_model: ScoreModel
    ) -> ScoreModel:
        """Return the score model with both weights."""
        if self.name not in form.linear:
            return score_model
        own = {
            self.name: weights[Parameter(self.name)],
            self.name + SHORT: weights[Parameter(self.name, trait="short")],
        }
        return replace(score_model, linear={**score_model.linear, **own})


class PeopleTerm(SocialTerm):
    """Weight · log(1 + what passes along one kind of tie / its usual size)."""

    signal: ClassVar[str]
    scale: ClassVar[float] = 0.2

    def speaks(self, signals: SocialSignals) -> bool:
        """Whether anything passes along these ties."""
        return self.signal in signals.values

    def values_of(self, signals: SocialSignals, rows: Rows, codes: Rows) -> Floats:
        """Return the logarithms of rows."""
        return signals.logs_at(self.signal, self.scale, rows)

    def rows_of(self, signals: SocialSignals, codes: Rows) -> Rows:
        """Return the rows of the signals that are there."""
        return signals.rows[signals.rows < len(codes)]


class Followees(PeopleTerm):
    """Items that followees took up, each act divided by the root of how many its owner has."""

    name = "followees"
    nominates = ALWAYS
    gbdt_names = ("followees",)
    kind = "followees"
    sources: ClassVar[Mapping[str, str]] = {"followees": "followees"}
    signal = social_signals.FOLLOWEES


class CloseFollowees(PeopleTerm):
    """The same, weighted by how many followees both have in common."""

    name = "close_followees"
    nominates = ALWAYS
    gbdt_names = ("close_followees",)
    kind = "followees"
    sources: ClassVar[Mapping[str, str]] = {"followees": "followees"}
    signal = social_signals.CLOSE
    scale = 0.03


class MutualFollows(PeopleTerm):
    """The same of followees who follow back."""

    name = "mutual_follows"
    kind = "followees"
    sources: ClassVar[Mapping[str, str]] = {"followees": "followees"}
    signal = social_signals.MUTUAL


class AlikeFollowees(PeopleTerm):
    """The same, weighted by the share of items that both took up."""

    name = "alike_followees"
    gbdt_names = ("alike_followees",)
    kind = "followees"
    sources: ClassVar[Mapping[str, str]] = {"followees": "followees"}
    signal = social_signals.ALIKE
    scale = 0.03


class RecentFollowees(PeopleTerm):
    """The same, halved every seven days."""

    name = "recent_followees"
    kind = "followees"
    sources: ClassVar[Mapping[str, str]] = {"followees": "followees"}
    signal = social_signals.RECENT


class Followers(PeopleTerm):
    """Items that those took up who follow the user and are not followed back."""

    name = "followers"
    kind = "network"
    sources: ClassVar[Mapping[str, str]] = {"network": "network"}
    signal = social_signals.FOLLOWERS


class SecondHop(PeopleTerm):
    """Items that those took up whom followees follow, by the number of ways to them."""

    name = "second_hop"
    nominates = ALWAYS
    kind = "network"
    sources: ClassVar[Mapping[str, str]] = {"network": "network"}
    signal = social_signals.SECOND


class FollowedAuthors(SocialTerm):
    """Weight · 1 for items of followed authors."""

    name = AUTHORS
    kind = "followed"
    sources: ClassVar[Mapping[str, str]] = {"followed": "followed"}
    nominates = NEVER

    def speaks(self, signals: SocialSignals) -> bool:
        """Whether any author is followed."""
        return len(signals.authors) > 0

    def values_of(self, signals: SocialSignals, rows: Rows, codes: Rows) -> Floats:
        """Return 1 for rows of followed authors."""
        return signals.by_followed_authors(codes).astype(np.float32)

    def rows_of(self, signals: SocialSignals, codes: Rows) -> Rows:
        """Return the rows of followed authors."""
        return np.flatnonzero(signals.by_followed_authors(codes)).astype(np.int32)

    def parts(self, bound: UserSocial, rows: Rows) -> tuple[Part, ...]:
        """Return a part per followed author, who is named."""
        values, codes = bound.score(rows), bound.live.labels["author"][rows]
        named: NDArray[np.int32] = np.unique(codes[values != 0])
        return tuple(
            Part(
                self.kind,
                np.where(codes == code, values, np.float32(0)),
                label=value_of(bound.live, "author", code),
            )
            for code in named.tolist()
        )


NAMES = frozenset(
    one.name
    for one in (
        FollowedAuthors,
        Followees,
        CloseFollowees,
        MutualFollows,
        AlikeFollowees,
        RecentFollowees,
        Followers,
        SecondHop,
    )
)


def wanted_signals(score_model: ScoreModel, trees: bool) -> frozenset[str]:
    """Return the signals that a score reads; `trees`: whether it has any."""
    terms = PeopleTerm.__subclasses__()
    linear = score_model.linear
    used = {one.signal for one in terms if linear.get(one.name) or linear.get(one.name + SHORT)}
    if trees and used:
        used |= {one.signal for one in terms if one.gbdt_names}
    return frozenset(used)
