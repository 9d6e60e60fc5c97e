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
LOOKED_AT = 16  # rows whose share is looked up at once


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
        place = EVERY - 1 - first % EVERY
        if self.share.share <= 0 or place >= len(ranking):
            return ranking
        own = self._eligible(request, scored, mask)
        own = own[~_held(own, np.sort(ranking))]
        left = self._allowed(request, own, now, flooded, 1 + (len(ranking) - 1 - place) // EVERY)
        if not left:
            return ranking
        live, found = request.live, ranking.tolist()
        few = set(ranking[few_users(live, ranking)].tolist())
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
        rows = self._eligible(request, scored, mask)
        return rows[self.share.allowed(request.live, rows, now, flooded)]

    def _eligible(self, request: Request, scored: Rows, mask: Mask) -> Rows:
        """Return the same, whatever share of the hour's lists they had.

        Most rows with a sum have many users, so that only those with few are sorted.
        """
        column = PredictedColumn.of(request.learned, mask)
        most = int(BEST * np.count_nonzero(mask))
        if column is None or not most:
            return np.zeros(0, np.int32)
        few = np.flatnonzero(few_users(request.live, column.rows))
        few = few[_held(column.rows[few], scored)]
        if not len(few):
            return np.zeros(0, np.int32)
        factor = request.learned.neighbours.score_model.unread or UNREAD
        return column.rows[column.best(factor, most, few)]

    def _allowed(
        self, request: Request, rows: Rows, now: float, flooded: Collection[int], most: int
    ) -> list[int]:
        """Return the first `most` of some rows that their share of the hour's lists admits."""
        found: list[int] = []
        for start in range(0, len(rows), LOOKED_AT):
            some = rows[start : start + LOOKED_AT]
            found += some[self.share.allowed(request.live, some, now, flooded)].tolist()
            if len(found) >= most:
                break
        return found[:most]


def _held(rows: Rows, sorted_rows: Rows) -> Mask:
    """Return which rows are among others that ascend, (rows,)."""
    places = np.searchsorted(sorted_rows, rows)
    found = places < len(sorted_rows)
    found[found] = sorted_rows[places[found]] == rows[found]
    return np.asarray(found, bool)


def few_users(live: LiveState, rows: Rows) -> Mask:
    """Return which rows are new and have few users: unread by the night, or created lately."""
    found = np.asarray(users_of(live, rows) < FEW_USERS)
    own = rows[found]
    found[found] = unread_rows(live, own) | ~not_new(live, own)
    return found
