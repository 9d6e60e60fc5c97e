"""EASE: closed-form item-to-item model for catalogues whose square matrix fits in memory."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.linalg import lapack

from recsys.array_types import Floats
from recsys.models.item_to_item_weights import ItemWeights


@dataclass(frozen=True, slots=True)
class EaseConfig:
    """What steers EASE."""

    regularization: float = 100.0  # added to each item's count; higher trusts rare pairs less
    keep: int = 400  # weights kept per item
    largest: int = 16_000  # items beyond which the square (4 bytes each, twice) is not attempted


def fit_ease(matrix: sparse.csr_array, config: EaseConfig) -> ItemWeights:
    """Fit Steck's EASE (WWW 2019) to users × items and keep the strongest weights per item."""
    return ItemWeights.from_dense(ease_weights(matrix, config.regularization), config.keep)


def ease_weights(matrix: sparse.csr_array, regularization: float) -> Floats:
    """Return the dense (n_items, n_items) weights; row h is what a history item h gives.

    B = I - P / diag(P) with P the inverse of X'X + regularization · I; zero diagonal.
    """
    gram: Floats = np.asarray((matrix.T @ matrix).todense(), np.float32, order="F")
    inverse = inverse_of(gram, regularization)
    weights = inverse / -np.diag(inverse)[None, :]
    np.fill_diagonal(weights, 0.0)
    return weights


def inverse_of(gram: Floats, regularization: float) -> Floats:
    """Return (gram + regularization · I)^-1 in float32, by Cholesky, overwriting `gram`."""
    gram[np.diag_indices_from(gram)] += np.float32(regularization)
    factor, failed = lapack.spotrf(gram, lower=1, overwrite_a=1, clean=0)
    if failed:
        raise FloatingPointError("the Gram matrix is not positive definite; raise regularization")
    inverse, _ = lapack.spotri(factor, lower=1, overwrite_c=1)
    for start in range(0, len(inverse), 1024):  # mirror in blocks: whole index lists cost 2 GB
        stop = min(start + 1024, len(inverse))
        inverse[start:stop, stop:] = inverse[stop:, start:stop].T
        block = inverse[start:stop, start:stop]
        inverse[start:stop, start:stop] = np.tril(block) + np.tril(block, -1).T
    return np.asarray(inverse, np.float32)
