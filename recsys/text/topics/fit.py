"""Fit of the topic model: clusters by vectors and words, names, and ids kept from the previous run.

Groups start as spherical k-means on whitened vectors; then both kinds of evidence share the
decision, softly at first (expectation maximization at a falling temperature).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from scipy.sparse import csr_array

from recsys.array_types import Floats, Rows
from recsys.errors import DataError
from recsys.text.encoders.student import unit_rows
from recsys.text.topics import topic_words
from recsys.text.topics.clustering import Space, group, spherical_means
from recsys.text.topics.model import BLOCK, Topics

NEAR = 4  # the items that stand for a topic are among this part of it, the closest to its middle
SAME = 0.25  # share of either's items that two topics must have in common to be one
FIRST_ID = 1


@dataclass(frozen=True, slots=True)
class TopicConfig:
    """How topics are made."""

    n_topics: int = 0  # 0: from the number of items, about its root / 4, at most 200
    n_parents: int = 0  # 0: the root of the number of topics
    closeness: float = 10.0  # weight of vectors beside words, in log odds per cosine
    closeness_han: float = 1.0  # where most texts are in Han signs, which vectors read singly
    smoothing: float = 300.0  # words of doubt per topic
    least_texts: int = 5  # texts that a word must stand in
    most_share: float = 0.1  # share of 1,000 texts and more above which a word is not informative
    largest_vocabulary: int = 50_000
    temperatures: tuple[float, ...] = (2.0,) * 15 + (1.0,) * 5
    neighbours: int = 5
    typical: int = 10  # items that stand for a topic
    most_fitted: int = 50_000  # texts drawn to learn from; all others only find their place
    seed: int = 0


@dataclass(frozen=True, slots=True)
class LastNight:
    """What the night before knew of tonight's texts."""

    topics: Topics
    rows: Rows  # (n_texts,): the row it gave each text, -1 for a text it did not have
    same_vectors: bool  # whether its vectors and tonight's belong to one space


def fit_topics(
    texts: Sequence[str],
    vectors: Floats,
    config: TopicConfig = TopicConfig(),
    before: LastNight | None = None,
    user_counts: NDArray[np.int64] | None = None,
) -> Topics:
    """Return the topics of some texts; with `before`, ids are kept where a topic lives on.

    `user_counts`: (n_texts,), how many users took each text up; texts that many know stand for a
    topic then. None: those closest to its middle do.
    """
    if len(texts) != len(vectors):
        raise DataError(f"{len(texts)} texts and {len(vectors)} vectors")
    if not np.isfinite(vectors.sum(dtype=np.float64)):  # else no copy, for memory's sake
        vectors = np.where(np.isfinite(vectors), vectors, 0)
    vectors = vectors.astype(np.float32, copy=False)
    if len(texts) <= config.most_fitted:
        topics = _fitted_topics(texts, vectors, config)
    else:
        rng = np.random.default_rng(config.seed)
        some = np.sort(rng.permutation(len(texts))[: config.most_fitted])
        topics = _fitted_topics([texts[row] for row in some], vectors[some], config)
        topics = replace(topics, items=topics.assign(texts, vectors)[0])
    sizes = np.bincount(topics.items[topics.items >= 0], minlength=len(topics)).astype(np.int32)
    topics = replace(topics, sizes=sizes)
    topics = replace(topics, typical=_typical(topics, vectors, user_counts, config.typical))
    return topics if before is None else keep_ids(topics, before, texts, vectors)


def n_topics(n_items: int, requested: int = 0) -> int:
    """Return how many topics so many items get; each has room for at least one item."""
    return max(1, min(requested or min(200, round(n_items**0.5 / 4) + 2), n_items))


def keep_ids(topics: Topics, before: LastNight, texts: Sequence[str], vectors: Floats) -> Topics:
    """Return tonight's topics, on both levels, under last night's ids where they continue those.

    Texts that are new go where last night's topics would have put them. Pairs with the most texts
    in common are matched one to one; what is left gets ids never used before.
    """
    last, old = before.topics, before.rows.copy()
    new = np.flatnonzero(old < 0)
    shown = vectors[new]
    if not before.same_vectors or shown.shape[1] != len(last.space.mean):
        shown = np.zeros((len(new), len(last.space.mean)), np.float32)
    old[new] = last.assign([texts[row] for row in new.tolist()], shown)[0]
    both = (old >= 0) & (topics.items >= 0)
    was, now = old[both], topics.items[both]
    fresh = last.next_id
    ids, fresh = _continued(last.ids, was, len(topics), now, fresh)
    parent_ids, fresh = _continued(
        last.parent_ids, last.parents[was], len(topics.parent_ids), topics.parents[now], fresh
    )
    return replace(topics, ids=ids, parent_ids=parent_ids, next_id=fresh)


