"""Counters: how much each item is taken up, at several half-lives at once, kept live."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recsys.arrays import Floats, Rows, Times

HOUR = 3600.0
DAY = 24 * HOUR
# From a news feed's hours to a film catalogue's seasons; the blend learns which of them matter.
HALF_LIVES = (HOUR, 6 * HOUR, DAY, 3 * DAY, 10 * DAY, 30 * DAY, np.inf)
PSEUDO = 0.3  # events that an item is credited with; chosen on MovieTweetings' validation slices
CATALOGUE = 1000.0  # items that the smoothing supposes; shifts all items alike
_REBASE_AT = 200.0  # doublings after which the masses are scaled back; float64 holds 1,023


@dataclass(slots=True)
class Counters:
    """Decayed sums of uptake per half-life and item. One event is one uptake at most.

    Mass is measured at `newest`, not at the clock: in a sample from 2013 the shares of the items
    are what they were then, and never underflow together.
    """

    mass: NDArray[np.float64]  # (half-lives, n): decayed to `base`, so later events weigh more
    base: NDArray[np.float64]  # (half-lives,): the time the masses are measured at
    newest: float  # time of the last event seen
    last: Times  # (n,): time of each item's last event, -inf when none
    likes: Floats  # (n,): explicit positive weight
    dislikes: Floats  # (n,): explicit negative weight

    @classmethod
    def empty(cls, size: int) -> Counters:
        """Return counters that have seen nothing."""
        lives = len(HALF_LIVES)
        none = np.zeros(size, np.float32)
        return cls(
            np.zeros((lives, size)), np.zeros(lives), 0.0, np.full(size, -np.inf), none, none.copy()
        )

    @classmethod
    def from_events(
        cls, size: int, item: Rows, weight: Floats, explicit: NDArray[np.bool_], time: Times
    ) -> Counters:
        """Count a table of events at once; events in the order of time."""
        counters = cls.empty(size)
        if not len(item):
            return counters
        counters.newest = float(time[-1])
        counters.base[:] = counters.newest
        taken = np.clip(weight, 0.0, 1.0).astype(np.float64)
        for row, half_life in enumerate(HALF_LIVES):
            decay = np.exp2((time - counters.newest) / half_life)
            counters.mass[row] = np.bincount(item, taken * decay, size)
        np.maximum.at(counters.last, item, time)
        stated = np.where(explicit, weight, 0.0)
        counters.likes += np.bincount(item, np.maximum(stated, 0), size).astype(np.float32)
        counters.dislikes += np.bincount(item, np.maximum(-stated, 0), size).astype(np.float32)
        return counters

    def __len__(self) -> int:
        return len(self.last)

    def grow(self, size: int) -> None:
        """Make room for items up to `size`; their counts are zero."""
        extra = size - len(self)
        if extra > 0:
            self.mass = np.pad(self.mass, ((0, 0), (0, extra)))
            self.last = np.pad(self.last, (0, extra), constant_values=-np.inf)
            self.likes = np.pad(self.likes, (0, extra))
            self.dislikes = np.pad(self.dislikes, (0, extra))

    def add(self, item: int, weight: float, explicit: bool, time: float) -> None:
        """Count one event; a late one counts for less, exactly as if it had come in order."""
        if weight > 0:
            for row, half_life in enumerate(HALF_LIVES):
                doublings = (time - self.base[row]) / half_life
                if doublings > _REBASE_AT:
                    self.mass[row] *= np.exp2(-doublings)
                    self.base[row], doublings = time, 0.0
                self.mass[row, item] += min(weight, 1.0) * np.exp2(doublings)
        if explicit and weight > 0:
            self.likes[item] += weight
        elif explicit:
            self.dislikes[item] -= weight
        self.last[item] = max(self.last[item], time)
        self.newest = max(self.newest, time)

    def move(self, before: int, row: int) -> None:
        """Give all that was counted for one row to another."""
        for counts in (*self.mass, self.likes, self.dislikes):
            counts[row] += counts[before]
            counts[before] = 0
        self.last[row] = max(self.last[row], self.last[before])

    def log_shares(self, rows: Rows | slice = slice(None)) -> Floats:
        """Return log of each item's smoothed share of all uptake, (half-lives, len(rows)).

        Masses are decayed to the last event, not to the clock: while nothing happens, nothing
        changes. An item nobody takes up counts as if it had `PSEUDO` events.
        """
        decay = np.exp2((self.base - self.newest) / np.array(HALF_LIVES))[:, None]
        totals = self.mass.sum(axis=1, keepdims=True) * decay
        shares = (self.mass[:, rows] * decay + PSEUDO) / (totals + PSEUDO * CATALOGUE)
        logs: Floats = np.log(shares).astype(np.float32)
        return logs

    def like_rate(self, rows: Rows | slice = slice(None), prior: float = 3.0) -> Floats:
        """Return the log odds of a like against a dislike, shrunk to those of all items."""
        likes, dislikes = float(self.likes.sum()), float(self.dislikes.sum())
        mean = (likes + 1.0) / (likes + dislikes + 2.0)
        up = self.likes[rows] + prior * mean
        down = self.dislikes[rows] + prior * (1.0 - mean)
        odds: Floats = np.log(up / down).astype(np.float32)
        return odds

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return the arrays to save; `from_arrays` copies them, for counting goes on."""
        newest = np.array([self.newest])
        return {
            "mass": self.mass.astype(np.float32), "base": self.base, "newest": newest,
            "last": self.last, "likes": self.likes, "dislikes": self.dislikes,
        }  # fmt: skip

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Counters:
        """Rebuild private, writable counters from saved arrays."""
        return cls(
            mass=np.array(arrays["mass"], np.float64),
            base=np.array(arrays["base"], np.float64),
            newest=float(arrays["newest"][0]),
            last=np.array(arrays["last"], np.float64),
            likes=np.array(arrays["likes"], np.float32),
            dislikes=np.array(arrays["dislikes"], np.float32),
        )
