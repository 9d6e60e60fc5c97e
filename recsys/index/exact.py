"""Exact inner-product search in NumPy: the reference, and the fallback without FAISS."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from recsys.array_types import Floats, Rows


@dataclass(frozen=True, slots=True)
class ExactIndex:
    """Every vector is compared; memory-mapped vectors are read in place."""

    vectors: Floats  # (n, d)

    def __len__(self) -> int:
        return len(self.vectors)

    def search(self, queries: Floats, k: int) -> tuple[Rows, Floats]:
        """Return rows and scores, (q, min(k, n)) each, best first; ties by row."""
        scores = queries.astype(np.float32) @ self.vectors.T
        return top_k(np.asarray(scores, np.float32), k)


def top_k(scores: Floats, k: int) -> tuple[Rows, Floats]:
    """Return the columns and values of the k largest of each row, best first; ties by column."""
    k = min(k, scores.shape[1])
    if k == 0:
        return np.zeros((len(scores), 0), np.int32), np.zeros((len(scores), 0), np.float32)
    part = np.sort(np.argpartition(-scores, k - 1, axis=1)[:, :k], axis=1)
    values = np.take_along_axis(scores, part, axis=1)
    order = np.argsort(-values, axis=1, kind="stable")
    rows = np.take_along_axis(part, order, axis=1).astype(np.int32)
    return rows, np.take_along_axis(values, order, axis=1)
