"""Standing: what every item brings along whoever asks, kept fresh row by row, and where to look.

A request's score is linear in these features but for what its own history touches. So rows lie in
blocks of like standing, and the bounds of a block's features bound its best score.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from recsys.arrays import Floats, Rows, Times
from recsys.index.fronts import fronts_of
from recsys.ranking import priors, scoring
from recsys.state.blend import Blend
from recsys.state.counters import HALF_LIVES
from recsys.state.live import LiveState

Float = TypeVar("Float", np.float32, np.float64)

BLOCK = 256  # rows of one block
DRIFT = 0.005  # of the shortest half-life in use: how far time may move on before all is redone
TAIL = 1_024  # rows newer than the blocks, looked at one by one
SAMPLE = 4_096  # rows that speak for the catalogue in means and spreads


@dataclass(slots=True)
class Table:
    """Features of all rows at one moment; cells follow what is touched, the moment stays."""

    values: Floats  # (features, room)
    size: int  # rows that lie in blocks; later ones are the tail
    moment: float  # that uptake is decayed to
    seen: int  # touches that are in it
    order: Rows  # (size,): rows by block
    place: Rows  # (size,): where each row is in `order`
    low: Floats  # (features, blocks)
    high: Floats  # (features, blocks)
    born: Times  # (2, blocks): when a block's items appeared, first and last; inf: unknown
    sample: Rows  # rows that speak for the catalogue
    usual: Floats  # (features,): means over the sample
    words: Floats  # (sample, t): those of the sample, for to pick them takes ten times as long


class Standing:
    """Follows a live state. Calls must not overlap; the service holds a lock around ranking."""

    def __init__(self, live: LiveState, drift: float = DRIFT) -> None:
        self.live = live
        self.names = used_names(live.model.blend)
        self.common = bool(live.model.blend.lift)
        self.tastes = bool(live.model.blend.taste) and live.model.taste is not None
        lives = [HALF_LIVES[priors.LIVES.index(n)] for n in self.names if n in priors.LIVES]
        self._reach = drift * min([x for x in lives if np.isfinite(x)], default=np.inf)
        self._table: Table | None = None
        worded = live.model.index is None and live.model.words.shape[1] > 0
        self.fronts = fronts_of(live.model.words) if worded else None

    def look(self) -> Table:
        """Return the features as of now: rows touched since the last look are redone."""
        table, live = self._table, self.live
        rows = None if table is None else live.touched.since(table.seen)
        if table is None or rows is None or self._outdated(table):
            self._table = self._made()
            return self._table
        if len(rows):
            self._redo(table, np.unique(rows))
        table.seen += len(rows)
        return table

    def _outdated(self, table: Table) -> bool:
        live = self.live
        grown = live.size > min(table.size + TAIL, table.values.shape[1])
        return grown or abs(live.counters.newest - table.moment) > self._reach

    def of_rows(self, rows: Rows, moment: float = np.inf) -> Floats:
        """Return the features of rows, (features, rows), computed anew.

        First what the blend reads of items, then `trust` where it uses lift, then the loadings
        where it uses taste.
        """
        parts = [priors.of_rows(self.live, rows, self.names, moment)]
        if self.common:
            parts.append(self.live.commonness.trust_of(rows)[None])
        if self.tastes and self.live.opinions is not None:
            parts.append(np.asarray(self.live.opinions.loadings[rows], np.float32).T)
        return np.concatenate(parts)

    def _made(self) -> Table:
        live, size = self.live, self.live.size
        seen, moment = live.touched.count, live.counters.newest
        found = self.of_rows(np.arange(size, dtype=np.int32), moment)
        order = np.argsort(-self._average(found), kind="stable").astype(np.int32)
        place = np.empty(size, np.int32)
        place[order] = np.arange(size, dtype=np.int32)
        low, high = bounds(found[:, order])
        born = np.stack(bounds(appeared(live.created[:size])[order]))
        sample: Rows = np.unique(np.linspace(0, size - 1, min(size, SAMPLE)).astype(np.int32))
        values = np.pad(found, ((0, 0), (0, TAIL)))
        usual = found[:, sample].mean(axis=1) if size else np.zeros(len(found), np.float32)
        words = scoring.words_of(live, sample)
        return Table(
            values, size, moment, seen, order, place, low, high, born, sample, usual, words
        )

    def _average(self, found: Floats) -> Floats:
        weights = self.live.model.blend.prior_weights(self.names, {})
        return np.asarray(weights @ found[: len(self.names)], np.float32)

    def _redo(self, table: Table, rows: Rows) -> None:
        fresh = self.of_rows(rows, table.moment)
        table.values[:, rows] = fresh
        known = rows < table.size
        blocks = table.place[rows[known]] // BLOCK
        for feature, values in enumerate(fresh[:, known]):
            np.minimum.at(table.low[feature], blocks, values)
            np.maximum.at(table.high[feature], blocks, values)


def bounds(values: NDArray[Float]) -> tuple[NDArray[Float], NDArray[Float]]:
    """Return the least and the greatest value of each block along the last axis."""
    starts = np.arange(0, values.shape[-1], BLOCK)
    if not len(starts):
        return values, values
    low, high = (each.reduceat(values, starts, axis=-1) for each in (np.minimum, np.maximum))
    return low, high


def used_names(blend: Blend) -> tuple[str, ...]:
    """Return the item features that a blend reads, in the order of `priors.NAMES`."""
    used = {name for name, weight in blend.priors.items() if weight}
    used |= {name for name, weight in blend.newcomers.items() if weight}
    for by_name in blend.traits.values():
        used |= {name for name, weight in by_name.items() if weight}
    return tuple(name for name in priors.NAMES if name in used)


def appeared(created: Times) -> Times:
    """Return when items appeared, inf where that is not known: nobody can have passed them."""
    return np.where(np.isfinite(created), created, np.inf)
