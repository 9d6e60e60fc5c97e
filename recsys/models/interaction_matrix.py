"""Interactions: user-item matrix, the common input of behaviour engines."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from recsys.array_types import Rows
from recsys.data.dataset import Dataset
from recsys.models.user_histories import histories_of


@dataclass(frozen=True, slots=True)
class Interactions:
    """Positive events of users, as a matrix and in the order of time.

    Events of one user at equal times have no order: they share a step.
    """

    matrix: sparse.csr_array  # users × items, ones
    ends: NDArray[np.int64]  # (n_users + 1,): user u took up items[ends[u]:ends[u + 1]]
    items: Rows  # oldest first, distinct within a user
    features: sparse.csr_array | None = None  # items × anything known of them, rows of length <= 1
    # (n_events,): number of the event's time among the distinct times of its user, ascending;
    # None: no two events of a user share a time
    steps: Rows | None = None

    @classmethod
    def of_dataset(cls, data: Dataset, features: sparse.csr_array | None = None) -> Interactions:
        """Gather the positive events of a data set; an item counts once, where it came last.

        What a user refused afterwards is not taken up.
        """
        shape = (len(data.users), len(data.items))
        found = histories_of(data.user, data.item, data.weight, data.time, *shape)
        user = np.repeat(np.arange(shape[0], dtype=np.int32), np.diff(found.ends))
        ones = np.ones(len(found.items), np.float32)
        matrix = sparse.csr_array((ones, (user, found.items)), shape=shape)
        steps = distinct_steps(found.ends, found.times)
        return cls(matrix, found.ends, found.items, features, steps)

    def narrowed(self, items: Rows) -> Interactions:
        """Return the same of some items alone, ascending, numbered by their place among them.

        `items`: rows, ascending and distinct.
        """
        place = np.full(self.shape[1], -1, np.int32)
        place[items] = np.arange(len(items), dtype=np.int32)
        found = place[self.items]
        ends = np.concatenate([[0], np.cumsum(found >= 0)])[self.ends].astype(np.int64)
        features = None if self.features is None else self.features[items]
        steps = None if self.steps is None else distinct_steps(ends, self.steps[found >= 0])
        return Interactions(self.matrix[:, items], ends, found[found >= 0], features, steps)

    def latest(self, most: int) -> Interactions:
        """Return the same with at most so many items of each user, the latest."""
        counts = np.diff(self.ends)
        if not (counts > most).any():
            return self
        back = np.repeat(self.ends[1:], counts) - 1 - np.arange(len(self.items))
        kept = back < most
        user = np.repeat(np.arange(len(counts)), counts)[kept]
        items = self.items[kept]
        ones = np.ones(len(items), np.float32)
        matrix = sparse.csr_array((ones, (user, items)), shape=self.shape)
        ends = np.concatenate([[0], np.cumsum(np.minimum(counts, most))]).astype(np.int64)
        steps = None if self.steps is None else distinct_steps(ends, self.steps[kept])
        return Interactions(matrix, ends, items, self.features, steps)

    @property
    def shape(self) -> tuple[int, int]:
        """Users and items."""
        return int(self.matrix.shape[0]), int(self.matrix.shape[1])


def distinct_steps(ends: NDArray[np.int64], times: NDArray[np.generic]) -> Rows | None:
    """Return for each event how many distinct times of its user are earlier, (n_events,).

    `times`: ascending within a user; of user u those at `ends[u]:ends[u + 1]`. None where no two
    events of a user share a time.
    """
    first = np.zeros(len(times), bool)
    first[ends[:-1][ends[:-1] < len(times)]] = True
    later = np.concatenate([np.zeros(min(1, len(times)), bool), times[1:] != times[:-1]])
    if (first | later).all():
        return None
    before = np.cumsum(later | first)
    counts = np.diff(ends)
    start = before[ends[:-1][counts > 0]]
    return (before - np.repeat(start, counts[counts > 0])).astype(np.int32)
