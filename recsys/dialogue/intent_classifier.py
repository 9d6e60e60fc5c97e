"""Intent classifier: logistic regression over words and groups of letters, in numpy.

Trained offline by `recsys.text_training.intent_training`; the classifier that comes with the
package is `intents.npz`. Reading a sentence takes some 0.2 ms.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recsys.array_types import Floats
from recsys.errors import DataError

FILE = Path(__file__).with_name("data") / "intents.npz"
SMALLEST, LARGEST = 2, 5  # letters of a group
_WORD = re.compile(r"[\u3400-\u9fff]|[^\W_]+")


def features(text: str) -> Iterator[str]:
    """Yield the features of a text: words and pairs of words, and groups of letters of a word.

    A Han sign is a word; groups of letters run across them.
    """
    words = _WORD.findall(text)
    for place, word in enumerate(words):
        yield word
        if place:
            yield f"{words[place - 1]} {word}"
    for word in text.split():
        padded = f"_{word}_"
        for size in range(SMALLEST, LARGEST + 1):
            for start in range(len(padded) - size + 1):
                yield "#" + padded[start : start + size]


@dataclass(frozen=True)
class IntentClassifier:
    """Weights of features by intent, and the probability below which a sentence is of none."""

    intents: tuple[str, ...]
    row_of: Mapping[str, int]  # row of each feature
    importance: Floats  # (n_features,): inverse document frequency
    weights: NDArray[np.floating]  # (n_features, n_intents)
    bias: Floats  # (n_intents,)
    threshold: float  # least probability of the best intent

    def vector(self, text: str) -> tuple[NDArray[np.intp], Floats]:
        """Return the rows of the known features of a text, and their values; of unit length."""
        counts = Counter(self.row_of[one] for one in features(text) if one in self.row_of)
        rows = np.fromiter(counts, np.intp, len(counts))
        values = (1 + np.log(np.fromiter(counts.values(), np.float32, len(counts)))).astype(
            np.float32
        )
        values *= self.importance[rows]
        return rows, values / max(float(np.linalg.norm(values)), 1e-9)

    def probabilities(self, texts: Sequence[str]) -> Floats:
        """Return (n, n_intents) probabilities; rows add to 1."""
        found = np.zeros((len(texts), len(self.intents)), np.float32)
        for place, text in enumerate(texts):
            rows, values = self.vector(text)
            found[place] = values @ self.weights[rows].astype(np.float32) + self.bias
        found -= found.max(axis=1, keepdims=True)
        np.exp(found, out=found)
        return np.asarray(found / found.sum(axis=1, keepdims=True), np.float32)

    def intent(self, text: str) -> tuple[str, float]:
        """Return the most probable intent of a text and its probability."""
        chances = self.probabilities([text])[0]
        best = int(chances.argmax())
        return self.intents[best], float(chances[best])

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return the arrays to save; `from_arrays` reads them back. Weights take one byte each."""
        whole = np.abs(self.weights).max(axis=0, initial=1e-9) / 127
        names = sorted(self.row_of, key=lambda name: self.row_of[name])
        return {
            "intents": _bytes(self.intents),
            "features": _bytes(names),
            "importance": self.importance.astype(np.float16),
            "weights": np.rint(self.weights / whole).astype(np.int8),
            "scale": whole.astype(np.float32),
            "bias": self.bias,
            "threshold": np.array([self.threshold], np.float32),
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> IntentClassifier:
        """Rebuild from what `arrays` returned; KeyError for a missing array."""
        names = _texts(arrays["features"])
        return cls(
            _texts(arrays["intents"]),
            {name: row for row, name in enumerate(names)},
            arrays["importance"].astype(np.float32),
            (arrays["weights"] * arrays["scale"]).astype(np.float16),
            arrays["bias"],
            float(arrays["threshold"][0]),
        )


def _bytes(texts: Sequence[str]) -> NDArray[np.uint8]:
    return np.frombuffer("\n".join(texts).encode(), np.uint8)


def _texts(array: NDArray[np.uint8]) -> tuple[str, ...]:
    return tuple(array.tobytes().decode().split("\n"))


@cache
def shipped_classifier() -> IntentClassifier:
    """Return the classifier that comes with the package; DataError where it cannot be read."""
    try:
        with np.load(FILE, allow_pickle=False) as arrays:
            return IntentClassifier.from_arrays(dict(arrays))
    except (OSError, KeyError, ValueError) as error:
        raise DataError(f"{FILE}: not a classifier of intents: {error}") from error
