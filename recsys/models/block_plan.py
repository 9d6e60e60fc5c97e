"""BlockPlan: how the rows of item-to-item weights are cut into blocks, and the rows of some blocks.

The same rows come out in one process and from many (`recsys.models.distributed_item_weights`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from recsys.array_types import Floats, Rows
from recsys.models.gfcf import item_sums, scaled
from recsys.models.item_to_item_weights_blockwise import (
    IdealFilter,
    block_bounds,
    block_rows,
    limited_users,
)


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


@dataclass(frozen=True, slots=True)
class BlockPlan:
    """What every block of rows needs, however the rows are cut into blocks and computed."""

    items: Floats  # (n_items,): users of each, at least one
    starts: NDArray[np.int64]  # (blocks + 1,): rows of block b are starts[b]:starts[b + 1]
    pairs: NDArray[np.int64]  # (n_items,): pairs that each row is made from
    keep: int  # weights per row
    item_users: int  # users per item; of more, so many are drawn
    best_heads: int  # of the heads, per row
    heads: Rows  # items with the largest ideal weights

    @classmethod
    def of(cls, matrix: sparse.csr_array, config: BlockConfig, ideal: IdealFilter) -> BlockPlan:
        """Return the plan for histories, users × items with ones."""
        n_items = matrix.shape[1]
        users = np.bincount(matrix.indices, minlength=n_items)
        lengths = np.repeat(np.diff(matrix.indptr), np.diff(matrix.indptr))
        pairs = np.bincount(matrix.indices, lengths, n_items)
        drawn = np.minimum(1.0, config.item_users / np.maximum(users, 1))
        whole = (pairs * drawn).astype(np.int64)
        bounds = block_bounds(whole, config.most_pairs, config.most_rows)
        starts = np.array([0, *(end for _, end in bounds)], np.int64)
        best = config.best_heads if n_items <= HEADS_UP_TO else 0
        heads = ideal.heads(config.heads) if best else np.zeros(0, np.int32)
        keep = config.keep or weights_kept(n_items)
        return cls(item_sums(matrix), starts, whole, keep, config.item_users, best, heads)


def rows_of_blocks(
    histories: sparse.csr_array,
    plan: BlockPlan,
    ideal: IdealFilter,
    blocks: range | None = None,
    users: Rows | None = None,
) -> list[sparse.csr_array]:
    """Return the rows of consecutive blocks of a plan, (rows of the block, n_items) each.

    `histories`: (users, n_items), ones, of all users with an item of these blocks at least;
    `users`: their numbers, ascending, by which they are drawn; None: 0, 1, 2, ….
    """
    blocks = range(len(plan.starts) - 1) if blocks is None else blocks
    if not len(blocks):
        return []
    normal = scaled(histories, plan.items)
    low, high = int(plan.starts[blocks.start]), int(plan.starts[blocks.stop])
    own = normal if high - low == normal.shape[1] else normal[:, low:high]
    item_users = limited_users(sparse.csr_array(own.T), plan.item_users, users)
    parts = []
    for block in blocks:
        first, end = int(plan.starts[block]), int(plan.starts[block + 1])
        more = None
        if plan.best_heads:
            more = ideal.best_heads(first, end, plan.heads, plan.best_heads)
        mine = item_users[first - low : end - low]
        parts.append(block_rows(mine, normal, first, plan.keep, ideal, more))
    return parts
