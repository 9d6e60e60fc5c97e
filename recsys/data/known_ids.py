"""KnownIds: numbers of outside ids that writers have met, so that they need not ask again."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, Connection

from recsys.data.sql import users

KEPT = 100_000  # ids of a column, some 10 MB; then all are forgotten and met again


class KnownIds:
    """Numbers by column and id. Used by whoever holds the write lock, so by one at a time.

    Numbers of items and kinds are given for good. A user may be erased by another process, so
    only a bulk load into SQLite, which can tell that somebody else has written, remembers users.
    """

    def __init__(self, bulk: bool = False) -> None:
        self._numbers: dict[Column[Any], dict[str, int]] = {}
        self._bulk = bulk
        self._version: int | None = None

    def of(self, connection: Connection, column: Column[str]) -> dict[str, int]:
        """Return what is known of a column, inside a transaction that writes."""
        if column is users.c.user_id:
            if not self._bulk:
                return {}
            self._look(connection)
        known = self._numbers.setdefault(column, {})
        if len(known) > KEPT and not self._bulk:
            known.clear()
        return known

    def _look(self, connection: Connection) -> None:
        version = connection.exec_driver_sql("PRAGMA data_version").scalar_one()
        if version != self._version:
            self.forget()
        self._version = version

    def forget(self) -> None:
        """Know nothing, as after a transaction that was undone."""
        self._numbers.clear()
