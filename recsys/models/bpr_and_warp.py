"""Factors by pairwise losses: BPR by the implicit library, WARP by LightFM.

Both learn a vector per user, which a bundle does not hold. Here a user is a linear function of
their history instead: a ridge regression predicts the learned user vectors from the mean of the
item vectors of each history. The mean and the sum order items alike, so that a history item's
share of a score stays exact.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse
from threadpoolctl import threadpool_limits

from recsys.array_types import Floats
from recsys.errors import MissingExtra
from recsys.models.item_factors import Factors

RIDGE = 1e-5  # of the regression, times the mean square of the histories' vectors


@dataclass(frozen=True, slots=True)
class BprConfig:
    """Settings of Bayesian personalised ranking (Rendle et al., UAI 2009)."""

    dimensions: int = 64
    learning_rate: float = 0.05
    regularization: float = 0.01
    epochs: int = 60


@dataclass(frozen=True, slots=True)
class WarpConfig:
    """Settings of LightFM with the WARP loss (Kula, CBRecSys 2015; Weston et al., IJCAI 2011)."""

    dimensions: int = 64
    epochs: int = 20


def fit_bpr(matrix: sparse.csr_array, config: BprConfig, seed: int) -> Factors:
    """Fit BPR to users × items with one thread, so that a seed gives the same numbers."""
    from implicit.cpu.bpr import BayesianPersonalizedRanking

    with threadpool_limits(1, "blas"):
        model = BayesianPersonalizedRanking(
            factors=config.dimensions,
            learning_rate=config.learning_rate,
            regularization=config.regularization,
            iterations=config.epochs,
            num_threads=1,
            random_state=seed,
        )
        model.fit(sparse.csr_matrix(matrix, copy=True), show_progress=False)
    # the last column of implicit's vectors is the bias of the item, 1 for a user
    users, items = np.asarray(model.user_factors), np.asarray(model.item_factors)
    return linear_in_histories(matrix, users[:, :-1], items[:, :-1], items[:, -1])


def fit_warp(matrix: sparse.csr_array, config: WarpConfig, seed: int) -> Factors:
    """Fit LightFM to users × items with one thread; MissingExtra without the package."""
    try:
        from lightfm import LightFM
    except ImportError as error:
        raise MissingExtra("lightfm", "lightfm") from error
    model = LightFM(no_components=config.dimensions, loss="warp", random_state=seed)
    model.fit(sparse.coo_matrix(matrix, copy=True), epochs=config.epochs, num_threads=1)
    return linear_in_histories(
        matrix, model.user_embeddings, model.item_embeddings, model.item_biases
    )


def linear_in_histories(
    matrix: sparse.csr_array, users: Floats, items: Floats, bias: Floats
) -> Factors:
    """Return factors whose user vectors are linear in the items of a history.

    `matrix`: users × items, ones; `users`: (n_users, d); `items`: (n_items, d); `bias`: (n_items,).
    FloatingPointError where a vector is not finite.
    """
    if not (np.isfinite(users).all() and np.isfinite(items).all() and np.isfinite(bias).all()):
        raise FloatingPointError("pairwise factors diverged: a vector is not finite")
    lengths = np.asarray(matrix.sum(axis=1)).ravel()
    some = np.flatnonzero(lengths > 0)
    means = np.asarray(matrix[some] @ items, np.float64) / lengths[some, None]
    gram = means.T @ means
    ridge = RIDGE * max(float(np.trace(gram)) / max(len(gram), 1), 1e-12)
    system = gram + ridge * np.eye(len(gram))
    turn = np.linalg.solve(system, means.T @ users[some].astype(np.float64))
    ones = np.ones((len(items), 1), np.float32)
    inputs = np.hstack([np.asarray(items @ turn, np.float32), ones])
    outputs = np.hstack([items, bias[:, None]]).astype(np.float32)
    return Factors(np.ascontiguousarray(inputs), np.ascontiguousarray(outputs))
