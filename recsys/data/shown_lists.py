"""Shown lists: the lists of this service that events came of.

What people take up from a list is chosen among what the list showed, and says nothing of what it
did not show. Who compares models by such events has to compare them among the items of the list.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from recsys.array_types import Mask, Rows
from recsys.data.ids import IdMap

DEEPEST = 20  # place from which on all are taken to be looked at as rarely


@dataclass(frozen=True, slots=True)
class ShownLists:
    """Which list each event came of, and what each list showed."""

    number: Rows  # (events,): of the list; -1: the event came of no list that is known
    place: Rows  # (events,): of the event's item in the list, from 1; 0: of no list
    starts: NDArray[np.int64]  # (lists + 1,)
    items: Rows  # (starts[-1],): rows of `ids`, of one list after the other
    ids: IdMap

    @classmethod
    def of(cls, number: Rows, place: Rows, lists: Sequence[Sequence[str]]) -> ShownLists:
        """Return lists of item ids as arrays; `number`, `place`: (events,), see there."""
        ids = IdMap.from_ids(dict.fromkeys(item for one in lists for item in one))
        starts = np.cumsum([0, *(len(one) for one in lists)], dtype=np.int64)
        items = ids.rows([item for one in lists for item in one])
        return cls(number.astype(np.int32), place.astype(np.int32), starts, items, ids)

    @property
    def named(self) -> Mask:
        """Which events came of a list, (events,)."""
        return np.asarray(self.number >= 0, bool)

    def select(self, kept: NDArray[np.integer]) -> ShownLists:
        """Return the lists of some events, by their numbers."""
        return replace(self, number=self.number[kept], place=self.place[kept])

    def of_event(self, event: int) -> Rows | None:
        """Return the rows of `ids` that an event's list showed; None where it came of none."""
        number = int(self.number[event])
        if number < 0:
            return None
        return self.items[self.starts[number] : self.starts[number + 1]]

    def candidates(self, event: int) -> Rows | None:
        """Return the rows of `ids` among which an event is asked for; None: among all items.

        Of every other list its items: they tell what is liked of what was shown. The others are
        asked for among all items, since what was shown tells nothing of what never is.
        """
        return None if self.number[event] % 2 else self.of_event(event)

    def evenly_looked_at(self, seed: int) -> Mask:
        """Return which events to keep so that all places have the same part in them, (events,).

        The first places are looked at more, by 1 / log2(1 + place) (the discount of DCG), so that
        what stands there is taken up more; events of these are kept as much more rarely. Events of
        no list are all kept.
        """
        rare = np.log2(1 + np.minimum(self.place, DEEPEST)) / np.log2(1 + DEEPEST)
        draws = np.random.default_rng(seed).random(len(self.place))
        return np.asarray(~self.named | (draws < rare), bool)
