"""TrendBoost: bounded boost of rising items, and of items with rising labels that the user
follows.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from recsys.array_types import Floats, Rows
from recsys.ranking.item_feature_table import ItemFeatureTable
from recsys.ranking.terms.protocol import Attribution, Part, RequestContext, ScoreTerm, UserTerm
from recsys.ranking.trend_boost_table import TrendBoostTable


@dataclass(frozen=True, slots=True)
class UserTrendBoost(UserTerm):
    """What rises, for one user."""

    rising: TrendBoostTable
    followed: Floats  # (labels,): how far the user follows each label, 0..1
    unit: float  # of score, at the most

    @property
    def scores_rows(self) -> bool:
        """Always: without a trend the term is not bound."""
        return True

    def score(self, rows: Rows) -> Floats:
        """Return what is added to the score of rows, from 0 to `unit`."""
        return np.asarray(np.float32(self.unit) * self.rising.strengths(self.followed, rows))

    def bound(self, table: ItemFeatureTable) -> float:
        """Return the most that an item gains."""
        return self.unit

    def attribute(self, rows: Rows, values: Floats, table: ItemFeatureTable) -> Attribution:
        """Return the boost."""
        return Attribution((Part("rising", self.score(rows)),))


class TrendBoost(ScoreTerm):
    """Weight · spread of the scores · strength of the trend, at most 1."""

    name = "trend_boost"
    sources = {"rising": "rising"}

    def bind_request(self, context: RequestContext) -> UserTrendBoost | None:
        """Return the boost; None where nothing rises that concerns the user."""
        given = context.query.rising_weight
        if context.rising is None or given == 0:
            return None
        followed = context.rising.followed(context.history)
        if not len(context.rising.items) and not followed.any():
            return None
        weight = context.rising.weight if given is None else given
        return UserTrendBoost(context.rising, followed, weight * context.spread)
