"""EventDays: the partitions of `events` by day, made ahead and when events of a day come.

Days, UTC, follow each other without a gap from the end of `events_before` on. Which partition an
event belongs to is its moment's affair alone; where the partition of its day cannot be made, the
event is in `events_before` or `events_default`, and no reader sees a difference.
"""

from __future__ import annotations

import logging
import re
import threading
import time
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from recsys.store.day_signatures import DAY, day_of

AHEAD = 3  # days after today that have a partition
PAST = 100  # days before today that may get one
BEFORE, LATER = "events_before", "events_default"
_PAUSE = 600.0  # seconds until another try, where a partition could not be made
_WAIT_MS = 100  # for locks; all who read events wait behind one that waits
_BOUND = re.compile(r"TO \('?(-?[0-9.eE+]+)'?\)")
_PARTITIONS = text(
    "SELECT c.relname, pg_get_expr(c.relpartbound, c.oid) FROM pg_inherits i"
    " JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = to_regclass('events')"
)

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Layout:
    """The partitions of a store."""

    days: tuple[int, ...]  # days since 1970 with a partition of their own, ascending
    first: int  # the day at which `events_before` ends

    @property
    def end(self) -> int:
        """The day after the last one with a partition."""
        return self.days[-1] + 1 if self.days else self.first


@dataclass(slots=True)
class EventDays:
    """What a process knows of the partitions of one store."""

    first: int = 0  # days from here …
    end: int = 0  # … to before here need no look
    paused: float = 0.0  # monotonic seconds until which none is made
    lock: threading.Lock = field(default_factory=threading.Lock)

    def ensure(self, connection: Connection, days: Collection[int], now: float) -> None:
        """Make the partitions that events of some days lack, inside the transaction of a writer.

        Where locks or rights are missing, a warning is logged, and events are stored all the same.
        """
        today = day_of(now)
        wanted = [day for day in days if today - PAST <= day <= today + AHEAD]
        if not wanted or (self.first <= min(wanted) and max(wanted) < self.end):
            return
        if time.monotonic() < self.paused:
            return
        try:
            with connection.begin_nested():
                found = make_days(connection, min(wanted), today + AHEAD + 1)
        except DBAPIError as error:
            self.paused = time.monotonic() + _PAUSE
            log.warning("no partition was made for new events: %s", error.orig)
            return
        with self.lock:
            # days before the first one are in `events_before` to stay, and need no look either
            self.first, self.end = min(found.first, today - PAST), found.end


def partition_name(day: int) -> str:
    """Return the name of the partition of a day since 1970: events_20261130."""
    return f"events_{datetime.fromtimestamp(day * DAY, UTC):%Y%m%d}"


def layout(connection: Connection) -> Layout:
    """Return which partitions there are."""
    days, first = [], 0
    for name, bound in connection.execute(_PARTITIONS):
        if name == LATER:
            continue
        match = _BOUND.search(bound)
        assert match is not None, bound
        end = day_of(float(match[1]))
        if name == BEFORE:
            first = end
        else:
            days.append(end - 1)
    return Layout(tuple(sorted(days)), first)


def create_days(connection: Connection, first: int, end: int, attach: bool = False) -> None:
    """Give an `events` without partitions those of some days, and the two for all other days.

    `attach`: the table for what is older exists.
    """
    create = "CREATE TABLE {} PARTITION OF events "
    before = f"ALTER TABLE events ATTACH PARTITION {BEFORE} " if attach else create.format(BEFORE)
    connection.exec_driver_sql(f"{before}FOR VALUES FROM (MINVALUE) TO ({first * DAY!r})")
    connection.exec_driver_sql(create.format(LATER) + "DEFAULT")
    for day in range(first, end):
        connection.exec_driver_sql(create.format(partition_name(day)) + _bounds(day))


def make_days(connection: Connection, first: int, end: int) -> Layout:
    """Make the partitions that days from `first` to before `end` lack; return what there is then.

    Days before the first partition get theirs while `events_before` is empty. Fails at once where
    others hold locks for long.
    """
    usual = connection.exec_driver_sql("SELECT current_setting('lock_timeout')").scalar_one()
    connection.exec_driver_sql(f"SET LOCAL lock_timeout = {_WAIT_MS}")
    found = layout(connection)
    for day in range(found.end, end):
        _attach(connection, day)
    if first < found.first and _is_empty(connection, BEFORE):
        connection.exec_driver_sql(f"ALTER TABLE events DETACH PARTITION {BEFORE}")
        for day in range(first, found.first):
            _attach(connection, day)
        connection.exec_driver_sql(
            f"ALTER TABLE events ATTACH PARTITION {BEFORE}"
            f" FOR VALUES FROM (MINVALUE) TO ({first * DAY!r})"
        )
    connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{usual}'")
    return layout(connection)


def _attach(connection: Connection, day: int) -> None:
    """Make the partition of a day, and move there what the default one holds of it."""
    name = partition_name(day)
    connection.exec_driver_sql(f"CREATE TABLE {name} (LIKE events INCLUDING DEFAULTS)")
    connection.exec_driver_sql(
        f"WITH moved AS (DELETE FROM {LATER} WHERE moment >= {day * DAY!r}"
        f" AND moment < {(day + 1) * DAY!r} RETURNING *) INSERT INTO {name} SELECT * FROM moved"
    )
    connection.exec_driver_sql(f"ALTER TABLE events ATTACH PARTITION {name} {_bounds(day)}")


def _bounds(day: int) -> str:
    return f"FOR VALUES FROM ({day * DAY!r}) TO ({(day + 1) * DAY!r})"


def _is_empty(connection: Connection, name: str) -> bool:
    return not connection.exec_driver_sql(f"SELECT EXISTS (SELECT FROM {name})").scalar_one()
