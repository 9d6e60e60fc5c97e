"""Detected events: their names and terms, and which texts belong to each."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from recsys.store.database import Database
from recsys.store.schema import detected_event_texts, detected_events

HOUR = 3_600.0
KEPT_DAYS = 400.0  # that an event is kept after its last text


@dataclass(frozen=True, slots=True)
class StoredDetectedEvent:
    """An event that was found in the texts of the platform."""

    id: int
    name: str
    began: float  # Unix seconds: its first text; also those below
    detected: float
    last: float  # its newest text
    over: bool
    body: Mapping[str, Any]  # terms, entities


@dataclass(frozen=True, slots=True)
class EventText:
    """A text of an event; it goes when the text does."""

    event: int
    source: int  # 0 item, 1 comment
    ref: int
    at: float
    author: int  # keyed hash; -1: unknown


class DetectedEvents:
    """The detected events of one store."""

    def __init__(self, db: Database) -> None:
        self.db = db

    def page(self, over: bool | None, before: int | None, n: int) -> list[StoredDetectedEvent]:
        """Return events, the newest first; `before`: ids below."""
        query = sa.select(detected_events).order_by(detected_events.c.id.desc()).limit(n)
        if over is not None:
            query = query.where(detected_events.c.over == int(over))
        if before is not None:
            query = query.where(detected_events.c.id < before)
        with self.db.read() as connection:
            return [_event(row) for row in connection.execute(query)]

    def one(self, id: int) -> StoredDetectedEvent | None:
        """Return an event, None when there is none."""
        with self.db.read() as connection:
            query = sa.select(detected_events).where(detected_events.c.id == id)
            row = connection.execute(query).first()
        return None if row is None else _event(row)

    def counts(self, ids: Iterable[int]) -> dict[int, tuple[int, int]]:
        """Return texts and people of events; unknown authors are a person each."""
        table = detected_event_texts
        query = sa.select(table.c.event, sa.func.count(), _PEOPLE)
        query = query.where(self.db.among(table.c.event, list(ids))).group_by(table.c.event)
        with self.db.read() as connection:
            return {int(e): (int(n), int(p)) for e, n, p in connection.execute(query)}

    def hours(self, id: int) -> list[tuple[int, int, int]]:
        """Return (hour since 1970, texts, people) of an event, ascending; hours without: none."""
        table = detected_event_texts
        query = sa.select(table.c.hour, sa.func.count(), _PEOPLE).where(table.c.event == id)
        with self.db.read() as connection:
            rows = connection.execute(query.group_by(table.c.hour).order_by(table.c.hour)).all()
        return [(int(h), int(n), int(p)) for h, n, p in rows]

    def texts(self, id: int, n: int, newest: bool = True) -> list[EventText]:
        """Return the newest texts of an event, or the first ones; in that order."""
        table = detected_event_texts
        columns = [table.c[name] for name in EventText.__dataclass_fields__]
        order = table.c.at.desc() if newest else table.c.at
        query = sa.select(*columns).where(table.c.event == id).order_by(order).limit(n)
        with self.db.read() as connection:
            return [EventText(*row) for row in connection.execute(query)]

    def write(
        self,
        connection: sa.Connection,
        events: Iterable[StoredDetectedEvent],
        texts: Iterable[EventText],
    ) -> None:
        """Store events as they are now, and new texts of them, in a transaction.

        A text that has moved to another event is only in the newer one.
        """
        for one in events:
            values = {
                "name": one.name,
                "began": one.began,
                "detected": one.detected,
                "last": one.last,
                "over": int(one.over),
                "body": json.dumps(dict(one.body), ensure_ascii=False),
            }
            mine = detected_events.c.id == one.id
            if not connection.execute(
                sa.update(detected_events).where(mine).values(values)
            ).rowcount:
                connection.execute(sa.insert(detected_events).values(id=one.id, **values))
        table = detected_event_texts
        rows = list({(one.source, one.ref): one for one in texts}.values())
        for source in (0, 1):
            refs = [one.ref for one in rows if one.source == source]
            if refs:
                gone = sa.delete(table).where(table.c.source == source)
                connection.execute(gone.where(self.db.among(table.c.ref, refs)))
        columns = [table.c[name] for name in (*EventText.__dataclass_fields__, "hour")]
        values_of = [
            (one.event, one.source, one.ref, one.at, one.author, int(one.at // HOUR))
            for one in rows
        ]
        self.db.insert_new(connection, columns, values_of)

    def prune(self, now: float) -> None:
        """Delete events that have been over for long."""
        old = sa.select(detected_events.c.id).where(
            detected_events.c.last < now - 86_400.0 * KEPT_DAYS
        )
        texts = detected_event_texts
        with self.db.write() as connection:
            connection.execute(sa.delete(texts).where(texts.c.event.in_(old)))
            connection.execute(sa.delete(detected_events).where(detected_events.c.id.in_(old)))


_AUTHOR = detected_event_texts.c.author
_PEOPLE: Any = sa.func.count(sa.distinct(sa.case((_AUTHOR != -1, _AUTHOR)))) + sa.func.sum(
    sa.case((_AUTHOR == -1, 1), else_=0)
)


def _event(row: Any) -> StoredDetectedEvent:
    return StoredDetectedEvent(
        int(row.id),
        str(row.name),
        float(row.began),
        float(row.detected),
        float(row.last),
        bool(row.over),
        json.loads(row.body),
    )
