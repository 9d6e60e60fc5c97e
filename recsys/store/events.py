"""EventLog: append-only events of the store, read by user, by time, or from the end.

How they are appended: see recsys.store.event_writer.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    case,
    delete,
    distinct,
    func,
    literal,
    select,
)

from recsys.data.event_tables import EventTable
from recsys.store import event_queries
from recsys.store.event_table_reader import read_table
from recsys.store.event_writer import EventWriter
from recsys.store.schema import events, items, kinds, shares, users
from recsys.store.watches import forget_comments

if TYPE_CHECKING:
    from recsys.store.archived_event_table import ArchiveUse
    from recsys.store.event_archive import EventArchive


class StoredEvent(NamedTuple):
    """An event as the store holds it; `id` grows in the order of arrival."""

    id: int
    user_id: str
    item_id: str
    event: str
    value: float | None
    text: str
    timestamp: float | None  # Unix seconds
    received: float  # Unix seconds
    user: int = 0  # number of the user: later accounts have greater ones; 0: not known

    @property
    def moment(self) -> float:
        """When it happened: as its sender said, else when it arrived; Unix seconds."""
        return self.received if self.timestamp is None else self.timestamp


class AccountOnItem(NamedTuple):
    """A user among those who acted on an item in some time."""

    user_id: str
    at: float  # first act on the item in that time, Unix seconds
    first_act: float  # first act on anything
    items: int  # other items acted on before `at`


class ShortEvent(NamedTuple):
    """An event without its text."""

    id: int
    item_id: str
    event: str
    value: float | None
    moment: float  # Unix seconds


class EventLog(EventWriter):
    """Part of Store: events."""

    archive: EventArchive | None = None  # copies of events by day; None: none is used

    def history(self, user_id: str, limit: int = 500, but: Sequence[str] = ()) -> list[StoredEvent]:
        """Return the latest events of a user, oldest first; empty for an unknown user.

        `but`: kinds of event that are left out, so that they do not crowd out what counts.
        """
        query = event_queries.latest(tuple(but))
        if self.db.on_sqlite:
            found = self.db.rows(event_queries.read_of(query), user=user_id, n=limit)
        else:
            from recsys.store.partitions.recent import latest_rows  # here: not needed on SQLite

            found = latest_rows(self.db, query, user_id, limit, _moment)
        return list(map(StoredEvent._make, reversed(found)))

    def _of_user(
        self, query: event_queries.Query, user_id: str, **values: Any
    ) -> Sequence[Sequence[Any]]:
        """Return the rows of a query of all events of a user."""
        if self.db.on_sqlite:
            return self.db.rows(event_queries.read_of(query), user=user_id, **values)
        from recsys.store.partitions.recent import rows_of_user  # here: not needed on SQLite

        return rows_of_user(self.db, query, user_id, **values)

    def act_stamp(self, user_id: str) -> tuple[int, int]:
        """Return the number of a user's events and their greatest id; it moves with every change.

        Read from an index alone: 20,000 entries take about a millisecond.
        """
        if not self.db.on_sqlite:
            from recsys.store.partitions.recent import stamp_of  # here: not needed on SQLite

            return stamp_of(self.db, user_id)
        count, last, _ = self.db.rows(event_queries.STAMP, user=user_id)[0]
        return int(count), int(last or 0)

    def acts_after(self, user_id: str, after: int = 0) -> list[ShortEvent]:
        """Return all events of a user with a greater id, ascending, without texts."""
        return list(map(ShortEvent._make, self._of_user(event_queries.acts, user_id, after=after)))

    def events_by_id(self, ids: Collection[int]) -> dict[int, StoredEvent]:
        """Return some events by id; absent where there is none."""
        query = event_queries.STORED.where(self.db.among(events.c.id, ids))
        with self.db.read() as connection:
            return {row[0]: StoredEvent._make(row) for row in connection.execute(query)}

    def items_acted_on(self, user_id: str, item_ids: Collection[str], kind: str) -> set[str]:
        """Return those of some items that a user has an event of one kind on."""
        query = (
            select(items.c.item_id)
            .select_from(event_queries.joined(events).join(users, users.c.id == events.c.user))
            .where(users.c.user_id == user_id, kinds.c.name == kind)
            .where(self.db.among(items.c.item_id, item_ids))
        )
        with self.db.read() as connection:
            return set(connection.execute(query).scalars())

    def events_after(self, id: int, limit: int) -> list[StoredEvent]:
        """Return the first events with a greater id, ascending.

        Ids become visible in ascending order on both databases (see Database.write), so the last
        id seen is all that a reader must remember.
        """
        if not self.db.on_sqlite:
            from recsys.store.partitions.tail import rows_after  # here: not needed on SQLite

            return list(map(StoredEvent._make, rows_after(self.db, event_queries.after, id, limit)))
        return list(map(StoredEvent._make, self.db.rows(event_queries.AFTER, after=id, n=limit)))

    def events_of(self, user_id: str, after: int = 0, n: int = 1000) -> list[StoredEvent]:
        """Return a page of a user's events by id, from the first after `after`."""
        found = self._of_user(event_queries.page_of_user, user_id, after=after, n=n)
        return list(map(StoredEvent._make, found))

    def events_between(self, user_id: str, item_id: str) -> list[StoredEvent]:
        """Return what a user did to an item, in the order of time."""
        found = self._of_user(event_queries.between, user_id, item=item_id)
        return list(map(StoredEvent._make, found))

    def accounts_on(
        self, item_id: str, since: float, until: float, limit: int
    ) -> list[AccountOnItem]:
        """Return who acted on an item between two moments, both included, in the order of time.

        Reads all events once: no index leads from items to events.
        """
        number = select(items.c.id).where(items.c.item_id == item_id).scalar_subquery()
        first = (
            select(events.c.user, func.min(events.c.moment).label("at"))
            .where(events.c.item == number, events.c.moment.between(since, until))
            .group_by(events.c.user)
            .order_by(func.min(events.c.moment), events.c.user)
            .limit(limit)
            .subquery()
        )
        other = events.alias()
        before = (other.c.moment < first.c.at) & (other.c.item != number)
        query = (
            select(
                users.c.user_id,
                first.c.at,
                func.min(other.c.moment),
                func.count(distinct(case((before, other.c.item)))),
            )
            .join(users, users.c.id == first.c.user)
            .join(other, other.c.user == first.c.user)
            .group_by(users.c.user_id, first.c.user, first.c.at)
            .order_by(first.c.at, first.c.user)
        )
        with self.db.read() as connection:
            return [AccountOnItem(*row) for row in connection.execute(query)]

    def kinds(self) -> list[str]:
        """Return all kinds of event that ever came, as they came."""
        return [name for (name,) in self.db.rows(event_queries.KINDS)]

    def kind_counts(self, after: int = 0) -> dict[str, int]:
        """Return the number of events of each kind, of those with a greater id; reads them all."""
        query = select(kinds.c.name, func.count()).join(events, events.c.kind == kinds.c.id)
        query = query.where(events.c.id > after).group_by(kinds.c.name)
        with self.db.read() as connection:
            return {str(name): int(count) for name, count in connection.execute(query)}

    def last_event_id(self) -> int:
        """Return the greatest id, 0 without events."""
        with self.db.read() as connection:
            return connection.execute(select(func.max(events.c.id))).scalar() or 0

    def delete_event(self, id: int) -> bool:
        """Remove one event for good; False when there is none of that id."""
        days: list[int] = []
        with self.db.write() as connection:
            if self.archive is not None:
                days = self.archive.days_of(connection, events.c.id == id)
            removed = connection.execute(delete(events).where(events.c.id == id)).rowcount > 0
            if removed:
                forget_comments(connection, select(literal(id)))
            connection.execute(delete(shares).where(shares.c.event == id))
        if self.archive is not None:
            self.archive.forget_days(days)
        self.db.forget_deleted()
        return removed

    def event_table(self, before: float | None = None) -> EventTable:
        """Return all events in the order of time, or those strictly before a time.

        Events on hidden and deleted items are left out. An event without a timestamp stands at
        the time of its arrival.
        """
        with self.db.snapshot() as connection:
            return read_table(connection, before)

    def archived_event_table(self, now: float) -> tuple[EventTable, ArchiveUse]:
        """Return all events as `event_table` does, read from the archive as far as it agrees.

        The store must have one. `now`: Unix seconds; days that are over are written.
        """
        # loaded at night only
        from recsys.store.archived_event_table import archived_event_table

        assert self.archive is not None
        return archived_event_table(self.db, self.archive, now)


def _moment(row: Sequence[Any]) -> float:
    """Return the moment of a row of `event_queries.latest`."""
    return StoredEvent._make(row).moment


def stored_events(
    connection: Connection, condition: ColumnElement[bool], newest_first: bool, n: int
) -> list[StoredEvent]:
    """Return the first n events for which a condition holds, by id."""
    order = events.c.id.desc() if newest_first else events.c.id
    rows = connection.execute(event_queries.STORED.where(condition).order_by(order).limit(n)).all()
    return [StoredEvent(*row) for row in rows]
