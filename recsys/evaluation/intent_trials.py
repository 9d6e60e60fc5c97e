"""Intents of public data sets: the shipped classifier retrained, with word vectors beside it."""

from __future__ import annotations

import csv
import io
import zlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from recsys.array_types import Floats
from recsys.data.file_opening import check_file, opened, translated
from recsys.dialogue.message_text import plain
from recsys.errors import DataError, MissingExtra
from recsys.text.encoders.encoder import Encoder
from recsys.text.encoders.packaged_word_vectors import packaged_word_vectors
from recsys.text.encoders.universal_sentence_encoder import load_multilingual
from recsys.text_training.intent_training import fit_intents

OUTSIDE = "oos"
KEPT = 0.95  # share of the sentences of known intents that the threshold keeps
STRENGTH = 30.0  # inverse regularisation of the models of vectors
SMALLEST = 1e-9  # probability


@dataclass(frozen=True, slots=True)
class IntentFigures:
    """Accuracy among known intents, and recall of what is outside at KEPT of the known ones."""

    sentences: int
    accuracy: float
    outside_recall: float | None  # None: nothing is outside


def read_intents(path: Path) -> dict[str, list[tuple[str, str]]]:
    """Return (text, intent) pairs by split of a table with the columns split, intent and text."""
    found: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for row in _table(path, ("split", "intent", "text")):
        found[row["split"]].append((row["text"], row["intent"]))
    return dict(found)


def _table(path: Path, columns: Sequence[str]) -> list[dict[str, str]]:
    """Return the rows of a CSV file, also of a .gz; DataError where it lacks a column."""
    check_file(path)
    with translated(path), io.TextIOWrapper(opened(path), "utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        missing = [name for name in columns if name not in (reader.fieldnames or ())]
        if missing:
            raise DataError(f"{path}: has no column {missing[0]}; needed are {', '.join(columns)}")
        return list(reader)


def of_each(pairs: Sequence[tuple[str, str]], count: int, seed: int) -> list[tuple[str, str]]:
    """Return `count` pairs of each intent, drawn at random."""
    rng = np.random.default_rng(seed)
    own: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for pair in pairs:
        own[pair[1]].append(pair)
    return [
        own[intent][place]
        for intent in sorted(own)
        for place in rng.permutation(len(own[intent]))[:count].tolist()
    ]


def probabilities(
    train: Sequence[tuple[str, str]], texts: Sequence[str], languages: bool = False
) -> tuple[tuple[str, ...], Floats]:
    """Return the intents and (n, n_intents) scores of texts.

    The geometric mean of models: the shipped classifier, trained on these sentences and the names
    of the intents, and a logistic regression over the word vectors of the package; with
    `languages` one over the vectors of the multilingual encoder, too. MissingExtra without it.
    """
    try:
        from sklearn.linear_model import LogisticRegression
    except ImportError as error:
        raise MissingExtra("scikit-learn", "train") from error
    named = [(one.replace("_", " "), one) for one in sorted({intent for _, intent in train})]
    sentences = [plain(text) for text, _ in (*train, *named)]
    intents = [intent for _, intent in (*train, *named)]
    sparse = fit_intents(sentences, intents)
    plain_texts = [plain(text) for text in texts]
    logs = [np.log(np.maximum(sparse.probabilities(plain_texts), SMALLEST))]
    encoders: list[Encoder] = [packaged_word_vectors()]
    if languages:
        encoders.append(load_multilingual())
    for encoder in encoders:
        dense = LogisticRegression(C=STRENGTH, max_iter=500)
        dense.fit(_unit(encoder.encode(sentences)), np.array(intents))
        assert tuple(dense.classes_) == sparse.intents
        beside = dense.predict_proba(_unit(encoder.encode(plain_texts)))
        logs.append(np.log(np.maximum(beside, SMALLEST)))
    return sparse.intents, np.asarray(np.exp(np.mean(logs, axis=0)), np.float32)


def figures(
    train: Sequence[tuple[str, str]], test_pairs: Sequence[tuple[str, str]], languages: bool = False
) -> IntentFigures:
    """Return the figures of a classifier trained on pairs (text, intent) on other pairs."""
    known = [pair for pair in train if pair[1] != OUTSIDE]
    intents, scores = probabilities(known, [text for text, _ in test_pairs], languages)
    inside = np.array([intent != OUTSIDE for _, intent in test_pairs])
    right = np.array(
        [intents[best] == pair[1] for best, pair in zip(scores.argmax(1), test_pairs, strict=True)]
    )
    recall = None
    if not inside.all():
        best = scores.max(axis=1)
        recall = float((best[~inside] < np.quantile(best[inside], 1 - KEPT)).mean())
    return IntentFigures(len(test_pairs), float(right[inside].mean()), recall)


def _unit(vectors: Floats) -> Floats:
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(norms, 1e-9), np.float32)


# several intents of one utterance ---------------------------------------------------------------

LEAST_USES = 30  # of a label that is judged
FOLDS = 5
BOOTSTRAPS = 1_000


