"""Cache of row numbers of external ids for writers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Column, Connection, func, select

from recsys.store.schema import erasures, merges, users

KEPT = 100_000  # ids of a column, some 10 MB; then all are forgotten and met again
BULK_KEPT = 2_000_000  # the same of a bulk load
_Numbers = dict[Column[Any], dict[str, int]]
_LEARNED = "recsys.learned"  # in Connection.info
_GONE = select(
    *(select(func.max(table.c.id)).scalar_subquery() for table in (erasures, merges))
)  # numbers of users go with an erasure or a merge


class StoreIdCache:
    """Numbers by column and id, of committed rows only.

    What a transaction looks up or gives out is kept with its connection and joins the rest when the
    transaction is committed. Numbers of items and kinds are given for good. A user may be erased by
    another process, so only a bulk load remembers users, and looks in each transaction whether that
    may have happened: in SQLite whether anybody else has written, in PostgreSQL whether there is a
    new erasure or merge. Other writers wait until the transaction ends.
    """

    def __init__(self, bulk: bool = False) -> None:
        self._numbers: _Numbers = {}
        self._bulk = bulk
        self._version: tuple[int, ...] = ()

    def of(self, connection: Connection, column: Column[str]) -> Mapping[str, int]:
        """Return what is known of a column, inside a transaction that writes."""
        if column is users.c.user_id:
            if not self._bulk:
                return {}
            self._look(connection)
        return self._numbers.get(column, {})

    def learn(self, connection: Connection, column: Column[str], found: Mapping[str, int]) -> None:
        """Remember numbers once the transaction of a connection is committed."""
        if column is not users.c.user_id or self._bulk:
            learned: _Numbers = connection.info.setdefault(_LEARNED, {})
            learned.setdefault(column, {}).update(found)

    def committed(self, learned: _Numbers) -> None:
        """Keep what a transaction learned that is committed now."""
        for column, found in learned.items():
            known = self._numbers.get(column)
            if known is None or len(known) > (BULK_KEPT if self._bulk else KEPT):
                self._numbers[column] = dict(found)  # another thread may be reading the old one
            else:
                known.update(found)

    def learned(self, connection: Connection) -> _Numbers:
        """Return what the transaction of a connection has learned, and let go of it."""
        found: _Numbers = connection.info.pop(_LEARNED, {})
        return found

    def forget(self) -> None:
        """Know nothing, as where a number was given away."""
        self._numbers.clear()

    def _look(self, connection: Connection) -> None:
        if connection.dialect.name == "sqlite":
            version = tuple(connection.exec_driver_sql("PRAGMA data_version").one())
        else:
            version = tuple(connection.execute(_GONE).one())
        if version != self._version:
            self.forget()
        self._version = version
