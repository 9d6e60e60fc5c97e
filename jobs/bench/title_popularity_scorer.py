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
        profile = sparse.csr_array(history @ self.titles)
        parts = [_dense(profile @ self.holders) / np.float32(max(_length(profile), 1e-12))]
        if self.rows is not None:
            sums = np.maximum(_dense(history @ self.rows), 0.0)
            parts.append(np.log1p(sums / np.float32(SCALE)))
        named = np.zeros(self.popular.shape[1], bool)
        for part in parts:
            named |= part > 0
        named[self.famous[:, : length + history.nnz]] = True
        named[history.indices] = False
        known = np.flatnonzero(named).astype(np.int32)
        values = np.stack([part[known] for part in (*parts, *self.popular)])
        leading = min(length, len(known))
        best_of_parts = np.argpartition(-values, leading - 1, axis=1) if leading else values[:, :0]
        some = np.unique(best_of_parts[:, :leading].astype(np.int64))
        found = np.full((len(settings), length), -1, np.int32)
        for own, setting in zip(found, settings, strict=True):
            scores = self._weights(setting) @ values
            # The best of all items reach what the best of these few do.
            floor = np.sort(scores[some])[-leading:].min(initial=np.inf)
            places = np.flatnonzero(scores >= floor)
            best = top(scores[places][None], length)[0]
            own[: len(best)] = np.where(best >= 0, known[places[best]], -1)
        return found

    def _weights(self, setting: Blend) -> Floats:
        """Return the weight of each part: likeness, rows if there are any, popularities."""
        personal = [setting.words] if self.rows is None else [setting.words, setting.rows]
        counts = [float(setting.popular == place) for place in range(len(self.popular))]
        return np.array([*personal, *counts], np.float32)


def _dense(row: sparse.csr_array) -> Floats:
    """Return one sparse row as an array of all its columns."""
    found = np.zeros(row.shape[1], np.float32)
    found[row.indices] = row.data
    return found


def _length(row: sparse.csr_array) -> float:
    return float(np.sqrt(row.power(2).sum()))
