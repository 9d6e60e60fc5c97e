"""Accuracy of sentiment on labelled texts and of topics on items with categories.

Every figure can be repeated: folds and starts are drawn from a seed.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from recsys.array_types import Floats
from recsys.data.labeled_texts import Labelled
from recsys.errors import DataError
from recsys.text.encoders.encoder import Encoder
from recsys.text.encoders.student import Student
from recsys.text.sentiment.model import LABELS, score
from recsys.text.sentiment.training import (
    SentimentConfig,
    chances_beside,
    expected_calibration_error,
    fit_sentiment_model,
)
from recsys.text.topics.fit import TopicConfig, fit_topics

TONE, TOPICS = SentimentConfig(), TopicConfig()


def macro_recall(classes: NDArray[np.integer], found: NDArray[np.integer]) -> float:
    """Return the mean over the labels that occur of the share found of each."""
    shares = [float((found[classes == label] == label).mean()) for label in np.unique(classes)]
    return float(np.mean(shares))


def sentiment_by_folds(
    labelled: Labelled,
    student: Student,
    source: str = "",
    folds: int = 5,
    seed: int = 0,
    config: SentimentConfig = TONE,
    encoder: Encoder | None = None,
) -> dict[str, object]:
    """Return macro recall over folds of one source's texts, fitted to the other folds only.

    `encoder`: its vectors join what the tone model reads; what serves does without.
    """
    rows = np.flatnonzero([not source or one == source for one in labelled.sources])
    if len(rows) < folds * len(LABELS):
        raise DataError(f"{len(rows)} texts of source {source!r}: too few for {folds} folds")
    fold = np.random.default_rng(seed).permutation(len(rows)) % folds
    recalls, chances = [], np.zeros((len(rows), len(LABELS)), np.float32)
    beside = None if encoder is None else encoder.encode([labelled.texts[row] for row in rows])
    for number in range(folds):
        held, rest = np.flatnonzero(fold == number), np.flatnonzero(fold != number)
        if beside is None:
            chances[held] = _fitted(labelled, rows[rest], rows[held], student, config)
        else:
            texts = [labelled.texts[row] for row in rows]
            chances[held] = chances_beside(
                texts, beside, labelled.classes[rows], rest, held, student, config
            )
        recalls.append(macro_recall(labelled.classes[rows[held]], chances[held].argmax(1)))
    error = float(np.std(recalls) / np.sqrt(folds))
    calibration = expected_calibration_error(chances, labelled.classes[rows])
    return {
        "texts": len(rows),
        "macro_recall": float(np.mean(recalls)),
        "standard_error": error,
        "folds": recalls,
        "calibration_error": calibration,
    }


def sentiment_from_elsewhere(
    labelled: Labelled, student: Student, source: str, config: SentimentConfig = TONE
) -> dict[str, object]:
    """Return macro recall on one source's texts, fitted to all the other sources."""
    inside = np.array([one == source for one in labelled.sources])
    held, rest = np.flatnonzero(inside), np.flatnonzero(~inside)
    chances = _fitted(labelled, rest, held, student, config)
    classes = labelled.classes[held]
    order = float(np.corrcoef(score(chances), classes)[0, 1])
    return {
        "texts": len(held),
        "macro_recall": macro_recall(classes, chances.argmax(1)),
        "score_correlation": order,
        "calibration_error": expected_calibration_error(chances, classes),
    }


def topic_figures(
    texts: Sequence[str],
    vectors: Floats,
    categories: Sequence[str],
    config: TopicConfig = TOPICS,
) -> dict[str, object]:
    """Return how far topics agree with categories, and the topics' names."""
    start = time.perf_counter()
    topics = fit_topics(texts, vectors, config)
    seconds = time.perf_counter() - start
    truth = np.unique(np.array(categories), return_inverse=True)[1]
    return {
        "texts": len(texts),
        "topics": len(topics.ids),
        "seconds": seconds,
        "normalized_mutual_information": mutual_information(truth, topics.items),
        "names": [" ".join(words[:6]) for words in topics.names],
    }


def mutual_information(one: NDArray[np.integer], other: NDArray[np.integer]) -> float:
    """Return the mutual information of two labellings over the mean of their entropies."""
    table = np.zeros((int(one.max()) + 1, int(other.max()) + 2))
    np.add.at(table, (one, other + 1), 1)  # -1, no label, is a label of its own
    table /= table.sum()
    entropies = [_entropy(table.sum(1)), _entropy(table.sum(0))]
    shared = sum(entropies) - _entropy(table.ravel())
    return shared / max(sum(entropies) / 2, 1e-12)


def _entropy(shares: NDArray[np.float64]) -> float:
    shares = shares[shares > 0]
    return float(-(shares * np.log(shares)).sum())


def _fitted(
    labelled: Labelled,
    train: NDArray[np.integer],
    test: NDArray[np.integer],
    student: Student,
    config: SentimentConfig,
) -> Floats:
    texts = [labelled.texts[row] for row in train]
    sources = [labelled.sources[row] for row in train]
    model = fit_sentiment_model(texts, labelled.classes[train], student, config, sources=sources)
    return model.probabilities([labelled.texts[row] for row in test])
