"""Shortlist: the rows of a large catalogue that a replay computes columns for at one moment.

Choice sets hold the best items of each column and a sample of all others, some hundred of what may
be a million. Each term names the rows that may be among its best for a user; of item features,
which are the same for all users, those that were best some lists ago and all that was acted on
since. The others are drawn from all candidates, so that each stands for equally many.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from recsys.array_types import Floats, Mask, Rows
from recsys.ranking.cold_item_ranks import RECENT, item_state
from recsys.ranking.gbdt_features import dated
from recsys.ranking.history import History
from recsys.ranking.terms.item_feature_base import ItemFeatureTerm
from recsys.ranking.terms.protocol import ReplayContext, ScoreTerm
from recsys.ranking.terms.registry import TERMS
from recsys.serving.live_state import LiveState

LARGE = 50_000  # rows from which columns are computed for a shortlist
BEST = 1_000  # rows by each item feature, far more than a choice set takes: many are seen already
NOMINEES = 400  # rows by each column of a user
REFRESH = 100  # lists after which the best rows by item features are looked up again


@dataclass(slots=True)
class Shortlist:
    """Follows the live states of a replay."""

    lives: Mapping[str, LiveState]  # one per engine, of one data set; the first counts all events
    large: int = LARGE
    terms: Sequence[ScoreTerm] = field(default_factory=lambda: TERMS)  # that nominate
    steady: bool = False  # nothing is counted between the lists, so that one look serves all
    best: Rows = field(default_factory=lambda: np.zeros(0, np.int32))  # by item features
    item_state: Floats = field(
        default_factory=lambda: np.zeros(0, np.float32)
    )  # see `cold_item_ranks`
    touches: int = 0  # of the first live state, when these were looked up
    lists: int = 0  # validation users for since

    @property
    def live(self) -> LiveState:
        """The first live state, the only one that has counted all events."""
        return next(iter(self.lives.values()))

    @property
    def whole(self) -> bool:
        """Whether the catalogue is small enough for columns of all rows."""
        return self.live.size < self.large

    def of_history(self, history: History, now: float, *others: Rows) -> Rows:
        """Return the nominated rows of one user at a moment, Unix seconds, and `others`."""
        _, times = dated(self.live, now, history.times)
        none = np.zeros(0, np.int32)
        return self.nominated(ReplayContext(self.lives, (), history, times, now, none), *others)

    def nominated(self, context: ReplayContext, *others: Rows) -> Rows:
        """Return the rows that may be among the best by any column, and `others`, ascending."""
        named: Mask = np.zeros(self.live.size, bool)  # sorting the rows takes ten times as long
        named[self._best(context.now)] = True
        for term in self.terms:
            named[term.nominees(context, NOMINEES)] = True
        for rows in others:
            named[rows] = True
        return np.flatnonzero(named).astype(np.int32)

    def standing_of(self, rows: Rows) -> Floats:
        """Return `cold_item_ranks.item_state` as of the last look; later rows are recent.

        (rows,): bits, see there.
        """
        found = np.full(len(rows), RECENT, np.float32)
        known = rows < len(self.item_state)
        found[known] = self.item_state[rows[known]]
        return found

    def _best(self, now: float) -> Rows:
        """Return the rows that are best by item features, and those acted on since the look.

        Uptake fades equally for all, so rows keep their order while nobody acts on them.
        """
        later = self.live.dirty_rows.since(self.touches) if len(self.item_state) else None
        if later is None or (self.lists >= REFRESH and not self.steady):
            self._look(now)
            later = np.zeros(0, np.int32)
        self.lists += 1
        return np.concatenate([self.best, later])

    def _look(self, now: float) -> None:
        live = self.live
        self.touches, self.lists = live.dirty_rows.count, 0
        most, rows = min(BEST, live.size), slice(0, live.size)
        best: Mask = np.zeros(live.size, bool)
        for term in self.terms:
            if isinstance(term, ItemFeatureTerm) and term.nominating:
                for values in term.values(live, rows, term.feature_names(), now):
                    best[np.argpartition(-values, most - 1)[:most]] = True
        self.best = np.flatnonzero(best).astype(np.int32)
        self.item_state = item_state(live)
