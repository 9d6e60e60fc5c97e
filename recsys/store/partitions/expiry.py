"""Removal of a whole day of events on PostgreSQL: its partition, and what leads to its events.

Copies and identities of a day lie beside each other, in the order in which they arrived. A BRIN
index over their moments finds the blocks that hold a day, so that neither the whole copy is read
nor an index entry looked up for each event.
"""

from __future__ import annotations

import logging

from sqlalchemy import Connection, delete, select, text
from sqlalchemy.exc import DBAPIError

from recsys.store.database import Database
from recsys.store.day_signatures import DAY
from recsys.store.partitions.daily_partitions import partition_name
from recsys.store.schema import events, notes, shares
from recsys.store.watches import forget_comments

_CHUNK = 100_000  # events of one transaction: some tenths of a second
_WAIT_MS = 2_000  # for readers of a partition that is to go
_BUILD_MS = 10_000  # for transactions older than the index
_INDEX = "recent_events_moment"
_VALID = text("SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass(:name)")
# blocks that are filled again with another day stay known by both: several ranges of each
_CREATE = (
    f"CREATE INDEX CONCURRENTLY {_INDEX} ON recent_events"
    " USING brin (moment float8_minmax_multi_ops) WITH (pages_per_range = 32)"
)
_SUMMARISE = f"SELECT brin_summarize_new_values('{_INDEX}')"
_DONE = "event_removal"  # a note: a partition, and until when nothing leads to its events
_NOTE = text(
    "INSERT INTO notes (key, value) VALUES (:key, :value)"
    " ON CONFLICT (key) DO UPDATE SET value = excluded.value"
)
_BOUNDS = """
SELECT percentile_disc(CAST(:parts AS float8[])) WITHIN GROUP (ORDER BY moment) FROM {name}
WHERE moment >= :start
"""
# floors count what is in `events` and not in the copy; the copy loses the events of the day
_LEAVE = """
WITH gone AS (
    DELETE FROM recent_events WHERE moment >= :start AND moment < :end RETURNING "user"
), keys AS (
    DELETE FROM event_keys WHERE moment >= :start AND moment < :end
), copied AS (
    SELECT "user", count(*) AS n FROM gone JOIN recent_floors USING ("user") GROUP BY "user"
), held AS (
    SELECT "user", count(*) AS n FROM {name} JOIN recent_floors USING ("user")
    WHERE {name}.moment >= :start AND {name}.moment < :end GROUP BY "user"
)
UPDATE recent_floors f SET older = f.older - h.n + coalesce(c.n, 0)
FROM held h LEFT JOIN copied c USING ("user")
WHERE f."user" = h."user" AND h.n > coalesce(c.n, 0)
"""
_LATE = """
WITH gone AS (DELETE FROM recent_events WHERE moment >= :start AND moment < :end)
DELETE FROM event_keys WHERE moment >= :start AND moment < :end
"""

log = logging.getLogger(__name__)


def prepare_removal(db: Database) -> None:
    """Make the index that finds the copies of a day, where there is none, while others write.

    Without it a removal reads the whole copy for each transaction.
    """
    engine = db.engine.execution_options(isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        try:
            connection.exec_driver_sql(f"SET lock_timeout = {_BUILD_MS}")
            if connection.execute(_VALID, {"name": _INDEX}).scalar() is not True:
                connection.exec_driver_sql(f"DROP INDEX IF EXISTS {_INDEX}")  # an interrupted one
                connection.exec_driver_sql(_CREATE)
            connection.exec_driver_sql(_SUMMARISE)
        except DBAPIError as error:
            log.warning("old events are removed without an index of their days: %s", error.orig)
        finally:
            connection.exec_driver_sql("RESET lock_timeout")


def remove_day(db: Database, day: int) -> int:
    """Remove the partition of a day and all that leads to its events; return how many it held.

    Copies and the like go in transactions of some tenths of a second, the partition in the last
    one. StoreBusy when readers hold it, or other writers the store: the next try goes on where this
    one was, as it does after a kill.
    """
    name, start, end = partition_name(day), day * DAY, (day + 1) * DAY
    with db.read() as connection:
        start = max(start, _done_until(connection, name))
        count = connection.exec_driver_sql(f"SELECT count(*) FROM {name}").scalar_one()
        bounds = [start, *_inner_bounds(connection, name, count, start), end]
    for at, until in zip(bounds, bounds[1:], strict=False):
        if count and at < until:
            with db.write() as connection:
                _leave(connection, _LEAVE.format(name=name), name, at, until)
                connection.execute(_NOTE, {"key": _DONE, "value": f"{name} {until!r}"})
    with db.write() as connection:
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = {_WAIT_MS}")
        _leave(connection, _LATE, name, day * DAY, end)  # what came meanwhile
        count = connection.exec_driver_sql(f"SELECT count(*) FROM {name}").scalar_one()
        connection.exec_driver_sql(f"DROP TABLE {name}")
        connection.execute(delete(notes).where(notes.c.key == _DONE))
    return int(count)


def _done_until(connection: Connection, name: str) -> float:
    """Return the moment before which nothing leads to events of a partition any more."""
    query = select(notes.c.value).where(notes.c.key == _DONE)
    noted, _, until = (connection.execute(query).scalar() or "").partition(" ")
    return float(until) if noted == name else 0.0


def _inner_bounds(connection: Connection, name: str, count: int, start: float) -> list[float]:
    """Return the moments from `start` on that cut a day into parts of some `_CHUNK` events."""
    cuts = -(-count // _CHUNK)
    parts = [cut / cuts for cut in range(1, cuts)]
    if not parts:
        return []
    given = {"parts": parts, "start": start}
    return connection.execute(text(_BOUNDS.format(name=name)), given).scalar_one() or []


def _leave(connection: Connection, statement: str, name: str, start: float, end: float) -> None:
    """Remove what leads to the events of a partition from `start` to before `end`."""
    connection.execute(text(statement), {"start": start, "end": end})
    ids = text(f"SELECT id FROM {name} WHERE moment >= {start!r} AND moment < {end!r}")
    rows = ids.columns(events.c.id).subquery()
    connection.execute(delete(shares).where(shares.c.event.in_(select(rows.c.id))))
    forget_comments(connection, select(rows.c.id))
