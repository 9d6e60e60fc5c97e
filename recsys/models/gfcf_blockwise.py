"""Low-pass graph filters of `recsys.models.gfcf` for catalogues of any size, in blocks of rows.

Only pairs of items that share a user get a weight, so that no dense items × items matrix is formed
(`recsys.models.item_to_item_weights_blockwise`).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from recsys.block_runner_protocol import runner_for
from recsys.models.block_plan import BlockConfig, BlockPlan, rows_of_blocks
from recsys.models.distributed_item_weights import distributed_rows
from recsys.models.gfcf import normalized
from recsys.models.interaction_matrix import Interactions
from recsys.models.item_factors import Factors
from recsys.models.item_to_item_weights import ItemWeights
from recsys.models.item_to_item_weights_blockwise import IdealFilter
from recsys.models.randomized_svd import leading_directions


def fit_blocks(data: Interactions, config: BlockConfig, seed: int) -> ItemWeights:
    """Fit to what users took up; row h is what a history item h gives to the others.

    Blocks are computed by the runner of the night, if there is one, see
    `recsys.block_runner_protocol`.
    """
    ideal = ideal_filter(data, config, seed)
    recent = data.latest(config.history).matrix
    plan = BlockPlan.of(recent, config, ideal)
    runner = runner_for(row_seconds(int(plan.pairs.sum()), config.dimensions))
    if runner is None:
        return joined_rows(rows_of_blocks(recent, plan, ideal))
    return joined_rows(distributed_rows(runner, recent, plan, ideal))


def row_seconds(pairs: float, dimensions: int) -> float:
    """Return the CPU seconds that rows of so many pairs are expected to take."""
    return (5e-8 + 2e-9 * dimensions) * pairs


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
