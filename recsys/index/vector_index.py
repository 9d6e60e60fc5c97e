"""VectorIndex: protocol of nearest-neighbour search, and the recall of an index."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from recsys.array_types import Floats, Rows
from recsys.index.exact import ExactIndex

BLOCK = 32  # queries whose scores of all vectors are held at once


class VectorIndex(Protocol):
    """Vectors by row number, found by inner product. Threads may share one."""

    def __len__(self) -> int:
        """Return the number of vectors."""

    def search(self, queries: Floats, k: int) -> tuple[Rows, Floats]:
        """Return rows and exact inner products, (q, min(k, n)) each, best first; ties by row.

        Where an approximate index finds fewer, the rest is row -1 with score -inf.
        """


@dataclass(frozen=True, slots=True)
class RenumberedIndex:
    """An index whose vectors have other row numbers elsewhere, or are not there."""

    index: VectorIndex
    rows: Rows  # (len(index),): the number of each vector elsewhere; -1: it is not there

    def __len__(self) -> int:
        return int(np.count_nonzero(self.rows >= 0))

    def search(self, queries: Floats, k: int) -> tuple[Rows, Floats]:
        """Return rows and scores, (q, k) each, best first; -1 and -inf where fewer are found."""
        found, scores = self.index.search(queries, k)
        rows = np.where(found >= 0, self.rows[found], np.int32(-1))
        scores = np.where(rows >= 0, scores, np.float32(-np.inf))
        order = np.argsort(-scores, axis=1, kind="stable")
        return np.take_along_axis(rows, order, axis=1), np.take_along_axis(scores, order, axis=1)


def recall_of(
    index: VectorIndex, vectors: Floats, queries: Floats, k: int, exact: VectorIndex | None = None
) -> float:
    """Return the share of the k truly nearest that an index finds, over all queries.

    A found row counts when its score reaches that of the k-th true one, so that equal vectors are
    as good as each other. Queries without any positive true score ask for nothing. `exact`: what
    knows the truth; None: exact search in numpy.
    """
    return share_above(index, queries, true_floors(exact or ExactIndex(vectors), queries, k), k)


def true_floors(exact: VectorIndex, queries: Floats, k: int) -> Floats:
    """Return the score from which a row is among the k truly nearest of each query, (q,).

    NaN for a query without any positive score.
    """
    found = [np.zeros(0, np.float32)]
    for start in range(0, len(queries), BLOCK):
        true = exact.search(queries[start : start + BLOCK], k)[1]
        if not true.shape[1]:
            return np.full(len(queries), np.nan, np.float32)
        floor = true[:, -1] - 1e-5 * np.abs(true[:, -1])
        found.append(np.where(true.max(axis=1) > 0, floor, np.float32(np.nan)))
    return np.concatenate(found)


def share_above(index: VectorIndex, queries: Floats, floors: Floats, k: int) -> float:
    """Return the share of the k rows found for each query that reach its floor; 1 without any."""
    hits = [np.zeros(0, bool)]
    for start in range(0, len(queries), BLOCK):
        floor = floors[start : start + BLOCK, None]
        found = index.search(queries[start : start + BLOCK], k)[1]
        hits.append((found >= floor)[~np.isnan(floor[:, 0])].ravel())
    joined = np.concatenate(hits)
    return float(joined.mean()) if len(joined) else 1.0
