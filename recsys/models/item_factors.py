"""Factors: item vectors; a user's vector is the weighted sum over the history."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from recsys.array_types import Floats, Rows


@dataclass(frozen=True, slots=True)
class Factors:
    """A low-rank scorer: score(user, item) = user vector · outputs[item].

    Without `gram`, the user vector is the weighted sum of the history's `inputs` (ELSA, low-pass
    filters). With it, the sum is followed by the fold-in solve of ALS, which is linear in the
    parts, so that each history item's share of a score stays exact.
    """

    inputs: Floats  # (n_items, d)
    outputs: Floats  # (n_items, d)
    gram: Floats | None = None  # (d, d): outputs'outputs + regularisation, for the fold-in solve
    alpha: float = 0.0  # confidence of one event in the fold-in solve

    def parts(self, items: Rows, weights: Floats) -> Floats:
        """Return each history item's part of the user vector, (len(items), d); sum them."""
        own = self.inputs[items].astype(np.float32) * weights[:, None]
        if self.gram is None or not len(items):
            return own
        seen = self.outputs[items].astype(np.float32)
        system = self.gram + self.alpha * (seen.T * np.maximum(weights, 0.0)) @ seen
        solved: Floats = np.linalg.solve(system, own.T).T.astype(np.float32)
        return solved

    def project(self, items: Rows, weights: Floats) -> Floats:
        """Return the user vector of a history, (d,); zeros for an empty one."""
        total: Floats = self.parts(items, weights).sum(axis=0, dtype=np.float32)
        return total

    def project_many(self, histories: sparse.csr_array) -> Floats:
        """Return the user vectors of many histories (users × items, weights), (n_users, d)."""
        if self.gram is None:
            summed: Floats = np.asarray(histories @ self.inputs, np.float32)
            return summed
        inverse = np.linalg.inv(self.gram.astype(np.float64))
        users = np.zeros((histories.shape[0], self.outputs.shape[1]), np.float32)
        for user, (start, stop) in enumerate(itertools.pairwise(histories.indptr.tolist())):
            items, weights = histories.indices[start:stop], histories.data[start:stop]
            users[user] = self._solved(items, weights, inverse)
        return users

    def _solved(self, items: Rows, weights: Floats, inverse: NDArray[np.float64]) -> Floats:
        """Return the fold-in solve of one history by the Woodbury identity, (d,).

        `inverse`: of `gram`. A history shorter than d costs a system of its own length.
        """
        if len(items) >= len(inverse):
            return self.project(items, weights)
        total = inverse @ (weights @ self.inputs[items].astype(np.float64))
        confidence = np.sqrt(self.alpha * np.maximum(weights, 0.0).astype(np.float64))
        seen = confidence[:, None] * self.outputs[items].astype(np.float64)
        turned = seen @ inverse  # (n, d)
        system = turned @ seen.T
        system[np.diag_indices_from(system)] += 1.0
        return np.asarray(total - np.linalg.solve(system, seen @ total) @ turned, np.float32)
