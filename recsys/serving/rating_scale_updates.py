"""Ratings since training, by which the rating scale is updated."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from recsys.array_types import Rows
from recsys.data.rating_scale import FEW_USERS, RatingScale
from recsys.serving.popularity_counters import PopularityCounters
from recsys.serving.unique_users import UniqueUsers

MOST = 50_000  # ratings that are kept; with so many the scale is known well enough
GROWTH = 1.25  # of the number of ratings, after which the scale is learned again


class Rated(NamedTuple):
    """Ratings that were counted, as columns."""

    rows: Rows
    values: NDArray[np.float64]
    times: NDArray[np.float64]
    factors: NDArray[np.float64]  # shares by which they count
    sentiments: NDArray[np.float64]
    pairs: NDArray[np.int64]  # whose on what, see `UniqueUsers.pair`; -1: of nobody known


def recount(
    kept: Rated,
    scales: tuple[RatingScale, RatingScale],
    sentiment: float,
    counters: PopularityCounters,
    unique_users: UniqueUsers | None,
) -> None:
    """Count ratings by the later of two scales instead of the earlier one.

    `sentiment`: how far the tone of a comment moves the weight of its event.
    """
    stated = np.ones(len(kept.rows), bool)
    some = np.flatnonzero(kept.pairs < 0)  # of nobody known: each is a first act of its own
    for scale, count in zip(scales, (counters.withdraw, counters.add_many), strict=True):
        weights = scale.weights(kept.values, scale.mean)
        weights = kept.factors * (weights + sentiment * kept.sentiments * np.abs(weights))
        count(kept.rows[some], weights[some].astype(np.float32), stated[some], kept.times[some])
    if unique_users is not None:
        whole = kept.pairs.tolist(), kept.rows, kept.times.tolist(), weights.tolist()
        unique_users.weigh_again(*whole, counters)


class Ratings:
    """The scale of a platform, and the ratings since the night, by row.

    The night's scale holds until as many ratings came as it was learned from; from then on it is
    learned from both, unless the new ones are from fewer than `FEW_USERS` users. What was counted
    by an earlier scale has to be counted again.
    """

    def __init__(self, scale: RatingScale, spread: float = 0.0) -> None:
        self.scale = scale
        self._night, self._spread = scale, spread
        self._due = max(scale.n_ratings, 1)
        self._rows = array("i")
        self._numbers = array("d")  # value, time, share, tone of each
        self._pairs = array("q")
        self._users = array("q")  # a number of whose each is

    def __len__(self) -> int:
        return len(self._rows)

    def learn(self, values: Sequence[float], actors: Sequence[str | None]) -> bool:
        """Learn the scale of the kept ratings and some that just came; say whether it moved.

        `actors`: whose each is; None: of somebody unknown, who is taken for one user.
        """
        count = len(self) + len(values)
        if count < self._due or len(self) >= MOST:
            return False
        self._due = max(count + 1, int(GROWTH * count))
        users = np.array([*self._users, *map(hash, actors)], np.int64)
        if self._night.known and len(np.unique(users)) < FEW_USERS:
            return False
        known = np.array(self._numbers, np.float64)[::4]
        new = np.concatenate([known, np.array(values, np.float64)])
        found = RatingScale.of(new, self._spread, users)
        moved = self._joined(found)
        before, self.scale = self.scale, moved
        return before[:3] != moved[:3]

    def _joined(self, new: RatingScale) -> RatingScale:
        """Return the scale of the night's ratings and new ones together."""
        old = self._night
        if not old.known:
            return new
        count = old.n_ratings + new.n_ratings
        share = new.n_ratings / count
        mean = old.mean + share * (new.mean - old.mean)
        between = share * (1 - share) * (new.mean - old.mean) ** 2
        variance = (1 - share) * old.spread**2 + share * new.spread**2 + between
        spread = self._spread or max(float(np.sqrt(variance)), 1e-3)
        low = (
            min(old.low, new.low)
            if np.isfinite(old.low) and np.isfinite(new.low)
            else max(old.low, new.low)
        )
        return RatingScale(mean, spread, low, count)

    def keep(
        self,
        row: int,
        value: float,
        time: float,
        share: float,
        sentiment: float,
        pair: int = -1,
        actor: str | None = None,
    ) -> None:
        """Remember a rating that was counted."""
        if len(self) < MOST:
            self._rows.append(row)
            self._numbers.extend((value, time, share, sentiment))
            self._pairs.append(pair)
            self._users.append(hash(actor))

    def forget(self, row: int, value: float, time: float) -> bool:
        """Forget a rating that was withdrawn; False: it is not remembered."""
        numbers = np.array(self._numbers, np.float64).reshape(-1, 4)
        same = (np.array(self._rows, np.int32) == row) & (numbers[:, :2] == (value, time)).all(1)
        places = np.flatnonzero(same)
        for place in places[:1].tolist():
            del self._rows[place], self._numbers[4 * place : 4 * place + 4]
            del self._pairs[place], self._users[place]
        return bool(len(places))

    def move(self, before: int, row: int) -> None:
        """Give the ratings of one row to another."""
        for place in np.flatnonzero(np.array(self._rows, np.int32) == before).tolist():
            self._rows[place] = row

    def kept(self) -> Rated:
        """Return the ratings that are remembered."""
        numbers = np.array(self._numbers, np.float64).reshape(-1, 4)
        pairs = np.array(self._pairs, np.int64)
        value, time, share, sentiment = numbers.T
        return Rated(np.array(self._rows, np.int32), value, time, share, sentiment, pairs)
