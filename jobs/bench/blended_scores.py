"""Lists by likeness of titles, popularity and the rows of an engine added up, for large catalogues.

Only items that may stand in a list are scored: those that a title or a row of the history reaches,
and the most popular ones. All parts are at least zero, so every other item is beaten by these.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from recsys.array_types import Floats, Rows
from recsys.models.item_to_item_weights import ItemWeights
from recsys.ranking_metrics import Values, top

LIKENESS = (1.0, 3.0, 10.0, 30.0)  # weights of the likeness of titles that are tried
ROWS = (1.0, 3.0, 10.0)  # weights of the rows that are tried
SCALE = 0.03  # of a sum of weights, which counts by log(1 + sum / scale)


@dataclass(frozen=True, slots=True)
class Blend:
    """Weights of the parts beside the log of popularity, which weighs one."""

    words: float
    rows: float = 0.0
    popular: int = 0  # which counts: 0 all events, 1 the newest

    def __str__(self) -> str:
        rows = f"rows {self.rows:g}, " if self.rows else ""
        return f"{rows}words {self.words:g} and {('popular', 'popular of late')[self.popular]}"


def blends(rows: bool) -> list[Blend]:
    """Return the settings that are tried, with or without the rows of an engine."""
    words = (0.0, *LIKENESS) if rows else LIKENESS
    weights = ROWS if rows else (0.0,)
    return [Blend(one, two, counts) for counts in (0, 1) for one in words for two in weights]


@dataclass(frozen=True, slots=True)
class BlendedScores:
    """The parts that scores are added up of."""

    titles: sparse.csr_array  # (n_items, words): TF-IDF, rows of length one
    holders: sparse.csr_array  # the same, (words, n_items)
    popular: Floats  # (counts, n_items): log of 1 and the events
    famous: Rows  # (counts, n_items): by each of these, highest first
    rows: sparse.csr_array | None = None  # (n_items, n_items): weights of an engine

    @classmethod
    def of(cls, words: NDArray[np.int64], counts: Sequence[Values]) -> BlendedScores:
        """`words`: (n_items, length), numbers of the words; `counts`: events of each item."""
        owner = np.repeat(np.arange(len(words)), words.shape[1])
        found = sparse.csr_array((np.ones(words.size, np.float32), (owner, words.ravel())))
        rarity = np.log(len(words) / np.maximum(np.bincount(found.indices), 1)).astype(np.float32)
        found.data *= rarity[found.indices]
        length = np.sqrt(np.asarray(found.power(2).sum(axis=1)).ravel())
        found.data /= np.repeat(length, np.diff(found.indptr))
        popular = np.log1p(np.stack(counts)).astype(np.float32)
        famous = np.argsort(-popular, axis=1, kind="stable").astype(np.int32)
        return cls(found, sparse.csr_array(found.T), popular, famous)

    def with_rows(self, weights: ItemWeights) -> BlendedScores:
        """Return the same parts and the rows of an engine."""
        return BlendedScores(self.titles, self.holders, self.popular, self.famous, weights.matrix())

    def lists(self, history: sparse.csr_array, settings: Sequence[Blend], length: int) -> Rows:
        """Return the best items that are new to one user by each setting, -1 where they run out.

        `history`: (1, n_items); returns (settings, length).
        """
        like = sparse.csr_array(history @ self.titles @ self.holders)
        profile = np.sqrt(float((history @ self.titles).power(2).sum()))
        sums = None if self.rows is None else sparse.csr_array(history @ self.rows)
        reached = [like.indices] if sums is None else [like.indices, sums.indices]
        most = length + history.nnz
        known = np.unique(np.concatenate([*reached, self.famous[:, :most].ravel()]))
        known = np.setdiff1d(known, history.indices, assume_unique=True)
        near = _at(known, like) / max(profile, 1e-12)
        near = np.maximum(near, 0.0)
        behaviour = np.zeros(len(known)) if sums is None else np.maximum(_at(known, sums), 0.0)
        behaviour = np.log1p(behaviour / SCALE)
        scores = np.stack(
            [
                one.words * near + one.rows * behaviour + self.popular[one.popular, known]
                for one in settings
            ]
        )
        best = top(scores.astype(np.float32), length)
        found = np.full((len(settings), length), -1, np.int32)
        found[:, : best.shape[1]] = np.where(best >= 0, known[best], -1)
        return found


def _at(columns: NDArray[np.integer], row: sparse.csr_array) -> Values:
    """Return the values of one sparse row at some columns, (columns,); `columns` ascending."""
    order = np.argsort(row.indices, kind="stable")
    indices, found = row.indices[order], np.zeros(len(columns))
    if len(indices):
        at = np.minimum(np.searchsorted(indices, columns), len(indices) - 1)
        same = indices[at] == columns
        found[same] = row.data[order][at[same]]
    return found
