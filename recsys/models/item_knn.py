"""Item kNN: nearest items by cosine over their users.

Closed form, linear in the pairs of items that users share; seconds where other engines take
minutes (Sarwar et al., WWW 2001).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from recsys.array_types import Floats
from recsys.models.item_to_item_weights import ItemWeights

COSINE = 0.5  # power of the users of both items in a cosine
BLOCK = 512  # items compared with all others at once


@dataclass(frozen=True, slots=True)
class ItemKnnConfig:
    """What steers item-knn; the defaults are those that the evaluation tries first."""

    neighbours: int = 100  # kept per item
    tf_idf: bool = False  # a user who takes up everything says less about each of it
    # Power of how many users an item has that its similarities are divided by, where it is the one
    # that is recommended. At .5, as that of the history's item, both make the cosine; below, what
    # many took up gains.
    target_exponent: float = 0.5
    source_exponent: float = 0.5  # the same of the history's item
    # Power of how many items a user took up that their part of a similarity is divided by: who
    # takes up everything says less about each of it.
    user_exponent: float = 0.0
    # Users in common at which a similarity counts half: few in common may be chance.
    shrinkage: float = 0.0


def fit_item_knn(matrix: sparse.csr_array, config: ItemKnnConfig) -> ItemWeights:
    """Fit to users × items; row h is what a history item h gives to the others."""
    return ItemWeights.from_matrix(nearest_by_cosine(matrix, config))


def nearest_by_cosine(matrix: sparse.csr_array, config: ItemKnnConfig) -> sparse.csr_array:
    """Return items × items: per row the largest similarities, without the diagonal."""
    exponents = config.target_exponent, config.source_exponent
    if config.shrinkage or config.user_exponent or exponents != (COSINE, COSINE):
        return _nearest_shrunk(matrix, config)
    if config.tf_idf:
        lengths = np.maximum(np.diff(matrix.indptr), 1)
        idf = np.log((matrix.shape[1] + 1) / lengths)
        matrix = sparse.csr_array(sparse.diags_array(idf.astype(np.float32)) @ matrix)
    norms = np.sqrt(np.asarray(matrix.power(2).sum(axis=0)))
    unit = sparse.csr_array(matrix @ sparse.diags_array(1 / np.maximum(norms, 1e-12)))
    across = sparse.csr_array(unit.T)
    parts = [
        nearest(across[start : start + BLOCK] @ unit, start, config.neighbours)
        for start in range(0, max(across.shape[0], 1), BLOCK)
    ]
    return sparse.csr_array(sparse.vstack(parts, format="csr"))


def _nearest_shrunk(matrix: sparse.csr_array, config: ItemKnnConfig) -> sparse.csr_array:
    """Return the same with similarities c / (c + shrinkage) · s / (source^a · target^b).

    c: users in common, of whom each adds 1 / (items of the user)^user_exponent to s; source,
    target: users of either item; a, b: their exponents. `matrix`: ones; shrinkage as in Bell and
    Koren, ICDM 2007.
    """
    across, counts = sparse.csr_array(matrix.T), np.asarray(matrix.sum(axis=0)).ravel()
    source = np.maximum(counts, 1.0) ** -config.source_exponent
    target = np.maximum(counts, 1.0) ** -config.target_exponent
    lengths = np.maximum(np.diff(matrix.indptr), 1).astype(np.float32)
    each = sparse.diags_array(lengths**-config.user_exponent)
    scaled = sparse.csr_array(each @ matrix) if config.user_exponent else matrix
    parts = []
    for start in range(0, max(across.shape[0], 1), BLOCK):
        rows = sparse.csr_array(across[start : start + BLOCK] @ scaled)
        shrunk: Floats = np.ones(1, np.float32)
        if config.shrinkage:
            common = rows
            if config.user_exponent:  # both products have entries at the same pairs
                rows.sort_indices()
                common = sparse.csr_array(across[start : start + BLOCK] @ matrix)
                common.sort_indices()
            shrunk = (common.data / (common.data + config.shrinkage)).astype(np.float32)
        own = np.repeat(source[start : start + BLOCK], np.diff(rows.indptr))
        rows.data = (rows.data * shrunk * own * target[rows.indices]).astype(np.float32)
        parts.append(nearest(rows, start, config.neighbours))
    return sparse.csr_array(sparse.vstack(parts, format="csr"))


def nearest(rows: sparse.csr_array, start: int, keep: int) -> sparse.csr_array:
    """Keep the largest entries of each row but the diagonal, which begins at column `start`.

    `rows`: sparse (block, n_items), rows `start` to `start` + block of the square matrix.
    """
    own = rows.indices == np.repeat(np.arange(rows.shape[0]), np.diff(rows.indptr)) + start
    rows.data[own] = 0
    for row in range(rows.shape[0]):
        values = rows.data[rows.indptr[row] : rows.indptr[row + 1]]  # a view: cut in place
        if len(values) > keep:
            values[np.argpartition(-values, keep)[keep:]] = 0
    rows.eliminate_zeros()
    return rows
