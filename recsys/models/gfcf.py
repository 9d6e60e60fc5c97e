"""Low-pass graph filters of the user-item graph (GF-CF): closed form, linear in events.

After "How powerful is graph convolution for recommendation?" (GF-CF, Shen et al., CIKM 2021): the
normalised co-occurrence of items, plus an ideal filter that keeps its leading singular directions.
Both together are one item-to-item matrix, of which the strongest weights are kept.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from recsys.array_types import Floats
from recsys.models.item_to_item_weights import ItemWeights, top_of_rows
from recsys.models.randomized_svd import leading_directions
from recsys.thread_pool import over_blocks


@dataclass(frozen=True, slots=True)
class LowpassConfig:
    """What steers the filter; chosen on validation slices, see DESIGN.md, 91."""

    dimensions: int = 512  # singular directions of the ideal filter; 256 costs 3 % of Recall@20
    ideal: float = 0.5  # weight of the ideal filter beside plain co-occurrence; try 0.25 to 4
    keep: int = 500  # weights kept per item
    passes: int = 3  # of the randomised decomposition
    largest: int = 120_000  # items beyond which rows of the ideal filter are too many to form


def fit_lowpass(matrix: sparse.csr_array, config: LowpassConfig, seed: int) -> ItemWeights:
    """Fit to users × items; row h is what a history item h gives to the others."""
    normal, items = normalized(matrix)
    directions = leading_directions(normal, config.dimensions, config.passes, seed)
    inputs = directions * (config.ideal * items**-0.5).astype(np.float32)[:, None]
    outputs = directions * (items**0.5).astype(np.float32)[:, None]
    return ItemWeights.from_matrix(_strongest(normal, inputs, outputs, config.keep))


def normalized(matrix: sparse.csr_array) -> tuple[sparse.csr_array, Floats]:
    """Return users × items, each entry over the roots of its row's and column's sums.

    Also the sums of the columns, (n_items,), at least one each.
    """
    items = item_sums(matrix)
    return scaled(matrix, items), items


def item_sums(matrix: sparse.csr_array) -> Floats:
    """Return the sums of the columns of users × items, (n_items,), at least one each."""
    return np.asarray(np.maximum(np.asarray(matrix.sum(axis=0)).ravel(), 1.0))


def scaled(matrix: sparse.csr_array, items: Floats) -> sparse.csr_array:
    """Return users × items, each entry over the roots of its row's sum and of its item's.

    `items`: (n_items,), sums over all users, whom `matrix` may hold some of.
    """
    users = np.maximum(np.asarray(matrix.sum(axis=1)).ravel(), 1.0)
    left, right = sparse.diags_array(users**-0.5), sparse.diags_array(items**-0.5)
    return sparse.csr_array(left @ matrix @ right).astype(np.float32)


def _strongest(
    normal: sparse.csr_array, inputs: Floats, outputs: Floats, keep: int, block: int = 256
) -> sparse.csr_array:
    transposed = sparse.csr_array(normal.T)
    memory = threading.local()  # a block of each thread, used again: fresh memory is slow

    def strongest(own: slice) -> sparse.csr_array:
        if not hasattr(memory, "room"):
            memory.room = np.empty((block, normal.shape[1]), np.float32)
        rows = np.matmul(inputs[own], outputs.T, out=memory.room[: own.stop - own.start])
        together = sparse.coo_array(transposed[own] @ normal)
        rows[together.row, together.col] += together.data
        rows[np.arange(len(rows)), np.arange(own.start, own.stop)] = 0.0
        return top_of_rows(rows, keep)

    parts = over_blocks(strongest, normal.shape[1], block)
    return sparse.csr_array(sparse.vstack(parts, format="csr"))
