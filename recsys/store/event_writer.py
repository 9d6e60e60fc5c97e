"""EventWriter: appends events to the store, each once, in batches of one transaction."""

from __future__ import annotations

import hashlib
import itertools
import os
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from sqlalchemy import Connection

from recsys.data.records import Event
from recsys.store.database import Database
from recsys.store.erasure_guard import ErasureGuard, current, guarded_by
from recsys.store.group_commit import GroupCommit
from recsys.store.schema import events, items, kinds, users
from recsys.store.shares import add_shares

UNDATED = "undated"  # source of the undated events of files
BATCH = 20_000  # events per transaction: some tenths of a second in which others wait


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


class EventWriter:
    """Part of Store: appending events."""

    db: Database
    appending: GroupCommit[Batch, Added]

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
