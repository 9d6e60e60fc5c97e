"""Frequent small queries of requests; on SQLite through the driver directly.

SQLAlchemy needs several times as long to hand such a query on as SQLite needs to answer it. Those
of PostgreSQL are in postgres_small_reads.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sqlalchemy import BindParameter, CompoundSelect, Connection, Dialect, Engine, Select, bindparam
from sqlalchemy.dialects import sqlite
from sqlalchemy.types import TypeEngine

CACHE = 512  # KiB of pages that a connection keeps; there may be one per thread
FRESH = 10.0  # seconds after which a connection gives the pages back that it keeps


@dataclass(frozen=True)
class Read:
    """A query that is put together once; its `given` values come each time."""

    query: Select[Any] | CompoundSelect[Any]

    @cached_property
    def _compiled(self) -> tuple[str, Mapping[str, Any]]:
        return self._made(sqlite.dialect(paramstyle="named"))

    @cached_property
    def _of_engines(self) -> dict[str, tuple[str, Mapping[str, Any]]]:
        return {}  # by driver

    def for_engine(self, engine: Engine) -> tuple[str, Mapping[str, Any]]:
        """Return the statement as an engine's driver takes it, and the values that are fixed."""
        found = self._of_engines.get(engine.driver)
        if found is None:
            found = self._of_engines[engine.driver] = self._made(engine.dialect)
        return found

    def _made(self, dialect: Dialect) -> tuple[str, Mapping[str, Any]]:
        made = self.query.compile(dialect=dialect, compile_kwargs={"render_postcompile": True})
        return str(made), {name: held for name, held in made.params.items() if held is not None}

    def on(self, connection: Connection, **values: Any) -> Sequence[Sequence[Any]]:
        """Return the rows by way of SQLAlchemy, on any database."""
        return connection.execute(self.query, values).all()

    def straight(self, connection: sqlite3.Connection, **values: Any) -> Sequence[Sequence[Any]]:
        """Return the rows by way of the driver alone."""
        text, fixed = self._compiled
        return connection.execute(text, {**fixed, **values}).fetchall()


def given(name: str, kind: type[TypeEngine[Any]]) -> BindParameter[Any]:
    """Return the place of a value that a Read is given."""
    return bindparam(name, type_=kind, required=False)


class Readers:
    """Connections of SQLite that only read, outside of any transaction; each used by one at a time.

    As many are open as there were readers at once. One that failed is not used again. Each gives
    its pages back after `FRESH` seconds, so that one that is seldom used holds next to nothing.
    """

    def __init__(self, engine: Engine, wait: float = 5.0) -> None:
        self._engine = engine
        self._wait = wait  # seconds for a lock; nobody holds one against readers for long
        # each with the moment at which it gave its pages back, in monotonic seconds
        self._idle: list[tuple[sqlite3.Connection, float]] = []

    def rows(self, read: Read, **values: Any) -> Sequence[Sequence[Any]]:
        """Return the rows of a query as of now; raises what the driver raises."""
        try:
            connection, returned = self._idle.pop()
        except IndexError:
            connection, returned = self._opened(), time.monotonic()
        try:
            found = read.straight(connection, **values)
            returned = return_pages(connection, returned)
        except BaseException:
            connection.close()
            raise
        self._idle.append((connection, returned))
        return found

    def _opened(self) -> sqlite3.Connection:
        place, options = self._engine.dialect.create_connect_args(self._engine.url)
        connect: Callable[..., sqlite3.Connection] = sqlite3.connect
        options = {**options, "isolation_level": None, "check_same_thread": False}
        options["timeout"] = self._wait
        connection = connect(*place, **options)
        connection.execute(f"PRAGMA cache_size = -{CACHE}")
        connection.execute("PRAGMA query_only = ON")
        return connection

    def close(self) -> None:
        """Close the connections that are not in use; it may be read again."""
        while self._idle:
            self._idle.pop()[0].close()


def return_pages(connection: sqlite3.Connection, returned: float) -> float:
    """Give the pages that a connection keeps back to the heap, once `FRESH` seconds have passed.

    Outside of any transaction. `returned`: monotonic seconds when it did so last; returns the same,
    or now where it has just done so.
    """
    now = time.monotonic()
    if now - returned < FRESH:
        return returned
    connection.execute("PRAGMA shrink_memory")
    return now
