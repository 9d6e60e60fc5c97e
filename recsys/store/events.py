"""EventLog: append-only events of the store, read by user, by time, or from the end."""

from __future__ import annotations

import hashlib
import itertools
import os
import time
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
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
from recsys.data.records import Event
from recsys.store import event_queries
from recsys.store.database import Database
from recsys.store.erasure_guard import ErasureGuard, current, guarded_by
from recsys.store.event_table_reader import read_table
from recsys.store.group_commit import GroupCommit
from recsys.store.schema import events, items, kinds, shares, users
from recsys.store.shares import add_shares
from recsys.store.watches import forget_comments

if TYPE_CHECKING:
    from recsys.store.archived_event_table import ArchiveUse
    from recsys.store.event_archive import EventArchive

UNDATED = "undated"  # source of the undated events of files
BATCH = 20_000  # events per transaction: some tenths of a second in which others wait


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


@dataclass(frozen=True, slots=True)
class Added:
    """What became of events handed to the store."""

    new: int
    duplicates: int

    def __add__(self, other: Added) -> Added:
        return Added(self.new + other.new, self.duplicates + other.duplicates)


_INSERTED = (
    events.c.user,
    events.c.item,
    events.c.kind,
    events.c.value,
    events.c.text,
    events.c.timestamp,
    events.c.moment,
    events.c.received,
    events.c.key,
)
_USER_AT, _MOMENT, _KEY = 0, 6, 8  # places in a row of `_INSERTED`


class Batch(NamedTuple):
    """Events that are stored together."""

    events: Sequence[Event]
    keys: Sequence[int]
    guard: ErasureGuard | None  # of the thread that brought them
    sourced: bool = True  # whether those without a timestamp may come again


