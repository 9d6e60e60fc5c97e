"""EventRows: events of the store as columns, in the order of their ids, before any renumbering."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, Connection, select

from recsys.array_types import Mask
from recsys.store.schema import events

CHUNK = 50_000  # rows fetched at a time

Column1D = NDArray[Any]


@dataclass(frozen=True, slots=True)
class EventRows:
    """Columns of (n,), ascending by `id`. Users, items and kinds are the store's numbers."""

    id: NDArray[np.int64]
    user: NDArray[np.int64]
    item: NDArray[np.int64]
    kind: NDArray[np.int64]
    value: NDArray[np.float64]  # NaN where the event carries none
    timestamp: NDArray[np.float64]  # Unix seconds as the sender gave them, else NaN
    moment: NDArray[np.float64]  # Unix seconds: the timestamp, else the arrival
    worded: Mask  # whether the event carries a text

    def __len__(self) -> int:
        return len(self.id)

    def select(self, rows: NDArray[Any]) -> EventRows:
        """Return the events where a mask holds, or those of ascending row numbers."""
        return EventRows(*(getattr(self, field.name)[rows] for field in fields(self)))

    @classmethod
    def joined(cls, parts: Sequence[EventRows]) -> EventRows:
        """Return all events of several parts in the order of their ids."""
        columns = ([getattr(part, field.name) for part in parts] for field in fields(cls))
        whole = cls(*(np.concatenate(column) for column in columns))
        if bool((whole.id[1:] > whole.id[:-1]).all()):
            return whole
        return whole.select(np.argsort(whole.id, kind="stable"))

    @classmethod
    def empty(cls) -> EventRows:
        """Return no events."""
        columns: list[Column1D] = [np.zeros(0, kind) for kind in (*_KINDS, bool)]
        return cls(*columns)


# id, user, item, kind, value, timestamp, moment; None becomes NaN
_KINDS = (np.int64, np.int64, np.int64, np.int64, np.float64, np.float64, np.float64)


def read_rows(
    connection: Connection, *conditions: ColumnElement[bool]
) -> tuple[EventRows, Mapping[int, str]]:
    """Return the events that meet all conditions, and the texts by id of those that carry one."""
    parts: list[tuple[Column1D, ...]] = []
    texts: dict[int, str] = {}
    for rows in _chunks(connection, conditions):
        *numbers, words = zip(*rows, strict=True)
        columns = [np.array(column, kind) for column, kind in zip(numbers, _KINDS, strict=True)]
        parts.append((*columns, np.array([bool(text) for text in words])))
        texts.update((row[0], text) for row, text in zip(rows, words, strict=True) if text)
    if not parts:
        return EventRows.empty(), texts
    return EventRows(*(np.concatenate(column) for column in zip(*parts, strict=True))), texts


def _chunks(
    connection: Connection, conditions: Sequence[ColumnElement[bool]]
) -> Iterator[list[Any]]:
    column = events.c
    query = select(
        column.id,
        column.user,
        column.item,
        column.kind,
        column.value,
        column.timestamp,
        column.moment,
        column.text,
    ).order_by(column.id)
    result = connection.execution_options(yield_per=CHUNK).execute(query.where(*conditions))
    while rows := result.fetchmany(CHUNK):
        yield list(rows)
