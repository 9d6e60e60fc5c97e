"""KnownIds: numbers of outside ids that a bulk load has met, so that it need not ask again."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, Connection


class KnownIds:
    """Numbers by column and id, for one process that adds to a SQLite store and erases nothing."""

    def __init__(self) -> None:
        self._numbers: dict[Column[Any], dict[str, int]] = {}
        self._version: int | None = None

    def of(self, connection: Connection, column: Column[str]) -> dict[str, int]:
        """Return what is known of a column, to be added to; inside a transaction that writes.

        Nothing is known any more once another connection has written: it may have erased an id,
        whose number must not be used again.
        """
        version = connection.exec_driver_sql("PRAGMA data_version").scalar_one()
        if version != self._version:
            self.forget()
        self._version = version
        return self._numbers.setdefault(column, {})

    def forget(self) -> None:
        """Know nothing, as after a transaction that was undone."""
        self._numbers.clear()
