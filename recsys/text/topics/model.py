"""Topics: clusters of items by vectors and words, with names, neighbours and stable ids.

Vectors say which texts are close in meaning, words say what a group is about; `topics.fit`
fits topics; this module holds them and assigns new texts.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from recsys.array_types import Floats, Rows
from recsys.errors import DataError
from recsys.text.topics import topic_words
from recsys.text.topics.clustering import Space

BLOCK = 8_192  # texts at a time: bounds memory


@dataclass(frozen=True)
class Topics:
    """k topics on two levels; everything is an array, so that a bundle can hold it.

    Topics and groups of topics, the upper level, share one sequence of ids, which live from night
    to night. A row is a topic's place tonight, and no longer.
    """

    ids: tuple[int, ...]
    names: tuple[tuple[str, ...], ...]  # telling words, the best first
    sizes: Rows  # items per topic
    parents: Rows  # the upper level's row of each topic
    parent_ids: tuple[int, ...]
    parent_names: tuple[tuple[str, ...], ...]
    neighbours: Rows  # (k, n) rows of the closest topics, the closest first
    typical: Rows  # (k, n) items that stand for each topic, best first; -1: there are fewer
    items: Rows  # (n_items,) row of each item's topic, -1 where nothing is known of it
    next_id: int  # greater than any id that was ever given
    space: Space  # how a vector is whitened
    centroids: Floats  # (k, d') unit rows
    words: tuple[str, ...]
    evidence: NDArray[np.floating]  # (n_words, k)
    closeness: float
    labels: tuple[str, ...] = ()  # presentable name of each topic, empty for none; (): none has one
    parent_labels: tuple[str, ...] = ()  # the same of the upper level

    def __len__(self) -> int:
        return len(self.ids)

    @cached_property
    def _row_of(self) -> dict[str, int]:
        return {word: row for row, word in enumerate(self.words)}

    @cached_property
    def rows(self) -> Mapping[int, Rows]:
        """Rows of topics by id; an id of the upper level stands for all below it."""
        found = {
            id: np.flatnonzero(self.parents == at).astype(np.int32)
            for at, id in enumerate(self.parent_ids)
        }
        return found | {id: np.array([row], np.int32) for row, id in enumerate(self.ids)}

    def name(self, row: int) -> str:
        """Return what to call a topic; empty where nothing is a good name, titles stand for it."""
        return self.labels[row] if self.labels else ""

    def parent_name(self, row: int) -> str:
        """Return what to call a group of topics; empty where nothing is a good name."""
        return self.parent_labels[row] if self.parent_labels else ""

    def assign(self, texts: Sequence[str], vectors: Floats) -> tuple[Rows, Floats]:
        """Return each text's topic row and its certainty; -1 where nothing is known of a text."""
        rows = np.full(len(texts), -1, np.int32)
        sure = np.zeros(len(texts), np.float32)
        for at in range(0, len(texts), BLOCK):
            part = slice(at, at + BLOCK)
            rows[part], sure[part] = self._assigned(texts[part], vectors[part])
        return rows, sure

    def _assigned(self, texts: Sequence[str], vectors: Floats) -> tuple[Rows, Floats]:
        found = topic_words.occurrences(
            [topic_words.words(text, self._row_of.__contains__) for text in texts], self._row_of
        )
        scores = self.closeness * (self.space.apply(vectors) @ self.centroids.T)
        if len(texts) == 1:  # as the service needs it: without matrices, in half the time
            scores += self.evidence[found.indices].sum(axis=0, dtype=np.float32)
        elif found.nnz:
            used, columns = np.unique(found.indices, return_inverse=True)
            shape = (len(texts), len(used))
            result = csr_array((found.data, columns, found.indptr), shape=shape)
            scores += result @ np.asarray(self.evidence[used], np.float32)
        powers = np.exp(scores - scores.max(1, keepdims=True))
        rows = scores.argmax(1).astype(np.int32)
        sure = (1 / powers.sum(1)).astype(np.float32)
        blank = (np.diff(found.indptr) == 0) & ~vectors.any(1)
        rows[blank], sure[blank] = -1, 0
        return rows, sure

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return the arrays to save, by name; `from_arrays` reads them back."""
        about = {
            "names": self.names,
            "parent_names": self.parent_names,
            "labels": self.labels,
            "parent_labels": self.parent_labels,
            "closeness": self.closeness,
            "next_id": self.next_id,
        }
        return {
            "ids": np.array(self.ids, np.int64),
            "sizes": self.sizes,
            "parents": self.parents,
            "parent_ids": np.array(self.parent_ids, np.int64),
            "neighbours": self.neighbours,
            "typical": self.typical,
            "items": self.items,
            "mean": self.space.mean,
            "axes": self.space.axes,
            "centroids": self.centroids,
            "evidence": self.evidence.astype(np.float16),
            "words": np.frombuffer("\n".join(self.words).encode("utf-8"), np.uint8),
            "about": np.frombuffer(json.dumps(about).encode(), np.uint8),
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Topics:
        """Rebuild; the arrays may be read-only and mapped. DataError if they do not fit."""
        try:
            about = json.loads(arrays["about"].tobytes())
            words = arrays["words"].tobytes().decode("utf-8")
            found = cls(
                _ids(arrays["ids"]),
                _word_lists(about["names"]),
                arrays["sizes"],
                arrays["parents"],
                _ids(arrays["parent_ids"]),
                _word_lists(about["parent_names"]),
                arrays["neighbours"],
                arrays["typical"],
                arrays["items"],
                int(about["next_id"]),
                Space(arrays["mean"], arrays["axes"]),
                arrays["centroids"],
                tuple(words.split("\n")) if words else (),
                arrays["evidence"],
                float(about["closeness"]),
                tuple(map(str, about.get("labels", ()))),
                tuple(map(str, about.get("parent_labels", ()))),
            )
            lengths = {
                len(found.ids),
                len(found.names),
                len(found.parents),
                len(found.centroids),
                len(found.typical),
                found.evidence.shape[1],
            }
        except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
            raise DataError(f"topics cannot be read: {error!r}") from error
        space = (len(found.space.mean), found.space.axes.shape[0])
        if len(lengths) > 1 or len(found.words) != len(found.evidence) or space[0] != space[1]:
            raise DataError("topics cannot be read: their parts are of different lengths")
        return found


def _ids(array: NDArray[Any]) -> tuple[int, ...]:
    return tuple(int(one) for one in array)


def _word_lists(value: Any) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(map(str, words)) for words in value)
