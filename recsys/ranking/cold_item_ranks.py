"""Ranks of items that nobody knew at training time, by predicted item-to-item weights.

A score model ranks by what users did, so an item of the last minute stands behind the whole
catalogue however well its text suits a user. What the text does give is a predicted column of item-
to-item weights, hence a neighbour sum that can be compared with those of other items. Predictions
by ridge regression are shrunk, so their sums are multiplied by `ScoreModel.unread` first (0: unread
items stay where the score model puts them). An unread item whose sum is then the r-th largest gets
the r-th best score among the items with users (quantile matching); its own users take over as they
come. Items with users are those that the night knew users of, and those that at least `FEW_USERS`
have taken up since. A recent item is ranked among the items that are in use now, since nobody turns
to most others. The longer an item has waited for a user, compared with items that found one
(`ScoreModel.first_use`), the lower is its rank: r / (s · a), where a share s of items had waited
longer, and `a` is the learned appeal of new items (`ScoreModel.appeal`). Models whose score reads
no neighbours compare text vectors with the history instead.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recsys.array_types import Floats, Mask, Rows
from recsys.ranking.item_newness import not_new
from recsys.ranking.text_scores import text_scores, text_vectors
from recsys.ranking.user_term_scores import UserTerms
from recsys.serving.history_item_lift import TRUSTED
from recsys.serving.item_popularity_from_events import DAY, HALF_LIVES
from recsys.serving.live_state import LiveState

HALF_LIFE_EVENTS = 20.0  # of a history whose text vectors are compared
IN_USE = 0.9  # share of the present uptake; its items are what recent items are ranked among
# The same while a score model is learned and when it serves, whatever it reads of popularity.
USED_LIFE = HALF_LIVES.index(3 * DAY)
FEW_USERS = 5.0  # of all time; an item with fewer is no measure of the rank of others
MANY, WRITES = 50_000, 100  # rows, and writes after which these are looked up again
READ, USED, RECENT = 1, 2, 4  # bits: has users enough, and is in use; posted or created lately
LEAST_SHARE = 1e-4  # of items that waited longer
NEAREST = 400  # items whose text vectors are compared where an index finds them


@dataclass(frozen=True, slots=True)
class PredictedColumn:
    """What a history says of items by predicted or learned weights: rows with a positive sum."""

    live: LiveState
    rows: Rows  # distinct
    sums: Floats  # (n,), above 0
    untaken: Mask  # (n,): nobody had taken it up when the model was fitted
    unread: Mask  # (n,): the same, not flagged, and not known for dislikes alone

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
        untaken = untaken_rows(live, rows)
        unread = untaken & ~_known_by_dislikes(live, rows) & (live.marks.score[rows] <= 0)
        return cls(live, rows, sums, untaken, unread)

    @property
    def read(self) -> Mask:
        """Rows with users at the night or some since, (n,); unread ones are ranked among them."""
        return read_rows(self.live, self.rows, self.untaken)

    @property
    def rivals(self) -> Mask:
        """Read rows that are in use, (n,); recent items are ranked among these."""
        return in_use(self.live, self.rows) & self.read

    def ranks(self, factor: float) -> tuple[Rows, Rows]:
        """Return the unread rows, smallest sum first, and how many read rows are ahead of each.

        Recent rows are ranked among what is in use, others among all read rows. `factor`: of the
        sums of unread rows.
        """
        new = np.flatnonzero(self.unread)
        new = new[np.lexsort((-self.rows[new], self.sums[new]))]
        sums = self.scaled(factor)
        own, every, rivals = sums[new], np.sort(sums[self.read]), np.sort(sums[self.rivals])
        ahead = len(every) - np.searchsorted(every, own, side="right")
        among = len(rivals) - np.searchsorted(rivals, own, side="right")
        recent = recent_rows(self.live, self.rows[new])
        return self.rows[new], np.where(recent, among, ahead).astype(np.int32)

    def scaled(self, factor: float) -> Floats:
        """Return the sums, those of unread rows times a factor, (n,)."""
        return np.where(self.unread, np.float32(factor) * self.sums, self.sums)

    def best(self, factor: float, most: int, among: NDArray[np.intp]) -> NDArray[np.intp]:
        """Return those of some places that belong to the `most` largest sums, largest first.

        Of equal sums the lower row comes first. `factor`: of the sums of unread rows; `most`: 1 at
        least.
        """
        sums = self.scaled(factor)
        if most < len(sums):
            floor = np.partition(sums, len(sums) - most)[len(sums) - most]
            chosen = sums > floor
            equal = np.flatnonzero(sums == floor)
            room = most - int(np.count_nonzero(chosen))
            chosen[equal[np.argsort(self.rows[equal])[:room]]] = True
            among = among[chosen[among]]
        return among[np.lexsort((self.rows[among], -sums[among]))]


def untaken_rows(live: LiveState, rows: Rows) -> Mask:
    """Return which rows nobody had taken up when the model was fitted; later items among them."""
    found = np.asarray(live.commonness.trust_of(rows) == 0)
    if live.versions:
        found &= ~np.isin(rows, list(live.versions.values()))
    return found


def unread_rows(live: LiveState, rows: Rows) -> Mask:
    """Return which rows nobody knew when the model was fitted; later items among them.

    Of an old item dislikes are knowledge too; a new one is not known by its first few users, who
    may be its opponents.
    """
    return untaken_rows(live, rows) & ~_known_by_dislikes(live, rows)


def _known_by_dislikes(live: LiveState, rows: Rows) -> Mask:
    found = live.commonness.disliked_of(rows)
    found[found] = not_new(live, rows[found])
    return found


def read_rows(live: LiveState, rows: Rows, untaken: Mask) -> Mask:
    """Return which rows have users enough for their scores to be a measure of those of others.

    `untaken`: which of the rows nobody had taken up when the model was fitted.
    """
    return np.asarray(~untaken | (live.counters.level[-1, rows] >= np.log2(FEW_USERS)), bool)


def in_use(live: LiveState, rows: Rows) -> Mask:
    """Return which rows hold IN_USE of the uptake of this time, at the half-life USED_LIFE.

    From `MANY` rows on as of up to `WRITES` writes ago: uptake fades alike for all, and finding the
    rows among a million takes longer than all else of a request.
    """
    kept = live.used
    age = np.inf if kept is None else live.changes - kept[0]
    if kept is None or (age > 0 if live.size < MANY else age >= WRITES):
        kept = live.used = live.changes, _in_use(live)
    mask = kept[1]
    found = rows < len(mask)  # later rows: nobody has taken them up yet, or hardly anybody
    found[found] = mask[rows[found]]
    return np.asarray(found, bool)


def _in_use(live: LiveState) -> Mask:
    """Return the same of all rows, (size,)."""
    uptake = live.counters.uptake(USED_LIFE, live.size)
    if not len(uptake):
        return np.zeros(0, bool)
    largest = np.sort(uptake)[::-1]  # of numbers, which takes a fraction of the time of an argsort
    held = np.cumsum(largest)
    count = min(int(np.searchsorted(held, IN_USE * held[-1])) + 1, len(held))
    found = uptake > largest[count - 1]
    equal = np.flatnonzero(uptake == largest[count - 1])
    found[equal[: count - int(found.sum())]] = True
    return np.asarray(found, bool)


def recent_rows(live: LiveState, rows: Rows) -> Mask:
    """Return which rows were posted since the night or created lately."""
    return np.asarray((rows >= len(live.model)) | ~not_new(live, rows), bool)


def item_state(live: LiveState) -> Floats:
    """Return what rows are to the ranking of unread ones, (size,): a sum of the constants above."""
    rows: Rows = np.arange(live.size, dtype=np.int32)
    read = read_rows(live, rows, untaken_rows(live, rows))
    found = READ * read + USED * (read & in_use(live, rows)) + RECENT * recent_rows(live, rows)
    return np.asarray(found, np.float32)


def contenders(learned: UserTerms, mask: Mask, k: int) -> Rows:
    """Return the unread rows that may come among the best `k`, ascending."""
    column = PredictedColumn.of(learned, mask) if learned.neighbours.score_model.unread else None
    if column is None or not column.unread.any():
        return np.zeros(0, np.int32)
    score_model = learned.neighbours.score_model
    rows, ahead = column.ranks(score_model.unread)
    place = expected_rank(ahead, waiting_share(learned.live, rows), score_model.appeal)
    return np.sort(rows[place < k])


def gains(learned: UserTerms, mask: Mask, rows: Rows, scores: Floats) -> Floats:
    """Return what takes unread rows to the scores of their ranks, (rows,); 0 for all others.

    `mask`: rows that may be shown. `rows`: ascending, those of the best scores among them.
    `scores`: of these rows by the learned terms. No score falls.
    """
    live, factor = learned.live, learned.neighbours.score_model.unread
    found = np.zeros(len(rows), np.float32)
    column = PredictedColumn.of(learned, mask) if factor and len(rows) else None
    if column is None or not column.unread.any():
        return found
    own, ahead = column.ranks(factor)
    places = np.searchsorted(rows, own)
    held = places < len(rows)
    held[held] = rows[places[held]] == own[held]
    own, ahead, places = own[held], ahead[held], places[held]
    read = read_rows(live, rows, untaken_rows(live, rows))
    read &= (rows < len(mask)) & mask[np.minimum(rows, len(mask) - 1)]
    best = -np.sort(-scores[read])
    worse = np.arange(len(own))  # the worse come first, by sums
    if not learned.neighbours.score_model.lift:  # it orders those with few users
        few = np.flatnonzero(~read[places])
        order = few[np.argsort(scores[places[few]], kind="stable")]
        ahead[order] = -np.sort(-ahead[few])
        worse[order] = few
    place = expected_rank(ahead, waiting_share(live, own), learned.neighbours.score_model.appeal)
    reached = np.flatnonzero(place < len(best))
    reached = reached[np.lexsort((worse[reached], -place[reached]))]
    own, place, places = own[reached], place[reached], places[reached]
    # Some steps of rounding apart, so that the better of two at one rank comes first.
    step = 1 + np.arange(len(own)) - np.searchsorted(-place, -place)
    unit = 2 * np.spacing(np.maximum(np.abs(best[place]), np.abs(scores[places])))
    target = best[place] + (step * unit).astype(np.float32)
    share = unknown_share(live, own)
    found[places] = share * np.maximum(target - scores[places], 0)
    return found


def expected_rank(ahead: NDArray[np.number], share: Floats, appeal: float) -> NDArray[np.int64]:
    """Return how many rows new ones with so many `ahead` by their sums stand behind in the end.

    Uptake is about one over the rank (Zipf), so `share` · `appeal` times the uptake is that of the
    rank divided by `share` · `appeal`.
    """
    rank = (np.asarray(ahead, np.float64) + 1) / np.maximum(appeal * share, LEAST_SHARE)
    found: NDArray[np.int64] = np.maximum(rank - 0.5, 0).astype(np.int64)
    return found


def unknown_share(live: LiveState, rows: Rows) -> Floats:
    """Return how far the text stands in for users of rows: 1 without any, half at `TRUSTED`."""
    users = users_of(live, rows) + live.counters.dislikes[rows]
    return np.asarray(TRUSTED / (TRUSTED + users), np.float32)


def waiting_share(live: LiveState, rows: Rows) -> Floats:
    """Return the share of used items whose first user came later than at the age of rows, (rows,).

    Linear between the deciles; beyond the last one it falls as one over the age. 1 without a date.
    """
    delays = np.asarray(live.model.score_model.first_use, np.float64)
    if not len(delays) or not np.isfinite(live.counters.newest):
        return np.ones(len(rows), np.float32)
    created = live.created[rows]
    age = np.where(np.isfinite(created), np.maximum(live.counters.newest - created, 0.0), 0.0)
    steps = np.arange(len(delays) + 1) / (len(delays) + 1)
    found = 1.0 - np.interp(age, np.concatenate([[0.0], delays]), steps)
    late = age > delays[-1]
    found[late] *= delays[-1] / age[late]
    return np.asarray(found, np.float32)


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
