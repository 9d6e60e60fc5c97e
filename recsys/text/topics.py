"""Topics: items in groups by their vectors and words, with names, neighbours and stable ids.

Vectors say which texts are close in meaning, words say what a group is about. Groups start as
spherical k-means on whitened vectors; then both kinds of evidence share the decision, softly at
first (expectation maximization at a falling temperature).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from scipy.sparse import csr_array

from recsys.arrays import Floats, Rows
from recsys.errors import DataError
from recsys.text import topic_words
from recsys.text.student import unit_rows
from recsys.text.topic_groups import Space, group, spherical_means


@dataclass(frozen=True, slots=True)
class TopicConfig:
    """How topics are made."""

    n_topics: int = 0  # 0: from the number of items, about its root / 4, at most 200
    n_parents: int = 0  # 0: the root of the number of topics
    closeness: float = 10.0  # weight of vectors beside words, in log odds per cosine
    smoothing: float = 300.0  # words of doubt per topic
    least_texts: int = 5  # texts that a word must stand in
    most_share: float = 0.1  # share of 1,000 texts and more above which a word tells nothing
    largest_vocabulary: int = 50_000
    temperatures: tuple[float, ...] = (2.0,) * 15 + (1.0,) * 5
    neighbours: int = 5
    seed: int = 0


@dataclass(frozen=True)
class Topics:
    """k topics; everything is an array, so that a bundle can hold it."""

    ids: tuple[int, ...]  # kept from night to night
    names: tuple[tuple[str, ...], ...]  # telling words, the best first
    sizes: Rows  # items per topic
    parents: Rows  # the upper level's number of each topic
    parent_names: tuple[tuple[str, ...], ...]
    neighbours: Rows  # (k, n) rows of the closest topics, the closest first
    space: Space  # how a vector is whitened
    centroids: Floats  # (k, d') unit rows
    words: tuple[str, ...]
    evidence: Floats  # (n_words, k)
    closeness: float

    @cached_property
    def _row_of(self) -> dict[str, int]:
        return {word: row for row, word in enumerate(self.words)}

    def assign(self, texts: Sequence[str], vectors: Floats) -> tuple[Rows, Floats]:
        """Return each text's topic row and its certainty; -1 where nothing is known of a text."""
        found = topic_words.occurrences([topic_words.words(t) for t in texts], self._row_of)
        scores = self.closeness * (self.space.apply(vectors) @ self.centroids.T)
        scores += found @ self.evidence
        powers = np.exp(scores - scores.max(1, keepdims=True))
        rows = scores.argmax(1).astype(np.int32)
        sure = (1 / powers.sum(1)).astype(np.float32)
        blank = (np.diff(found.indptr) == 0) & ~vectors.any(1)
        rows[blank], sure[blank] = -1, 0
        return rows, sure

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """Return numbers by name, for a bundle; words go into `document`."""
        return {
            "ids": np.array(self.ids, np.int64), "sizes": self.sizes, "parents": self.parents,
            "neighbours": self.neighbours, "centroids": self.centroids, "evidence": self.evidence,
            "mean": self.space.mean, "axes": self.space.axes,
        }  # fmt: skip

    def document(self) -> dict[str, object]:
        """Return what is not a number, as JSON holds it."""
        return {"names": self.names, "parent_names": self.parent_names, "words": self.words,
                "closeness": self.closeness}  # fmt: skip

    @classmethod
    def load(
        cls, arrays: Mapping[str, NDArray[np.generic]], document: Mapping[str, object]
    ) -> Topics:
        """Rebuild from `arrays` and `document`; DataError when they do not fit."""
        try:
            found = cls(
                tuple(int(i) for i in arrays["ids"]), _word_lists(document["names"]),
                arrays["sizes"], arrays["parents"],  # type: ignore[arg-type]
                _word_lists(document["parent_names"]),
                arrays["neighbours"],  # type: ignore[arg-type]
                Space(arrays["mean"], arrays["axes"]),  # type: ignore[arg-type]
                arrays["centroids"], _words(document["words"]),  # type: ignore[arg-type]
                arrays["evidence"], float(str(document["closeness"])),  # type: ignore[arg-type]
            )  # fmt: skip
            k = len(found.ids)
            fits = found.evidence.shape == (len(found.words), k) and len(found.centroids) == k
        except (KeyError, TypeError, ValueError) as error:
            raise DataError(f"topics cannot be read: {error!r}") from error
        if not fits or len(found.names) != k:
            raise DataError("topics cannot be read: their parts are of different lengths")
        return found


