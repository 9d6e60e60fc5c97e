"""Cold items: neighbours predicted from text for items without users."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from recsys.array_types import Floats, Rows
from recsys.data.dataset import Dataset
from recsys.models.gfcf_blockwise import joined_rows
from recsys.models.item_to_item_weights import ItemWeights
from recsys.text.cold_start import (
    ColdStartConfig,
    ColdStartMap,
    column_blocks,
    fit_cold,
    item_input_map,
    map_texts,
    with_targets,
)
from recsys.text.cold_start_linear_map import ItemInputMap
from recsys.text.encoders.student import Student
from recsys.text.item_texts import documents

FEWEST = 50  # items with users and words; fewer are not worth the cost
MOST_UNREAD = 20_000  # unread items with predicted neighbours
LARGE = 120_000  # items above which solving has a bound
READ = 60_000  # texts that are read then; rarity of words is that among these
SOLVED = ColdStartConfig(solved=1e12, pairs=1.5e9, texts=READ)  # a minute of CPU time
LARGE_TRIED = 50_000  # items above which it has a lower one in models that only answer questions
TRIED = ColdStartConfig(largest=6_000, solved=1.5e11, pairs=6e8, texts=READ)  # ten seconds


@dataclass(slots=True)
class ColdStartSolver:
    """What words say about the neighbours of one data set, solved once for all its engines."""

    data: Dataset
    student: Student | None
    vectors: Floats | None = None  # (n_items, d): the words, where the student only imitates them
    config: ColdStartConfig = field(default_factory=ColdStartConfig)
    # history items whose neighbours are predicted, ascending and distinct; None: all
    histories: Rows | None = None
    solved: ColdStartMap | None = None
    tried: bool = False

    def map_of(self, neighbours: ItemWeights) -> ColdStartMap | None:
        """Return the map from words to an engine's neighbours; None with too few to learn from."""
        if self.solved is not None:
            return with_targets(self.solved, neighbours.matrix())
        if not self.tried:
            self.tried = True
            self.solved = cold_map(self.data, neighbours, self.student, self.vectors, self.config)
        return self.solved


def config_of(n_items: int, tried: bool = False) -> ColdStartConfig:
    """Return how much is spent on the unread items of a catalogue of some size.

    `tried`: by a model that only answers questions.
    """
    if tried and n_items > LARGE_TRIED:
        return TRIED
    return SOLVED if n_items > LARGE else ColdStartConfig()


def with_unread(
    cold: ColdStartSolver, neighbours: ItemWeights, seed: int, posts: bool
) -> tuple[ItemWeights, ItemInputMap | None, Floats | None]:
    """Return the neighbours with unread items among them, and `item_input_space` for `posts`."""
    data, student = cold.data, cold.student
    if not posts and (user_counts(data) > 0).all():
        return neighbours, None, None
    found = cold.map_of(neighbours)
    if found is None or student is None:
        return neighbours, None, None
    teacher_vectors = item_input_space(found, student, seed) if posts else (None, None)
    return completed(data, neighbours, found, cold.histories), *teacher_vectors


def cold_map(
    data: Dataset,
    neighbours: ItemWeights,
    student: Student | None,
    vectors: Floats | None = None,
    config: ColdStartConfig | None = None,
) -> ColdStartMap | None:
    """Learn from read items that have neighbours what words say; None with too few to learn from.

    `student`: static vectors, which know words that no read item holds.
    """
    if student is None:
        return None
    seen = vectors if student.imitates else None
    config = config or ColdStartConfig()
    counts = user_counts(data) * (np.bincount(neighbours.indices, minlength=len(neighbours)) > 0)
    rows = texts_read(data, counts, config)
    known = documents(data.table, rows)
    texts = map_texts(known, student, teacher_vectors=seen, rows=rows, size=len(data.items))
    if ((counts > 0) & (np.diff(texts.terms.indptr) > 0)).sum() < FEWEST:
        return None
    return fit_cold(texts, neighbours.matrix(), counts, config)


