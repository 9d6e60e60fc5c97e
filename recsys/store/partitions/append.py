"""New events on PostgreSQL: each identity once, in whichever partition its event is.

An event with a timestamp has its moment in its identity, so that the same event again meets itself
in the same partition. That of an event without one is its arrival, and so is that of an event
ahead of the clock: the identities of these are in `event_keys`, which is looked at for all.
"""

from __future__ import annotations

from collections.abc import Sequence
from operator import itemgetter
from typing import Any

from sqlalchemy import Column, Connection, SmallInteger, text

from recsys.store.postgres_copy import LEAST, copy_rows, may_copy, sql_type, stage

_ARRIVED: Column[int] = Column("arrived", SmallInteger)
# what is not noted yet becomes known in the same statement
_NOTED = """
WITH staged AS MATERIALIZED ({source}), fresh AS (
    INSERT INTO event_keys ("user", key, moment)
        SELECT DISTINCT ON ("user", key) "user", key, moment FROM staged WHERE arrived = 1
        ORDER BY "user", key
        ON CONFLICT DO NOTHING RETURNING "user", key
)
INSERT INTO events ({names}) SELECT {names} FROM staged s WHERE CASE
    WHEN arrived = 1 THEN EXISTS (SELECT FROM fresh f WHERE f."user" = s."user" AND f.key = s.key)
    ELSE NOT EXISTS (SELECT FROM event_keys k WHERE k."user" = s."user" AND k.key = s.key) END
ORDER BY place ON CONFLICT DO NOTHING
"""
# the same where each event has a moment of its own
_PLAIN = """
INSERT INTO events ({names}) SELECT {names} FROM ({source}) s
WHERE NOT EXISTS (SELECT FROM event_keys k WHERE k."user" = s."user" AND k.key = s.key)
ORDER BY place ON CONFLICT DO NOTHING
"""
_KNOWN = text(
    'SELECT e."user", e.key FROM unnest(CAST(:users AS bigint[]), CAST(:keys AS bigint[]),'
    " CAST(:moments AS float8[])) AS s (u, k, m)"
    ' JOIN events e ON e."user" = s.u AND e.key = s.k AND e.moment = s.m'
)
_ANY_KEY = text("SELECT EXISTS (SELECT FROM event_keys)")
_KEYS = text(
    "SELECT EXISTS (SELECT FROM unnest(CAST(:users AS bigint[]), CAST(:keys AS bigint[])) s (u, k)"
    ' JOIN event_keys e ON e."user" = s.u AND e.key = s.k)'
)
# an event without a timestamp, and one that was ahead of the clock
_NOTE = text(
    'INSERT INTO event_keys ("user", key, moment) SELECT "user", key, moment FROM events'
    " WHERE timestamp IS NULL OR timestamp = received ON CONFLICT DO NOTHING"
)


def note_identities(connection: Connection) -> None:
    """Note the identities of stored events whose moment may be that of their arrival."""
    connection.execute(_NOTE)


def append_events(
    connection: Connection,
    columns: Sequence[Column[Any]],
    rows: Sequence[Sequence[Any]],
    arrived: Sequence[bool],
) -> int:
    """Add events in their order, but those there already; return how many are new.

    Values in the order of `columns`. `arrived`: whose moment is that of the arrival although the
    same event may come again.
    """
    if not rows:
        return 0
    names, columns = ", ".join(f'"{one.name}"' for one in columns), list(columns)
    noted = any(arrived)
    if not noted and len(rows) >= LEAST:
        added = _copied(connection, columns, rows)
        if added is not None:
            return added
    if noted:
        columns.append(_ARRIVED)
        rows = [(*row, int(one)) for row, one in zip(rows, arrived, strict=True)]
    insert = _NOTED if noted else _PLAIN
    if len(rows) >= LEAST and may_copy(connection):
        source = f"SELECT * FROM {stage(connection, 'events', columns, rows)}"
        return connection.exec_driver_sql(insert.format(source=source, names=names)).rowcount
    arrays = ", ".join(f"%s::{sql_type(column)}[]" for column in columns)
    named = ", ".join(f'"{column.name}"' for column in columns)
    source = f"SELECT * FROM unnest({arrays}) WITH ORDINALITY AS t ({named}, place)"
    lists = tuple(list(values) for values in zip(*rows, strict=True))
    return connection.exec_driver_sql(insert.format(source=source, names=names), lists).rowcount


def _copied(
    connection: Connection, columns: Sequence[Column[Any]], rows: Sequence[Sequence[Any]]
) -> int | None:
    """Add events that have moments of their own straight; return how many were given.

    None, with nothing added, where one is there already: that shows at the first of them, so little
    is done in vain where a file is read again.
    """
    from psycopg.errors import UniqueViolation  # here: not needed on SQLite

    names = [column.name for column in columns]
    identity = itemgetter(*(names.index(name) for name in ("user", "moment", "key")))
    first: dict[Any, Sequence[Any]] = {}
    for row in rows:
        first.setdefault(identity(row), row)
    rows = list(first.values())
    if connection.execute(_ANY_KEY).scalar_one():
        of_rows = [[row[names.index(name)] for row in rows] for name in ("user", "key")]
        if connection.execute(_KEYS, dict(zip(("users", "keys"), of_rows, strict=True))).scalar():
            return None
    try:
        with connection.begin_nested():
            copy_rows(connection, "events", columns, rows)
    except UniqueViolation:
        return None
    return len(rows)


def known_by_moment(
    connection: Connection, found: Sequence[tuple[int, int, float]]
) -> set[tuple[int, int]]:
    """Return (user, key) of those of some (user, key, moment) that are stored at that moment."""
    users, keys, moments = zip(*found, strict=True)
    given = {"users": list(users), "keys": list(keys), "moments": list(moments)}
    return {(user, key) for user, key in connection.execute(_KNOWN, given)}
