"""Texts of the store in the order of arrival: items and comments, forwards and backwards."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, NamedTuple

import sqlalchemy as sa

from recsys.data.records import Item
from recsys.store.database import Database
from recsys.store.events import StoredEvent, stored_events
from recsys.store.items import ITEM_COLUMNS, item_of_row
from recsys.store.schema import LIVE, events, item_changes, items

STRIDE = 20_000  # ids of events that one step backwards looks at


class NumberedItem(NamedTuple):
    """An item with its number, and when it arrived as far as that is known."""

    number: int
    item: Item
    arrived: float  # Unix seconds; 0: not known


class WatchedLog:
    """Reads the texts of one store."""

    def __init__(self, db: Database) -> None:
        self.db = db

    def items_after(self, change: int, last: int, n: int) -> tuple[list[NumberedItem], int]:
        """Return the live items of the first n changes after one, and the last change read."""
        query = (
            sa.select(
                item_changes.c.id,
                item_changes.c.at,
                items.c.id,
                items.c.known,
                items.c.state,
                *ITEM_COLUMNS,
            )
            .join(items, items.c.id == item_changes.c.item)
            .where(item_changes.c.id > change, item_changes.c.id <= last)
            .order_by(item_changes.c.id)
            .limit(n)
        )
        with self.db.read() as connection:
            rows = connection.execute(query).all()
        found = [
            NumberedItem(number, item_of_row(rest), at)
            for _, at, number, known, state, *rest in rows
            if known and state == LIVE
        ]
        return found, rows[-1][0] if rows else last

    def comments_after(self, event: int, last: int, n: int) -> tuple[list[StoredEvent], int]:
        """Return the first n events with a text after one, and the last event looked at."""
        some = (events.c.id > event) & (events.c.id <= last)
        with self.db.read() as connection:
            found = stored_events(connection, some & _WRITTEN, False, n)
        return found, found[-1].id if len(found) == n else last

    def change_before(self, number: int) -> int:
        """Return the last change before the first one of an item with such a number or greater."""
        query = sa.select(sa.func.min(item_changes.c.id)).where(item_changes.c.item >= number)
        newest = sa.select(sa.func.max(item_changes.c.id))
        with self.db.read() as connection:
            first = connection.execute(query).scalar()
            return first - 1 if first else connection.execute(newest).scalar() or 0

    def items_before(self, number: int, n: int) -> tuple[list[NumberedItem], int]:
        """Return live items of the n greatest numbers below one, and the least number; 0: done."""
        query = sa.select(items.c.id, items.c.known, items.c.state, *ITEM_COLUMNS)
        query = query.where(items.c.id < number).order_by(items.c.id.desc()).limit(n)
        with self.db.read() as connection:
            rows = connection.execute(query).all()
        found = [
            NumberedItem(own, item_of_row(rest), 0.0)
            for own, known, state, *rest in rows
            if known and state == LIVE
        ]
        return found, rows[-1][0] if len(rows) == n else 0

    def comments_before(self, event: int, n: int) -> tuple[list[StoredEvent], int]:
        """Return events with a text below an id, the newest first, and how far was looked."""
        least = max(event - STRIDE, 0)
        some = (events.c.id < event) & (events.c.id >= least)
        with self.db.read() as connection:
            found = stored_events(connection, some & _WRITTEN, True, n)
        return found, found[-1].id if len(found) == n else least

    def items_of(self, numbers: Collection[int]) -> dict[int, Item]:
        """Return live items by their numbers; absent where one is hidden or gone."""
        query = sa.select(items.c.id, *ITEM_COLUMNS).where(
            self.db.among(items.c.id, numbers), items.c.known == 1, items.c.state == LIVE
        )
        with self.db.read() as connection:
            return {number: item_of_row(rest) for number, *rest in connection.execute(query)}

    def comments_of(self, ids: Collection[int]) -> dict[int, StoredEvent]:
        """Return events by id; absent where one is gone, or its item hidden or deleted."""
        with self.db.read() as connection:
            found = stored_events(connection, self.db.among(events.c.id, ids), False, len(ids))
            named = self.db.among(items.c.item_id, {one.item_id for one in found})
            query = sa.select(items.c.item_id).where(named, items.c.state != LIVE)
            gone = set(connection.execute(query).scalars())
        return {one.id: one for one in found if one.item_id not in gone}

    def last_item(self) -> int:
        """Return the greatest number of an item, 0 without items."""
        with self.db.read() as connection:
            return connection.execute(sa.select(sa.func.max(items.c.id))).scalar() or 0


_WRITTEN: Any = events.c.text.is_not(None) & (events.c.text != "")