def texts_read(
    data: Dataset, counts: NDArray[np.integer], config: ColdStartConfig, seed: int = 0
) -> Rows | None:
    """Return the items whose texts are read, ascending; None where all are.

    Twice as many of the most read as may teach, since some have no words, the unread ones that may
    be predicted, and others drawn at random. `counts`: users of each item that has neighbours.
    """
    n_items = len(data.items)
    if n_items <= config.texts:
        return None
    popular = np.argsort(-counts, kind="stable")[: 2 * config.largest]
    fresh = newest_unread(data, most_unread(n_items, config))
    drawn = np.random.default_rng(seed).permutation(n_items)
    order = np.concatenate([popular[counts[popular] > 0], fresh, drawn])
    first = np.sort(np.unique(order, return_index=True)[1])[: config.texts]
    return np.sort(order[first]).astype(np.int32)


def user_counts(data: Dataset) -> NDArray[np.int64]:
    """Return how many positive events each item has."""
    return np.bincount(data.item[data.weight > 0], minlength=len(data.items)).astype(np.int64)


def completed(
    data: Dataset, neighbours: ItemWeights, cold: ColdStartMap, histories: Rows | None = None
) -> ItemWeights:
    """Return the neighbours with a predicted column for unread items, also without words.

    `histories`: the history items that it is predicted for, ascending and distinct; None: all.

    The column replaces what an engine that reads words gave: the prediction is learned from columns
    that hold this already. On 400 films held out of MovieTweetings the prediction alone ranked them
    with nDCG@20 .135, both added up with .098 (2026-11-29, seed 3).
    """
    most = most_unread(len(neighbours), cold.config)
    if np.isfinite(cold.config.solved):
        most = min(most, int(cold.config.solved // max(len(cold.teachers), 1) ** 2))
    unread = newest_unread(data, most)
    if not len(unread):
        return neighbours
    predicted = np.zeros(len(neighbours), bool)
    predicted[unread] = True
    whole, parts, start = neighbours.matrix(), list[sparse.csr_array](), 0
    kind = whole.indptr.dtype
    # The sum of all rows at once would be held thrice.
    for found in column_blocks(cold, unread, histories):
        own = whole[start : start + found.shape[0]]
        kept = ~predicted[own.indices]
        ends = np.concatenate([[0], np.cumsum(kept)])[own.indptr].astype(kind)
        held = sparse.csr_array((own.data[kept], own.indices[kept], ends), shape=own.shape)
        columns = unread.astype(kind)[found.indices]
        added = sparse.csr_array((found.data, columns, found.indptr.astype(kind)), shape=own.shape)
        both = sparse.csr_array(held + added)
        both.sum_duplicates()
        parts.append(both)
        start += found.shape[0]
    return joined_rows(parts)


def most_unread(n_items: int, config: ColdStartConfig) -> int:
    """Return how many unread items of a catalogue have predicted neighbours at most."""
    return int(min(MOST_UNREAD, config.pairs // max(n_items, 1)))


def newest_unread(data: Dataset, most: int) -> Rows:
    """Return the items without users whose neighbours are predicted, ascending.

    With more than `most` of them, the newest; words alone place the others.
    """
    unread: Rows = np.flatnonzero(user_counts(data) == 0).astype(np.int32)
    if len(unread) <= most:
        return unread
    created = np.nan_to_num(data.created()[unread], nan=-np.inf)
    return np.sort(unread[np.argsort(created, kind="stable")[len(unread) - most :]])


def item_input_space(
    cold: ColdStartMap, student: Student, seed: int
) -> tuple[ItemInputMap, Floats]:
    """Return the map of texts posted later, and the (n_items, r) inputs that go with it.

    What a history item gives to a new text is inputs[item] · the text's vector.
    """
    found, inputs = item_input_map(cold, student, seed)
    small = replace(found, student=found.student.compact())
    return small, inputs.astype(np.float16).astype(np.float32)
