"""HourlyCounts: counts of past hours, kept after the users of those hours are forgotten.

A night counts the hours before it; where none has run for some days, these counts stand in.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recsys.array_types import Rows
from recsys.trends.series import WEEK, Hours

SHOWN = 4 * WEEK  # hours that are kept


@dataclass(frozen=True, slots=True)
class HourlySeriesCounts:
    """Counts per series and hour; hours without an act are left out, one may come twice."""

    key: Hours  # (n,), see `key_of`
    hour: Hours  # (n,): since 1970
    acts: Rows
    unique_users: Rows
    sentiment: NDArray[np.float32]  # (n,): sum of the tones of what was written
    with_text: Rows  # (n,): texts
    whole_hour: Hours  # (m,): hours of everything together
    total_unique_users: Rows  # (m,)

    @classmethod
    def joined(cls, parts: list[HourlySeriesCounts]) -> HourlySeriesCounts:
        """Return the counts of some tallies, at least one, one after the other."""
        columns: list[NDArray[Any]] = [
            np.concatenate([getattr(part, each.name) for part in parts]) for each in fields(cls)
        ]
        return cls(*columns)

    def between(self, first: int, end: int) -> HourlySeriesCounts:
        """Return the counts from hour `first` until before hour `end`."""
        own = (self.hour >= first) & (self.hour < end)
        whole = (self.whole_hour >= first) & (self.whole_hour < end)
        return HourlySeriesCounts(
            self.key[own],
            self.hour[own],
            self.acts[own],
            self.unique_users[own],
            self.sentiment[own],
            self.with_text[own],
            self.whole_hour[whole],
            self.total_unique_users[whole],
        )


class HourlyCounts:
    """Tallies of hours long past; `lock` is held while they are brought up to date."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self._parts: tuple[HourlySeriesCounts, ...] = ()

    def add(self, part: HourlySeriesCounts, now: int) -> None:
        """Keep a tally; at hour `now`, what is too old is forgotten."""
        kept = [one.between(now - SHOWN, now) for one in (*self._parts, part)]
        self._parts = (HourlySeriesCounts.joined(kept),)

    def between(self, first: int, end: int) -> list[HourlySeriesCounts]:
        """Return what is known of the hours from `first` until before `end`."""
        return [part.between(first, end) for part in self._parts]
