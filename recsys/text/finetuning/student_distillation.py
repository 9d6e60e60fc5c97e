"""Distillation: a student is trained to reproduce the vectors of a transformer.

Ridge regression from a text's tokens, pairs of tokens and static vectors to its vector, solved by
conjugate gradients among the texts. The result is a vector per token and pair, so the service
evaluates it in numpy.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from recsys.array_types import Floats
from recsys.text.cold_start import TextMap
from recsys.text.encoders.student import IMITATION, Student

RIDGE = 0.3  # higher trusts single words less; texts have length one
ROUNDS = 60  # of conjugate gradients at most
CLOSE = 1e-3  # share of the error at which they stop
LARGEST = 30_000  # texts to fit to, drawn at random: what is held grows with them


def imitate(
    texts: TextMap, student: Student, targets: Floats, teacher: str, seed: int = 0
) -> Student:
    """Return a student whose vectors of texts come close to `targets` (n, d) unit rows.

    `student` cut the texts into tokens, `teacher` names who gave the vectors. Texts without a known
    token, or with a zero row, are not fitted to.
    """
    able = np.flatnonzero((np.diff(texts.terms.indptr) > 0) & targets.any(axis=1))
    if len(able) > LARGEST:
        able = np.sort(np.random.default_rng(seed).choice(able, LARGEST, replace=False))
    terms, vectors = texts.terms[able], texts.vectors[able]
    back = terms.T.tocsr()

    def kernel(block: Floats) -> Floats:
        near = terms @ (back @ block) + vectors @ (vectors.T @ block)
        return np.asarray(near / 2 + RIDGE * block, np.float32)

    solved = conjugate_gradients(kernel, targets[able]) / 2
    rows = np.asarray(back @ solved, np.float32)
    rows[: student.n_tokens] += texts.directions @ (vectors.T @ solved)
    rows *= texts.rarity[:, None]
    return Student(student.tokenizer_json, rows, IMITATION + teacher, texts.pairs)


def conjugate_gradients(
    apply: Callable[[Floats], Floats], right: Floats, rounds: int = ROUNDS, close: float = CLOSE
) -> Floats:
    """Return x with apply(x) near `right` (n, k), column by column; `apply` is positive definite.

    Hestenes and Stiefel (1952).
    """
    found = np.zeros_like(right)
    rest, way = right.copy(), right.copy()
    size = np.einsum("nk,nk->k", rest, rest)
    enough = close**2 * np.maximum(size, 1e-30)
    for _ in range(rounds):
        if (size <= enough).all():
            break
        image = apply(way)
        step = size / np.maximum(np.einsum("nk,nk->k", way, image), 1e-30)
        found += step * way
        rest -= step * image
        before, size = size, np.einsum("nk,nk->k", rest, rest)
        way = rest + size / np.maximum(before, 1e-30) * way
    return found
