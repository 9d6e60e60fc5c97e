"""Quality of answers from help texts: the right entry for a reworded question, what is refused,
and whether two questions ask the same.
"""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recsys.array_types import Floats
from recsys.errors import DataError
from recsys.help.help_tokens import help_tokens
from recsys.help.passage_index import PassageIndex, build_index
from recsys.help.question_answering import LEAST_COVERAGE
from recsys.help.same_question import INTERCEPT, WEIGHTS, TermWeights, pair_features
from recsys.monitoring.text_tokens import normalized
from recsys.text.encoders.student import Student

KEPT = 0.9  # share of answerable questions that the threshold keeps
K1, B = 1.2, 0.75


@dataclass(frozen=True, slots=True)
class Entry:
    """A question of the help texts with its answer."""

    question: str
    answer: str


def retrieval_figures(
    entries: Sequence[Entry],
    pairs: Sequence[tuple[str, str]],
    unanswerable: Sequence[str],
    student: Student,
) -> dict[str, Any]:
    """Return how often the right entry is first and among three, for BM25 and the joined index.

    `pairs`: a question as it is asked, and that of its entry. The halves are by crc32 of the
    entry's question; the threshold comes from the first half. DataError where an entry is missing.
    """
    terms, arrays = build_index(
        [one.question for one in entries], [one.answer for one in entries], student
    )
    index = PassageIndex(terms, arrays, student)
    places: dict[str, list[int]] = {}
    for place, one in enumerate(entries):
        places.setdefault(one.question.strip().casefold(), []).append(place)
    right = []
    for _, question in pairs:
        if (found := places.get(question.strip().casefold())) is None:
            raise DataError(f"no entry has the question {question!r}")
        right.append(found)
    parts = [index.parts(reworded) for reworded, _ in pairs]
    half = np.array([zlib.crc32(question.encode()) % 2 for _, question in pairs])
    joined = [one.mean(0) for one in parts]
    best = np.array([one.max() for one in joined])
    threshold = float(np.quantile(best[half == 0], 1 - KEPT))
    others = np.array([_best_covering(index, text) for text in unanswerable])
    covering = np.array([_best_covering(index, asked) for asked, _ in pairs])
    result: dict[str, Any] = {"entries": len(entries), "questions": len(pairs)}
    rows = {
        "BM25 of the question": [one[0] for one in parts],
        "BM25 of question and answer": [one[1] for one in parts],
        "joined": joined,
    }
    for name, scores in rows.items():
        ranks = np.array([_rank(own, good) for own, good in zip(scores, right, strict=True)])
        for part, mask in (("first half", half == 0), ("second half", half == 1)):
            result[f"{name}, {part}"] = {
                "first": round(float((ranks[mask] == 0).mean()), 3),
                "in three": round(float((ranks[mask] < 3).mean()), 3),
            }
    result["threshold"] = round(threshold, 3)
    result["kept, second half"] = round(float((covering[half == 1] >= threshold).mean()), 3)
    result["refused"] = round(float((others < threshold).mean()), 3) if len(others) else None
    return result


def _best_covering(index: PassageIndex, text: str) -> float:
    """Return the highest similarity of a passage that holds a word of the question."""
    own, coverage = index.similarities(text), index.content_coverage(text)
    return float(np.where(coverage >= LEAST_COVERAGE, own, 0.0).max())


def _rank(scores: Floats, right: Sequence[int]) -> int:
    order: list[int] = np.argsort(-scores, kind="stable").tolist()
    return min(order.index(place) for place in right)


@dataclass(frozen=True, slots=True)
class QuestionPairs:
    """Pairs of questions, and whether they ask the same."""

    pairs: Sequence[tuple[str, str]]
    same: NDArray[np.bool_]


def pair_figures(dev: QuestionPairs, test: QuestionPairs) -> dict[str, Any]:
    """Return the accuracy on the test part of BM25, character cosine and the pair model.

    The weights of terms and all thresholds come from the dev part.
    """
    weights = TermWeights.of(text for pair in dev.pairs for text in pair)
    tokens = np.mean([len(help_tokens(text)) for pair in dev.pairs for text in pair])
    result: dict[str, Any] = {"dev": len(dev.pairs), "test": len(test.pairs)}
    rows: dict[str, Callable[[str, str], float]] = {
        "BM25": lambda a, b: _bm25(a, b, weights, float(tokens)),
        "BM25, share of the most": lambda a, b: _bm25_share(a, b, weights, float(tokens)),
        "character cosine": _character_cosine,
        "pair model": lambda a, b: _score(a, b, weights),
    }
    for name, score in rows.items():
        scored = [np.array([score(*pair) for pair in part.pairs]) for part in (dev, test)]
        threshold = best_threshold(scored[0], dev.same)
        result[name] = {
            "threshold": round(threshold, 3),
            "dev": round(float(((scored[0] >= threshold) == dev.same).mean()), 4),
            "test": round(float(((scored[1] >= threshold) == test.same).mean()), 4),
        }
    return result


def best_threshold(scores: Floats | NDArray[np.float64], same: NDArray[np.bool_]) -> float:
    """Return the score from which calling pairs the same is right most often."""
    order = np.argsort(-scores, kind="stable")
    correct = np.cumsum(np.where(same[order], 1, -1))
    return float(scores[order[int(np.argmax(correct))]])


def _score(one: str, other: str, weights: TermWeights) -> float:
    features = pair_features(one, other, weights)
    return INTERCEPT + sum(a * b for a, b in zip(WEIGHTS, features, strict=True))


def _bm25(one: str, other: str, weights: TermWeights, mean: float) -> float:
    tokens = help_tokens(other)
    counts, norm = Counter(tokens), K1 * (1 - B + B * len(tokens) / mean)
    return sum(
        weights.idf(token) * counts[token] * (K1 + 1) / (counts[token] + norm)
        for token in set(help_tokens(one))
        if token in counts
    )


def _bm25_share(one: str, other: str, weights: TermWeights, mean: float) -> float:
    both = _bm25(one, other, weights, mean) + _bm25(other, one, weights, mean)
    most = _bm25(one, one, weights, mean) + _bm25(other, other, weights, mean)
    return both / most if most else 0.0


def _character_cosine(one: str, other: str) -> float:
    first, second = (Counter(normalized(text).replace(" ", "")) for text in (one, other))
    product = sum(count * second[sign] for sign, count in first.items())
    lengths = [sum(count * count for count in own.values()) for own in (first, second)]
    return float(product / np.sqrt(lengths[0] * lengths[1])) if all(lengths) else 0.0