def _continued(
    ids: Sequence[int], was: Rows, count: int, now: Rows, fresh: int
) -> tuple[tuple[int, ...], int]:
    """Return an id for each of `count` groups, and the next one that is free.

    `was` and `now`: the group of each text that both nights know.
    """
    shared = np.zeros((len(ids), count))
    np.add.at(shared, (was, now), 1)
    union = shared.sum(1)[:, None] + shared.sum(0)[None] - shared
    overlap = shared / np.maximum(union, 1)
    kept = {
        int(new): ids[int(old)]
        for old, new in zip(*linear_sum_assignment(-overlap), strict=True)
        if overlap[old, new] >= SAME
    }
    found = []
    for row in range(count):
        found.append(kept.get(row, fresh))
        fresh += row not in kept
    return tuple(found), fresh


def _fitted_topics(texts: Sequence[str], vectors: Floats, config: TopicConfig) -> Topics:
    if 2 * sum(map(topic_words.in_han, texts)) > len(texts):
        config = replace(config, closeness=config.closeness_han)
    read = [topic_words.words(text) for text in texts]
    known = topic_words.vocabulary(
        read,
        min(config.least_texts, max(1, len(texts) // 100)),
        config.most_share if len(texts) >= 1000 else 1.0,
        config.largest_vocabulary,
    )
    row_of = {word: row for row, word in enumerate(known)}
    if any(map(topic_words.in_han, known)):  # cut as new texts will be, by the words of the topics
        read = [topic_words.words(text, row_of.__contains__) for text in texts]
    found = topic_words.occurrences(read, row_of)
    clear = (np.diff(found.indptr) > 0) | vectors.any(1)
    space = Space.of(vectors[clear])
    k = n_topics(int(clear.sum()), config.n_topics)
    inside = space.apply(vectors[clear])
    rows = group(
        inside,
        found[clear],
        k,
        config.closeness,
        config.smoothing,
        config.temperatures,
        config.seed,
    )
    items = np.full(len(texts), -1, np.int32)
    items[clear] = rows
    return replace(_described(rows, inside, found[clear], space, known, config), items=items)


def _described(
    labels: Rows,
    inside: Floats,
    found: csr_array,
    space: Space,
    known: Sequence[str],
    config: TopicConfig,
) -> Topics:
    k = int(labels.max(initial=0)) + 1
    members = csr_array(
        (np.ones(len(labels), np.float32), (labels, np.arange(len(labels)))),
        shape=(k, len(labels)),
    )
    centroids = unit_rows(members @ inside)
    counts = (members @ found).toarray()
    parents = spherical_means(centroids, config.n_parents or max(1, round(k**0.5)), config.seed)
    parents = np.unique(parents, return_inverse=True)[1].astype(np.int32)
    upper = np.zeros((int(parents.max(initial=0)) + 1, counts.shape[1]))
    np.add.at(upper, parents, counts)
    closest = np.argsort(-(centroids @ centroids.T) + 3 * np.eye(k), axis=1, kind="stable")
    first = FIRST_ID + k
    none = np.zeros(0, np.int32)
    return Topics(
        tuple(range(FIRST_ID, first)),
        tuple(map(tuple, topic_words.names(counts, known))),
        none,
        parents,
        tuple(range(first, first + len(upper))),
        tuple(map(tuple, topic_words.names(upper, known))),
        closest[:, : min(config.neighbours, k - 1)].astype(np.int32),
        none,
        labels,
        first + len(upper),
        space,
        centroids,
        tuple(known),
        topic_words.evidence(counts.T, config.smoothing),
        config.closeness,
    )


def _typical(
    topics: Topics, vectors: Floats, user_counts: NDArray[np.int64] | None, n: int
) -> Rows:
    """Return the items that stand for each topic, best first, (k, n); -1 where it has fewer.

    The most known of the quarter that is closest to the topic's middle; of equally known items,
    and without `user_counts`, the closest.
    """
    found = np.full((len(topics), n), -1, np.int32)
    close = np.full(len(vectors), -np.inf, np.float32)
    for at in range(0, len(vectors), BLOCK):
        rows = at + np.flatnonzero(topics.items[at : at + BLOCK] >= 0)
        middles = topics.centroids[topics.items[rows]]
        close[rows] = np.einsum("nd,nd->n", topics.space.apply(vectors[rows]), middles)
    order = np.lexsort((-close, topics.items))
    order = order[topics.items[order] >= 0]
    starts = np.searchsorted(topics.items[order], np.arange(len(topics)))
    for row, start in enumerate(starts):
        size = int(topics.sizes[row])
        best = order[start : start + min(max(n, size // NEAR), size)]
        if user_counts is not None:
            best = best[np.argsort(-user_counts[best], kind="stable")]
        found[row, : min(n, len(best))] = best[:n]
    return found
