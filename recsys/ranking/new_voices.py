"""New voices: items of new creators at places that the creator floor gives them.

An item is eligible where it may be shown, carries no flag and no excess of first acts, and has a
score for the user among the upper 60 % of those that were computed.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from recsys.array_types import Floats, Mask, Rows
from recsys.ranking.request_scorer import Request
from recsys.serving.creator_floor import CreatorFloor, with_new_creators
from recsys.serving.new_item_exposure_cap import undoubted

SOURCE = "new_voice"
QUANTILE = 0.4  # of the computed scores, which an eligible item reaches


@dataclass(frozen=True, slots=True)
class NewVoices:
    """Places for new creators in the lists of one process."""

    floor: CreatorFloor

    def fill(
        self,
        request: Request,
        rows: Rows,
        scores: Floats,
        mask: Mask,
        ranking: Rows,
        first: int,
        now: float,
        flooded: Collection[int] = (),
    ) -> tuple[Rows, frozenset[int]]:
        """Return a ranking with places for new creators, and the rows that were given one.

        `rows`, `scores`: those that were computed. `mask`: rows that may be shown. `ranking`: rows,
        best first, the first at place `first` (from 0). `now`: Unix seconds.
        """
        if not self.floor.due(now):
            return ranking, frozenset()
        new = self.floor.new_rows(request.live, now)
        eligible = self.eligible(request, rows, scores, mask, new, flooded)
        if not len(eligible):
            self.floor.missed()
        return with_new_creators(ranking, first, eligible, new, self.floor.level)

    @staticmethod
    def eligible(
        request: Request,
        rows: Rows,
        scores: Floats,
        mask: Mask,
        new: Mask,
        flooded: Collection[int] = (),
    ) -> Rows:
        """Return the rows of new creators that may be given a place, best first."""
        inside = (rows < len(new)) & (rows < len(mask))
        some = rows[inside]
        if not len(some):
            return some
        fine = new[some] & mask[some] & (scores[inside] >= np.quantile(scores, QUANTILE))
        some, own = some[fine], scores[inside][fine]
        fine = undoubted(request.live, some)
        if flooded:
            fine &= ~np.isin(some, list(flooded))
        order = np.argsort(-own[fine], kind="stable")
        return np.asarray(some[fine][order], np.int32)
