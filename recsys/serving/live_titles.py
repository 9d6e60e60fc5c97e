"""Live titles: items by the words of their titles, those posted since the night included."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import numpy as np

from recsys.array_types import Floats, Rows
from recsys.data.records import Item
from recsys.index.title_words import TitleWords, alikeness
from recsys.text.search_tokens import search_tokens


class LiveTitles:
    """Title words of a model's items and of posted ones; any thread may ask."""

    def __init__(self, title_words: TitleWords | None, base: int, posted: Sequence[Item]) -> None:
        """`base`: items of the model; `posted`: those of the rows from there on, growing."""
        self._known = title_words or TitleWords.empty(base)
        self._base, self._posted = base, posted
        self._places: dict[str, list[int]] = {}  # of posted items, by word
        self._norms: list[float] = []  # of posted items, as far as they were read
        self._lock = threading.Lock()

    def likeness(self, query: str) -> tuple[Rows, Floats]:
        """Return rows whose titles share words with a query, and how alike they are, 0 to 1.

        See `TitleWords`; a posted title weighs by the words of the model's.
        """
        words = list(search_tokens(query))
        rows, values = self._known.likeness(words)
        later, of_later = self._of_posted(words)
        if not len(later):
            return rows, values
        return np.concatenate([rows, later]), np.concatenate([values, of_later])

    def _of_posted(self, words: Sequence[str]) -> tuple[Rows, Floats]:
        weights = self._known.weights(words)
        shared: dict[int, float] = {}
        with self._lock:
            self._follow()
            for word, weight in zip(words, weights.tolist(), strict=True):
                for place in self._places.get(word, ()):
                    shared[place] = shared.get(place, 0.0) + weight
            norms = np.array([self._norms[place] for place in shared], np.float32)
        rows: Rows = np.array([self._base + place for place in shared], np.int32)
        both = np.array(list(shared.values()), np.float32)
        return rows, alikeness(both, norms, float(weights.sum()))

    def _follow(self) -> None:
        for item in self._posted[len(self._norms) :]:
            words = list(search_tokens(item.title))
            for word in words:
                self._places.setdefault(word, []).append(len(self._norms))
            self._norms.append(float(np.sqrt(self._known.weights(words).sum())))
