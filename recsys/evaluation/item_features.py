"""Item labels for evaluation: text vectors, and the labels by which lists are calibrated."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import svds

from recsys.data.event_tables import ItemTable
from recsys.text.encoders.student import unit_rows
from recsys.text.topics.clustering import spherical_means

TOPICS = 50  # clusters of words at most, where items have neither category nor tags
DIRECTIONS = 32  # of the words that are clustered


def word_features(items: ItemTable) -> sparse.csr_array | None:
    """Return the words of title, tags and category as unit rows; None without any word.

    Deliberately not the encoder of any row of the table: the measure of variety belongs to none.
    """
    texts = [
        f"{title} {' '.join(tags)} {category}".lower().split()
        for title, tags, category in zip(items.title, items.tags, items.category, strict=True)
    ]
    found = _counted(texts)
    if found is None:
        return None
    rare = np.log(found.shape[0] / np.maximum(np.asarray((found > 0).sum(axis=0)), 1)) + 1
    found = sparse.csr_array(found @ sparse.diags_array(rare.astype(np.float32)))
    lengths = np.sqrt(np.asarray(found.power(2).sum(axis=1)))
    scale = sparse.diags_array((1 / np.maximum(lengths, 1e-12)).astype(np.float32))
    return sparse.csr_array(scale @ found)


def label_features(
    items: ItemTable, words: sparse.csr_array | None, seed: int
) -> sparse.csr_array | None:
    """Return each item's labels as shares that add to 1: categories, else tags, else topics.

    Topics are clusters of the rows of `words`, see `word_features`. None without any word.
    """
    texts = [[one] if one else [] for one in items.category]
    if not any(texts):
        texts = [list(tags) for tags in items.tags]
    found = _counted(texts)
    if found is None:
        return None if words is None else topic_features(words, seed)
    total = np.maximum(np.asarray(found.sum(axis=1)), 1)
    return sparse.csr_array(sparse.diags_array((1 / total).astype(np.float32)) @ found)


def topic_features(words: sparse.csr_array, seed: int) -> sparse.csr_array:
    """Return the topic of each item as a unit row, by k-means on its principal directions.

    Items without words have no topic: their rows are empty.
    """
    size = min(DIRECTIONS, min(words.shape) - 1)
    if size < 1:
        topic = np.zeros(words.shape[0], np.int32)
    else:
        start = np.random.default_rng(seed).standard_normal(min(words.shape))
        left, strength, _ = svds(words.astype(np.float64), size, v0=start)
        rows = unit_rows((left * strength).astype(np.float32))
        topic = spherical_means(rows, min(TOPICS, int(len(rows) ** 0.5)), seed)
    some = np.flatnonzero(np.diff(words.indptr))
    shape = (words.shape[0], int(topic.max(initial=0)) + 1)
    ones = np.ones(len(some), np.float32)
    return sparse.csr_array((ones, (some, topic[some])), shape=shape)


def _counted(texts: Sequence[Sequence[str]]) -> sparse.csr_array | None:
    codes: dict[str, int] = {}
    columns = [codes.setdefault(word, len(codes)) for words in texts for word in words]
    if not columns:
        return None
    starts = np.cumsum([0, *map(len, texts)])
    ones = np.ones(len(columns), np.float32)
    return sparse.csr_array((ones, np.array(columns), starts), shape=(len(texts), len(codes)))
