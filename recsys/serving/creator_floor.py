"""CreatorFloor: share of exposure that items of new creators have at least, kept list by list.

A place of rank r weighs 1 / log2(1 + r). While new creators have less than the floor in the running
hour, each ten places of a list may give one to them; which place follows from how the share has
developed: the last one, and earlier ones only as far as the floor needs them.
"""

from __future__ import annotations

import threading

import numpy as np

from recsys.array_types import Mask, Rows
from recsys.serving.live_state import LiveState

DAY, HOUR = 86_400.0, 3_600.0
NEW_DAYS = 30.0  # since a creator's first item
EVERY = 10  # places of which one may be given
LEVELS = 8  # places from the end of each ten that may be taken
STEP_LISTS = 200  # lists between changes of the place
BAND = 0.002  # of share around the floor in which the place stays
LEAST_LISTS = 100  # of an hour that says whether the floor was met
MOST = 0.5  # largest floor


class CreatorFloor:
    """Counts of one process; `share` 0: there is no floor."""

    def __init__(self, share: float) -> None:
        self.share = share
        self.level = 0  # 0: the last place of each ten; LEVELS − 1: the third
        self.unmet = False  # whether the last full hour missed the floor for want of items
        self._hour = -1
        self._new = self._all = 0.0  # exposure of the running hour
        self._lists = self._empty = self._since = 0
        self._known: tuple[int, float, Mask] | None = None
        self._lock = threading.Lock()

    @property
    def exposure(self) -> float:
        """Share of new creators in the exposure of the running hour; 0 without lists."""
        return self._new / self._all if self._all else 0.0

    def due(self, now: float) -> bool:
        """Whether new creators have less than the floor in the running hour."""
        with self._lock:
            self._turn(now)
            return self.share > 0 and self.exposure < self.share

    def missed(self) -> None:
        """Note that a list could hold no item of a new creator."""
        with self._lock:
            self._empty += 1

    def record(self, new: Mask, now: float, first: int = 0) -> None:
        """Count a shown list; `new` (places,): which places hold an item of a new creator.

        `first`: place of the first one, from 0, where others were shown on earlier pages.
        """
        if self.share <= 0:
            return
        weights = 1 / np.log2(2 + first + np.arange(len(new)))
        with self._lock:
            self._turn(now)
            self._new += float(weights[new].sum())
            self._all += float(weights.sum())
            self._lists += 1
            self._since += 1
            if self._since >= STEP_LISTS:
                self._since = 0
                if self.exposure < self.share - BAND:
                    self.level = min(self.level + 1, LEVELS - 1)
                elif self.exposure > self.share + BAND:
                    self.level = max(self.level - 1, 0)

    def of_new(self, live: LiveState, rows: Rows, now: float) -> Mask:
        """Return which rows are of new creators, (n,); −1 is unknown, and of none."""
        found = np.zeros(len(rows), bool)
        known = (rows >= 0) & (rows < live.size)
        found[known] = self.new_rows(live, now)[rows[known]]
        return found

    def new_rows(self, live: LiveState, now: float) -> Mask:
        """Return which rows are of new creators, (size,); computed anew when items have come."""
        size, known = live.size, self._known
        if known is not None and known[0] == size and now - known[1] < HOUR:
            return known[2]
        authors, created = live.labels["author"][:size], live.created[:size]
        found = np.zeros(size, bool)
        named = authors >= 0
        if named.any():
            first = np.full(int(authors.max()) + 1, np.inf)
            np.minimum.at(first, authors[named], np.nan_to_num(created[named], nan=-np.inf))
            found[named] = first[authors[named]] >= now - NEW_DAYS * DAY
        self._known = (size, now, found)
        return found

    def _turn(self, now: float) -> None:
        hour = int(now // HOUR)
        if hour != self._hour:
            if self._lists >= LEAST_LISTS:
                missed = self.exposure < self.share - 0.005
                self.unmet = missed and self._empty > self._lists / 2
            self._hour, self._new, self._all, self._lists, self._empty = hour, 0.0, 0.0, 0, 0


def with_new_creators(
    ranking: Rows, first: int, eligible: Rows, new: Mask, level: int
) -> tuple[Rows, frozenset[int]]:
    """Return a ranking in which each ten without an item of a new creator gives one place to one,
    and the rows that were given a place.

    `ranking`: the first at place `first` (from 0); as many are returned, what stood there moves
    down. `eligible`: rows of new creators, best first. `new`: (size,) rows of new creators.
    `level`: how many places before the end of its ten the place is.
    """
    found, given = ranking.tolist(), set[int]()
    ten = first // EVERY
    while ten * EVERY - first < len(found):
        start = ten * EVERY - first
        place, end = start + EVERY - 1 - level, start + EVERY
        mine = found[max(start, 0) : end]
        if 0 <= place < len(found) and not any(row < len(new) and new[row] for row in mine):
            above = set(found[:end])
            best = next((row for row in eligible.tolist() if row not in above), None)
            if best is None:
                break
            if best in found:
                found.remove(best)  # it stood further down
            given.add(best)
            found.insert(place, best)
        ten += 1
    shown = found[: len(ranking)]
    return np.array(shown, np.int32), frozenset(given & set(shown))
