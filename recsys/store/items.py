"""ItemLog: current items of the store, and the log of their changes."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, bindparam, func, insert, select, update

from recsys.data.event_tables import ItemTable
from recsys.data.records import Item
from recsys.data.table_builder import item_table
from recsys.store.database import Database
from recsys.store.schema import DELETED, HIDDEN, LIVE, STATES, item_changes, items
from recsys.store.text_fingerprints import drop_fingerprints, replace_fingerprints
from recsys.store.watches import forget_item

BATCH = 5_000  # items per transaction
_HIDDEN, _REVIEWED, _FLAGS = "hidden", "reviewed", "flags"  # metadata with a meaning
_TRUTH = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}


@dataclass(frozen=True, slots=True)
class ItemChange:
    """An item was added, changed, hidden, shown or deleted; the item is as it is now.

    So several changes of one item read at once all carry its last form. `item` is None when it
    is deleted.
    """

    id: int
    item_id: str
    item: Item | None
    state: str  # live, hidden or deleted
    recorded: bool = True  # False: only events tell of the item


_COLUMNS = (
    items.c.item_id,
    items.c.title,
    items.c.text,
    items.c.tags,
    items.c.category,
    items.c.author_id,
    items.c.created_at,
    items.c.url,
    items.c.metadata,
    items.c.available_from,
    items.c.expires_at,
    items.c.parent_id,
)
_TIMES = ("created_at", "available_from", "expires_at")
_SHOWN = (items.c.known == 1) & (items.c.state == LIVE)
_CHANGES = (
    select(item_changes.c.id, items.c.state, items.c.known, *_COLUMNS)
    .join(items, items.c.id == item_changes.c.item)
    .where(item_changes.c.id > bindparam("after"))
    .order_by(item_changes.c.id)
    .limit(bindparam("n"))
)
_STORED = (items.c.known, items.c.state, *_COLUMNS[1:])


ITEM_COLUMNS = _COLUMNS  # what `item_of_row` takes, in this order


class ItemLog:
    """Part of Store: items."""

    db: Database

    def add_items(
        self,
        items: Iterable[Item],
        revive: bool = False,
        fingerprints: Mapping[str, Sequence[int]] | None = None,
    ) -> int:
        """Add items, or replace what is known of them; return how many are new or changed.

        Decisions of users hold: a hidden item is changed and stays hidden, a deleted one stays
        deleted, and metadata `reviewed` stays where the new ones do not have it. `hidden` among the
        metadata, true or false, hides and shows, and is not kept. `revive` makes a deleted item
        live again. `fingerprints`: of some items, by id; they replace those that an item had.
        """
        waiting, changed = iter(items), 0
        while batch := {item.item_id: item for item in itertools.islice(waiting, BATCH)}:
            with self.db.write() as connection:
                changed += self._put_items(connection, batch, revive, fingerprints or {})
        return changed

    def _put_items(
        self,
        connection: Connection,
        batch: dict[str, Item],
        revive: bool,
        fingerprints: Mapping[str, Sequence[int]],
    ) -> int:
        self.db.numbers(connection, items.c.item_id, batch)
        query = select(items.c.id, items.c.known, items.c.state, *_COLUMNS)
        values, printed = [], {}
        for number, known, state, *row in connection.execute(
            query.where(self.db.among(items.c.item_id, batch))
        ):
            before = _item(row) if known else None
            item, hidden = _decided(batch[row[0]], before)
            goal = LIVE if revive and state == DELETED else state
            if goal != DELETED and hidden is not None:
                goal = HIDDEN if hidden else LIVE
            if goal != DELETED and (state != goal or before != item):
                values.append((number, 1, goal, *_values(item)))
            if goal != DELETED and row[0] in fingerprints:
                printed[number] = fingerprints[row[0]]
        if values:
            self.db.update_rows(connection, _STORED, values)
            now = time.time()
            logged = [(number, now) for number, *_ in values]
            self.db.insert_new(connection, [item_changes.c.item, item_changes.c.at], logged)
        if printed:
            replace_fingerprints(self.db, connection, printed)
        return len(values)

    def item(self, item_id: str) -> Item | None:
        """Return what is known of an item; None when nothing is, or it is hidden or deleted."""
        query = select(*_COLUMNS).where(items.c.item_id == item_id, _SHOWN)
        with self.db.read() as connection:
            row = connection.execute(query).first()
        return None if row is None else _item(row)

    def items_known(self, item_ids: Collection[str]) -> dict[str, Item]:
        """Return what is known of some items, hidden ones too; absent where nothing is."""
        query = select(*_COLUMNS).where(self.db.among(items.c.item_id, item_ids))
        with self.db.read() as connection:
            found = connection.execute(query.where(items.c.known == 1)).all()
        return {row[0]: _item(row) for row in found}

    def unrecorded(self, item_ids: Collection[str]) -> list[str]:
        """Return those of some ids that only events tell of: no live or hidden item has them."""
        known: set[str] = set()
        remaining_ids = iter(item_ids)
        while ids := list(itertools.islice(remaining_ids, 50_000)):
            query = select(items.c.item_id).where(self.db.among(items.c.item_id, ids))
            with self.db.read() as connection:
                known.update(connection.execute(query.where(items.c.known == 1)).scalars())
        return [id for id in item_ids if id not in known]

    def items_page(self, after: str = "", n: int = 100) -> list[Item]:
        """Return the first n live items whose id sorts after `after`, by id."""
        query = select(*_COLUMNS).where(items.c.item_id > after, _SHOWN)
        with self.db.read() as connection:
            found = connection.execute(query.order_by(items.c.item_id).limit(n)).all()
        return [_item(row) for row in found]

    def item_table(self) -> ItemTable:
        """Return all live items that something is known of, in the order of their arrival."""
        query = select(*_COLUMNS).where(_SHOWN).order_by(items.c.id)
        with self.db.read() as connection:
            return item_table([_item(row) for row in connection.execute(query)])

    def hide_item(self, item_id: str) -> bool:
        """Take an item out of sight, keeping what is known of it; False when there is none."""
        return self._set(item_id, HIDDEN, {})

    def show_item(self, item_id: str) -> bool:
        """Undo `hide_item`; False when there is no such item, or it is deleted."""
        return self._set(item_id, LIVE, {})

    def delete_item(self, item_id: str) -> bool:
        """Forget what is known of an item and never show it; its events stay with their users.

        So does its place among answers: which item it answered.
        """
        blank: dict[str, object] = {c.name: "" for c in _COLUMNS[1:] if c.name != "parent_id"}
        done = self._set(item_id, DELETED, blank | dict.fromkeys(_TIMES) | {"known": 0})
        self.db.forget_deleted()
        return done

    def _set(self, item_id: str, state: int, values: dict[str, object]) -> bool:
        change = (
            update(items)
            .where(items.c.item_id == item_id, items.c.state != DELETED)
            .values({"state": state, **values})
            .returning(items.c.id)
        )
        with self.db.write() as connection:
            number = connection.execute(change).scalar()
            if number is not None:
                _log(connection, [number])
            if number is not None and state == DELETED:
                drop_fingerprints(self.db, connection, [number])
                forget_item(connection, number)
        return number is not None

    def item_changes_after(self, id: int, limit: int) -> list[ItemChange]:
        """Return the first changes with a greater id, ascending; see Store.events_after."""
        with self.db.read() as connection:
            found = connection.execute(_CHANGES, {"after": id, "n": limit}).all()
        return [
            ItemChange(
                change,
                row[0],
                None if state == DELETED else _item(row),
                STATES[state],
                bool(known),
            )
            for change, state, known, *row in found
        ]

    def last_change_id(self) -> int:
        """Return the greatest id of a change, 0 without items."""
        with self.db.read() as connection:
            return connection.execute(select(func.max(item_changes.c.id))).scalar() or 0


def _decided(item: Item, before: Item | None) -> tuple[Item, bool | None]:
    """Return an item with what users decided on it before, and whether its metadata hide it."""
    metadata, hidden = dict(item.metadata), None
    if _HIDDEN in metadata:
        hidden = _TRUTH.get(str(metadata[_HIDDEN]).strip().lower())
        if hidden is not None:
            del metadata[_HIDDEN]
    if before is not None and _REVIEWED not in metadata and before.metadata.get(_REVIEWED):
        metadata[_REVIEWED] = before.metadata[_REVIEWED]
        metadata.pop(_FLAGS, None)  # what a user looked at is not flagged
    return (item if metadata == item.metadata else replace(item, metadata=metadata)), hidden


def _log(connection: Connection, numbers: Sequence[int]) -> None:
    now = time.time()
    connection.execute(insert(item_changes), [{"item": number, "at": now} for number in numbers])


def _values(item: Item) -> tuple[Any, ...]:
    """Return the values of _COLUMNS but the first."""
    return (
        item.title,
        item.text,
        json.dumps(item.tags) if item.tags else "",
        item.category,
        item.author_id,
        item.created_at,
        item.url,
        json.dumps(item.metadata) if item.metadata else "",
        item.available_from,
        item.expires_at,
        item.parent_id,
    )


def _item(row: Sequence[Any]) -> Item:
    item_id, title, text, tags, category, author_id, created_at, url, metadata, *rest = row
    return Item(
        item_id,
        title,
        text,
        tuple(json.loads(tags)) if tags else (),
        category,
        author_id,
        created_at,
        url,
        json.loads(metadata) if metadata else {},
        *rest,
    )


def item_of_row(row: Sequence[Any]) -> Item:
    """Return the item of a row of ITEM_COLUMNS."""
    return _item(row)