@dataclass(frozen=True, slots=True)
class LabelFigures:
    """Macro F1 of several labels per utterance: the reference, ours, and the difference."""

    utterances: int
    labels: int
    reference: float
    ours: float
    low: float  # of the difference, paired bootstrap over dialogues, 95 %
    high: float


def labelled_utterances(path: Path) -> LabelFigures:
    """Return the figures on IARD: seekers' utterances, folds by crc32 of the dialogue.

    Reference: TF-IDF of words 1–2 and letters 2–4, logistic regression, C = 1, threshold .5. Ours
    also reads the recommender's turn before, its place in the dialogue and signs, and weighs labels
    by their rarity.
    """
    rows, before = _utterances(path)
    uses: Mapping[str, int] = _uses(rows)
    labels = sorted(label for label, count in uses.items() if count >= LEAST_USES)
    targets = np.array(
        [[label in row["sub_intent"].split("|") for label in labels] for row in rows]
    )
    folds = np.array([zlib.crc32(row["dialogue_id"].encode()) % FOLDS for row in rows])
    chances = np.zeros((2, *targets.shape))
    for fold in range(FOLDS):
        train, test = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
        for place, (known, test_features) in enumerate(_inputs(rows, before, train, test)):
            chances[place, test] = _fitted(
                known, targets[train], test_features, balanced=place == 1
            )
    found = chances > 0.5
    differences = []
    rng = np.random.default_rng(0)
    dialogues = np.array([row["dialogue_id"] for row in rows])
    names, inverse = np.unique(dialogues, return_inverse=True)
    members = [np.flatnonzero(inverse == at) for at in range(len(names))]
    for _ in range(BOOTSTRAPS):
        drawn = np.concatenate([members[at] for at in rng.integers(0, len(names), len(names))])
        differences.append(
            _macro(targets[drawn], found[1][drawn]) - _macro(targets[drawn], found[0][drawn])
        )
    low, high = np.quantile(differences, [0.025, 0.975]).tolist()
    reference, ours = (_macro(targets, one) for one in found)
    return LabelFigures(len(rows), len(labels), reference, ours, low, high)


def _utterances(path: Path) -> tuple[list[dict[str, str]], list[str]]:
    """Return the utterances of seekers, and the recommender's turn before each."""
    every = _table(path, ("dialogue_id", "position", "role", "text", "sub_intent"))
    every.sort(key=lambda row: (row["dialogue_id"], int(row["position"])))
    rows, before, last = [], [], ("", "")
    for row in every:
        if row["role"] == "seeker":
            rows.append(row)
            before.append(last[1] if last[0] == row["dialogue_id"] else "")
        else:
            last = (row["dialogue_id"], row["text"])
    return rows, before


def _uses(rows: Sequence[Mapping[str, str]]) -> dict[str, int]:
    found: dict[str, int] = defaultdict(int)
    for row in rows:
        for label in row["sub_intent"].split("|"):
            found[label] += 1
    return found


def _inputs(
    rows: Sequence[Mapping[str, str]],
    before: Sequence[str],
    train: NDArray[np.intp],
    test: NDArray[np.intp],
) -> list[tuple[object, object]]:
    from scipy.sparse import csr_array, hstack
    from sklearn.feature_extraction.text import TfidfVectorizer

    texts = np.array([row["text"] for row in rows])
    turns = np.array(before)
    words = TfidfVectorizer(ngram_range=(1, 2))
    letters = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4))
    known = hstack([words.fit_transform(texts[train]), letters.fit_transform(texts[train])])
    test_features = hstack([words.transform(texts[test]), letters.transform(texts[test])])
    context = TfidfVectorizer(ngram_range=(1, 2), min_df=2)
    signs = np.array([_signs(row, turn) for row, turn in zip(rows, before, strict=True)])
    more_known = hstack([known, 0.5 * context.fit_transform(turns[train]), csr_array(signs[train])])
    more_test_features = hstack(
        [test_features, 0.5 * context.transform(turns[test]), csr_array(signs[test])]
    )
    return [
        (known.tocsr(), test_features.tocsr()),
        (more_known.tocsr(), more_test_features.tocsr()),
    ]


def _signs(row: Mapping[str, str], before: str) -> list[float]:
    text, position = row["text"], int(row["position"])
    return [
        float(position <= 1),
        float(position <= 2),
        float(position <= 4),
        position / 20,
        float("?" in text),
        float("@" in text),
        float("?" in before),
        float("@" in before),
        min(len(text), 200) / 200,
    ]


def _fitted(
    known: object, targets: NDArray[np.bool_], test_features: object, balanced: bool
) -> Floats:
    from sklearn.linear_model import LogisticRegression

    found = []
    for label in targets.T:
        made = LogisticRegression(
            C=3.0 if balanced else 1.0,
            max_iter=800,
            class_weight="balanced" if balanced else None,
        )
        found.append(made.fit(known, label).predict_proba(test_features)[:, 1])
    return np.stack(found, axis=1)


def _macro(targets: NDArray[np.bool_], found: NDArray[np.bool_]) -> float:
    """Return the mean over labels of F1; a label that neither has counts 0."""
    both = (targets & found).sum(axis=0)
    total = targets.sum(axis=0) + found.sum(axis=0)
    return float(np.mean(2 * both / np.maximum(total, 1)))
