"""ItemFeatureCache: user-independent item features, updated row by row.

Scores are linear in these features, except for rows that the user's own history concerns.
"""

from __future__ import annotations

import numpy as np

from recsys.array_types import Floats, Rows, Times
from recsys.index.inner_product_bounds import fronts_of
from recsys.ranking.item_feature_table import ItemFeatureTable, bounds
from recsys.ranking.terms.popularity import HALF_LIFE
from recsys.ranking.terms.registry import TERMS, item_feature_terms
from recsys.ranking.text_scores import text_vectors
from recsys.serving.live_state import LiveState
from recsys.serving.model import Model

DRIFT = 0.005  # of the shortest half-life in use: how far time may move on before all is redone
TAIL = 1_024  # rows newer than the blocks, looked at one by one
SAMPLE = 4_096  # rows that speak for the catalogue in means and spreads


class ItemFeatureCache:
    """Follows a live state. Calls must not overlap; the service holds a lock around ranking."""

    def __init__(self, live: LiveState, drift: float = DRIFT) -> None:
        self.live = live
        self._slices = feature_slices(live.model)
        lives = [HALF_LIFE[n] for n in live.model.score_model.used_features if n in HALF_LIFE]
        self._reach = drift * min([x for x in lives if np.isfinite(x)], default=np.inf)
        self._table: ItemFeatureTable | None = None
        worded = live.model.index is None and live.model.words.shape[1] > 0
        self.fronts = fronts_of(live.model.words) if worded else None

    def look(self) -> ItemFeatureTable:
        """Return the features as of now: rows touched since the last look are redone."""
        table, live = self._table, self.live
        rows = None if table is None else live.dirty_rows.since(table.seen)
        if table is None or rows is None or self._outdated(table):
            self._table = self._made()
            return self._table
        if len(rows):
            self._redo(table, np.unique(rows))
        table.seen += len(rows)
        return table

    def _outdated(self, table: ItemFeatureTable) -> bool:
        live = self.live
        grown = live.size > min(table.size + TAIL, table.values.shape[1])
        return grown or abs(live.counters.newest - table.moment) > self._reach

    def of_rows(self, rows: Rows, moment: float = np.inf) -> Floats:
        """Return the features of rows, (features, rows), computed anew; term after term."""
        parts = [
            term.item_features(self.live, rows, moment)
            for term in TERMS
            if term.name in self._slices
        ]
        return np.concatenate([np.zeros((0, len(rows)), np.float32), *parts])

    def _made(self) -> ItemFeatureTable:
        live, size = self.live, self.live.size
        seen, moment = live.dirty_rows.count, live.counters.newest
        found = self.of_rows(np.arange(size, dtype=np.int32), moment)
        order = np.argsort(-self._average(found), kind="stable").astype(np.int32)
        place = np.empty(size, np.int32)
        place[order] = np.arange(size, dtype=np.int32)
        low, high = bounds(found[:, order])
        created_range = np.stack(bounds(appeared(live.created[:size])[order]))
        sample: Rows = np.unique(np.linspace(0, size - 1, min(size, SAMPLE)).astype(np.int32))
        values = np.pad(found, ((0, 0), (0, TAIL)))
        usual = found[:, sample].mean(axis=1) if size else np.zeros(len(found), np.float32)
        words = self._sample_words(sample)
        return ItemFeatureTable(
            self._slices,
            values,
            size,
            moment,
            seen,
            order,
            place,
            low,
            high,
            created_range,
            sample,
            usual,
            words,
        )

    def _sample_words(self, sample: Rows) -> Floats:
        """Return the text vectors of a sample, (n, t); those of the same rows are the same.

        Megabytes that are made anew every few minutes, each time by another thread, leave gaps in
        the heaps of all of them.
        """
        before = self._table
        if before is not None and np.array_equal(before.sample, sample):
            return before.words
        return text_vectors(self.live, sample)

    def _average(self, found: Floats) -> Floats:
        """Return the score of a user with average features, by which rows are put into blocks."""
        score_model, total = self.live.model.score_model, np.zeros(found.shape[1], np.float32)
        for term in item_feature_terms():
            if (place := self._slices.get(term.name)) is not None:
                weights = score_model.prior_weights(term.used_names(score_model), {})
                total += weights @ found[place]
        return total

    def _redo(self, table: ItemFeatureTable, rows: Rows) -> None:
        fresh = self.of_rows(rows, table.moment)
        table.values[:, rows] = fresh
        known = rows < table.size
        blocks = table.block_of(rows[known])
        for feature, values in enumerate(fresh[:, known]):
            np.minimum.at(table.low[feature], blocks, values)
            np.maximum.at(table.high[feature], blocks, values)


def feature_slices(model: Model) -> dict[str, slice]:
    """Return which of a model's item features belong to which term, if any do."""
    found: dict[str, slice] = {}
    start = 0
    for term in TERMS:
        if count := term.used_features(model):
            found[term.name] = slice(start, start + count)
            start += count
    return found


def appeared(created: Times) -> Times:
    """Return when items appeared, inf where that is not known: nobody can have passed them."""
    return np.where(np.isfinite(created), created, np.inf)
