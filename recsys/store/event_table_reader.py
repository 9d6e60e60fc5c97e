"""EventTable from rows of the store's table `events`."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from sqlalchemy import Column, ColumnElement, Connection, select

from recsys.array_types import Rows
from recsys.data.event_tables import EventTable
from recsys.data.ids import IdMap
from recsys.store.event_columns import Column1D, EventRows, read_rows
from recsys.store.schema import LIVE, events, items, kinds, users


def read_table(connection: Connection, before: float | None) -> EventTable:
    """Return the events on live items, strictly before a time if given, in the order of time."""
    gone = select(items.c.id).where(items.c.state != LIVE)
    conditions: list[ColumnElement[bool]] = [events.c.item.not_in(gone)]
    if before is not None:
        conditions.append(events.c.moment < before)
    return table_of(connection, *read_rows(connection, *conditions))


def on_live_items(connection: Connection, rows: EventRows) -> EventRows:
    """Return the events whose items are not hidden or deleted."""
    gone = list(connection.execute(select(items.c.id).where(items.c.state != LIVE)).scalars())
    if not gone:
        return rows
    return rows.select(~np.isin(rows.item, np.array(gone, np.int64)))


def table_of(connection: Connection, rows: EventRows, texts: Mapping[int, str]) -> EventTable:
    """Return events with the outside ids of the store in the order of time; `texts` by id."""
    order = np.argsort(rows.moment, kind="stable")  # rows come by id, so ties keep their arrival
    time = rows.timestamp
    if np.isfinite(time).any():
        time = np.where(np.isfinite(time), time, rows.moment)  # undated ones stand at their arrival
    user_ids, user_rows = _renumbered(connection, users.c.user_id, rows.user[order])
    item_ids, item_rows = _renumbered(connection, items.c.item_id, rows.item[order])
    kind_ids, kind_rows = _renumbered(connection, kinds.c.name, rows.kind[order])
    worded = np.flatnonzero(rows.worded[order])
    named = zip(worded.tolist(), rows.id[order[worded]].tolist(), strict=True)
    return EventTable(
        users=IdMap.from_ids(user_ids),
        items=IdMap.from_ids(item_ids),
        user=user_rows,
        item=item_rows,
        kind=kind_rows.astype(np.int16),
        kinds=tuple(kind_ids),
        value=rows.value[order].astype(np.float32),
        time=time[order],
        comments={place: texts[id] for place, id in named},
        numbers=np.unique(rows.user),
    )


def _renumbered(
    connection: Connection, column: Column[str], numbers: Column1D
) -> tuple[list[str], Rows]:
    """Return the outside ids that occur, ascending by the store's number, and rows into them."""
    distinct, rows = np.unique(numbers, return_inverse=True)
    query = select(column.table.c.id, column)
    names: dict[int, str] = {number: name for number, name in connection.execute(query)}
    return [names[number] for number in distinct.tolist()], rows.astype(np.int32)
