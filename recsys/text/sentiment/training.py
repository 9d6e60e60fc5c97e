"""Training of the sentiment model from labelled texts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.sparse import csr_array, hstack

from recsys.array_types import Floats
from recsys.errors import DataError
from recsys.text.encoders.student import Student
from recsys.text.language.detect import detect
from recsys.text.sentiment.chinese_training import fit_chinese
from recsys.text.sentiment.features import (
    CUES,
    LETTER_ROWS,
    WORD_ROWS,
    Bag,
    features,
    read_tokenizer,
)
from recsys.text.sentiment.model import LABELS, UNSURE, SentimentModel, softmax
from recsys.text.sentiment.solver import Reading, Solved, logits_of, solve

LANGUAGE_SHARE = 0.02  # of labelled texts in a language, from which the model has learned it
SAMPLE = 2_000  # texts that tell the languages


@dataclass(frozen=True, slots=True)
class SentimentConfig:
    """Hyper-parameters of the sentiment model's training."""

    strength: float = 0.1  # inverse of the regularization; more fits one kind of text only
    vectors: float = 1.0  # weight of word vectors beside words and letters
    beside: float = 0.8  # weight of an encoder's vectors beside all that, where there are any
    rounds: int = 80  # of the solver
    folds: int = 3  # for calibration; each costs as much as the training itself
    least_per_label: int = 5  # texts of each label that occurs


def fit_sentiment_model(
    texts: Sequence[str],
    classes: NDArray[np.integer],
    student: Student,
    config: SentimentConfig = SentimentConfig(),
    note: str = "",
    sources: Sequence[str] = (),
    base: SentimentModel | None = None,
) -> SentimentModel:
    """Return a tone model from texts and their classes (rows of LABELS).

    Chinese texts train the model of Chinese signs, all others the model of words. A part with
    fewer than two labels (Chinese: without a side), or with too few texts of one, is that of
    `base`; without a base all texts in these languages are neutral. Labels weigh equally, however
    often each occurs, and so do they within each of the `sources`: that film critics are seldom
    neutral says nothing about others. DataError where neither part can be trained.
    """
    classes = np.asarray(classes, np.int64)
    check_classes(classes, config)
    han = np.array([detect(text).code == "zh" for text in texts], bool)
    model = base or _mute(student, note)
    if _trainable(classes[~han], config):
        rest = np.flatnonzero(~han).tolist()
        own = [sources[row] for row in rest] if sources else ()
        words = _fit_words([texts[row] for row in rest], classes[~han], student, config, own)
        model = replace(words, chinese=model.chinese, note=note)
    sides = classes[han & (classes != 1)]
    if _trainable(sides, config):
        rows = np.flatnonzero(han).tolist()
        model = replace(model, chinese=fit_chinese([texts[row] for row in rows], classes[rows]))
    elif not _trainable(classes[~han], config):
        raise DataError("neither the Chinese texts nor the others have enough texts of two labels")
    return replace(model, note=note)


def _trainable(classes: NDArray[np.int64], config: SentimentConfig) -> bool:
    counts = np.bincount(classes, minlength=len(LABELS))
    return bool((counts > 0).sum() >= 2 and counts[counts > 0].min() >= config.least_per_label)


def _mute(student: Student, note: str) -> SentimentModel:
    """Return a model that knows no word: every text is neutral."""
    n_tokens = read_tokenizer(student.tokenizer_json).get_vocab_size()
    sizes = {"words": WORD_ROWS, "letters": LETTER_ROWS, "tokens": n_tokens, "negated": n_tokens}
    tables = {name: np.zeros((rows, len(LABELS)), np.float16) for name, rows in sizes.items()}
    cues = np.zeros((len(CUES), len(LABELS)), np.float32)
    bias = np.log(np.array(UNSURE, np.float32))
    return SentimentModel(tables, cues, bias, 1.0, student.tokenizer_json, note, None, frozenset())


def _fit_words(
    texts: Sequence[str],
    classes: NDArray[np.int64],
    student: Student,
    config: SentimentConfig,
    sources: Sequence[str],
) -> SentimentModel:
    reading = read_for_training(texts, student, config)
    weight = balanced(classes, sources)
    solved = solve(reading, classes, config.strength * weight, config.rounds)
    model = replace(_fold(solved, reading, student, ""), languages=languages_of(texts))
    logits = _held_out_logits(reading, classes, weight, config)
    return replace(model, sharpness=_sharpness(logits, classes, weight))