def fit_topics(
    texts: Sequence[str], vectors: Floats, config: TopicConfig = TopicConfig(),
    before: Topics | None = None,
) -> tuple[Topics, Rows]:  # fmt: skip
    """Return topics and each text's topic row (-1 for a text of which nothing is known).

    With `before`, the topics of the last night, ids are kept where a topic lives on.
    """
    if len(texts) != len(vectors):
        raise DataError(f"{len(texts)} texts and {len(vectors)} vectors")
    read = [topic_words.words(text) for text in texts]
    known = topic_words.vocabulary(
        read, min(config.least_texts, max(1, len(texts) // 100)),
        config.most_share if len(texts) >= 1000 else 1.0, config.largest_vocabulary,
    )  # fmt: skip
    found = topic_words.occurrences(read, {word: row for row, word in enumerate(known)})
    clear = (np.diff(found.indptr) > 0) | vectors.any(1)
    space = Space.of(vectors[clear])
    k = n_topics(int(clear.sum()), config.n_topics)
    inside = space.apply(vectors[clear])
    rows = group(inside, found[clear], k, config.closeness, config.smoothing,
                 config.temperatures, config.seed)  # fmt: skip
    labels = np.full(len(texts), -1, np.int32)
    labels[clear] = rows
    topics = _describe(labels[clear], inside, found[clear], space, known, config)
    return (topics if before is None else keep_ids(topics, before, texts, vectors, labels)), labels


def n_topics(n_items: int, asked: int = 0) -> int:
    """Return how many topics so many items get; each has room for at least one item."""
    return max(1, min(asked or min(200, round(n_items**0.5 / 4) + 2), n_items))


def keep_ids(
    topics: Topics, before: Topics, texts: Sequence[str], vectors: Floats, labels: Rows
) -> Topics:
    """Return tonight's topics under the ids of those of last night that they continue.

    Last night's topics read tonight's texts; pairs with the most texts in common are matched one to
    one, and count when a quarter of either's texts is shared. Others get ids never used before.
    """
    old, _ = before.assign(texts, vectors)
    both = (old >= 0) & (labels >= 0)
    shared = np.zeros((len(before.ids), len(topics.ids)))
    np.add.at(shared, (old[both], labels[both]), 1)
    union = shared.sum(1)[:, None] + shared.sum(0)[None] - shared
    overlap = shared / np.maximum(union, 1)
    matched = {
        int(new): before.ids[was]
        for was, new in zip(*linear_sum_assignment(-overlap), strict=True)
        if overlap[was, new] >= 0.25
    }
    fresh = max(before.ids, default=-1) + 1
    ids = []
    for row in range(len(topics.ids)):
        ids.append(matched.get(row, fresh))
        fresh += row not in matched
    fields = {name: getattr(topics, name) for name in Topics.__dataclass_fields__}
    return Topics(**{**fields, "ids": tuple(ids)})


def _describe(
    labels: Rows, inside: Floats, found: csr_array, space: Space, known: Sequence[str],
    config: TopicConfig,
) -> Topics:  # fmt: skip
    k = int(labels.max(initial=0)) + 1
    members = csr_array(
        (np.ones(len(labels), np.float32), (labels, np.arange(len(labels)))),
        shape=(k, len(labels)),
    )
    centroids = unit_rows(members @ inside)
    counts = (members @ found).toarray()
    sizes = np.bincount(labels, minlength=k).astype(np.int32)
    parents = spherical_means(centroids, config.n_parents or max(1, round(k**0.5)), config.seed)
    parents = np.unique(parents, return_inverse=True)[1].astype(np.int32)
    upper = np.zeros((int(parents.max(initial=0)) + 1, counts.shape[1]))
    np.add.at(upper, parents, counts)
    closest = np.argsort(-(centroids @ centroids.T) + 3 * np.eye(k), axis=1, kind="stable")
    return Topics(
        tuple(range(k)), tuple(map(tuple, topic_words.names(counts, known))), sizes,
        parents, tuple(map(tuple, topic_words.names(upper, known))),
        closest[:, : min(config.neighbours, k - 1)].astype(np.int32), space, centroids,
        tuple(known), topic_words.evidence(counts.T, config.smoothing), config.closeness,
    )  # fmt: skip


def _words(value: object) -> tuple[str, ...]:
    if not isinstance(value, list | tuple):
        raise ValueError("a list of words expected")
    return tuple(map(str, value))


def _word_lists(value: object) -> tuple[tuple[str, ...], ...]:
    if not isinstance(value, list | tuple):
        raise ValueError("lists of words expected")
    return tuple(map(_words, value))
