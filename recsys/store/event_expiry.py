"""Retention: events that are older than a number of days are removed for good.

On PostgreSQL a day that is over goes with its partition; what leads to its events is removed
before, in small transactions. Other old events, and all of SQLite, are deleted by ranges of ids.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from sqlalchemy import ColumnElement, Connection, delete, func, select, text

from recsys.errors import StoreBusy
from recsys.store.day_signatures import DAY, day_name
from recsys.store.schema import events, shares
from recsys.store.store import Store
from recsys.store.watches import forget_comments
from recsys.store.write_lock_queue import PAUSE

_CHUNK = 20_000  # ids in one transaction
_WAIT_MS = 2_000  # for readers of a partition that is to go
# floors count what is in `events` and not in the copy; the copy loses the events of the partition
_LEAVE = """
WITH old AS MATERIALIZED (
    SELECT "user", moment, id, key, timestamp, received FROM {name} WHERE id >= %s AND id < %s
), gone AS (
    DELETE FROM recent_events r USING old o
    WHERE r."user" = o."user" AND r.moment = o.moment AND r.id = o.id RETURNING r.id
), older AS (
    SELECT o."user", count(*) AS n FROM old o JOIN recent_floors f ON f."user" = o."user"
    WHERE NOT EXISTS (SELECT FROM gone g WHERE g.id = o.id) GROUP BY o."user"
), keys AS (
    DELETE FROM event_keys k USING old o WHERE (o.timestamp IS NULL OR o.timestamp = o.received)
    AND k."user" = o."user" AND k.key = o.key
)
UPDATE recent_floors f SET older = f.older - o.n FROM older o WHERE f."user" = o."user"
"""


@dataclass(slots=True)
class Expired:
    """What a retention removed."""

    before: float  # Unix seconds: what happened earlier is gone
    events: int = 0
    partitions: list[str] = field(default_factory=list)  # days, as 2026-11-28
    kept: list[str] = field(default_factory=list)  # days that readers held: the next night tries


def expire(store: Store, before: float) -> Expired:
    """Remove all events that happened before a moment; the archive's files of them go, too."""
    result = Expired(before)
    if not store.db.on_sqlite:
        _drop_days(store, result)
    archived = _archived_days(store, events.c.moment < before)
    _delete(store, result)
    if store.archive is not None:
        store.archive.forget_days(archived)
    store.db.forget_deleted()
    return result


def _drop_days(store: Store, result: Expired) -> None:
    # here: not needed on SQLite
    from recsys.store.partitions.days import layout, partition_name

    with store.db.read() as connection:
        days = [day for day in layout(connection).days if (day + 1) * DAY <= result.before]
    for day in days:
        here = events.c.moment.between(day * DAY, (day + 1) * DAY)
        archived = _archived_days(store, here)
        try:
            result.events += _drop(store, partition_name(day))
        except StoreBusy:
            result.kept.append(day_name(day))
            time.sleep(PAUSE)  # in which writers are refused
            continue
        result.partitions.append(day_name(day))
        if store.archive is not None:
            store.archive.forget_days(archived)


def _drop(store: Store, name: str) -> int:
    """Remove a partition and all that leads to its events; return how many it held."""
    with store.db.read() as connection:
        first, last, count = connection.exec_driver_sql(
            f"SELECT min(id), max(id), count(*) FROM {name}"
        ).one()
    end = first = 0 if first is None else first
    while last is not None and end <= last:
        with store.db.write() as connection:
            _leave(connection, name, end, end + _CHUNK)
        end += _CHUNK
    with store.db.write() as connection:
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = {_WAIT_MS}")
        late = f"SELECT count(*), max(id) FROM {name} WHERE id >= %s"
        added, last = connection.exec_driver_sql(late, (end,)).one()  # meanwhile
        if added:
            _leave(connection, name, end, last + 1)
        connection.exec_driver_sql(f"DROP TABLE {name}")
    return int(count + added)


def _leave(connection: Connection, name: str, start: int, end: int) -> None:
    """Remove what leads to the events of a partition with ids from `start` to before `end`."""
    # the planner does not know how few rows a chunk has, and would read the whole copy for them
    connection.exec_driver_sql("SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off")
    connection.exec_driver_sql(_LEAVE.format(name=name), (start, end))
    ids = text(f"SELECT id FROM {name} WHERE id >= {start:d} AND id < {end:d}").columns(events.c.id)
    rows = ids.subquery()
    connection.execute(delete(shares).where(shares.c.event.in_(select(rows.c.id))))
    forget_comments(connection, select(rows.c.id))


def _delete(store: Store, result: Expired) -> None:
    """Delete old events by ranges of ids."""
    old = events.c.moment < result.before
    with store.db.read() as connection:
        least, last = connection.execute(
            select(func.min(events.c.id), func.max(events.c.id)).where(old)
        ).one()
    while least is not None and least <= last:
        some = old & events.c.id.between(least, least + _CHUNK - 1)
        with store.db.write() as connection:
            ids = select(events.c.id).where(some)
            connection.execute(delete(shares).where(shares.c.event.in_(ids)))
            forget_comments(connection, ids)
            result.events += connection.execute(delete(events).where(some)).rowcount
        least += _CHUNK
        time.sleep(0.01)  # others may write


def _archived_days(store: Store, condition: ColumnElement[bool]) -> list[int]:
    if store.archive is None:
        return []
    with store.db.read() as connection:
        return store.archive.days_of(connection, condition)