def languages_of(texts: Sequence[str]) -> frozenset[str]:
    """Return the languages of at least one in fifty of some texts, as far as they tell."""
    result = Counter(detect(text).code for text in texts[:: len(texts) // SAMPLE + 1])
    least = LANGUAGE_SHARE * result.total()
    return frozenset(code for code, n in result.items() if code and n >= least)


def check_classes(
    classes: NDArray[np.integer], config: SentimentConfig = SentimentConfig()
) -> None:
    """DataError unless at least two labels occur, each often enough."""
    counts = np.bincount(classes, minlength=len(LABELS))
    result = ", ".join(f"{n} {label}" for n, label in zip(counts, LABELS, strict=True))
    if (counts > 0).sum() < 2:
        raise DataError(f"labels: {result}; texts of at least two labels are needed")
    if counts[counts > 0].min() < config.least_per_label:
        raise DataError(f"labels: {result}; at least {config.least_per_label} texts of each needed")


def balanced(classes: NDArray[np.integer], sources: Sequence[str] = ()) -> NDArray[np.float64]:
    """Return a weight per text, such that each label weighs the same and the mean is 1.

    With the `sources` of the texts each label of each source does. Of one with few texts of a
    label these would weigh too much; they weigh as if there were a hundredth of all.
    """
    group = np.unique(sources, return_inverse=True)[1] if sources else np.zeros(len(classes), int)
    cell = group * len(LABELS) + classes
    counts = np.maximum(np.bincount(cell), 0.01 * len(classes) if len(set(sources)) > 1 else 1)
    weight = 1 / counts[cell]
    return np.asarray(weight / weight.mean(), np.float64)


def read_for_training(
    texts: Sequence[str], student: Student, config: SentimentConfig = SentimentConfig()
) -> Reading:
    """Turn texts into the rows of a linear model: weighted n-grams, vectors, cues."""
    read = features(texts, read_tokenizer(student.tokenizer_json))
    blocks: list[Any] = []
    factors: dict[str, NDArray[np.float64]] = {}
    for name, size in (("words", WORD_ROWS), ("letters", LETTER_ROWS)):
        counts = _matrix(read.bags[name], size)
        factors[name] = rarity(counts)
        scaled = counts.multiply(factors[name][None]).tocsr()
        length = np.sqrt(scaled.power(2).sum(1).mean())
        factors[name] /= max(float(length), 1e-9)
        blocks.append(counts.multiply(factors[name][None]))
    vectors = student.rows(slice(student.n_tokens)).astype(np.float64)
    sums = {
        name: _matrix(read.bags[name], len(vectors)) @ vectors for name in ("tokens", "negated")
    }
    length = np.sqrt((sums["tokens"] ** 2).sum(1).mean())
    for name in sums:
        factors[name] = vectors * (config.vectors / max(length, 1e-9))
    dense = [block * (config.vectors / max(length, 1e-9)) for block in sums.values()]
    return Reading(
        csr_array(hstack(blocks), dtype=np.float32),
        np.concatenate([*dense, read.cues], axis=1).astype(np.float32),
        factors,
    )


def chances_beside(
    texts: Sequence[str],
    vectors: Floats,
    classes: NDArray[np.integer],
    train: NDArray[np.integer],
    test: NDArray[np.integer],
    student: Student,
    config: SentimentConfig = SentimentConfig(),
) -> Floats:
    """Return the labels' probabilities for some texts, vectors read beside all else, (n, 3).

    Weights of words come from all texts, those of labels from the ones to train on.
    """
    plain = read_for_training(texts, student, config)
    wide = np.concatenate([plain.dense, vectors.astype(np.float32) * config.beside], axis=1)
    reading = Reading(plain.sparse, wide, plain.bags)
    classes = np.asarray(classes, np.int64)
    solved = solve(reading, classes, config.strength * balanced(classes), config.rounds, train)
    return np.asarray(softmax(logits_of(reading, solved, test)), np.float32)


def rarity(counts: csr_array) -> NDArray[np.float64]:
    """Return the inverse document frequency of each column, zero where one text has it."""
    seen = np.bincount(counts.indices, minlength=counts.shape[1])
    return np.where(seen > 1, np.log((1 + counts.shape[0]) / (1 + seen)) + 1, 0.0)


def _matrix(bag: Bag, n_rows: int) -> csr_array:
    ends = np.concatenate([[0], np.cumsum(bag.counts)])
    values = np.repeat(bag.scale, bag.counts)
    matrix = csr_array((values, bag.rows, ends), shape=(len(bag.counts), n_rows))
    matrix.sum_duplicates()
    return matrix


def _fold(solved: Solved, reading: Reading, student: Student, note: str) -> SentimentModel:
    weights, bias = solved
    tables: dict[str, NDArray[np.floating]] = {}
    at = 0
    for name, factor in reading.bags.items():
        width = len(factor) if factor.ndim == 1 else factor.shape[1]
        part = weights[at : at + width]
        table = part * factor[:, None] if factor.ndim == 1 else factor @ part
        tables[name] = table.astype(np.float16)
        at += width
    return SentimentModel(
        tables,
        weights[at:].astype(np.float32),
        bias.astype(np.float32),
        1.0,
        student.tokenizer_json,
        note,
    )


def _held_out_logits(
    reading: Reading,
    classes: NDArray[np.integer],
    weight: NDArray[np.float64],
    config: SentimentConfig,
) -> NDArray[np.float64]:
    """Return each text's logits from a model that did not see it; folds take turns per label."""
    fold = np.zeros(len(classes), np.int64)
    for label in range(len(LABELS)):
        rows = np.flatnonzero(classes == label)
        fold[rows] = np.arange(len(rows)) % config.folds
    logits = np.zeros((len(classes), len(LABELS)))
    for number in range(config.folds):
        rest = np.flatnonzero(fold != number)
        solved = solve(reading, classes, config.strength * weight, config.rounds, rest)
        held = np.flatnonzero(fold == number)
        logits[held] = logits_of(reading, solved, held)
    return logits


def _sharpness(
    logits: NDArray[np.float64], classes: NDArray[np.integer], weight: NDArray[np.float64]
) -> float:
    """Return the factor of the logits with the least log loss, as the texts weigh."""

    def loss(power: float) -> float:
        chances = softmax(logits * np.exp(power))[np.arange(len(classes)), classes]
        return float(-(weight * np.log(np.maximum(chances, 1e-12))).mean())

    return float(np.exp(minimize_scalar(loss, bounds=(-2.0, 2.0), method="bounded").x))


def expected_calibration_error(
    probabilities: Floats, classes: NDArray[np.integer], bins: int = 10
) -> float:
    """Return the mean distance of confidence from accuracy over bins, labels weighing equally."""
    weight = balanced(classes)
    sure, right = probabilities.max(1), probabilities.argmax(1) == classes
    place = np.minimum((sure * bins).astype(np.int64), bins - 1)
    gap = np.bincount(place, weight * (sure - right), bins)
    return float(np.abs(gap).sum() / weight.sum())
