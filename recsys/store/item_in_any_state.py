"""Lookup of an item in any state, also one that must not be listed, for operators."""

from __future__ import annotations

import json

import sqlalchemy as sa

from recsys.data.records import Item
from recsys.store.schema import STATES, items
from recsys.store.store import Store


def look_up(store: Store, item_id: str) -> tuple[Item, str] | None:
    """Return an item and its state (live, hidden, deleted); None when it is unknown.

    An item known from events alone comes with its id only.
    """
    with store.db.read() as connection:
        row = connection.execute(sa.select(items).where(items.c.item_id == item_id)).first()
    if row is None:
        return None
    item = Item(
        row.item_id,
        row.title,
        row.text,
        tuple(json.loads(row.tags or "[]")),
        row.category,
        row.author_id,
        row.created_at,
        row.url,
        json.loads(row.metadata or "{}"),
        row.available_from,
        row.expires_at,
        row.parent_id,
    )
    return item, STATES[row.state]
