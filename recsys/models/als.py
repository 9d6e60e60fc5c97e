"""ALS for implicit feedback (Hu et al., ICDM 2008), fitted by the implicit library."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from implicit.als import AlternatingLeastSquares
from scipy import sparse
from threadpoolctl import threadpool_limits

from recsys.array_types import Floats
from recsys.models.item_factors import Factors

# Events per row, users and items together, from which a rank is used.
RANKS = ((10.0, 256), (3.0, 128), (0.0, 64))


@dataclass(frozen=True, slots=True)
class AlsConfig:
    """What steers ALS; alpha = 1/α0 and regularization = λ/α0 of "iALS revisited"."""

    dimensions: int = 0  # 0: by how much is known of a row, see `rank_of`
    alpha: float = 10.0  # confidence of an event over that of its absence; try 3 to 30
    regularization: float = 30.0  # try 10 to 300
    epochs: int = 12


def rank_of(matrix: sparse.csr_array) -> int:
    """Return the rank for users × items: lower where users and items have few events each.

    With more, rare items are learned by heart; see DESIGN.md, 193.
    """
    each = matrix.nnz / max(sum(matrix.shape), 1)
    return next(rank for least, rank in RANKS if each >= least)


def fit_als(matrix: sparse.csr_array, config: AlsConfig, seed: int) -> Factors:
    """Fit item vectors to users × items; users are folded in at request time."""
    dimensions = config.dimensions or rank_of(matrix)
    with threadpool_limits(1, "blas"):  # implicit runs its own threads over users
        model = AlternatingLeastSquares(
            factors=dimensions,
            regularization=config.regularization,
            alpha=config.alpha,
            iterations=config.epochs,
            random_state=seed,
            use_gpu=False,
        )
        model.fit(sparse.csr_matrix(matrix), show_progress=False)
    outputs = np.asarray(model.item_factors, np.float32)
    if not np.isfinite(outputs).all():
        raise FloatingPointError("ALS diverged: item vectors are not finite")
    return folded(outputs, config.alpha, config.regularization)


def folded(outputs: Floats, alpha: float, regularization: float) -> Factors:
    """Return factors whose user vector is the ALS solve for the history at hand.

    implicit weighs an event `alpha` and everything else 1, so an event adds alpha - 1.
    """
    ridge = regularization * np.eye(outputs.shape[1], dtype=np.float32)
    return Factors(alpha * outputs, outputs, outputs.T @ outputs + ridge, alpha - 1.0)
