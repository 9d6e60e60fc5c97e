"""TeacherTargets: target vectors of texts, learned from one text at a time.

A transformer that starts by following a guide needs one pass per text, where a loss over users
needs two, of every text that a batch of users holds.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recsys.array_types import Floats
from recsys.text.finetuning.history_batches import Batch


@dataclass(frozen=True, slots=True)
class TeacherTargets:
    """Unit rows that some texts should get; texts with a zero row have no target."""

    targets: Floats  # (n_items, d)

    def learners(self) -> NDArray[np.int64]:
        """Return the texts that have a target."""
        return np.flatnonzero(self.targets.any(axis=1))

    def draw(self, rows: NDArray[np.int64], longest: int, rng: np.random.Generator) -> Batch:
        """Gather texts and what they should get; nothing else is drawn."""
        return Batch(rows, self.targets[rows], np.zeros(len(rows), np.int64))

    @classmethod
    def turned(cls, targets: Floats, vectors: Floats) -> TeacherTargets:
        """Return a guide as near as a rotation brings `targets` (n, k) to `vectors` (n, d), k <= d.

        Likeness between texts stays as it is, and an encoder that gives `vectors` today has the
        least to unlearn (orthogonal Procrustes problem; Schönemann, 1966).
        """
        left, _, right = np.linalg.svd(targets.T @ vectors, full_matrices=False)
        return cls(np.asarray(targets @ (left @ right), np.float32))
