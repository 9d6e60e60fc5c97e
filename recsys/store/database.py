"""Database: connections to SQLite (WAL) or PostgreSQL, one writer at a time, errors translated."""

from __future__ import annotations

import itertools
import json
import sqlite3
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Engine,
    any_,
    create_engine,
    event,
    func,
    literal,
    select,
    text,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError
from sqlalchemy.pool import ConnectionPoolEntry

from recsys.errors import MissingExtra, StoreError
from recsys.store import erasure_guard
from recsys.store.error_translation import BUSY, translated
from recsys.store.id_cache import StoreIdCache
from recsys.store.partitions.daily_partitions import EventDays
from recsys.store.prepared_reads import Read, Readers, return_pages
from recsys.store.write_lock_queue import WriterTurns

if TYPE_CHECKING:
    from recsys.store.postgres_small_reads import PostgresReaders

PARAMETERS = 4_000  # of one INSERT of many rows on SQLite, which takes 32,766
_GLANCE = 0.25  # seconds that a reader waits for a lock in a process that answers requests
_MOMENT = 50  # ms in which the emptying of a log may keep writers waiting
_WRITTEN = 4_096  # KiB of pages that a transaction may change before some are written to the log
_KEEPS, _ROOMY = "recsys.keeps", "recsys.roomy"  # in the info of a pooled connection, both flags
_RETURNED = "recsys.returned"  # in the info of a pooled connection: when it gave its pages back
_WRITER = 0x7265635F73797301  # PostgreSQL's advisory lock that every writer holds
_IDLE = 120.0  # seconds after which PostgreSQL ends a writer that does nothing, as one suspended
_TURN = text(
    "SELECT pg_advisory_xact_lock(:key),"
    " set_config('idle_in_transaction_session_timeout', :most, true)"
)
_PROBE = (
    "INSERT INTO notes (key, value) VALUES ('write_probe', :value)"
    " ON CONFLICT (key) DO UPDATE SET value = excluded.value"
)
_USUAL = {
    "journal_mode": "WAL",
    "synchronous": "FULL",  # an acknowledged event survives a power cut
    "secure_delete": "ON",
    # KiB of pages that each connection keeps. What is not among them comes from the system's page
    # cache in a microsecond or two, and SQLite drops them all once another connection has written.
    # Larger caches only leave a larger heap behind whenever a long table is read.
    "cache_size": "-1024",
    # pages: events touch the index all over, so that the log is worth emptying when it is long
    "wal_autocheckpoint": "8000",
}
_BULK = {**_USUAL, "cache_size": "-262144", "wal_autocheckpoint": "20000"}  # KiB, pages


