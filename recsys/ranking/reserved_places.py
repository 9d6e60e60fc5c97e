"""Reserved places: one of every ten at most, for new items with few users.

A list by scores shows what many have taken up already. The tenth place of a ten that holds no item
with few users goes to one, if its neighbour sum is among the best tenth of the user's and its share
of the hour's lists is not used up (`recsys.serving.new_item_exposure_cap`). Nothing is drawn at
random.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from recsys.array_types import Mask, Rows
from recsys.ranking.cold_item_ranks import PredictedColumn, unread_rows, users_of
from recsys.ranking.item_newness import not_new
from recsys.ranking.request_scorer import Request
from recsys.serving.live_state import LiveState
from recsys.serving.new_item_exposure_cap import ExposureShare
from recsys.serving.score_model import UNREAD

EVERY = 10  # places of which one may be reserved
FEW_USERS = 5.0  # items with fewer have few
BEST = 0.1  # share of the open items that a reserved one has to be among by its neighbour sum
SOURCE = "reserved"  # of an item in such a place


@dataclass(frozen=True, slots=True)
class ReservedPlaces:
    """What decides about reserved places in the lists of one process."""

    share: ExposureShare

    def fill(
        self,
        request: Request,
        scored: Rows,
        mask: Mask,
        ranking: Rows,
        first: int,
        now: float,
        flooded: Collection[int] = (),
    ) -> Rows:
        """Return a ranking with items in its reserved places; what stood there moves down.

        `ranking`: rows, best first, the first at place `first` (from 0); as many are returned.
        `scored`: rows that have a score. `mask`: rows that may be shown. `now`: Unix seconds.
        `flooded`: rows that get no reserved place, as many acts of few users make them loud.
        """
        own = ranking[:0]
        if self.share.share > 0:
            own = self.candidates(request, scored, mask, now, flooded)
        left = own[~np.isin(own, ranking)].tolist()
        if not left:
            return ranking
        live, found = request.live, ranking.tolist()
        few = set(ranking[few_users(live, ranking)].tolist())
        place = EVERY - 1 - first % EVERY
        while place < len(ranking) and left:
            ten = found[max(place - EVERY + 1, 0) : place + 1]
            if few.isdisjoint(ten):
                found.insert(place, left.pop(0))
            place += EVERY
        return np.array(found[: len(ranking)], np.int32)

    def candidates(
        self,
        request: Request,
        scored: Rows,
        mask: Mask,
        now: float,
        flooded: Collection[int] = (),
    ) -> Rows:
        """Return the rows that may take a reserved place, best first."""
        live = request.live
        column = PredictedColumn.of(request.learned, mask)
        if column is None:
            return np.zeros(0, np.int32)
        order = column.order(request.learned.neighbours.score_model.unread or UNREAD)
        rows = column.rows[order[: int(BEST * np.count_nonzero(mask))]]
        rows = rows[few_users(live, rows) & np.isin(rows, scored)]
        return rows[self.share.allowed(live, rows, now, flooded)]


def few_users(live: LiveState, rows: Rows) -> Mask:
    """Return which rows are new and have few users: unread by the night, or created lately."""
    few = users_of(live, rows) < FEW_USERS
    return np.asarray(few & (unread_rows(live, rows) | ~not_new(live, rows)), bool)
