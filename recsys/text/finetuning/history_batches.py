"""Training batches of ordered user histories over texts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from recsys.array_types import Floats


@dataclass(frozen=True, slots=True)
class Batch:
    """Some users' latest items."""

    items: NDArray[np.int64]  # (m,) distinct item rows
    taken: Floats  # (b, m) ones; from a guide (m, d) rows that the texts should get
    last: NDArray[np.int64]  # (b,) column of each user's last item


@dataclass(frozen=True, slots=True)
class Histories:
    """What an encoder learns from."""

    matrix: sparse.csr_array  # users × items, each row's items oldest first
    hard: NDArray[np.int64] | None = None  # (n_items, k) hard negatives, -1: none; None: of nobody

    def learners(self) -> NDArray[np.int64]:
        """Return the users with two items or more."""
        return np.flatnonzero(np.diff(self.matrix.indptr) > 1)

    def draw(self, users: NDArray[np.int64], longest: int, rng: np.random.Generator) -> Batch:
        """Gather these users' latest items, and a hard negative of each one's last."""
        batch = draw(self.matrix, users, longest)
        if self.hard is None:
            return batch
        which = rng.integers(self.hard.shape[1], size=len(users))
        given = self.hard[batch.items[batch.last], which]
        extra = np.setdiff1d(given[given >= 0], batch.items)
        zeros = np.zeros((len(users), len(extra)), np.float32)
        items = np.concatenate([batch.items, extra])
        return Batch(items, np.concatenate([batch.taken, zeros], axis=1), batch.last)


def draw(matrix: sparse.csr_array, users: NDArray[np.int64], longest: int) -> Batch:
    """Gather the latest items of these users, at most `longest` of each."""
    histories = [
        matrix.indices[max(matrix.indptr[u], matrix.indptr[u + 1] - longest) :][
            : min(longest, matrix.indptr[u + 1] - matrix.indptr[u])
        ]
        for u in users
    ]
    items, columns = np.unique(np.concatenate(histories), return_inverse=True)
    lengths = np.array([len(history) for history in histories])
    taken = np.zeros((len(users), len(items)), np.float32)
    taken[np.repeat(np.arange(len(users)), lengths), columns] = 1
    return Batch(items.astype(np.int64), taken, columns[np.cumsum(lengths) - 1].astype(np.int64))


def latest_last(
    users: NDArray[np.integer], items: NDArray[np.integer], shape: tuple[int, int]
) -> sparse.csr_array:
    """Return users × items with each row's items in the order given, repeats dropped."""
    key = users.astype(np.int64) * shape[1] + items
    kept = np.sort(np.unique(key[::-1], return_index=True)[1])
    kept = np.sort(len(key) - 1 - kept)
    kept = kept[np.argsort(users[kept], kind="stable")]
    ends = np.concatenate([[0], np.cumsum(np.bincount(users[kept], minlength=shape[0]))])
    ones = np.ones(len(kept), np.float32)
    return sparse.csr_array((ones, items[kept], ends), shape=shape)
