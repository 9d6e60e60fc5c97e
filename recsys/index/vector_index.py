"""VectorIndex: protocol of nearest-neighbour search, and the recall of an index."""

from __future__ import annotations

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
