"""Histories and Scorer: input and interface of an evaluated model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from recsys.array_types import Floats, Rows, Times
from recsys.data.dataset import Dataset


class Skip(Exception):
    """A row cannot be had here (cost, missing extra, no text); the text says why."""


@dataclass(frozen=True, slots=True)
class Histories:
    """The training events of n users, each one's oldest first."""

    user: Rows  # (n,): row in the training data, -1 for a user who is not there
    starts: NDArray[np.int64]  # (n + 1,)
    item: Rows
    weight: Floats  # signed
    time: Times
    now: float  # the moment of the question

    @classmethod
    def of(cls, data: Dataset, users: Rows) -> Histories:
        """Gather the events of some users of a data set; a user of -1 has none."""
        order = np.argsort(data.user, kind="stable")
        bounds = np.searchsorted(data.user[order], np.arange(len(data.users) + 1))
        known = np.maximum(users, 0)
        lengths = np.where(users >= 0, bounds[known + 1] - bounds[known], 0)
        starts = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        place = np.arange(starts[-1]) - np.repeat(starts[:-1], lengths)
        taken = order[np.repeat(bounds[known], lengths) + place]
        return cls(users, starts, data.item[taken], data.weight[taken], data.time[taken], data.now)

    def __len__(self) -> int:
        return len(self.user)

    @property
    def owner(self) -> NDArray[np.int64]:
        """Return whose each event is, 0..n-1.

        (events,), ascending.
        """
        return np.repeat(np.arange(len(self)), np.diff(self.starts))

    def part(self, first: int, stop: int) -> Histories:
        """Return the users first..stop-1."""
        starts = self.starts[first : stop + 1]
        kept = slice(starts[0], starts[-1])
        return Histories(
            self.user[first:stop],
            starts - starts[0],
            self.item[kept],
            self.weight[kept],
            self.time[kept],
            self.now,
        )

    def liked(self, n_items: int, half_life: float = np.inf) -> sparse.csr_array:
        """Return users × items, 1 for what was taken up with a positive weight.

        With a half-life (in events), an item counts half for every so many positive events since.
        """
        good = self.weight > 0
        owner, item = self.owner[good], self.item[good]
        last = np.searchsorted(owner, np.arange(len(self)), side="right") - 1
        age = last[owner] - np.arange(len(owner))
        worth = np.exp2(-age / half_life).astype(np.float32)
        found = sparse.csr_array((worth, (owner, item)), shape=(len(self), n_items))
        found.sum_duplicates()
        found.data = np.minimum(found.data, 1.0)
        return found

    def seen(self, n_items: int) -> sparse.csr_array:
        """Return users × items, 1 for whatever they had to do with, good or bad."""
        ones = np.ones(len(self.item), np.float32)
        return sparse.csr_array((ones, (self.owner, self.item)), shape=(len(self), n_items))


class Scorer(Protocol):
    """A fitted row of the table."""

    def score(self, histories: Histories) -> Floats:
        """Return (n, n_items): one finite score per user and item of the catalogue."""
        ...

    @property
    def nbytes(self) -> int:
        """How much memory the fitted model takes."""
        ...
