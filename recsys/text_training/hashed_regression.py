"""Hashed regression: logistic and multinomial regression over hashed features, in 8 bits."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import fmin_l_bfgs_b
from scipy.sparse import csr_array

from recsys.dialogue.learned_model import Hashes, LinearBlock

LEAST_EXAMPLES = 2  # utterances that hold a feature
STEPS = 60  # of L-BFGS
EPOCHS = 12  # of mini-batches
BATCH = 256  # rows
RATE = 0.1  # of AdaGrad
MOST_FEATURES = 90_000  # of a model

Floats64 = NDArray[np.float64]


class Matrix:
    """Rows of hashed features that become a sparse matrix over those of enough examples."""

    def __init__(self) -> None:
        self.rows: list[Hashes] = []
        self.origins: list[int] = []

    def add(self, features: Hashes, origin: int) -> int:
        """Add a row of an example and return its number."""
        self.rows.append(features)
        self.origins.append(origin)
        return len(self.rows) - 1

    def built(self, unit: bool = False, least: int = LEAST_EXAMPLES) -> tuple[csr_array, Hashes]:
        """Return the matrix and its features. `unit`: rows have the length of one feature."""
        sizes = np.array([len(row) for row in self.rows])
        everything = np.concatenate(self.rows)
        origins = np.repeat(np.array(self.origins), sizes)
        pairs = np.unique(everything.astype(np.uint64) << np.uint64(20) | origins.astype(np.uint64))
        names, counts = np.unique(pairs >> np.uint64(20), return_counts=True)
        kept = names[counts >= least].astype(np.uint32)
        columns = np.searchsorted(kept, everything)
        columns[columns == len(kept)] = 0
        known = kept[columns] == everything
        scale = 1 / np.sqrt(np.maximum(sizes, 1)) if unit else np.ones(len(sizes))
        row = np.repeat(np.arange(len(sizes)), sizes)[known]
        values = scale[row].astype(np.float32)
        shape = (len(sizes), len(kept))
        return csr_array((values, (row, columns[known])), shape=shape), kept


def minimised(
    loss: Callable[[Floats64], tuple[float, Floats64]], size: int, steps: int
) -> Floats64:
    """Return the weights of the least loss that L-BFGS finds."""
    found, _, _ = fmin_l_bfgs_b(loss, np.zeros(size), m=8, maxiter=steps)
    return np.asarray(found)


def quantised(features: Hashes, weights: Floats64, bias: Floats64) -> LinearBlock:
    """Return weights as whole numbers of 8 bits, the `MOST_FEATURES` rows with the largest."""
    largest = np.abs(weights).max(axis=1)
    kept = largest > largest.max(initial=0.0) / 254
    if kept.sum() > MOST_FEATURES:
        kept &= largest >= np.sort(largest)[-MOST_FEATURES]
    features, weights = features[kept], weights[kept]
    scale = np.maximum(np.abs(weights).max(axis=0, initial=1e-9), 1e-9) / 127
    return LinearBlock(
        features,
        np.rint(weights / scale).astype(np.int8),
        scale.astype(np.float32),
        bias.astype(np.float32),
    )


def logistic(
    matrix: csr_array, labels: Floats64, penalty: float, steps: int = STEPS
) -> tuple[Floats64, Floats64]:
    """Return (n_features, n_labels) weights and (n_labels,) biases of logistic regressions."""
    count, width = matrix.shape[1], labels.shape[1]

    def loss(flat: Floats64) -> tuple[float, Floats64]:
        weights = flat.reshape(count + 1, width).astype(np.float32)
        scores = matrix @ weights[:-1] + weights[-1]
        value = float((np.logaddexp(0, scores) - labels * scores).sum())
        wrong = 1 / (1 + np.exp(-scores)) - labels
        gradient = np.vstack([matrix.T @ wrong + penalty * weights[:-1], wrong.sum(axis=0)])
        return value + 0.5 * penalty * float((weights[:-1] ** 2).sum()), gradient.ravel().astype(
            np.float64
        )

    made = minimised(loss, (count + 1) * width, steps).reshape(count + 1, width)
    return made[:-1], made[-1]


def stochastic(
    matrix: csr_array,
    labels: NDArray[np.intp],
    width: int,
    flags: NDArray[np.float32],
    told: NDArray[np.bool_],
    seed: int,
) -> tuple[Floats64, Floats64]:
    """Return the weights and biases of a multinomial regression with logistic ones beside it.

    Mini-batches with steps of AdaGrad; the mean of the weights of the later epochs. The first
    `width` columns are the classes of `labels`, the others `flags` (n_rows, n_flags), which are
    learned from the rows that are `told`.
    """
    rng = np.random.default_rng(seed)
    columns = width + flags.shape[1]
    weights = np.zeros((matrix.shape[1] + 1, columns), np.float32)
    squares = np.full_like(weights, 1e-6)
    mean, count = np.zeros_like(weights), 0
    for epoch in range(EPOCHS):
        order = rng.permutation(matrix.shape[0])
        mixed = matrix[order]
        for start in range(0, len(order), BATCH):
            rows = order[start : start + BATCH]
            low, high = mixed.indptr[start], mixed.indptr[start + len(rows)]
            used, place = np.unique(mixed.indices[low:high], return_inverse=True)
            shape = (len(rows), len(used))
            pointers = mixed.indptr[start : start + len(rows) + 1] - low
            part = csr_array((mixed.data[low:high], place, pointers), shape=shape)
            own = weights[used]
            scores = part @ own + weights[-1]
            wrong = np.empty_like(scores)
            chances = np.exp(scores[:, :width] - scores[:, :width].max(axis=1, keepdims=True))
            wrong[:, :width] = chances / chances.sum(axis=1, keepdims=True)
            wrong[np.arange(len(rows)), labels[rows]] -= 1
            wrong[:, width:] = 1 / (1 + np.exp(-scores[:, width:])) - flags[rows]
            wrong[~told[rows], width:] = 0
            slope = part.T @ wrong
            gathered = squares[used] + slope**2
            squares[used] = gathered
            weights[used] = own - RATE * slope / np.sqrt(gathered)
            total = wrong.sum(axis=0)
            squares[-1] += total**2
            weights[-1] -= RATE * total / np.sqrt(squares[-1])
        if epoch >= EPOCHS // 2:
            mean += weights
            count += 1
    mean /= max(count, 1)
    return mean[:-1].astype(np.float64), mean[-1].astype(np.float64)