@dataclass(frozen=True, slots=True)
class Database:
    """An engine, and the ways to use it: `read`, `snapshot` and `write`."""

    engine: Engine
    known: StoreIdCache = field(default_factory=StoreIdCache)
    readers: Readers | None = None  # of SQLite's file
    turns: WriterTurns = field(default_factory=lambda: WriterTurns(BUSY))
    read_wait: float = BUSY  # seconds that a reader waits for a lock, where there is one
    event_days: EventDays = field(default_factory=EventDays)  # of PostgreSQL
    postgres_readers: PostgresReaders | None = None

    @classmethod
    def open(cls, url: str, bulk: bool = False, wait: float = BUSY) -> Database:
        """Prepare for sqlite:///path or postgresql://…; StoreError when the URL is neither.

        `bulk`: for a process that adds a great deal and erases nothing. SQLite gets more memory,
        empties its log less often, and numbers of ids are kept from batch to batch. `wait`: seconds
        that a writer waits for others; a reader of SQLite waits a quarter of a second at most where
        that is short.
        """
        parsed = _parsed(url)
        turns = WriterTurns(wait, one_lock=url.startswith("sqlite"))
        read_wait = wait if wait >= BUSY else min(wait, _GLANCE)
        if parsed.get_backend_name() == "sqlite":
            engine = _sqlite(parsed, _BULK if bulk else _USUAL, read_wait, keeps_pages=bulk)
            in_file = parsed.database and parsed.database != ":memory:"
            readers = Readers(engine, min(read_wait, 5.0)) if in_file else None
            return cls(engine, StoreIdCache(bulk), readers, turns, read_wait)
        given = {"options": f"-c lock_timeout={int(1000 * wait)}"} if wait < BUSY else {}
        if given and "options" in parsed.query:
            given["options"] = f"{parsed.query['options']} {given['options']}"
        try:
            engine = create_engine(
                parsed, pool_pre_ping=True, hide_parameters=True, connect_args=given
            )
            # here: not needed on SQLite
            from recsys.store.postgres_small_reads import PostgresReaders
        except ImportError as error:
            raise MissingExtra("psycopg", "postgres") from error
        straight = PostgresReaders(engine, given)
        return cls(engine, StoreIdCache(bulk), None, turns, read_wait, postgres_readers=straight)

    @property
    def on_sqlite(self) -> bool:
        """Whether this is SQLite; otherwise it is PostgreSQL."""
        return self.engine.dialect.name == "sqlite"

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Give a connection where each statement sees what is committed when it starts."""
        with translated(self.engine.url), self.engine.connect() as connection:
            yield connection

    def rows(self, read: Read, **values: Any) -> Sequence[Sequence[Any]]:
        """Return the rows of a small query, as of what is committed when it starts."""
        if self.postgres_readers is not None:
            with translated(self.engine.url):
                found = self.postgres_readers.rows(read, **values)
            if found is not None:
                return found
        if self.readers is None:
            with self.read() as connection:
                return read.on(connection, **values)
        try:
            return self.readers.rows(read, **values)
        except sqlite3.Error:
            with translated(self.engine.url):
                raise

    def close(self) -> None:
        """Close all connections."""
        if self.readers is not None:
            self.readers.close()
        if self.postgres_readers is not None:
            self.postgres_readers.close()
        self.engine.dispose()

    @contextmanager
    def snapshot(self) -> Iterator[Connection]:
        """Give a connection where all statements see the store at one and the same moment."""
        with translated(self.engine.url), self.engine.connect() as connection:
            if self.on_sqlite:
                connection.exec_driver_sql("BEGIN")
            else:
                connection.execution_options(isolation_level="REPEATABLE READ")
            yield connection

    @contextmanager
    def write(self, shows: bool = False) -> Iterator[Connection]:
        """Give a connection that commits at the end, or undoes everything on an error.

        `shows`: see `WriterTurns.taken`.

        Writers take turns. On PostgreSQL the lock is taken before the first id is drawn and
        given back after the commit is visible, so ids become visible in ascending order, and a
        reader of "id > last seen" misses none. UserErased where recsys.store.erasure_guard says so.
        """
        with self.turns.taken(shows), translated(self.engine.url, writing=True):
            learned = {}
            with self.engine.begin() as connection:
                self.known.learned(connection)  # what an earlier transaction left is void
                if self.on_sqlite:
                    _give_room(connection)
                    with self._patient(connection):
                        connection.exec_driver_sql("BEGIN IMMEDIATE")
                else:
                    connection.execute(_TURN, {"key": _WRITER, "most": f"{int(1000 * _IDLE)}"})
                if (guard := erasure_guard.current()) is not None:
                    guard.check(connection)
                yield connection
                learned = self.known.learned(connection)
            self.known.committed(learned)

    @contextmanager
    def _patient(self, connection: Connection) -> Iterator[None]:
        """Let a connection of SQLite wait as long for a lock as writers do."""
        driver = connection.connection
        if self.turns.wait == self.read_wait:
            yield
            return
        driver.execute(f"PRAGMA busy_timeout = {int(1000 * self.turns.wait)}")
        try:
            yield
        finally:
            driver.execute(f"PRAGMA busy_timeout = {int(1000 * self.read_wait)}")

    def probe(self) -> None:
        """Find out whether the store takes writes; StoreError when it does not.

        The locks of a writer are taken and given back; after a failure something is written too,
        which shows whether there is room again.
        """
        failing = self.turns.failing
        with self.write(shows=True) as connection:
            if not self.on_sqlite:
                connection.execute(text("LOCK TABLE ONLY events IN ROW EXCLUSIVE MODE"))
            if failing:
                connection.execute(text(_PROBE), {"value": f"{time.time():.0f}"})

    def forget_deleted(self) -> bool:
        """Empty SQLite's write-ahead log of deleted rows; in the file itself they are zeroed.

        Nobody waits for it: what readers still need stays. False when that is so, or a writer is at
        work: try again. Also on PostgreSQL, which frees the space of deleted rows later, by itself.
        """
        if not self.on_sqlite:
            return False
        with self.turns.free() as held, self.read() as connection:
            if not held:
                return False
            busy, in_log, moved = connection.exec_driver_sql("PRAGMA wal_checkpoint(PASSIVE)").one()
            if busy or moved < in_log:
                return False
            driver = connection.connection
            driver.execute(f"PRAGMA busy_timeout = {_MOMENT}")
            try:
                busy, *_ = connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").one()
            finally:
                driver.execute(f"PRAGMA busy_timeout = {int(1000 * self.read_wait)}")
        return not busy

    def among(self, column: Column[Any], values: Collection[Any]) -> ColumnElement[bool]:
        """Return the condition that a column holds one of any number of values."""
        if self.on_sqlite:  # one parameter, however many values: no limit, and one cached statement
            listed = func.json_each(json.dumps(list(values))).table_valued("value")
            return column.in_(select(listed.c.value))
        return column == any_(literal(list(values), postgresql.ARRAY(column.type)))

    def insert_new(
        self, connection: Connection, columns: Sequence[Column[Any]], rows: Sequence[Sequence[Any]]
    ) -> int:
        """Insert rows, values in the order of `columns`, but those there already; return how many.

        Straight to the driver: SQLAlchemy's own handling of parameters takes as long per row as
        the database does.
        """
        if not rows:
            return 0
        names = ", ".join(f'"{column.name}"' for column in columns)
        head, tail = f'INSERT INTO "{columns[0].table.name}" ({names})', "ON CONFLICT DO NOTHING"
        if self.on_sqlite:
            marks, together = f"({', '.join('?' * len(columns))})", PARAMETERS // len(columns)
            added, whole = 0, len(rows) // together * together
            if whole:  # a statement for many rows takes half as long as one for each
                query = f"{head} VALUES {', '.join([marks] * together)} {tail}"
                for start in range(0, whole, together):
                    held = tuple(itertools.chain.from_iterable(rows[start : start + together]))
                    added += max(connection.exec_driver_sql(query, held).rowcount, 0)
            if rest := [tuple(row) for row in rows[whole:]]:
                result = connection.exec_driver_sql(f"{head} VALUES {marks} {tail}", rest)
                added += max(result.rowcount, 0)
            return added
        # here: not needed on SQLite
        from recsys.store.postgres_copy import LEAST, copy_new, may_copy, sql_type

        if len(rows) >= LEAST and may_copy(connection):
            return copy_new(connection, columns, rows)
        # one statement with an array per column: one round trip for any number of rows
        arrays = ", ".join(f"%s::{sql_type(column)}[]" for column in columns)
        lists = tuple(list(values) for values in zip(*rows, strict=True))
        result = connection.exec_driver_sql(f"{head} SELECT * FROM unnest({arrays}) {tail}", lists)
        return max(result.rowcount, 0)

    def update_rows(
        self, connection: Connection, columns: Sequence[Column[Any]], rows: Sequence[Sequence[Any]]
    ) -> None:
        """Change rows by their number, the column `id`; rows: that number, values of `columns`.

        Straight to the driver, as `insert_new`.
        """
        if not rows:
            return
        table = columns[0].table.name
        if self.on_sqlite:
            sets = ", ".join(f'"{column.name}" = ?' for column in columns)
            changed = [(*values, number) for number, *values in rows]
            connection.exec_driver_sql(f'UPDATE "{table}" SET {sets} WHERE id = ?', changed)
            return
        # here: not needed on SQLite
        from recsys.store.postgres_copy import sql_type

        sets = ", ".join(f'"{column.name}" = "to"."{column.name}"' for column in columns)
        names = ", ".join(f'"{column.name}"' for column in columns)
        arrays = ", ".join(["%s::bigint[]", *(f"%s::{sql_type(one)}[]" for one in columns)])
        query = f'UPDATE "{table}" SET {sets} FROM unnest({arrays}) AS "to" (number, {names})'
        lists = tuple(list(values) for values in zip(*rows, strict=True))
        connection.exec_driver_sql(f'{query} WHERE "{table}".id = "to".number', lists)

    def known_numbers(
        self, connection: Connection, column: Column[str], texts: Collection[str]
    ) -> dict[str, int]:
        """Return the row numbers of those outside ids that have one."""
        table, name = column.table.name, column.name
        listed, held = self._listed(texts)
        query = f'SELECT "{name}", id FROM "{table}" WHERE "{name}" IN ({listed})'
        return dict(connection.exec_driver_sql(query, held).all())

    def numbers(
        self, connection: Connection, column: Column[str], texts: Collection[str]
    ) -> dict[str, int]:
        """Return the row numbers of outside ids, giving numbers to new ones in their order."""
        known = self.known.of(connection, column)
        found = {name: known[name] for name in texts if name in known}
        unknown = [name for name in texts if name not in found]
        if not unknown:
            return found
        learned = self.known_numbers(connection, column, unknown)
        missing = [name for name in unknown if name not in learned]
        if missing:
            learned |= self._numbered(connection, column, missing)
        self.known.learn(connection, column, learned)
        return found | learned

    def _numbered(
        self, connection: Connection, column: Column[str], texts: Sequence[str]
    ) -> dict[str, int]:
        table, name = column.table.name, column.name
        listed, held = self._listed(texts)
        insert = f'INSERT INTO "{table}" ("{name}") {listed} RETURNING "{name}", id'
        return dict(connection.exec_driver_sql(insert, held).all())

    def _listed(self, texts: Collection[str]) -> tuple[str, tuple[Any]]:
        """Return the query of any number of texts, one after the other, and its parameter."""
        if self.on_sqlite:
            return "SELECT value FROM json_each(?)", (json.dumps(list(texts)),)
        return "SELECT unnest(%s::text[])", (list(texts),)


def _give_room(connection: Connection) -> None:
    """Let a connection of SQLite keep what a transaction writes, until it goes back to its pool.

    Pages that do not fit are written to the log early, and once more when they change again.
    """
    if not connection.info.get(_KEEPS):
        connection.info[_ROOMY] = True
        connection.connection.execute(f"PRAGMA cache_size = -{_WRITTEN}")


def _parsed(url: str) -> URL:
    try:
        parsed = make_url(url)
        if parsed.drivername in ("postgresql", "postgres"):
            parsed = parsed.set(drivername="postgresql+psycopg")
        parsed.get_dialect()
    except ImportError as error:
        raise MissingExtra("psycopg", "postgres") from error
    except (ArgumentError, NoSuchModuleError) as error:
        raise StoreError(f"{url!r} is not a store: use sqlite:///path or postgresql://…") from error
    if parsed.get_backend_name() not in ("sqlite", "postgresql"):
        raise StoreError(f"{parsed.drivername} is not supported: use sqlite:/// or postgresql://")
    return parsed


def _sqlite(url: URL, pragmas: Mapping[str, str], wait: float, keeps_pages: bool) -> Engine:
    if url.database and url.database != ":memory:":
        try:
            Path(url.database).parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(f"{url}: {error.strerror}: {error.filename}") from error
    # the connection used last comes first: few of them keep pages and prepared statements
    pool = {"pool_use_lifo": True} if url.database and url.database != ":memory:" else {}
    engine = create_engine(url, connect_args={"timeout": wait}, hide_parameters=True, **pool)

    @event.listens_for(engine, "connect")
    def prepare(connection: sqlite3.Connection, record: ConnectionPoolEntry) -> None:
        record.info[_KEEPS] = keeps_pages
        for name, value in pragmas.items():
            connection.execute(f"PRAGMA {name} = {value}")

    if keeps_pages:
        return engine

    @event.listens_for(engine, "checkin")
    def returned(connection: sqlite3.Connection | None, record: ConnectionPoolEntry) -> None:
        if connection is not None:  # else it was closed
            if record.info.pop(_ROOMY, False):
                connection.execute(f"PRAGMA cache_size = {pragmas['cache_size']}")
            last = record.info.setdefault(_RETURNED, time.monotonic())
            record.info[_RETURNED] = return_pages(connection, last)

    return engine
