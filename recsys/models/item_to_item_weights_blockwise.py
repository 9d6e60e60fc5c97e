"""Rows of item-to-item weights computed by blocks of items; pure functions of arrays.

The candidates of an item's row are the items that share a user with it. Co-occurrence and the
ideal filter (see `recsys.models.gfcf`) are exact on those pairs; what nobody took up together has
no weight. A block needs its items' users and these users' histories, nothing else, so blocks
can be worked off one after the other in little memory, or on many machines at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from recsys.array_types import Floats, Rows
from recsys.models.item_factors import Factors

PRECISION = 2.0**-12  # of a weight in a bundle (float16), halved: what changes less is not added
HASH = np.uint64(0x9E3779B97F4A7C15)  # odd, by the golden ratio (Knuth's multiplicative hash)


@dataclass(frozen=True, slots=True)
class IdealFilter:
    """The ideal low-pass filter as factors: weight(i, j) = gain[i] · lift[j] · (v[i] · v[j])."""

    directions: Floats  # (n_items, rank): v
    lengths: Floats  # (n_items,): of the rows of v
    gain: Floats  # (n_items,)
    lift: Floats  # (n_items,)

    @classmethod
    def of(cls, directions: Floats, item_users: Floats, weight: float) -> IdealFilter:
        """Return the filter of some directions; `item_users`: of each item, at least one.

        `directions`: (n_items, rank), columns of unit length; `weight`: factor of the filter in the
        sum.
        """
        lengths = np.sqrt(np.einsum("nd,nd->n", directions, directions))
        gain = (weight * item_users**-0.5).astype(np.float32)
        return cls(directions, lengths, gain, (item_users**0.5).astype(np.float32))

    def factors(self) -> Factors:
        """Return the filter as behaviour factors: the same weights between any two items."""
        inputs, outputs = self.directions * self.gain[:, None], self.directions * self.lift[:, None]
        return Factors(inputs, outputs)

    def heads(self, most: int) -> Rows:
        """Return the items that get the largest weights from others, ascending, at most so many."""
        size = self.lift * self.lengths
        return np.sort(np.argsort(-size, kind="stable")[:most]).astype(np.int32)

    def best_heads(self, first: int, end: int, heads: Rows, best: int) -> sparse.csr_array:
        """Return which of some items get the largest weights from each of a block, as a pattern.

        (end - first, n_items): at most `best` per item, one at least; none without directions.
        """
        counts = np.zeros(end - first, np.int64)
        rows = np.flatnonzero(self.lengths[first:end] > 0)
        best = min(best, len(heads))
        given = self.directions[first + rows] @ self.directions[heads].T
        given *= self.lift[heads]
        top = np.argpartition(-given, best - 1, axis=1)[:, :best]
        counts[rows] = best
        ends = np.concatenate([[0], np.cumsum(counts)])
        ones = np.ones(top.size, np.float32)
        shape = (end - first, len(self.lengths))
        return sparse.csr_array((ones, heads[top].ravel(), ends), shape=shape)

    def add(self, item: int, others: Rows, weights: Floats) -> None:
        """Add what the filter gives from an item to others, in place.

        Left out where the lengths prove that it is below the precision of the weight.
        """
        most = self.lift[others] * self.lengths[others]
        most *= self.gain[item] * self.lengths[item]
        near = np.flatnonzero(most > PRECISION * weights)
        if len(near):
            some = others[near]
            dots = self.directions[some] @ self.directions[item]
            weights[near] += dots * self.lift[some] * self.gain[item]


def block_bounds(
    item_pairs: NDArray[np.int64], most_pairs: int, most_rows: int
) -> Iterator[tuple[int, int]]:
    """Yield (first, end) of blocks of rows, of so many pairs and rows at most.

    `item_pairs`: (n_items,), the length of all histories with the item together. A row with more
    pairs than a block may have is a block of its own.
    """
    before = np.concatenate([[0], np.cumsum(item_pairs, dtype=np.int64)])
    first, n_items = 0, len(item_pairs)
    while first < n_items:
        end = int(np.searchsorted(before, before[first] + most_pairs, side="right")) - 1
        end = min(max(end, first + 1), first + most_rows, n_items)
        yield first, end
        first = end


def limited_users(
    item_users: sparse.csr_array, most: int, users: Rows | None = None
) -> sparse.csr_array:
    """Return items × users with at most so many users per item, drawn by a hash of the user.

    The entries that stay weigh more, so that their sum is as expected. `users`: the number of the
    user of each column; None: the columns are numbered so. Equal users are drawn wherever and
    whenever a block is worked off.
    """
    counts = np.diff(item_users.indptr)
    if not (counts > most).any():
        return item_users
    kept = np.ones(item_users.nnz, bool)
    data = item_users.data.copy()
    for item in np.flatnonzero(counts > most).tolist():
        own = slice(item_users.indptr[item], item_users.indptr[item + 1])
        number = item_users.indices[own] if users is None else users[item_users.indices[own]]
        order = np.argsort(number.astype(np.uint64) * HASH, kind="stable")
        kept[own][order[most:]] = False
        data[own] *= counts[item] / most
    ends = np.concatenate([[0], np.cumsum(kept)])[item_users.indptr]
    return sparse.csr_array((data[kept], item_users.indices[kept], ends), shape=item_users.shape)


def block_rows(
    item_users: sparse.csr_array,
    histories: sparse.csr_array,
    first: int,
    keep: int,
    ideal: IdealFilter | None = None,
    more: sparse.csr_array | None = None,
) -> sparse.csr_array:
    """Return the strongest weights of a block of items, (block, n_items), columns ascending.

    `item_users`: (block, users), what each user gives to a pair; `histories`: (users, n_items);
    `first`: row number of the block's first item; `keep`: the most weights of a row, of equal ones
    those of the lowest columns. `more`: (block, n_items), pairs that are candidates too; its values
    are not read.
    """
    pairs = sparse.csr_array(item_users @ histories)
    if more is not None:
        pairs = _with_candidates(pairs, more)
    counts = np.diff(pairs.indptr)
    if ideal is not None:
        for row in np.flatnonzero(counts).tolist():
            own = slice(pairs.indptr[row], pairs.indptr[row + 1])
            ideal.add(first + row, pairs.indices[own], pairs.data[own])
    pairs.data[pairs.indices == np.repeat(first + np.arange(len(counts)), counts)] = 0.0
    return strongest_of_rows(pairs, keep)


def strongest_of_rows(pairs: sparse.csr_array, keep: int) -> sparse.csr_array:
    """Return the `keep` strongest weights of each row, columns ascending; `pairs` is overwritten.

    See `strongest`. `pairs`: sparse (rows, n_items).
    """
    for row in np.flatnonzero(np.diff(pairs.indptr) > keep).tolist():
        own = slice(pairs.indptr[row], pairs.indptr[row + 1])
        weights = pairs.data[own]
        kept = np.zeros(len(weights), bool)
        kept[strongest(weights, pairs.indices[own], keep)] = True
        weights[~kept] = 0.0
    pairs.eliminate_zeros()
    pairs.sort_indices()
    return pairs


def strongest(weights: Floats, columns: Rows, keep: int) -> NDArray[np.int64]:
    """Return the places of the `keep` weights of largest size, in any order.

    Among weights of equal size, those of the lowest columns.
    """
    if keep >= len(weights):
        return np.arange(len(weights))
    if not keep:
        return np.zeros(0, np.int64)
    size = np.abs(weights)
    floor = np.partition(size, len(size) - keep)[len(size) - keep]
    places = np.flatnonzero(size > floor)
    equal = np.flatnonzero(size == floor)
    if len(equal) + len(places) > keep:
        equal = equal[np.argsort(columns[equal])][: keep - len(places)]
    return np.concatenate([places, equal])


def _with_candidates(pairs: sparse.csr_array, more: sparse.csr_array) -> sparse.csr_array:
    """Return the pairs with further ones, which have weight zero where they are new."""
    both = (pairs, more)
    rows = [np.repeat(np.arange(one.shape[0]), np.diff(one.indptr)) for one in both]
    entries = (np.concatenate(rows), np.concatenate([one.indices for one in both]))
    data = np.concatenate([pairs.data, np.zeros(more.nnz, np.float32)])
    return sparse.csr_array(sparse.coo_array((data, entries), shape=pairs.shape))
