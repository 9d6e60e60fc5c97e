"""Frequent small queries of requests on PostgreSQL, through the driver directly.

By way of SQLAlchemy's pool such a query takes four round trips (a look whether the connection
lives, BEGIN, the query, ROLLBACK) and is planned anew. Here it takes one: it is prepared once per
connection, outside of any transaction, and its rows come in binary form.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import psycopg
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from recsys.store.prepared_reads import Read

if TYPE_CHECKING:
    Rows = psycopg.Connection[tuple[Any, ...]]

MOST = 4  # connections of a process; more readers at once use the pool of SQLAlchemy


class PostgresReaders:
    """Connections of PostgreSQL that only read; each used by one thread at a time."""

    def __init__(self, engine: Engine, options: Mapping[str, Any]) -> None:
        """Of `engine`'s database; `options`: further arguments of the driver's `connect`."""
        self._engine = engine
        self._options = options
        self._idle: list[Rows] = []  # the one that was used last at the end
        self._places = [None] * MOST  # one is taken by each connection that is open

    def rows(self, read: Read, **values: Any) -> Sequence[Sequence[Any]] | None:
        """Return the rows of a query as of now; None: all connections are in use.

        A connection that was closed meanwhile, as by a server that was started anew, is replaced
        once. DBAPIError as SQLAlchemy raises it.
        """
        statement, fixed = read.for_engine(self._engine)
        given = {**fixed, **values}
        while True:
            kept = True
            try:
                connection = self._idle.pop()
            except IndexError:
                kept = False
                try:
                    self._places.pop()
                except IndexError:
                    return None
                try:
                    connection = self._opened()
                except BaseException as error:
                    self._places.append(None)
                    raise self._translated(statement, error) from error
            try:
                cursor = connection.execute(statement, given, prepare=True, binary=True)
                found = cursor.fetchall()
            except BaseException as error:
                lost = connection.closed
                self._dropped(connection)
                if kept and lost and isinstance(error, psycopg.OperationalError):
                    continue  # those that are idle are closed, too
                raise self._translated(statement, error) from error
            self._idle.append(connection)
            return found

    def close(self) -> None:
        """Close the connections that are not in use; it may be read again."""
        while self._idle:
            self._dropped(self._idle.pop())

    def _opened(self) -> Rows:
        positional, named = self._engine.dialect.create_connect_args(self._engine.url)
        options = {**named, **self._options, "autocommit": True}
        return psycopg.connect(*positional, **options)

    def _dropped(self, connection: Rows) -> None:
        with suppress(psycopg.Error):
            connection.close()
        self._places.append(None)

    def _translated(self, statement: str, error: BaseException) -> BaseException:
        if not isinstance(error, psycopg.Error):
            return error
        return DBAPIError.instance(
            statement,
            None,
            error,
            psycopg.Error,
            hide_parameters=True,
            dialect=self._engine.dialect,
        )
