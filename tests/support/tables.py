"""Tables of events and items from short literals, for tests."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from recsys.data.event_tables import EventTable, ItemTable
from recsys.data.ids import IdMap

Row = tuple[str, str, str, float, float]  # user, item, kind, value (NaN: none), time (NaN: none)


def events(*rows: tuple[str, str] | Row) -> EventTable:
    """Build a table; a pair is a like without a time."""
    full: list[Row] = [
        (row[0], row[1], "like", np.nan, np.nan) if len(row) == 2 else row for row in rows
    ]
    users = IdMap.from_ids(row[0] for row in full)
    items = IdMap.from_ids(row[1] for row in full)
    kinds = tuple(dict.fromkeys(row[2] for row in full))
    return EventTable(
        users=users,
        items=items,
        kinds=kinds,
        user=users.rows(row[0] for row in full),
        item=items.rows(row[1] for row in full),
        kind=np.array([kinds.index(row[2]) for row in full], np.int16),
        value=np.array([row[3] for row in full], np.float32),
        time=np.array([row[4] for row in full], np.float64),
    )


def timed(*rows: tuple[str, str, float]) -> EventTable:
    """Build a table of likes with times."""
    return events(*((user, item, "like", np.nan, time) for user, item, time in rows))


def items(
    ids: Sequence[str],
    category: Sequence[str] = (),
    created: Sequence[float] = (),
    title: Sequence[str] = (),
    author: Sequence[str] = (),
    metadata: Sequence[dict[str, Any]] = (),
) -> ItemTable:
    """Build a catalogue; what is not given is empty."""
    n = len(ids)
    return ItemTable(
        ids=IdMap.from_ids(ids),
        title=list(title) or [""] * n,
        text=[""] * n,
        tags=[()] * n,
        category=list(category) or [""] * n,
        author=list(author) or [""] * n,
        created=np.array(created, np.float64) if len(created) else np.full(n, np.nan),
        url=[""] * n,
        metadata=list(metadata) or [{} for _ in range(n)],
    )


def pairs(table: EventTable) -> list[tuple[str, str]]:
    """Return (user, item) of every event, in order."""
    both = zip(table.user.tolist(), table.item.tolist(), strict=True)
    return [(table.users[user], table.items[item]) for user, item in both]
