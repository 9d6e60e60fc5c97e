"""Hard negatives: similar texts with different users."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from recsys.array_types import Floats

NEAREST = 64  # texts looked at for each
TWINS = 0.95  # likeness from which two texts say the same, and neither is wrong
BLOCK = 1_024  # texts compared at a time
KEPT = 8  # of each text


def hard_negatives(
    vectors: Floats, matrix: sparse.csr_array, kept: int = KEPT
) -> NDArray[np.int64]:
    """Return (n, kept) rows: texts near each text that others read, nearest first; -1: none.

    `vectors` (n, d) are unit or zero rows, `matrix` is users × items. Whatever somebody took up
    together with a text is no negative of it, nor is a text that says the same.
    """
    n = len(vectors)
    together = sparse.csr_array(matrix.T @ matrix)
    found = np.full((n, kept), -1, np.int64)
    for start in range(0, n, BLOCK):
        own = np.arange(start, min(start + BLOCK, n))
        likeness = vectors[own] @ vectors.T
        shared = together[own].tocoo()
        likeness[shared.row, shared.col] = -1
        likeness[np.arange(len(own)), own] = -1
        likeness[likeness >= TWINS] = -1
        width = min(NEAREST, n)
        near = np.argpartition(-likeness, width - 1, axis=1)[:, :width]
        values = np.take_along_axis(likeness, near, axis=1)
        order = np.argsort(-values, axis=1, kind="stable")[:, :kept]
        rows = np.take_along_axis(near, order, axis=1)
        rows[np.take_along_axis(values, order, axis=1) <= 0] = -1
        found[own, : rows.shape[1]] = rows
    return found
