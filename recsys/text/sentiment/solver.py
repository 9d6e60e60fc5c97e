"""Multinomial logistic regression: from features to the weights of three labels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.sparse import csr_array

from recsys.array_types import Floats
from recsys.text.sentiment.model import LABELS, softmax

NEVER = -20.0  # bias of a label that the labelled texts do not have

Solved = tuple[NDArray[np.float64], NDArray[np.float64]]  # weights (n_features, 3), bias (3,)


@dataclass(frozen=True, slots=True)
class Reading:
    """Labelled texts as features: one row per text, and how to fold weights back into tables.

    The weights of a model stand in the order of the sparse columns, then the dense ones.
    """

    sparse: csr_array  # words and letters, float32
    dense: Floats  # vectors and cues
    bags: dict[str, NDArray[np.float64]]  # bag name to the factor of each table row, or vectors


def solve(
    reading: Reading,
    classes: NDArray[np.integer],
    weight: NDArray[np.float64],
    rounds: int,
    rows: NDArray[np.integer] | None = None,
) -> Solved:
    """Return weights (n_features, 3) and bias (3,), from some of the rows.

    `weight`: of each text's loss, beside half the squared weights. Multinomial logistic regression
    by L-BFGS; the rounds are a budget, and stopping early regularizes a little.
    """
    rows = np.arange(len(classes)) if rows is None else rows
    there = np.unique(classes[rows])  # labels
    result = reading.sparse[rows]
    used = np.unique(result.indices[result.data != 0])  # the others stay at zero
    result, width, n_sparse = result[:, used], len(there), reading.sparse.shape[1]
    n = len(used) + reading.dense.shape[1]
    loss = _Loss(
        result,
        csr_array(result.T),
        reading.dense[rows],
        (classes[rows][:, None] == there).astype(np.float32),
        weight[rows].astype(np.float32),
    )
    found = minimize(
        loss.at,
        np.zeros((n + 1) * width),
        jac=True,
        method="L-BFGS-B",
        options={"maxiter": rounds, "maxcor": 10},
    )
    solved = found.x.reshape(n + 1, width)
    weights = np.zeros((n_sparse + reading.dense.shape[1], len(LABELS)))
    place = np.concatenate([used, np.arange(n_sparse, len(weights))])
    weights[np.ix_(place, there)] = solved[:n]
    bias = np.full(len(LABELS), NEVER)
    bias[there] = solved[n]
    return weights, bias


@dataclass(frozen=True, slots=True)
class _Loss:
    """Weighted log loss and half the squared weights; and the gradient."""

    sparse: csr_array
    turned: csr_array  # the same, transposed
    dense: Floats
    truth: Floats  # (n, labels)
    weight: Floats  # (n,)

    def at(self, flat: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        """Return loss and gradient for weights and bias, one after the other."""
        values = flat.reshape(-1, self.truth.shape[1])
        small, n_sparse = values.astype(np.float32), self.sparse.shape[1]
        logits = self.sparse @ np.ascontiguousarray(small[:n_sparse])
        logits += self.dense @ small[n_sparse:-1] + small[-1]
        chances = softmax(logits)
        result = np.log(np.maximum((chances * self.truth).sum(1), 1e-30))
        moved = (chances - self.truth) * self.weight[:, None]
        slope = np.concatenate(
            [self.turned @ moved, self.dense.T @ moved, moved.sum(0, keepdims=True)]
        ).astype(np.float64)
        slope[:-1] += values[:-1]
        loss = -float(self.weight @ result) + 0.5 * float((values[:-1] ** 2).sum())
        return loss, slope.ravel()


def logits_of(reading: Reading, solved: Solved, rows: NDArray[np.integer]) -> NDArray[np.float64]:
    """Return the logits of some of the rows, (len(rows), 3)."""
    weights, bias = solved
    small, n_sparse = weights.astype(np.float32), reading.sparse.shape[1]
    found = reading.sparse[rows] @ np.ascontiguousarray(small[:n_sparse])
    return np.asarray(found + reading.dense[rows] @ small[n_sparse:] + bias, np.float64)
