"""ItemItem: sparse item-to-item weights, a scorer and a source of candidates beside the vectors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from recsys.arrays import Floats, Rows


@dataclass(frozen=True, slots=True)
class ItemItem:
    """Per item, its strongest neighbours: score(user, i) = sum over history h of w_h · row_h[i]."""

    indptr: NDArray[np.int64]  # (n_items + 1,)
    indices: Rows  # neighbours, row by row, ascending within each
    data: Floats  # their weights; float16 in a bundle

    @classmethod
    def from_matrix(cls, matrix: sparse.csr_array) -> ItemItem:
        """Take over a sparse matrix whose row h holds what a history item h gives to others."""
        matrix.sum_duplicates()  # also sorts each row, which `weight` relies on
        return cls(
            matrix.indptr.astype(np.int64),
            matrix.indices.astype(np.int32),
            matrix.data.astype(np.float32),
        )

    @classmethod
    def from_dense(cls, matrix: Floats, keep: int) -> ItemItem:
        """Keep the `keep` largest weights (by size, either sign) of each row of a dense matrix."""
        return cls.from_matrix(top_of_rows(matrix, keep))

    def __len__(self) -> int:
        return len(self.indptr) - 1

    def matrix(self) -> sparse.csr_array:
        """Return the same weights as a SciPy matrix that shares the arrays."""
        shape = (len(self), len(self))
        return sparse.csr_array((self.data, self.indices, self.indptr), shape=shape)

    def row(self, item: int) -> tuple[Rows, Floats]:
        """Return the neighbours of an item, ascending, and their weights; views."""
        bounds = slice(self.indptr[item], self.indptr[item + 1])
        return self.indices[bounds], self.data[bounds]

    def weight(self, item: int, other: int) -> float:
        """Return what a history item gives to another item; 0 where it is not a neighbour."""
        rows, values = self.row(item)
        place = int(np.searchsorted(rows, other))
        return float(values[place]) if place < len(rows) and rows[place] == other else 0.0

    def weights(self, items: Rows, other: int) -> Floats:
        """Return what each of some history items gives to another item, (n,)."""
        starts, lengths = self.indptr[items], self.indptr[items + 1] - self.indptr[items]
        ends = np.cumsum(lengths)
        found = np.zeros(len(items), np.float32)
        if not len(items) or not ends[-1]:
            return found
        places = np.arange(ends[-1]) + np.repeat(starts - ends + lengths, lengths)
        hits = np.flatnonzero(self.indices[places] == other)
        found[np.searchsorted(ends, hits, side="right")] = self.data[places[hits]]
        return found

    def add_scores(self, items: Rows, weights: Floats, out: Floats) -> None:
        """Add the scores of a history to `out`, (n_items,), in place."""
        for item, weight in zip(items.tolist(), weights.tolist(), strict=True):
            rows, values = self.row(item)
            out[rows] += np.float32(weight) * values


def top_of_rows(matrix: Floats, keep: int, block: int = 512) -> sparse.csr_array:
    """Return a dense square matrix with all but the `keep` largest |weights| per row dropped."""
    size = matrix.shape[1]
    keep = min(keep, size)
    columns = np.empty((matrix.shape[0], keep), np.int32)
    values = np.empty((matrix.shape[0], keep), np.float32)
    for start in range(0, matrix.shape[0], block):
        part = matrix[start : start + block]
        top = np.argpartition(-np.abs(part), keep - 1, axis=1)[:, :keep]
        top.sort(axis=1)
        columns[start : start + block] = top
        values[start : start + block] = np.take_along_axis(part, top, axis=1)
    indptr = np.arange(0, matrix.shape[0] * keep + 1, keep, dtype=np.int64)
    kept = sparse.csr_array((values.ravel(), columns.ravel(), indptr), shape=matrix.shape)
    kept.eliminate_zeros()
    return kept
