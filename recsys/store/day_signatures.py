"""DaySignature: what tells whether a copy of a day's events is that of the store.

A day is that of arrival, in UTC, by the clock of the machine that took the event in. Nothing of an
event changes later but its user, in a merge; events go by erasures and deletions. Sums of
products modulo two primes, of ids with users and with items, differ after each of these, and after
a restored backup that gives ids anew.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
from sqlalchemy import ColumnElement, Connection, Integer, and_, cast, func, select

from recsys.store.event_columns import EventRows
from recsys.store.schema import events

DAY = 86_400.0  # seconds
_FIRST, _SECOND = 65_521, 65_519  # primes: products of remainders fit 32 bits, their sums 63


@dataclass(frozen=True, slots=True)
class DaySignature:
    """Number, first and last id and sums of the events of a day."""

    count: int
    first: int
    last: int
    sums: tuple[int, int, int]

    @property
    def text(self) -> str:
        """The signature as part of a key."""
        numbers = f"{self.count} {self.first} {self.last} {self.sums}"
        return hashlib.blake2b(numbers.encode(), digest_size=12).hexdigest()


def day_of(moment: float) -> int:
    """Return the number of the day since 1970 that holds a moment, Unix seconds."""
    return int(moment // DAY)


def day_name(day: int) -> str:
    """Return a day as 2026-11-28."""
    return datetime.fromtimestamp(day * DAY, UTC).strftime("%Y-%m-%d")


def signatures(connection: Connection, *conditions: ColumnElement[bool]) -> dict[int, DaySignature]:
    """Return the signature per day of the events that meet all conditions."""
    column, day = events.c, _day(connection)
    query = select(
        day,
        func.count(),
        func.min(column.id),
        func.max(column.id),
        *(func.sum((column.id % p) * (other % p)) for p, other in _products(column)),
    )
    rows = connection.execute(query.where(*conditions).group_by(day))
    return {
        int(number): DaySignature(int(count), int(first), int(last), _sums(sums))
        for number, count, first, last, *sums in rows
    }


def signature_of(rows: EventRows) -> DaySignature:
    """Return the signature of events that are at hand, at least one."""
    sums = [int(((rows.id % p) * (other % p)).sum()) for p, other in _products(rows)]
    return DaySignature(len(rows), int(rows.id[0]), int(rows.id[-1]), _sums(sums))


def days_of_events(connection: Connection, condition: ColumnElement[bool]) -> list[int]:
    """Return the days on which events that meet a condition arrived, ascending."""
    day = _day(connection)
    found = connection.execute(select(day).where(condition).distinct()).scalars()
    return sorted(int(number) for number in found)


def on_day(connection: Connection, day: int, signature: DaySignature) -> ColumnElement[bool]:
    """Return the condition of the events of a day; the range of its ids spares reading others."""
    by_id = events.c.id.between(signature.first, signature.last)
    return and_(by_id, _day(connection) == day)


def _day(connection: Connection) -> ColumnElement[int]:
    quotient = events.c.received / DAY
    if connection.dialect.name != "sqlite":
        quotient = func.floor(quotient)  # where a cast rounds to the nearest; SQLite's truncates
    return cast(quotient, Integer)


def _products(column: Any) -> tuple[tuple[int, Any], ...]:
    return (_FIRST, column.user), (_SECOND, column.user), (_FIRST, column.item)


def _sums(numbers: Any) -> tuple[int, int, int]:
    first, second, third = (int(np.int64(number)) for number in numbers)
    return first, second, third
