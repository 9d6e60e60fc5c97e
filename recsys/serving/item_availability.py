"""ItemAvailability: items that may be listed now, updated by row and by time.

An item is listed while it is neither hidden nor deleted, between the moments of its record
(`available_from`, `expires_at`), and if it has a record at all or, on a platform without an item
feed, was taken up by NEEDED different users. The mask is computed once; a write recomputes its
row, and time recomputes the rows whose moment has come. Between two such moments nothing is done.
"""

from __future__ import annotations

import heapq
import secrets
import threading

import numpy as np
from numpy.typing import NDArray

from recsys.array_types import Mask, Rows, Times
from recsys.data.records import Item
from recsys.data.unrecorded_items import AUTO, NEEDED, lists_unrecorded
from recsys.serving.catalogue import Catalogue

GONE, UNAVAILABLE, EXPIRED, UNRECORDED = "gone", "unavailable", "expired", "unrecorded"
_PERSON = (1 << 62) - 1


class ItemAvailability:
    """One writer at a time; users take the mask as it is and do not write to it."""

    def __init__(
        self, catalogue: Catalogue, taken_up: Mask, room: int, unrecorded: str = AUTO
    ) -> None:
        """`taken_up`: which items have events, where the catalogue does not say by how many."""
        size, extra = len(catalogue), room - len(catalogue)
        user_counts = (
            catalogue.user_counts
            if catalogue.user_counts is not None
            else taken_up.astype(np.uint8)
        )
        recorded = catalogue.recorded
        self.gone: Mask = np.zeros(room, bool)
        self.recorded: Mask = np.ones(room, bool)
        self.recorded[:size] = True if recorded is None else recorded
        self.user_counts: NDArray[np.uint8] = np.pad(
            user_counts, (0, extra)
        )  # who acted, up to NEEDED
        self.opens = _limits(catalogue.opens, extra, -np.inf)
        self.closes = _limits(catalogue.closes, extra, np.inf)
        self.version = 0  # moves whenever an item comes into the lists or leaves them
        self._unrecorded = unrecorded
        acted = self.user_counts[:size] > 0
        self._acted, self._recorded_acted = (
            int(acted.sum()),
            int((acted & self.recorded[:size]).sum()),
        )
        self._actors: dict[int, tuple[int, ...]] = {}  # of rows that need more users; hashes
        self._salt = secrets.randbits(60)
        self._lock = threading.Lock()
        self._mask: Mask = np.zeros(room, bool)
        self._since, self._until = np.inf, -np.inf  # the mask holds from one until before the other
        self._rule = self.lists_unrecorded
        self._times: Times = np.zeros(0)  # moments at which rows change, ascending
        self._rows: Rows = np.zeros(0, np.int32)
        self._place = 0  # of the next moment
        self._later: list[tuple[float, int]] = []  # moments of rows written since, a heap

    @property
    def lists_unrecorded(self) -> bool:
        """Whether items without a record may be listed."""
        return lists_unrecorded(self._unrecorded, self._acted, self._recorded_acted)

    @property
    def next_change(self) -> float:
        """The next moment at which time alone changes the mask, Unix seconds; inf: never."""
        return self._until

    def at(self, now: float) -> Mask:
        """Return which rows may be listed at a moment, (room,); do not write to it."""
        if not self._since <= now < self._until:
            with self._lock:
                if now < self._since:
                    self._make(now)
                elif now >= self._until:
                    self._advance(now)
        return self._mask

    def why_not(self, row: int, now: float) -> str:
        """Return why a row may not be listed: one of the four words above; empty: it may."""
        if self.gone[row]:
            return GONE
        if self.opens is not None and self.opens[row] > now:
            return UNAVAILABLE
        if self.closes is not None and self.closes[row] <= now:
            return EXPIRED
        return "" if self.at(now)[row] else UNRECORDED

    def nameable(self, rows: Rows, now: float) -> Mask:
        """Return which rows a reason may name: as listed, but for those that have expired."""
        found = ~self.gone[rows] & (self.recorded[rows] | self._rule)
        if self.opens is not None:
            found &= self.opens[rows] <= now
        return np.asarray(found)

    def grow(self, extra: int) -> None:
        """Make room for so many more rows."""
        with self._lock:
            self.gone = np.pad(self.gone, (0, extra))
            self.recorded = np.pad(self.recorded, (0, extra), constant_values=True)
            self.user_counts = np.pad(self.user_counts, (0, extra))
            self.opens = _limits(self.opens, extra, -np.inf)
            self.closes = _limits(self.closes, extra, np.inf)
            self._mask = np.pad(self._mask, (0, extra))

    def came(self, row: int, item: Item, recorded: bool, now: float, before: int = -1) -> None:
        """Note that a row is an item, the newest version of a row `before` where there is one."""
        self.recorded[row] = recorded
        if recorded:
            self._set_limits(row, item, now)
        if before >= 0:
            self._count(before, -1)
            self.user_counts[row], self.user_counts[before] = self.user_counts[before], 0
            self._count(row, 1)
            self.gone[before] = True
            if before in self._actors:
                self._actors[row] = self._actors.pop(before)
            self._written(before)
        self._written(row)

    def _set_limits(self, row: int, item: Item, now: float) -> None:
        opens, closes = item.opens_at, item.closes_at
        if item.available_from is None and opens <= now:  # it was created earlier
            opens = -np.inf
        with self._lock:
            if self.opens is None and opens > -np.inf:
                self.opens = np.full(len(self.gone), -np.inf)
            if self.closes is None and closes < np.inf:
                self.closes = np.full(len(self.gone), np.inf)
            if self.opens is not None:
                self.opens[row] = opens
            if self.closes is not None:
                self.closes[row] = closes

    def remove(self, row: int) -> None:
        """Take a row out of all lists for good."""
        self.gone[row] = True
        self._written(row)

    def act(self, row: int, actor: str | None, returning: bool = False) -> None:
        """Count who acted; `returning`: the same user had acted on the item before the night."""
        if self.user_counts[row] >= (1 if self.recorded[row] else NEEDED):
            return
        if self.recorded[row]:
            self.user_counts[row] = 1
            self._count(row, 1)
            self._written(row)  # the rule may change with it
            return
        known = self._actors.get(row, ())
        actor_hash = -1 if actor is None else hash((self._salt, actor)) & _PERSON
        if returning or actor is None or actor_hash in known:
            return
        first = not self.user_counts[row]
        self.user_counts[row] += 1
        if self.user_counts[row] < NEEDED:
            self._actors[row] = (*known, actor_hash)
        else:
            self._actors.pop(row, None)
        if first:
            self._count(row, 1)
        self._written(row)

    def counts_users(self, row: int) -> bool:
        """Return whether some, but too few, users were counted on a row without a record."""
        return row >= 0 and not self.recorded[row] and 0 < self.user_counts[row] < NEEDED

    def _count(self, row: int, by: int) -> None:
        """Count a row that has events in, or out again."""
        if self.user_counts[row]:
            self._acted += by
            self._recorded_acted += by * int(self.recorded[row])

    def _written(self, row: int) -> None:
        """Bring the mask up to date with a row that was written to, and with the rule."""
        with self._lock:
            if np.isinf(self._since):
                return  # not requested yet
            for limits in (self.opens, self.closes):
                if limits is not None and self._since < limits[row] < np.inf:
                    heapq.heappush(self._later, (float(limits[row]), row))
                    self._until = min(self._until, float(limits[row]))
            rows: Rows = np.array([row], np.int32)
            if self.lists_unrecorded != self._rule:
                self._rule = not self._rule
                rows = np.append(np.flatnonzero(~self.recorded), row).astype(np.int32)
            self._update(rows)

    def _open(self, rows: Rows | slice, now: float) -> Mask:
        found = ~self.gone[rows]
        enough = (self.user_counts[rows] >= NEEDED) & self._rule
        found &= self.recorded[rows] | enough
        if self.opens is not None:
            found &= self.opens[rows] <= now
        if self.closes is not None:
            found &= now < self.closes[rows]
        return np.asarray(found)

    def _make(self, now: float) -> None:
        """Compute the whole mask, and when its rows change next."""
        self._rule = self.lists_unrecorded
        limits = [each for each in (self.opens, self.closes) if each is not None]
        rows = [np.flatnonzero((each > now) & (each < np.inf)) for each in limits]
        times = [each[some] for each, some in zip(limits, rows, strict=True)]
        every = np.concatenate([np.zeros(0), *times])
        order = np.argsort(every, kind="stable")
        self._times = every[order]
        self._rows = np.concatenate([np.zeros(0, np.int64), *rows])[order].astype(np.int32)
        self._place, self._later = 0, []
        self._mask = self._open(slice(None), now)
        self.version += 1
        self._until = float(self._times[0]) if len(self._times) else np.inf
        self._since = now

    def _advance(self, now: float) -> None:
        """Recompute the rows whose moment has come."""
        end = int(np.searchsorted(self._times, now, side="right"))
        rows = self._rows[self._place : end].tolist()
        while self._later and self._later[0][0] <= now:
            rows.append(heapq.heappop(self._later)[1])
        self._place, self._since = end, now
        self._update(np.array(rows, np.int32))
        coming = [float(self._times[end])] if end < len(self._times) else []
        coming += [self._later[0][0]] if self._later else []
        self._until = min(coming, default=np.inf)

    def _update(self, rows: Rows) -> None:
        fresh = self._open(rows, self._since)
        if (fresh != self._mask[rows]).any():
            self._mask[rows] = fresh
            self.version += 1


def _limits(limits: Times | None, extra: int, none: float) -> Times | None:
    """Return writable limits with room for more rows."""
    return None if limits is None else np.pad(limits, (0, extra), constant_values=none)
