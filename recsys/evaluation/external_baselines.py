"""Baselines from other libraries: als and bpr (implicit), lightfm."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np
from scipy import sparse
from threadpoolctl import threadpool_limits

from recsys.array_types import Floats
from recsys.data.dataset import Dataset
from recsys.errors import MissingExtra
from recsys.tuning.scorer_protocol import Histories

EPOCHS = 10  # of LightFM between two looks at the validation slice


@dataclass(frozen=True, slots=True)
class Folded:
    """implicit's ALS; every history is solved for anew, so that strangers are served alike."""

    model: Any  # implicit.cpu.als.AlternatingLeastSquares

    def score(self, histories: Histories) -> Floats:
        """Solve for the user vectors and multiply them with all items."""
        items = np.asarray(self.model.item_factors, np.float32)
        liked = sparse.csr_matrix(histories.liked(len(items)))
        with threadpool_limits(1, "blas"):  # implicit runs its own threads over users
            users = self.model.recalculate_user(np.arange(len(histories)), liked)
        return np.asarray(users @ items.T, np.float32)

    @property
    def nbytes(self) -> int:
        """How much memory the item vectors take."""
        return int(np.asarray(self.model.item_factors).nbytes)


@dataclass(frozen=True, slots=True)
class Known:
    """A model that knows the users it was trained on, and nobody else: bpr, lightfm."""

    users: Floats  # (n_users, d)
    items: Floats  # (n_items, d)
    bias: Floats  # (n_items,)

    def score(self, histories: Histories) -> Floats:
        """Multiply the users' vectors with all items; a stranger gets the mean of the users."""
        vectors = self.users[np.maximum(histories.user, 0)]
        vectors[histories.user < 0] = self.users.mean(axis=0)
        return np.asarray(vectors @ self.items.T + self.bias, np.float32)

    @property
    def nbytes(self) -> int:
        """How much memory the vectors take."""
        return self.users.nbytes + self.items.nbytes + self.bias.nbytes


def fit_als_row(
    data: Dataset, dimensions: int, alpha: float, regularization: float, seed: int
) -> Folded:
    """Fit ALS for implicit feedback (Hu et al., ICDM 2008)."""
    from implicit.cpu.als import AlternatingLeastSquares

    with threadpool_limits(1, "blas"):  # implicit runs its own threads over users
        model = AlternatingLeastSquares(
            factors=dimensions,
            alpha=alpha,
            regularization=regularization,
            iterations=12,
            random_state=seed,
        )
        model.fit(sparse.csr_matrix(data.matrix()), show_progress=False)
    return Folded(model)


def fit_bpr_row(
    data: Dataset, dimensions: int, learning_rate: float, regularization: float, seed: int
) -> Known:
    """Fit BPR (Rendle et al., UAI 2009)."""
    from implicit.cpu.bpr import BayesianPersonalizedRanking

    with threadpool_limits(1, "blas"):
        model = BayesianPersonalizedRanking(
            factors=dimensions,
            learning_rate=learning_rate,
            regularization=regularization,
            iterations=150,
            random_state=seed,
        )
        model.fit(sparse.csr_matrix(data.matrix()), show_progress=False)
    users, items = np.asarray(model.user_factors), np.asarray(model.item_factors)
    return Known(users, items, np.zeros(len(items), np.float32))


def train_lightfm(
    data: Dataset, dimensions: int, seed: int, threads: int = 2
) -> Iterator[tuple[int, Known]]:
    """Train LightFM with the WARP loss (Kula, CBRecSys 2015; Weston et al., IJCAI 2011).

    Yields (epochs so far, the vectors as they are) every EPOCHS, for as long as the caller
    iterates. Two threads race, so that no two of their fits are quite the same.
    """
    model = _lightfm().LightFM(no_components=dimensions, loss="warp", random_state=seed)
    matrix = sparse.coo_matrix(data.matrix())
    for epoch in itertools.count(EPOCHS, EPOCHS):
        model.fit_partial(matrix, epochs=EPOCHS, num_threads=threads)
        yield (
            epoch,
            Known(
                model.user_embeddings.copy(), model.item_embeddings.copy(), model.item_biases.copy()
            ),
        )


def _lightfm() -> ModuleType:
    try:
        import lightfm
    except ImportError as error:
        raise MissingExtra("lightfm", "lightfm") from error
    return lightfm  # type: ignore[no-any-return]
