"""Conversion of the unpartitioned `events` of earlier schemas, without moving a row.

The old table becomes the partition `events_before`. What takes long is done beforehand, in small
transactions, while other programs read and write: triggers fill `recent_events` from then on, rows
that are older are copied there from the greatest id down to the least, and the indexes that the
partition needs are made. Each step looks at what is there, so that a conversion that was
interrupted goes on where it was. The exchange itself is one short transaction.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, bindparam, text

from recsys.store.database import Database
from recsys.store.day_signatures import DAY, day_of
from recsys.store.partitions.append import note_identities
from recsys.store.partitions.auxiliary_tables import (
    create_beside,
    create_events,
    create_triggers,
    drop_triggers,
)
from recsys.store.partitions.daily_partitions import AHEAD, BEFORE, create_days

LARGE = 200_000  # events from which a store is converted while others write
_CHUNK = 20_000  # ids in one transaction
_SAID = 10.0  # seconds between two lines about the progress
_LOCK = 0x7265635F73797302  # PostgreSQL's advisory lock of the process that converts
_BOUND = "events_before_bound"
_POSITION = "events_conversion"  # a note: the least id that was copied
_PRIMARY, _IDENTITY = "events_before_pkey", "events_before_identity"
_INDEXES = {_PRIMARY: "id, moment", _IDENTITY: '"user", moment, key'}
_COPY = text(
    'INSERT INTO recent_events ("user", moment, id, item, kind, value, text, timestamp, received)'
    ' SELECT "user", moment, id, item, kind, value, text, timestamp, received FROM events'
    " WHERE id >= :least AND id < :end ON CONFLICT DO NOTHING"
)
_NOTE = text(
    "INSERT INTO notes (key, value) VALUES (:key, :value)"
    " ON CONFLICT (key) DO UPDATE SET value = excluded.value"
)
_NOTED = text("SELECT value FROM notes WHERE key = :key")
_VALID = text(
    "SELECT i.indisvalid FROM pg_index i WHERE i.indexrelid = to_regclass(:name)"
).bindparams(bindparam("name"))
_KIND = "SELECT relkind::text FROM pg_class WHERE oid = to_regclass('events')"
_CONSTRAINTS = text(
    "SELECT conname FROM pg_constraint WHERE conrelid = to_regclass('events')"
    " AND contype IN ('p', 'u')"
)

log = logging.getLogger(__name__)


def is_large(db: Database) -> bool:
    """Whether the events of a store are too many to keep writers waiting for the conversion."""
    with db.read() as connection:
        if connection.exec_driver_sql("SELECT to_regclass('events')").scalar() is None:
            return False
        count = "SELECT count(*) FROM (SELECT FROM events LIMIT %s) e"
        return int(connection.exec_driver_sql(count, (LARGE,)).scalar_one()) >= LARGE


def convert_beforehand(db: Database) -> None:
    """Do what takes long, while others read and write; waits for another process that does."""
    with _alone(db) as connection:
        if connection.exec_driver_sql(_KIND).scalar() == "p":
            return  # another process has done all of it meanwhile
        with db.write() as writing:
            begin(writing)
        least, said = _position(db), time.monotonic()
        whole = least
        while least > 0:
            with db.write() as writing:
                least = copy_below(writing, least)
            if time.monotonic() - said > _SAID:
                said = time.monotonic()
                log.info("events by day: %d of %d ids are copied", whole - least, whole)
        for name, columns in _INDEXES.items():
            if connection.execute(_VALID, {"name": name}).scalar() is True:
                continue
            log.info("events by day: making the index %s", name)
            connection.exec_driver_sql(f"DROP INDEX IF EXISTS {name}")  # one that was interrupted
            connection.exec_driver_sql(
                f"CREATE UNIQUE INDEX CONCURRENTLY {name} ON events ({columns})"
            )
        # its moments are compared with the bound while others write; a bound of an earlier try
        # would refuse events once it is reached
        connection.exec_driver_sql(f"ALTER TABLE events DROP CONSTRAINT IF EXISTS {_BOUND}")
        end = (day_of(time.time()) + 2) * DAY
        connection.exec_driver_sql(
            f"ALTER TABLE events ADD CONSTRAINT {_BOUND} CHECK (moment < {end!r}) NOT VALID"
        )
        connection.exec_driver_sql(f"ALTER TABLE events VALIDATE CONSTRAINT {_BOUND}")


def begin(connection: Connection) -> None:
    """Create the tables beside `events`, and let what is added from now on come into them."""
    if connection.execute(_NOTED, {"key": _POSITION}).scalar() is not None:
        return
    create_beside(connection)
    create_triggers(connection)
    end = connection.exec_driver_sql("SELECT coalesce(max(id), 0) + 1 FROM events").scalar_one()
    connection.execute(_NOTE, {"key": _POSITION, "value": str(end)})


def copy_below(connection: Connection, end: int) -> int:
    """Copy some events with ids below `end`, and note how far; return the least id that is done."""
    least = max(end - _CHUNK, 0)
    connection.execute(_COPY, {"least": least, "end": end})
    connection.execute(_NOTE, {"key": _POSITION, "value": str(least)})
    return least


def exchange(connection: Connection) -> None:
    """Make the old table the first partition of a new one, inside the transaction of a writer.

    Does first what was not done beforehand.
    """
    begin(connection)
    least = int(connection.execute(_NOTED, {"key": _POSITION}).scalar_one())
    while least > 0:
        least = copy_below(connection, least)
    for name, columns in _INDEXES.items():
        if connection.execute(_VALID, {"name": name}).scalar() is not True:
            connection.exec_driver_sql(f"CREATE UNIQUE INDEX {name} ON events ({columns})")
    note_identities(connection)
    drop_triggers(connection)
    for name in connection.execute(_CONSTRAINTS).scalars().all():
        connection.exec_driver_sql(f'ALTER TABLE events DROP CONSTRAINT "{name}"')
    for statement in (
        "DROP INDEX IF EXISTS events_history",
        f"ALTER TABLE events ADD CONSTRAINT {_PRIMARY} PRIMARY KEY USING INDEX {_PRIMARY}",
        f"ALTER TABLE events ADD CONSTRAINT {_IDENTITY} UNIQUE USING INDEX {_IDENTITY}",
        "ALTER SEQUENCE events_id_seq OWNED BY NONE",
        "ALTER TABLE events ALTER id DROP DEFAULT",
        f"ALTER TABLE events RENAME TO {BEFORE}",
    ):
        connection.exec_driver_sql(statement)
    create_events(connection)
    first = _end_of_old(connection)
    today = day_of(time.time())
    create_days(connection, first, max(today + AHEAD, first) + 1, attach=True)
    connection.exec_driver_sql(f"ALTER TABLE {BEFORE} DROP CONSTRAINT IF EXISTS {_BOUND}")
    create_triggers(connection)
    connection.execute(text("DELETE FROM notes WHERE key = :key"), {"key": _POSITION})


def _end_of_old(connection: Connection) -> int:
    """Return the day at which the old table ends: that of its bound, else after its last event."""
    bound = connection.exec_driver_sql(
        "SELECT pg_get_constraintdef(oid) FROM pg_constraint"
        f" WHERE conname = '{_BOUND}' AND conrelid = to_regclass('{BEFORE}')"
    ).scalar()
    if bound is not None:
        match = re.search(r"< \(?'?([0-9.eE+]+)", bound)
        assert match is not None, bound
        return day_of(float(match[1]))
    newest = connection.exec_driver_sql(f"SELECT max(moment) FROM {BEFORE}").scalar()
    return day_of(max(time.time() if newest is None else newest, time.time())) + 1


def _position(db: Database) -> int:
    with db.read() as connection:
        return int(connection.execute(_NOTED, {"key": _POSITION}).scalar_one())


@contextmanager
def _alone(db: Database) -> Iterator[Connection]:
    """Give a connection without transactions, that of the one process that converts."""
    engine = db.engine.execution_options(isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql("SELECT pg_advisory_lock(%s)", (_LOCK,))
        try:
            yield connection
        finally:
            connection.exec_driver_sql("SELECT pg_advisory_unlock(%s)", (_LOCK,))
