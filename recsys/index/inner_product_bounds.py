"""Bounds on inner products from the first components of rotated vectors.

Turned to where they differ most (principal components), vectors have their length in front. What
lies behind adds at most the product of both lengths there (Cauchy and Schwarz), so a search for
the best of a sum need not read the whole of most vectors, and still finds exactly the best.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from recsys.array_types import Floats

SHARE = 4  # the front is one of so many numbers
LEAST, MOST = 2_000, 50_000  # vectors for which it pays, and the memory is little
ROUNDING = 1e-5  # of the lengths: what float32 may be off by


@dataclass(frozen=True, slots=True)
class TruncatedVectors:
    """Read-only; a quarter of the memory of the vectors."""

    turn: Floats  # (d, d): orthogonal, where vectors differ most first
    front: Floats  # (n, d / SHARE)
    behind: Floats  # (n,): length of what is not in front
    lengths: Floats  # (n,)

    @classmethod
    def of(cls, vectors: Floats) -> TruncatedVectors:
        """Turn vectors, (n, d), which may be memory-mapped."""
        width = max(1, vectors.shape[1] // SHARE)
        _, axes = np.linalg.eigh(np.asarray(vectors.T @ vectors, np.float64))
        turn = np.ascontiguousarray(axes[:, ::-1], np.float32)
        front = np.asarray(vectors @ turn[:, :width], np.float32)
        whole = np.einsum("nd,nd->n", vectors, vectors, dtype=np.float64)
        rest = whole - np.einsum("nd,nd->n", front, front, dtype=np.float64)
        return cls(
            turn,
            front,
            np.sqrt(np.maximum(rest, 0)).astype(np.float32),
            np.sqrt(whole).astype(np.float32),
        )

    def __len__(self) -> int:
        return len(self.front)

    def products(self, query: Floats) -> tuple[Floats, Floats]:
        """Return each vector's product with a query, and what it may be off by at most, (n,)."""
        turned, width = query @ self.turn, self.front.shape[1]
        tail, length = np.linalg.norm(turned[width:]), np.linalg.norm(query)
        off = self.behind * np.float32(tail) + self.lengths * np.float32(ROUNDING * length)
        return self.front @ turned[:width], off


def fronts_of(vectors: Floats) -> TruncatedVectors | None:
    """Return the fronts of vectors where they pay, else None."""
    return TruncatedVectors.of(vectors) if LEAST <= len(vectors) <= MOST else None
