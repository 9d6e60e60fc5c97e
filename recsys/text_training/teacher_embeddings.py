"""Teacher embeddings for distillation: fine-tuned static vectors joined with a closed-form
text-to-item map.

Two ways of learning are joined: static vectors fine-tuned by the behaviour objective, and the
closed form of recsys/text/cold_start.py with inputs and outputs made one. On Amazon Beauty's unread
validation items they had nDCG@20 .1200 and .1216, together .1252 (2026-11-22).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from scipy import sparse

from recsys.array_types import Floats
from recsys.models.ease import EaseConfig, fit_ease
from recsys.text.cold_start import ColdStartConfig, distill_student, fit_cold, map_texts, with_pairs
from recsys.text.encoders.student import Student, unit_rows
from recsys.text.finetuning.history_batches import Histories
from recsys.text.finetuning.trainable import TrainableStatic
from recsys.text.finetuning.trainer import FinetuneConfig, finetune

LARGEST = 16_000  # items up to which the closed form is solved; its square must fit in memory
FEWEST = 50  # items with users; with fewer the closed form has nothing to say
PATIENCE = 1_800.0  # seconds that word vectors may take on a busy machine; alone some ten
REGULARIZATION = 200.0  # of EASE
RIDGE = 0.01  # of the mean direction: keeps faint directions from blowing up


def teacher_embeddings(
    texts: Sequence[str],
    matrix: sparse.csr_array,
    static: Student,
    dimensions: int,
    seed: int = 0,
    device: str = "cpu",
) -> Floats:
    """Return (n_items, k) unit rows, k <= dimensions; zero for texts without a known word.

    `matrix` is users × items, each row's items oldest first; `static` knows words, not users.
    """
    wide = with_pairs(static, texts)
    trainable = TrainableStatic.of(wide, texts, device)
    finetune(trainable, Histories(matrix), replace(FinetuneConfig(), seconds=PATIENCE), seed)
    parts = [trainable.result().encode(texts)]
    counts = np.bincount(matrix.indices, minlength=len(texts)) * parts[0].any(axis=1)
    if FEWEST <= (counts > 0).sum() and len(texts) <= LARGEST:
        parts.append(_closed(texts, matrix, counts, static, dimensions, seed))
    return reduced(unit_rows(np.concatenate(parts, axis=1)), dimensions)


def _closed(
    texts: Sequence[str],
    matrix: sparse.csr_array,
    counts: np.ndarray[tuple[int], np.dtype[np.int64]],
    static: Student,
    dimensions: int,
    seed: int,
) -> Floats:
    """Return the symmetric form of the map from words to neighbours."""
    weights = fit_ease(matrix, EaseConfig(regularization=REGULARIZATION)).matrix()
    cold = fit_cold(map_texts(texts, static), weights, counts, ColdStartConfig())
    student, inputs = distill_student(cold, static, seed)
    outputs = student.sums(texts)
    return symmetric(inputs, outputs, np.flatnonzero(counts), dimensions)


def symmetric(
    inputs: Floats,
    outputs: Floats,
    known: np.ndarray[tuple[int], np.dtype[np.int64]],
    dimensions: int,
) -> Floats:
    """Return (n, k) unit rows whose likeness among `known` items is near inputs · outputs'.

    The leading directions of that map made symmetric; other items stand where least squares put
    their outputs.
    """
    basis, turn = np.linalg.qr(np.concatenate([inputs[known], outputs[known]], axis=1))
    half = turn[:, : inputs.shape[1]] @ turn[:, inputs.shape[1] :].T
    values, axes = np.linalg.eigh((half + half.T) / 2)
    values, axes = values[::-1][:dimensions], axes[:, ::-1][:, :dimensions]
    placed = basis @ (axes * np.sqrt(np.maximum(values, 0)))
    gram = placed.T @ placed
    gram[np.diag_indices_from(gram)] += RIDGE * np.trace(gram) / len(gram)
    found = outputs @ (inputs[known].T @ placed) @ np.linalg.inv(gram)
    found[known] = placed
    return unit_rows(np.asarray(found, np.float32))


def reduced(vectors: Floats, dimensions: int) -> Floats:
    """Return unit rows on the leading principal directions, not centred: likeness about stays."""
    axes = np.linalg.eigh(vectors.T @ vectors)[1][:, ::-1]
    return unit_rows(np.asarray(vectors @ axes[:, :dimensions], np.float32))
