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
    exact, hits = exact or ExactIndex(vectors), []
    for start in range(0, len(queries), BLOCK):
        part = queries[start : start + BLOCK]
        true, found = exact.search(part, k)[1], index.search(part, k)[1]
        has_neighbours = true.max(axis=1, initial=0.0) > 0
        floor = true[has_neighbours, -1:] - 1e-5 * np.abs(true[has_neighbours, -1:])
        hits.append((found[has_neighbours] >= floor).ravel())
    joined = np.concatenate(hits) if hits else np.zeros(0, bool)
    return float(joined.mean()) if len(joined) else 1.0
