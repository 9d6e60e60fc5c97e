"""FlagPenalty: deduction for items that screening flagged."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from recsys.array_types import Floats, Rows
from recsys.ranking.item_feature_table import ItemFeatureTable
from recsys.ranking.terms.protocol import Attribution, Part, RequestContext, ScoreTerm, UserTerm
from recsys.serving.live_state import LiveState


@dataclass(frozen=True, slots=True)
class UserFlagPenalty(UserTerm):
    """The penalty in one request."""

    live: LiveState
    penalty: float  # of a flag of score 1

    @property
    def scores_rows(self) -> bool:
        """Always: without a penalty the term is not bound."""
        return True

    def score(self, rows: Rows) -> Floats:
        """Return the negative penalty of rows."""
        found: Floats = -np.float32(self.penalty) * self.live.marks.score[rows]
        return found

    def bound(self, table: ItemFeatureTable) -> float:
        """Return 0: nothing gains by a flag."""
        return 0.0

    def attribute(self, rows: Rows, values: Floats, table: ItemFeatureTable) -> Attribution:
        """Return the penalty."""
        return Attribution((Part("flagged", self.score(rows)),))


class FlagPenalty(ScoreTerm):
    """− weight · spread of the scores · score of the item's flags."""

    name = "flag_penalty"
    sources = {"flagged": "popular"}  # negative: never the first of an item's reasons

    def bind_request(self, context: RequestContext) -> UserFlagPenalty | None:
        """Scale the penalty by the spread of the scores; None where no item is flagged."""
        marks = context.live.marks
        given = context.query.flag_weight
        weight = marks.weight if given is None else given
        if not marks.some or not weight:
            return None
        return UserFlagPenalty(context.live, weight * context.spread)
