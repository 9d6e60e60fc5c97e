"""Low-pass graph filters of `recsys.models.gfcf` for catalogues of any size, in blocks of rows.

Only pairs of items that share a user get a weight, so that no dense items × items matrix is formed
(`recsys.models.item_to_item_weights_blockwise`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from recsys.models.gfcf import normalized
from recsys.models.interaction_matrix import Interactions
from recsys.models.item_factors import Factors
from recsys.models.item_to_item_weights import ItemWeights
from recsys.models.item_to_item_weights_blockwise import (
    IdealFilter,
    block_bounds,
    block_rows,
    limited_users,
)
from recsys.models.randomized_svd import leading_directions


@dataclass(frozen=True, slots=True)
class BlockConfig:
    """What steers the rows and how much memory they may take."""

    dimensions: int = 256  # singular directions of the ideal filter
    ideal: float = 0.5  # weight of the ideal filter beside plain co-occurrence, see DESIGN.md, 91
    passes: int = 3  # of the randomised decomposition
    keep: int = 0  # weights per item; 0: by the size of the catalogue, see `KEPT`
    history: int = 100  # newest events of a user that make pairs
    item_users: int = 200_000  # users per item; of more, so many are drawn
    heads: int = 8_000  # items with the largest ideal weights, candidates of every row
    best_heads: int = 250  # of them, per row, in catalogues of up to `HEADS_UP_TO` items
    most_pairs: int = 4_000_000  # of a block; 12 bytes each
    most_rows: int = 4_096  # of a block


HEADS_UP_TO = 120_000  # items; in larger catalogues heads cost as much as all else and gain nothing
KEPT = ((120_000, 500), (600_000, 200))  # items up to which so many weights are kept per item
KEPT_BEYOND = 100


def weights_kept(n_items: int) -> int:
    """Return how many weights a row has at most: fewer in larger catalogues, for memory's sake."""
    return next((keep for most, keep in KEPT if n_items <= most), KEPT_BEYOND)


def fit_blocks(data: Interactions, config: BlockConfig, seed: int) -> ItemWeights:
    """Fit to what users took up; row h is what a history item h gives to the others."""
    recent = data.latest(config.history)
    ideal = ideal_filter(data, config, seed)
    normal, items = normalized(recent.matrix)
    item_users = sparse.csr_array(normal.T)
    keep = config.keep or weights_kept(data.shape[1])
    item_users = limited_users(item_users, config.item_users)
    lengths = np.diff(normal.indptr)[item_users.indices]
    ends = item_users.indptr.astype(np.int64)
    best = config.best_heads if data.shape[1] <= HEADS_UP_TO else 0
    heads, parts = ideal.heads(config.heads), []
    for first, end in block_bounds(ends, lengths, config.most_pairs, config.most_rows):
        more = ideal.best_heads(first, end, heads, best) if best else None
        parts.append(block_rows(item_users[first:end], normal, first, keep, ideal, more))
    return joined_rows(parts)


def ideal_filter(data: Interactions, config: BlockConfig, seed: int) -> IdealFilter:
    """Return the ideal filter of all that users took up, as factors."""
    normal, items = normalized(data.matrix)
    directions = leading_directions(normal, config.dimensions, config.passes, seed)
    return IdealFilter.of(directions, items, config.ideal)


def fit_directions(data: Interactions, config: BlockConfig, seed: int) -> Factors:
    """Fit the ideal filter alone: weights between any two items, by products of two vectors."""
    return ideal_filter(data, config, seed).factors()


def joined_rows(parts: list[sparse.csr_array]) -> ItemWeights:
    """Return blocks of rows as one; each block is released once it is copied.

    The parts are square matrices' rows in their order, (rows of the block, n_items) each.
    """
    counts = [np.diff(part.indptr) for part in parts]
    ends: NDArray[np.int64] = np.concatenate(
        [[0], np.cumsum(np.concatenate([*counts, np.zeros(0, np.int64)]), dtype=np.int64)]
    )
    indices, data = np.empty(ends[-1], np.int32), np.empty(ends[-1], np.float32)
    at = 0
    parts.reverse()
    while parts:
        part = parts.pop()
        indices[at : at + part.nnz] = part.indices
        data[at : at + part.nnz] = part.data
        at += part.nnz
    return ItemWeights(ends, indices, data)
