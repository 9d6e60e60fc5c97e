"""ActivityBuffer: interactions of the last hours by item and number of users; in memory only.

An event costs a look-up and two appends. Users are salted hashes, forgotten after two days: what
was done before is handed on once, to be counted.
"""

from __future__ import annotations

import secrets
import threading
from array import array
from collections.abc import Collection, Sequence

import numpy as np
from numpy.typing import NDArray

from recsys.array_types import Rows
from recsys.trends.series import HOUR, WEEK

KEPT = 48  # hours
WAITING = 4 * WEEK  # hours that wait to be counted, at most
_PERSON = (1 << 62) - 1
MOST = 500_000  # acts kept of an hour; what a busier hour brings beyond is passed over


Acts = tuple[Rows, NDArray[np.int64], Rows, NDArray[np.float32]]  # row or ~row, user, hour, tone


class Hour:
    """The acts of one hour."""

    __slots__ = ("actors", "rows", "sentiments")

    def __init__(self) -> None:
        self.rows = array("i")  # of the items; ~row for a posting
        self.actors = array("q")  # -1: unknown
        self.sentiments = array("f")  # of what was written; 0: nothing


class ActivityBuffer:
    """Acts by hour. The lock is the live state's, whose writers call `add` and `came` under it."""

    def __init__(self, cutoff: float, lock: threading.Lock) -> None:
        self.newest = cutoff  # time of the last act, Unix seconds; 0 when none is known
        self.count = 0  # moves with every act
        self._lock = lock
        self.salt = secrets.randbits(60)
        self._hours: dict[int, Hour] = {}
        self._old: dict[int, Hour] = {}  # to be counted
        self._first: dict[int, int] = {}  # row of a new version -> row of the item's first

    def add(
        self, row: int, actor: str | None, time: float, sentiment: float = 0.0, counts: bool = True
    ) -> None:
        """Record an event. An actor of None is an unknown user, a different one each time.

        `counts`: False for users in excess of the usual mix of accounts
        (`recsys.data.account_mix_anomalies`): all those of an item count as one user.
        """
        if not counts:
            actor_hash = self._excess(row)
        else:
            actor_hash = -1 if actor is None else hash((self.salt, actor)) & _PERSON
        self._note(row, actor_hash, time, sentiment)

    def _excess(self, row: int) -> int:
        return hash((self.salt, row)) & _PERSON

    def regroup(self, row: int, users: Collection[int]) -> None:
        """Let what some users did to a row count as done by one; the lock is held.

        `users`: numbers, hashes of the actors with `salt`.
        """
        some, one = np.array(sorted(users), np.int64), self._excess(row)
        for hour in (*self._hours.values(), *self._old.values()):
            mine = np.flatnonzero(np.array(hour.rows, np.int32) == row)
            if len(mine):
                for place in mine[np.isin(np.array(hour.actors, np.int64)[mine], some)].tolist():
                    hour.actors[place] = one
                    self.count += 1

    def withdraw(self, row: int, actor: str | None, time: float) -> None:
        """Take one act of somebody on a row out of its hour again, where it is kept."""
        hour = self._hours.get(int(time // HOUR)) or self._old.get(int(time // HOUR))
        if hour is None or actor is None:
            return
        whose = (hash((self.salt, actor)) & _PERSON, self._excess(row))
        rows, actors = np.array(hour.rows, np.int32), np.array(hour.actors, np.int64)
        for place in np.flatnonzero((rows == row) & np.isin(actors, whose))[:1].tolist():
            del hour.rows[place], hour.actors[place], hour.sentiments[place]
            self.count += 1

    def came(self, row: int, before: int, author: int, created: float | None) -> None:
        """Note that an item was posted, or, with a row `before`, that it was changed."""
        if before >= 0:
            self._first[row] = self._first.get(before, before)
        elif created is not None:
            self._note(~row, -1 if author < 0 else -2 - author, created)

    def _note(self, row: int, actor_hash: int, time: float, sentiment: float = 0.0) -> None:
        number = int(time // HOUR)
        hour = self._hours.get(number) or self._opened(number, time)
        if hour is not None and len(hour.rows) < MOST:
            hour.rows.append(row)
            hour.actors.append(actor_hash)
            hour.sentiments.append(sentiment)
            self.count += 1
            if time > self.newest:
                self.newest = time

    @property
    def last_hour(self) -> int:
        """The hour of the last act, since 1970."""
        return int(self.newest // HOUR)

    def _opened(self, number: int, time: float) -> Hour | None:
        """Return a new hour, or None when it is long past; what is older than KEPT is set aside."""
        last = int(max(self.newest, time) // HOUR)
        for old in [each for each in self._hours if each <= last - KEPT]:
            self._old[old] = self._hours.pop(old)
        for lost in [each for each in self._old if each <= last - WAITING]:
            del self._old[lost]
        if number <= last - WAITING:
            return None
        mine = self._old if number <= last - KEPT else self._hours
        return mine.setdefault(number, Hour())

    def acts(self, first: int, end: int) -> Acts:
        """Return the acts from hour `first` until before `end`, but for those set aside."""
        with self._lock:  # an array that is being read cannot grow
            return _joined([(n, self._hours[n]) for n in sorted(self._hours) if first <= n < end])

    def take_old(self) -> Acts | None:
        """Return, once, the acts of the hours set aside since the last time; None: there are none.

        Their users are forgotten with that.
        """
        with self._lock:
            old, self._old = self._old, {}
            return _joined(list(old.items())) if old else None

    def first_rows(self, rows: Rows) -> Rows:
        """Return the row that each item had first; an item keeps its series through edits."""
        if not self._first:
            return rows
        moved = self._first
        return np.array([moved.get(row, row) for row in rows.tolist()], np.int32)


def _joined(hours: Sequence[tuple[int, Hour]]) -> Acts:
    sizes = [len(hour.rows) for _, hour in hours]
    numbers = np.array([number for number, _ in hours], np.int32)
    return (
        np.concatenate([np.zeros(0, np.int32), *(np.array(h.rows, np.int32) for _, h in hours)]),
        np.concatenate([np.zeros(0, np.int64), *(np.array(h.actors, np.int64) for _, h in hours)]),
        np.repeat(numbers, sizes),
        np.concatenate([np.zeros(0, np.float32), *(np.array(h.sentiments, "f") for _, h in hours)]),
    )
