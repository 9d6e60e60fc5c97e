"""ActLog: interactions by internal numbers of the store, for the follow graph."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, Column, ColumnElement, Select, Text, select, true

from recsys.store.database import Database
from recsys.store.prepared_reads import Read, given
from recsys.store.schema import authors, events, items, kinds, users


class NumberedAct(NamedTuple):
    """An event in numbers of the store."""

    id: int
    user: int
    item: int
    kind: int
    value: float | None
    moment: float  # Unix seconds


_ROW = (
    events.c.id,
    events.c.user,
    events.c.item,
    events.c.kind,
    events.c.value,
    events.c.moment,
)


def _after(condition: ColumnElement[bool]) -> Select[Any]:
    query = select(*_ROW).where(events.c.id > given("after", BigInteger), condition)
    return query.order_by(events.c.id).limit(given("n", BigInteger))


_AFTER = Read(_after(true()))
# of each of some users the n latest events, by user, the oldest first
_LATEST = (
    'SELECT e.id, e."user", e.item, e.kind, e.value, e.moment FROM json_each(?) AS of'
    " CROSS JOIN events e WHERE e.id IN (SELECT id FROM events"
    ' WHERE "user" = of.value ORDER BY moment DESC, id DESC LIMIT ?)'
    ' ORDER BY e."user", e.moment, e.id'
)
_LATEST_POSTGRES = (
    'SELECT e.* FROM unnest(%s::bigint[]) AS of CROSS JOIN LATERAL (SELECT id, "user", item, kind,'
    ' value, moment FROM recent_events WHERE "user" = of'
    " ORDER BY moment DESC, id DESC LIMIT %s) AS e"
    ' ORDER BY e."user", e.moment, e.id'
)
_NUMBER = Read(select(users.c.id).where(users.c.user_id == given("user", Text)))


class ActLog:
    """Part of Store: acts and accounts in numbers."""

    db: Database

    def user_number(self, user_id: str) -> int:
        """Return the number of a user, 0 for one of whom nothing is known."""
        rows = self.db.rows(_NUMBER, user=user_id)
        return int(rows[0][0]) if rows else 0

    def numbered_acts_after(self, id: int, n: int) -> list[NumberedAct]:
        """Return the first n events with a greater id, ascending."""
        if not self.db.on_sqlite:
            from recsys.store.partitions.tail import rows_after  # here: not needed on SQLite

            return [NumberedAct(*row) for row in rows_after(self.db, _after, id, n)]
        return [NumberedAct(*row) for row in self.db.rows(_AFTER, after=id, n=n)]

    def latest_acts(self, users: Collection[int], n: int) -> list[NumberedAct]:
        """Return the n latest events of each of some users, by user, the oldest first.

        On PostgreSQL n is at most recsys.store.partitions.recent.KEPT.
        """
        with self.db.read() as connection:
            if self.db.on_sqlite:
                given_users: tuple[Any, ...] = (json.dumps(list(users)), n)
                rows = connection.exec_driver_sql(_LATEST, given_users).cursor.fetchall()
            else:
                rows = connection.exec_driver_sql(_LATEST_POSTGRES, (list(users), n)).all()
        return [NumberedAct(*row) for row in rows]

    def kind_names(self) -> dict[int, str]:
        """Return the kinds of event by number."""
        with self.db.read() as connection:
            return {number: name for number, name in connection.execute(select(kinds))}

    def user_ids(self, numbers: Collection[int]) -> dict[int, str]:
        """Return the ids of users by number."""
        return self._names(users.c.user_id, numbers)

    def item_ids(self, numbers: Collection[int]) -> dict[int, str]:
        """Return the ids of items by number."""
        return self._names(items.c.item_id, numbers)

    def author_ids(self, numbers: Collection[int]) -> dict[int, str]:
        """Return the ids of authors by number."""
        return self._names(authors.c.author_id, numbers)

    def _names(self, column: Column[str], numbers: Collection[int]) -> dict[int, str]:
        if not numbers:
            return {}
        query = select(column.table.c.id, column)
        query = query.where(self.db.among(column.table.c.id, numbers))
        with self.db.read() as connection:
            return {number: name for number, name in connection.execute(query)}
