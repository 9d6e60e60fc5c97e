"""EventTable from rows of the store's table `events`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Column, Connection, select

from recsys.array_types import Rows
from recsys.data.event_tables import EventTable
from recsys.data.ids import IdMap
from recsys.store.schema import LIVE, events, items, kinds, users

CHUNK = 50_000  # rows fetched at a time

Column1D = NDArray[Any]


def read_table(connection: Connection, before: float | None) -> EventTable:
    """Return the events on live items, strictly before a time if given, in the order of time."""
    user, item, kind, value, time, moment, comments = _columns(connection, before)
    order = np.argsort(moment, kind="stable")  # rows come by id, so ties keep their arrival
    if np.isfinite(time).any():
        time = np.where(np.isfinite(time), time, moment)  # undated ones stand at their arrival
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order))
    user_ids, user_rows = _renumbered(connection, users.c.user_id, user[order])
    item_ids, item_rows = _renumbered(connection, items.c.item_id, item[order])
    kind_ids, kind_rows = _renumbered(connection, kinds.c.name, kind[order])
    return EventTable(
        users=IdMap.from_ids(user_ids),
        items=IdMap.from_ids(item_ids),
        user=user_rows,
        item=item_rows,
        kind=kind_rows.astype(np.int16),
        kinds=tuple(kind_ids),
        value=value[order].astype(np.float32),
        time=time[order],
        comments={int(place[row]): text for row, text in comments.items()},
        numbers=np.unique(user),
    )


def _columns(connection: Connection, before: float | None) -> tuple[Any, ...]:
    parts: list[tuple[Column1D, ...]] = []
    comments: dict[int, str] = {}
    count = 0
    for rows in _chunks(connection, before):
        *numbers, texts = zip(*rows, strict=True)
        parts.append(
            tuple(np.array(column, kind) for column, kind in zip(numbers, _KINDS, strict=True))
        )
        comments.update((count + at, text) for at, text in enumerate(texts) if text)
        count += len(rows)
    if not parts:
        return *(np.zeros(0, kind) for kind in _KINDS), comments
    return *(np.concatenate(column) for column in zip(*parts, strict=True)), comments


# user, item, kind, value, timestamp, moment; None becomes NaN
_KINDS = (np.int64, np.int64, np.int64, np.float64, np.float64, np.float64)


def _chunks(connection: Connection, before: float | None) -> Iterator[list[Any]]:
    column = events.c
    query = select(
        column.user,
        column.item,
        column.kind,
        column.value,
        column.timestamp,
        column.moment,
        column.text,
    ).order_by(column.id)
    gone = select(items.c.id).where(items.c.state != LIVE)
    query = query.where(column.item.not_in(gone))
    if before is not None:
        query = query.where(column.moment < before)
    result = connection.execution_options(yield_per=CHUNK).execute(query)
    while rows := result.fetchmany(CHUNK):
        yield list(rows)


def _renumbered(
    connection: Connection, column: Column[str], numbers: Column1D
) -> tuple[list[str], Rows]:
    """Return the outside ids that occur, ascending by the store's number, and rows into them."""
    distinct, rows = np.unique(numbers, return_inverse=True)
    query = select(column.table.c.id, column)
    names: dict[int, str] = {number: name for number, name in connection.execute(query)}
    return [names[number] for number in distinct.tolist()], rows.astype(np.int32)
