"""Entity co-occurrence graph: pairs of entities that share more items than by chance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array

from recsys.array_types import Floats, Rows

LEAST = 2  # items that a pair must share
SIGNIFICANCE = 10.83  # of the log-likelihood ratio: chi-squared of one in a thousand
MOST = 20  # relations kept per name


@dataclass(frozen=True, slots=True)
class Relations:
    """Of each name, the names it stands with, the strongest first."""

    ends: NDArray[np.int64]  # (n + 1,)
    others: Rows
    counts: Rows  # items that both stand in
    lift: Floats  # how many times as often as by chance

    @classmethod
    def none(cls, size: int) -> Relations:
        """Return a graph without edges."""
        nothing = np.zeros(0, np.int32)
        return cls(np.zeros(size + 1, np.int64), nothing, nothing, np.zeros(0, np.float32))

    def of(self, code: int) -> list[tuple[int, int, float]]:
        """Return (other, items of both, lift) of a name; empty for one that the night knew not."""
        if code >= len(self.ends) - 1:
            return []
        part = slice(int(self.ends[code]), int(self.ends[code + 1]))
        columns = self.others[part], self.counts[part], self.lift[part]
        return list(zip(*(column.tolist() for column in columns), strict=True))


def fit_relations(held: csr_array, names: Sequence[str]) -> Relations:
    """Return the relations of names; `held` is (items, names) with a one where an item has one.

    A pair counts when the log-likelihood ratio of its common items (Dunning 1993) is significant;
    a name inside another ("Potter", "Harry Potter") is no relation.
    """
    size = held.shape[1]
    if not held.nnz:
        return Relations.none(size)
    both = coo_array((held.T @ held).tocoo())
    frequent = (both.row < both.col) & (both.data >= LEAST)
    left, right, count = both.row[frequent], both.col[frequent], both.data[frequent]
    own = np.asarray(held.sum(axis=0), np.float64).ravel()
    expected = own[left] * own[right] / held.shape[0]
    sure = (likelihood_ratio(count, own[left], own[right], held.shape[0]) >= SIGNIFICANCE) & (
        count > expected
    )
    nested = [_nested(names[a], names[b]) for a, b in zip(left[sure], right[sure], strict=True)]
    kept = np.flatnonzero(sure)[~np.array(nested, bool)] if nested else np.zeros(0, np.int64)
    return _graph(size, left[kept], right[kept], count[kept], (count / expected)[kept])


def likelihood_ratio(
    both: NDArray[np.floating], left: NDArray[np.floating], right: NDArray[np.floating], total: int
) -> NDArray[np.float64]:
    """Return twice the log-likelihood ratio of dependence over independence, per pair."""
    cells = np.stack([both, left - both, right - both, total - left - right + both])
    rows = np.stack([left, left, total - left, total - left])
    columns = np.stack([right, total - right, right, total - right])
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = cells * np.log(cells * total / (rows * columns))
    return np.asarray(2 * np.where(cells > 0, terms, 0.0).sum(axis=0), np.float64)


def _nested(one: str, other: str) -> bool:
    one, other = one.casefold().lstrip("#@"), other.casefold().lstrip("#@")
    return one in other or other in one


def _graph(
    size: int,
    left: NDArray[np.integer],
    right: NDArray[np.integer],
    count: NDArray[np.floating],
    lift: NDArray[np.floating],
) -> Relations:
    source, target = np.concatenate([left, right]), np.concatenate([right, left])
    counts, lifts = np.concatenate([count, count]), np.concatenate([lift, lift])
    # frequent pairs first, but a pair of two common names counts for little
    order = np.lexsort((target, -counts * np.log1p(lifts), source))
    source, target = source[order], target[order]
    place = np.arange(len(source)) - np.searchsorted(source, source)
    kept = place < MOST
    ends = np.searchsorted(source[kept], np.arange(size + 1)).astype(np.int64)
    return Relations(
        ends,
        target[kept].astype(np.int32),
        counts[order][kept].astype(np.int32),
        lifts[order][kept].astype(np.float32),
    )
