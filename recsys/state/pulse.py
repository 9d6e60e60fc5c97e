"""Pulse: what was done to which item in the last hours, and by how many; kept in memory only.

An event costs a look-up and two appends. People are salted hashes, forgotten after two days.
"""

from __future__ import annotations

import secrets
import threading
from array import array

import numpy as np
from numpy.typing import NDArray

from recsys.arrays import Rows
from recsys.trends.series import HOUR, Hours

KEPT = 48  # hours
_PERSON = (1 << 62) - 1
MOST = 500_000  # acts kept of an hour; what a busier hour brings beyond is passed over


class Hour:
    """The acts of one hour."""

    __slots__ = ("actors", "rows", "tones")

    def __init__(self) -> None:
        self.rows = array("i")  # of the items; ~row for a posting
        self.actors = array("q")  # -1: unknown
        self.tones = array("f")  # of what was written; 0: nothing


class Pulse:
    """Acts by hour. The lock is the live state's, whose writers call `add` and `came` under it."""

    def __init__(self, cutoff: float, lock: threading.Lock) -> None:
        self.newest = cutoff  # time of the last act, Unix seconds; 0 when none is known
        self.count = 0  # moves with every act
        self._lock = lock
        self._salt = secrets.randbits(60)
        self._hours: dict[int, Hour] = {}
        self._first: dict[int, int] = {}  # row of a new version -> row of the item's first

    def add(self, row: int, actor: str | None, time: float, tone: float = 0.0) -> None:
        """Note an act; None stands for somebody unknown, each time another."""
        person = -1 if actor is None else hash((self._salt, actor)) & _PERSON
        self._note(row, person, time, tone)

    def came(self, row: int, before: int, author: int, created: float | None) -> None:
        """Note that an item was posted, or, with a row `before`, that it was changed."""
        if before >= 0:
            self._first[row] = self._first.get(before, before)
        elif created is not None:
            self._note(~row, -1 if author < 0 else -2 - author, created)

    def _note(self, row: int, person: int, time: float, tone: float = 0.0) -> None:
        number = int(time // HOUR)
        hour = self._hours.get(number) or self._opened(number, time)
        if hour is not None and len(hour.rows) < MOST:
            hour.rows.append(row)
            hour.actors.append(person)
            hour.tones.append(tone)
            self.count += 1
            if time > self.newest:
                self.newest = time

    def _opened(self, number: int, time: float) -> Hour | None:
        """Return a new hour, or None when it is long past; what is older than KEPT is forgotten."""
        last = int(max(self.newest, time) // HOUR)
        if number <= last - KEPT:
            return None
        for old in [each for each in self._hours if each <= last - KEPT]:
            del self._hours[old]
        return self._hours.setdefault(number, Hour())

    def acts(self, first: int, end: int) -> tuple[Rows, NDArray[np.int64], Rows]:
        """Return (row or ~row, person, hour) of the acts from hour `first` until before `end`."""
        rows: list[NDArray[np.int32]] = [np.zeros(0, np.int32)]
        people: list[NDArray[np.int64]] = [np.zeros(0, np.int64)]
        hours: list[NDArray[np.int32]] = [np.zeros(0, np.int32)]
        with self._lock:  # an array that is being read cannot grow
            for number in sorted(each for each in self._hours if first <= each < end):
                hour = self._hours[number]
                rows.append(np.array(hour.rows, np.int32))
                people.append(np.array(hour.actors, np.int64))
                hours.append(np.full(len(hour.rows), number, np.int32))
        return np.concatenate(rows), np.concatenate(people), np.concatenate(hours)

    def tones(self) -> tuple[Rows, Hours, NDArray[np.float32]]:
        """Return (row, hour, tone) of what was written of late."""
        with self._lock:
            hours = sorted(self._hours.items())
            rows = [np.array(hour.rows, np.int32) for _, hour in hours]
            tones = [np.array(hour.tones, np.float32) for _, hour in hours]
        sizes = [len(each) for each in rows]
        hour = np.repeat(np.array([number for number, _ in hours], np.int64), sizes)
        row = np.concatenate([*rows, np.zeros(0, np.int32)])
        tone = np.concatenate([*tones, np.zeros(0, np.float32)])
        said = tone != 0
        return row[said], hour[said], tone[said]

    def first_rows(self, rows: Rows) -> Rows:
        """Return the row that each item had first; an item keeps its series through edits."""
        if not self._first:
            return rows
        moved = self._first
        return np.array([moved.get(row, row) for row in rows.tolist()], np.int32)
