"""ItemWeights: sparse item-to-item weights, for scores and candidates."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from recsys.array_types import Floats, Rows

NARROW = 2**16  # items whose row numbers fit in two bytes
SAMPLED = 16  # one of so many weights is sampled to find where the largest begin
TINY = float(np.finfo(np.float32).smallest_subnormal)


@dataclass(frozen=True, slots=True)
class ItemWeights:
    """Per item, its strongest neighbours: score(user, i) = sum over history h of w_h · row_h[i]."""

    indptr: NDArray[np.int64]  # (n_items + 1,)
    indices: Rows | NDArray[np.uint16]  # neighbours, row by row, ascending within each
    data: Floats  # their weights; float16 in a bundle

    @classmethod
    def from_matrix(cls, matrix: sparse.csr_array) -> ItemWeights:
        """Take over a sparse matrix whose row h holds what a history item h gives to others.

        `matrix`: (n_items, n_items); its duplicates are summed in place.
        """
        matrix.sum_duplicates()  # also sorts each row, which `weight` relies on
        return cls(
            matrix.indptr.astype(np.int64),
            matrix.indices.astype(np.int32, copy=False),
            matrix.data.astype(np.float32, copy=False),
        )

    @classmethod
    def from_dense(cls, matrix: Floats, keep: int) -> ItemWeights:
        """Keep the `keep` largest weights (by size, either sign) of each row of a dense matrix."""
        return cls.from_matrix(top_of_rows(matrix, keep))

    def among(self, items: Rows, size: int) -> ItemWeights:
        """Return the weights of these items, ascending, among `size` items; others have none.

        `items`: (len(self),) rows of the larger catalogue.
        """
        counts = np.zeros(size, np.int64)
        counts[items] = np.diff(self.indptr)
        ends = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
        return ItemWeights(ends, items[self.indices].astype(np.int32), self.data)

    def __len__(self) -> int:
        return len(self.indptr) - 1

    def matrix(self) -> sparse.csr_array:
        """Return the same weights as a SciPy matrix that shares the arrays.

        (n_items, n_items).
        """
        shape = (len(self), len(self))
        # SciPy knows no smaller indices, and copies them where rows and columns differ in type.
        kind = np.int32 if len(self.data) <= np.iinfo(np.int32).max else np.int64
        indices = self.indices.astype(kind, copy=False)
        return sparse.csr_array((self.data, indices, self.indptr.astype(kind)), shape=shape)

    def narrow(self) -> Rows | NDArray[np.uint16]:
        """Return the indices as a bundle keeps them: two bytes each where that is enough."""
        if len(self) > NARROW:
            return self.indices
        return self.indices.astype(np.uint16, copy=False)

    def row(self, item: int) -> tuple[Rows, Floats]:
        """Return the neighbours of an item, ascending, and their weights, a view.

        Two arrays of the same length; empty for an item without neighbours.
        """
        bounds = slice(self.indptr[item], self.indptr[item + 1])
        return self.indices[bounds].astype(np.int32, copy=False), self.data[bounds]

    def weight(self, item: int, other: int) -> float:
        """Return what a history item gives to another item; 0 where it is not a neighbour."""
        rows, values = self.row(item)
        place = int(np.searchsorted(rows, other))
        return float(values[place]) if place < len(rows) and rows[place] == other else 0.0

    def weights(self, items: Rows, others: Rows) -> Floats:
        """Return what each of some history items gives to each of some other items, (n, m).

        `others`: distinct.
        """
        return self.neighbour_rows(items).weights(others)

    def neighbour_rows(self, items: Rows) -> NeighbourRows:
        """Return what some items reach, all of it read once.

        `items`: (n,), in any order.
        """
        starts, ends = self.indptr[items], self.indptr[items + 1]
        if not len(items):
            return NeighbourRows(len(self), starts, np.zeros(0, np.int32), np.zeros(0, np.float32))
        parts = [slice(*each) for each in zip(starts.tolist(), ends.tolist(), strict=True)]
        return NeighbourRows(
            len(self),
            ends - starts,
            np.concatenate([self.indices[part] for part in parts]).astype(np.int32, copy=False),
            np.concatenate([self.data[part] for part in parts]).astype(np.float32),
        )

    def add_scores(self, items: Rows, weights: Floats, out: Floats) -> None:
        """Add the scores of a history to `out`, (n_items,), in place."""
        self.neighbour_rows(items).add_scores(weights, out)


@dataclass(frozen=True, slots=True)
class NeighbourRows:
    """The neighbours of a few items, item after item: scores and their parts are read off it."""

    size: int  # items there are
    counts: NDArray[np.int64]  # (n,): neighbours of each
    rows: Rows
    values: Floats

    def add_scores(self, weights: Floats, out: Floats) -> None:
        """Add the neighbours' weights, times one number per item, to `out`, (size,), in place."""
        np.add.at(out, self.rows, np.repeat(weights, self.counts) * self.values)

    def weights(self, others: Rows) -> Floats:
        """Return what each item gives to each of some distinct others, (n, m)."""
        found = np.zeros((len(self.counts), len(others)), np.float32)
        selected = np.zeros(self.size, bool)  # far cheaper than a search among all neighbours
        selected[others] = True
        hits, order = np.flatnonzero(selected[self.rows]), np.argsort(others)
        owner = np.searchsorted(np.cumsum(self.counts), hits, side="right")
        place = order[np.searchsorted(others[order], self.rows[hits])]
        found[owner, place] = self.values[hits]
        return found

    def reached(self) -> Rows:
        """Return the neighbours, ascending, each once.

        (m,), m up to n_items.
        """
        return np.unique(self.rows)


def top_of_rows(matrix: Floats, keep: int) -> sparse.csr_array:
    """Return a dense matrix with all but the `keep` largest |weights| per row dropped.

    Row by row, for what a row needs stays in the cache: whole blocks of |weights| and of places
    took thirty times as long on 100,000 columns (2026-11-22), most of it for fresh memory.
    """
    columns = [_largest(np.abs(row), keep) for row in matrix]
    ends = np.cumsum([0, *map(len, columns)]).astype(np.int64)
    values = [row[own] for row, own in zip(matrix, columns, strict=True)]
    found = np.concatenate([*values, np.zeros(0, np.float32)])
    held = np.concatenate([*columns, np.zeros(0, np.int32)])
    return sparse.csr_array((found, held, ends), shape=matrix.shape)


def _largest(weights: Floats, keep: int) -> Rows:
    """Return the places of the `keep` largest, ascending; fewer where the others are zero."""
    found = np.flatnonzero(weights >= _floor(weights, keep))
    if len(found) < keep:  # the sample was not like the rest
        found = np.flatnonzero(weights)
    if len(found) > keep:
        found = np.sort(found[np.argpartition(-weights[found], keep - 1)[:keep]])
    return found.astype(np.int32)


def _floor(weights: Floats, keep: int) -> float:
    """Return a weight that some more than `keep` of many reach, guessed from a sample of them."""
    sample = weights[::SAMPLED]
    selected = 3 * keep // (2 * SAMPLED) + 8
    found = float(np.partition(sample, -selected)[-selected]) if selected < len(sample) else 0.0
    return max(found, TINY)
