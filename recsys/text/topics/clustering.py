"""Clustering of rows: whitening, spherical k-means, and expectation maximization with words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from recsys.array_types import Floats, Rows
from recsys.text.encoders.student import unit_rows
from recsys.text.topics.topic_words import evidence

SAMPLE = 12_000  # rows on which k-means starts
BLOCK = 16_384  # rows at a time: bounds memory
START_ROUNDS, ALL_ROUNDS = 15, 20


@dataclass(frozen=True, slots=True)
class Space:
    """Where vectors are compared: centred, without the strongest axis, the others levelled.

    The strongest axis of text vectors is mostly length and style. Levelling by the fourth root of
    the variance is half of a full whitening.
    """

    mean: Floats  # (d,)
    axes: Floats  # (d, d') scaled

    @classmethod
    def of(cls, vectors: Floats) -> Space:
        """Return the space of these vectors."""
        rows = unit_rows(vectors)
        mean = rows.mean(0) if len(rows) else np.zeros(vectors.shape[1], np.float32)
        rows = rows - mean
        variance, axes = np.linalg.eigh((rows.T @ rows).astype(np.float64) / max(len(rows), 1))
        variance, axes = variance[::-1], axes[:, ::-1]
        kept = np.flatnonzero(variance > 1e-9 * max(variance[0], 1e-12))
        kept = kept[1:] if len(kept) > 8 else kept
        scaled = axes[:, kept] / np.maximum(variance[kept], 1e-12) ** 0.25
        return cls(np.asarray(mean, np.float32), scaled.astype(np.float32))

    def apply(self, vectors: Floats) -> Floats:
        """Return unit rows in this space; a zero vector stays zero."""
        inside = unit_rows(np.asarray((unit_rows(vectors) - self.mean) @ self.axes, np.float32))
        inside[~vectors.any(1)] = 0
        return inside


def spherical_means(rows: Floats, k: int, seed: int = 0) -> Rows:
    """Return the group of each row: k-means by cosine, started on a sample by k-means++."""
    rng = np.random.default_rng(seed)
    picked = rng.permutation(len(rows))[: max(SAMPLE, 20 * k)]
    sample = rows[picked]
    centres = _starts(sample, min(k, len(sample)), rng)
    for part, rounds in ((sample, START_ROUNDS), (rows, ALL_ROUNDS)):
        labels = np.full(len(part), -1, np.int32)
        for _ in range(rounds):
            new = _closest(part, centres)
            if np.array_equal(new, labels):
                break
            labels = new
            sums = _sums(part, labels, len(centres))
            full = np.any(sums, axis=1)
            centres[full] = unit_rows(sums[full])
    return _closest(rows, centres)


def group(
    inside: Floats,
    words: csr_array,
    k: int,
    closeness: float,
    smoothing: float,
    temperatures: Sequence[float],
    seed: int = 0,
) -> Rows:
    """Return the group of each row by vectors and words, numbered by falling size.

    A row's log odds for a group are `closeness` times the cosine plus the evidence of its words;
    the temperature divides them, so that at first a row may belong to several groups.
    """
    share = np.zeros((len(inside), k), np.float32)
    share[np.arange(len(inside)), spherical_means(inside, k, seed)] = 1
    flipped = words.T.tocsr()
    for temperature in temperatures:
        centres = unit_rows(share.T @ inside)
        result = evidence(flipped @ share, smoothing)
        for at in range(0, len(inside), BLOCK):
            part = slice(at, at + BLOCK)
            odds = closeness * (inside[part] @ centres.T) + words[part] @ result
            odds -= odds.max(1, keepdims=True)
            powers = np.exp(odds / temperature)
            share[part] = powers / powers.sum(1, keepdims=True)
    labels = share.argmax(1)
    sizes = np.bincount(labels, minlength=k)
    number = np.empty(k, np.int32)
    number[np.argsort(-sizes, kind="stable")] = np.arange(k)
    return np.asarray(number[labels], np.int32)


def _starts(rows: Floats, k: int, rng: np.random.Generator) -> Floats:
    centres = [rows[0]] if len(rows) else []
    distance = 1 - rows @ rows[0] if len(rows) else np.zeros(0)
    while len(centres) < k:
        chance = np.maximum(distance, 0).astype(np.float64)
        total = chance.sum()
        row = rng.choice(len(rows), p=chance / total) if total > 1e-9 else rng.integers(len(rows))
        centres.append(rows[row])
        distance = np.minimum(distance, 1 - rows @ rows[row])
    return np.array(centres, np.float32).reshape(k, rows.shape[1])


def _closest(rows: Floats, centres: Floats) -> Rows:
    parts = [(rows[at : at + BLOCK] @ centres.T).argmax(1) for at in range(0, len(rows), BLOCK)]
    return np.concatenate([*parts, np.zeros(0, np.int64)]).astype(np.int32)


def _sums(rows: Floats, labels: Rows, k: int) -> Floats:
    ones = np.ones(len(rows), np.float32)
    members = csr_array((ones, (labels, np.arange(len(rows)))), shape=(k, len(rows)))
    return np.asarray(members @ rows)