class EventLog:
    """Part of Store: events."""

    db: Database
    appending: GroupCommit[Batch, Added]
    archive: EventArchive | None = None  # copies of events by day; None: none is used

    def add_events(
        self,
        events: Iterable[Event],
        source: str | None = None,
        rows: Iterable[int] | None = None,
    ) -> Added:
        """Append the events that are not there yet, in batches of one transaction each.

        An event with a timestamp is the same as another when all its columns are. One without
        is so when `source` and `rows` are the same, too: files give the source UNDATED, and as row
        how many equal events came until then. By default a row is the place among `events`;
        without a source it is always new. What is committed stays when a later batch fails.
        """
        numbered = zip(itertools.count(1) if rows is None else rows, events, strict=False)
        total = Added(0, 0)
        while batch := list(itertools.islice(numbered, BATCH)):
            keys = [event_key(event, source, row) for row, event in batch]
            rows_of_batch = [event for _, event in batch]
            batch_of = Batch(rows_of_batch, keys, current(), source is not None)
            total += self.appending.add(batch_of)
        return total

    def _append(self, batches: Sequence[Batch]) -> list[Added]:
        """Store batches in one transaction, in their order; one answer each."""
        received = time.time()
        with guarded_by(None), self.db.write() as connection:  # this thread writes for others, too
            for batch in batches:
                if batch.guard is not None:
                    batch.guard.check(connection)
            numbers = self._numbers(connection, [one for batch in batches for one in batch.events])
            return [
                self._appended(
                    connection, batch.events, batch.keys, numbers, received, batch.sourced
                )
                for batch in batches
            ]

    def append_with(
        self,
        connection: Connection,
        events: Sequence[Event],
        keys: Sequence[int],
        moments: Sequence[float | None],
    ) -> Added:
        """Append events inside a transaction of the caller, `db.write`; keys as of `event_key`.

        `moments`: when an event without a timestamp happened, Unix seconds; None: now.
        """
        dated = [
            event if event.timestamp is not None or at is None else replace(event, timestamp=at)
            for event, at in zip(events, moments, strict=True)
        ]
        return self._appended(
            connection, dated, keys, self._numbers(connection, events), time.time()
        )

    def _numbers(self, connection: Connection, batch: Sequence[Event]) -> list[dict[str, int]]:
        """Return the numbers of the users, items and kinds of all that is written together."""
        numbers = self.db.numbers
        named = dict.fromkeys([e.user_id for e in batch])
        named |= dict.fromkeys([e.shared_from for e in batch if e.shared_from])
        return [
            numbers(connection, users.c.user_id, named),
            numbers(connection, items.c.item_id, dict.fromkeys([e.item_id for e in batch])),
            numbers(connection, kinds.c.name, dict.fromkeys([e.event for e in batch])),
        ]

    def _appended(
        self,
        connection: Connection,
        batch: Sequence[Event],
        keys: Sequence[int],
        numbers: Sequence[dict[str, int]],
        now: float,
        sourced: bool = True,
    ) -> Added:
        rows = _rows(batch, keys, numbers, now)
        if self.db.on_sqlite:
            new = self.db.insert_new(connection, _INSERTED, rows)
        else:
            new = self._partitioned(connection, batch, rows, now, sourced)
        add_shares(connection, batch, keys, numbers[0])
        return Added(new, len(batch) - new)

    def _partitioned(
        self,
        connection: Connection,
        batch: Sequence[Event],
        rows: Sequence[tuple[Any, ...]],
        now: float,
        sourced: bool,
    ) -> int:
        """Insert rows of `_INSERTED` on PostgreSQL; return how many are new."""
        # here: not needed on SQLite
        from recsys.store.day_signatures import day_of
        from recsys.store.partitions.append import append_events, known_by_moment

        self.db.event_days.ensure(connection, {day_of(row[_MOMENT]) for row in rows}, now)
        ahead = [
            (row[_USER_AT], row[_KEY], event.timestamp)
            for event, row in zip(batch, rows, strict=True)
            if event.timestamp is not None and event.timestamp > now
        ]
        if ahead:  # they may be stored as of their own time by a clock that was ahead of this one
            known = known_by_moment(connection, ahead)
            kept = [(row[_USER_AT], row[_KEY]) not in known for row in rows]
            rows = [row for row, keep in zip(rows, kept, strict=True) if keep]
            batch = [event for event, keep in zip(batch, kept, strict=True) if keep]
        arrived = [sourced if event.timestamp is None else event.timestamp > now for event in batch]
        return append_events(connection, _INSERTED, rows, arrived)

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


def _rows(
    batch: Sequence[Event], keys: Sequence[int], numbers: Sequence[dict[str, int]], now: float
) -> list[tuple[object, ...]]:
    """Return events as rows of `_INSERTED`; what is ahead of the clock happened now."""
    user, item, kind = numbers
    found: list[tuple[object, ...]] = []
    for event, key in zip(batch, keys, strict=True):
        at = event.timestamp
        at = now if at is not None and at > now else at
        moment = now if at is None else at
        found.append(
            (
                user[event.user_id],
                item[event.item_id],
                kind[event.event],
                event.value,
                event.text or None,
                at,
                moment,
                now,
                key,
            )
        )
    return found


def event_key(event: Event, source: str | None, row: int | str) -> int:
    """Return the 64-bit number that, with the user, identifies an event that was seen before."""
    if event.timestamp is None:
        if source is None:  # like no other
            return int.from_bytes(os.urandom(8), "little", signed=True)
        place = f"{source}\x1f{row}"
    else:
        place = repr(event.timestamp)
    what = f"{event.item_id}\x1f{event.event}\x1f{place}\x1f{event.value!r}\x1f"
    data = (what + event.text).encode()
    digest = hashlib.blake2b(data, digest_size=8).digest()
    return int.from_bytes(digest, "little", signed=True)


def stored_events(
    connection: Connection, condition: ColumnElement[bool], newest_first: bool, n: int
) -> list[StoredEvent]:
    """Return the first n events for which a condition holds, by id."""
    order = events.c.id.desc() if newest_first else events.c.id
    rows = connection.execute(event_queries.STORED.where(condition).order_by(order).limit(n)).all()
    return [StoredEvent(*row) for row in rows]
