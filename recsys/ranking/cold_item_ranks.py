"""Ranks of items without users at training time, by predicted item-to-item weights.

A score model ranks by what users did, so an item of the last minute stands behind the whole
catalogue however well its text suits a user. What the text does give is a predicted column of
item-to-item weights, hence a neighbour sum that can be compared with those of other items.
Predictions by ridge regression are shrunk, so their sums are multiplied by `ScoreModel.unread`
first (0: unread items stay where the score model puts them). An unread item whose sum is then the
r-th largest gets the r-th best score among the items with users (quantile matching); its own users
take over as they come. A recent item is ranked among the items that are in use now, since nobody
turns to most others. Models whose score reads no neighbours compare text vectors with the history
instead.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recsys.array_types import Floats, Mask, Rows
from recsys.ranking.item_newness import not_new
from recsys.ranking.terms.popularity import SHARES
from recsys.ranking.text_scores import text_scores, text_vectors
from recsys.ranking.user_term_scores import UserTerms
from recsys.serving.lift import TRUSTED
from recsys.serving.live_state import LiveState
from recsys.serving.popularity_counters import DAY, HALF_LIVES
from recsys.serving.score_model import ScoreModel

HALF_LIFE_EVENTS = 20.0  # of a history whose text vectors are compared
IN_USE = 0.9  # share of the present uptake; its items are what recent items are ranked among
NEAREST = 400  # items whose text vectors are compared where an index finds them


@dataclass(frozen=True, slots=True)
class PredictedColumn:
    """What a history says of items by predicted or learned weights: rows with a positive sum."""

    rows: Rows  # distinct
    sums: Floats  # (n,), above 0
    unread: Mask  # (n,): by nobody at the night, and not flagged
    rivals: Mask  # (n,): read ones that recent items are ranked among
    recent: Mask  # (n,): posted or created lately

    @classmethod
    def of(cls, learned: UserTerms, mask: Mask) -> PredictedColumn | None:
        """Return the column of one user among the rows of a mask; None without a positive act.

        `mask`: (size,) or shorter, rows that may be shown.
        """
        live = learned.live
        if not (learned.history.weights > 0).any():
            return None
        neighbours = learned.neighbours
        if neighbours.scores_rows:
            rows, sums = neighbours.pointed, neighbours.sums[neighbours.pointed]
        else:
            rows, sums = _by_text(learned)
        kept = (rows < len(mask)) & (sums > 0)
        kept[kept] = mask[rows[kept]]
        rows, sums = rows[kept], sums[kept]
        unread = unread_rows(live, rows) & (live.marks.score[rows] <= 0)
        return cls(rows, sums, unread, in_use(live, rows) & ~unread, recent_rows(live, rows))

    def ranks(self, factor: float) -> tuple[Rows, Rows]:
        """Return the unread rows, smallest sum first, and how many read rows are ahead of each.

        Recent rows are ranked among what is in use, others among all read rows. `factor`: of the
        sums of unread rows.
        """
        new = np.flatnonzero(self.unread)
        new = new[np.lexsort((-self.rows[new], self.sums[new]))]
        own = np.float32(factor) * self.sums[new]
        every, rivals = np.sort(self.sums[~self.unread]), np.sort(self.sums[self.rivals])
        ahead = len(every) - np.searchsorted(every, own, side="right")
        among = len(rivals) - np.searchsorted(rivals, own, side="right")
        return self.rows[new], np.where(self.recent[new], among, ahead).astype(np.int32)

    def order(self, factor: float) -> NDArray[np.intp]:
        """Return the places of the rows, largest sum first; `factor`: of the unread ones."""
        sums = np.where(self.unread, np.float32(factor) * self.sums, self.sums)
        order: NDArray[np.intp] = np.lexsort((self.rows, -sums))
        return order


def unread_rows(live: LiveState, rows: Rows) -> Mask:
    """Return which rows nobody had taken up when the model was fitted; later items among them."""
    found = np.asarray(live.commonness.trust_of(rows) == 0)
    if live.versions:
        found &= ~np.isin(rows, list(live.versions.values()))
    return found


def in_use(live: LiveState, rows: Rows) -> Mask:
    """Return which rows hold IN_USE of the uptake of this time, at the half-life of trending."""
    uptake = live.counters.uptake(trending_life(live.model.score_model), live.size)
    order = np.argsort(-uptake, kind="stable")
    held = np.cumsum(uptake[order])
    kept = order[: int(np.searchsorted(held, IN_USE * held[-1])) + 1] if len(held) else order
    found = np.zeros(live.size, bool)
    found[kept] = True
    return found[rows]


def recent_rows(live: LiveState, rows: Rows) -> Mask:
    """Return which rows were posted since the night or created lately."""
    return np.asarray((rows >= len(live.model)) | ~not_new(live, rows), bool)


def rivals(live: LiveState) -> Floats:
    """Return 1 for rows in use and for recent unread rows, (size,), 0 for all others."""
    rows: Rows = np.arange(live.size, dtype=np.int32)
    unread = unread_rows(live, rows)
    found = np.where(unread, recent_rows(live, rows), in_use(live, rows))
    return np.asarray(found, np.float32)


def trending_life(score_model: ScoreModel) -> int:
    """Return the place, in HALF_LIVES, of the half-life by which a night found items trending."""
    finite = range(len(HALF_LIVES) - 1)
    best = max(finite, key=lambda life: score_model.priors.get(SHARES[life], 0.0))
    return best if score_model.priors.get(SHARES[best], 0.0) > 0 else HALF_LIVES.index(3 * DAY)


def contenders(learned: UserTerms, mask: Mask, k: int) -> Rows:
    """Return the unread rows that may come among the best `k`, ascending."""
    column = PredictedColumn.of(learned, mask) if learned.neighbours.score_model.unread else None
    if column is None or not column.unread.any():
        return np.zeros(0, np.int32)
    rows, ahead = column.ranks(learned.neighbours.score_model.unread)
    return np.sort(rows[ahead < k])


def gains(learned: UserTerms, mask: Mask, rows: Rows, scores: Floats) -> Floats:
    """Return what takes unread rows to the scores of their ranks, (rows,); 0 for all others.

    `mask`: rows that may be shown. `rows`: ascending, those of the best scores among them.
    `scores`: of these rows by the learned terms. No score falls.
    """
    found, factor = np.zeros(len(rows), np.float32), learned.neighbours.score_model.unread
    column = PredictedColumn.of(learned, mask) if factor and len(rows) else None
    if column is None or not column.unread.any():
        return found
    own, ahead = column.ranks(factor)
    places = np.searchsorted(rows, own)
    held = places < len(rows)
    held[held] = rows[places[held]] == own[held]
    own, ahead, places = own[held], ahead[held], places[held]
    read = np.ones(len(rows), bool)
    read[places] = False
    read &= (rows < len(mask)) & mask[np.minimum(rows, len(mask) - 1)]
    best = -np.sort(-scores[read])
    reached = ahead < len(best)
    own, ahead, places = own[reached], ahead[reached], places[reached]
    # Some steps of rounding apart, so that the larger of two sums at one rank comes first.
    step = 1 + np.arange(len(own)) - np.searchsorted(-ahead, -ahead)
    unit = 2 * np.spacing(np.maximum(np.abs(best[ahead]), np.abs(scores[places])))
    target = best[ahead] + (step * unit).astype(np.float32)
    if not learned.neighbours.score_model.lift:  # its own order is kept
        order = np.argsort(scores[places], kind="stable")
        target[order] = np.sort(target)
    share = unknown_share(learned.live, own)
    found[places] = share * np.maximum(target - scores[places], 0)
    return found


def unknown_share(live: LiveState, rows: Rows) -> Floats:
    """Return how far the text stands in for users of rows: 1 without any, half at `TRUSTED`."""
    users = users_of(live, rows) + live.counters.dislikes[rows]
    return np.asarray(TRUSTED / (TRUSTED + users), np.float32)


def users_of(live: LiveState, rows: Rows) -> Floats:
    """Return how many users took up each row so far, by weight, (rows,)."""
    return np.asarray(np.exp2(live.counters.level[-1, rows]), np.float32)


def _by_text(learned: UserTerms) -> tuple[Rows, Floats]:
    """Return rows and the products of their text vectors with the sum of those of a history."""
    live, history = learned.live, learned.history
    decay = np.exp2(-history.ages() / np.float32(HALF_LIFE_EVENTS))
    profile = (np.maximum(history.weights, 0) * decay) @ text_vectors(live, history.rows)
    if not profile.any():
        return np.zeros(0, np.int32), np.zeros(0, np.float32)
    rows: Rows = np.arange(learned.size, dtype=np.int32)
    if live.model.index is not None:
        near = live.model.index.search(np.asarray(profile, np.float32)[None], NEAREST)[0][0]
        rows = np.concatenate([np.sort(near[near >= 0]), rows[len(live.model) :]]).astype(np.int32)
    return rows, text_scores(live, np.asarray(profile, np.float32), rows)
