"""Sum of item-item models: each with weights in units of the spread of its own scores.

Models that err differently hit more together than the best of them alone, and a choice between
models that are level costs less where both take part.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from recsys.array_types import Floats
from recsys.models.item_factors import Factors
from recsys.models.item_to_item_weights import ItemWeights, top_of_rows

BLOCK = 1_024  # items whose products with all others are held at a time


@dataclass(frozen=True, slots=True)
class SumConfig:
    """What steers a sum."""

    keep: int = 400  # weights kept per item
    users: int = 300  # whose scores the spread of a model is measured on
    largest: int = 16_000  # items beyond which factors are not written out as item weights


def summed(
    parts: Sequence[ItemWeights | Factors],
    matrix: sparse.csr_array,
    config: SumConfig | None = None,
) -> ItemWeights:
    """Return the mean of item-item models, in the units of the first.

    `matrix`: users × items, ones, that they were fitted to. A model whose scores do not differ
    between items takes no part. Factors must be linear in the history (no `gram`).
    """
    config = config or SumConfig()
    weights = [written_out(part, config.keep) for part in parts]
    some = _sample(matrix, config.users)
    spreads = [spread(part.matrix(), some) for part in weights]
    unit, count = next((one for one in spreads if one > 0), 1.0), sum(one > 0 for one in spreads)
    total = sparse.csr_array(weights[0].matrix().shape, dtype=np.float32)
    for part, own in zip(weights, spreads, strict=True):
        if own > 0:
            total = total + part.matrix() * np.float32(unit / own / count)
    return ItemWeights.from_matrix(_strongest(sparse.csr_array(total), config.keep))


def written_out(part: ItemWeights | Factors, keep: int) -> ItemWeights:
    """Return linear factors as the `keep` strongest weights of each item; weights as they are."""
    if isinstance(part, ItemWeights):
        return part
    if part.gram is not None:
        raise ValueError("factors with a fold-in solve are not linear in the history")
    blocks = []
    for start in range(0, len(part.inputs), BLOCK):
        block: Floats = (part.inputs[start : start + BLOCK] @ part.outputs.T).astype(np.float32)
        own = np.arange(len(block))
        block[own, start + own] = 0.0
        blocks.append(top_of_rows(block, keep))
    if not blocks:
        return ItemWeights.from_dense(np.zeros((0, 0), np.float32), keep)
    return ItemWeights.from_matrix(sparse.csr_array(sparse.vstack(blocks, format="csr")))


def spread(weights: sparse.csr_array, users: sparse.csr_array) -> float:
    """Return the mean over users of the standard deviation of the scores of their unread items."""
    if not users.shape[0]:
        return 0.0
    scores = (users @ weights).toarray()
    scores[users.toarray() > 0] = np.nan
    some = np.isfinite(scores).sum(axis=1) > 1
    return float(np.nanstd(scores[some], axis=1).mean()) if some.any() else 0.0


def _sample(matrix: sparse.csr_array, most: int) -> sparse.csr_array:
    """Return at most so many users with two items or more, at even distances."""
    users = np.flatnonzero(np.diff(matrix.indptr) >= 2)
    places = np.linspace(0, len(users) - 1, min(most, len(users))).astype(int)
    found: sparse.csr_array = matrix[users[places]]
    return found


def _strongest(matrix: sparse.csr_array, keep: int) -> sparse.csr_array:
    """Return the `keep` largest |weights| of each row, columns ascending."""
    matrix.sum_duplicates()
    kept = np.ones(matrix.nnz, bool)
    for row in np.flatnonzero(np.diff(matrix.indptr) > keep).tolist():
        own = slice(matrix.indptr[row], matrix.indptr[row + 1])
        size = np.abs(matrix.data[own])
        kept[own] = False
        kept[own.start + np.argpartition(-size, keep - 1)[:keep]] = True
    ends = np.concatenate([[0], np.cumsum(kept)])[matrix.indptr]
    return sparse.csr_array((matrix.data[kept], matrix.indices[kept], ends), shape=matrix.shape)
