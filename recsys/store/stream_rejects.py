"""StreamRejects: messages of streams that hold no event, kept whole with the reason.

    rejects = StreamRejects(store.db)
    rejects.page(n=20)
    rejects.drop([3, 4])

A message is either stored as an event or kept here, in the transaction that moves the position
past it. Rows stay until they are retried with success or dropped by an operator.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select

from recsys.data.id_normalization import canonical_id
from recsys.store.database import Database
from recsys.store.schema import stream_rejects
from recsys.store.stream_positions import Partition

_PAGE = 50  # rows that are read at once: each may have megabytes


@dataclass(frozen=True, slots=True)
class StreamReject:
    """A message that holds no event."""

    source: str
    partition: Partition
    position: str  # of the message
    column: str  # empty: the message as a whole is wrong
    reason: str
    body: bytes
    sent: float | None = None  # when the broker took it, Unix seconds
    at: float = 0.0  # when it was rejected, Unix seconds
    id: int = 0  # 0: not stored yet

    @property
    def why(self) -> str:
        """The reason, with the name of the column."""
        return f"{self.column} {self.reason}".strip()


class StreamRejects:
    """The rejects in one store."""

    def __init__(self, db: Database) -> None:
        self.db = db

    def count(self, source: str = "") -> int:
        """Return the number of rejects, of one source or of all."""
        query = select(func.count()).select_from(stream_rejects)
        if source:
            query = query.where(stream_rejects.c.source == source)
        with self.db.read() as connection:
            return int(connection.execute(query).scalar_one())

    def page(self, after: int = 0, n: int = _PAGE) -> list[StreamReject]:
        """Return the first n rejects with a greater id, ascending."""
        query = select(stream_rejects).where(stream_rejects.c.id > after)
        with self.db.read() as connection:
            rows = connection.execute(query.order_by(stream_rejects.c.id).limit(n)).mappings()
            return [_reject(row) for row in rows]

    def all(self) -> Iterator[StreamReject]:
        """Yield all rejects by id; page by page, so that bodies are not all in memory."""
        last = 0
        while page := self.page(last):
            yield from page
            last = page[-1].id

    def get(self, id: int) -> StreamReject | None:
        """Return one reject, None where there is none of this id."""
        found = self.page(id - 1, 1)
        return found[0] if found and found[0].id == id else None

    def drop(self, ids: Sequence[int] | None = None) -> int:
        """Delete rejects for good, all without ids; return how many there were."""
        with self.db.write() as connection:
            count = connection.execute(_of(self.db, ids)).rowcount
        self.db.forget_deleted()
        return count


def add_rejects(connection: Connection, rejects: Sequence[StreamReject]) -> None:
    """Keep messages, inside the transaction that moves the positions past them."""
    now = time.time()
    rows = [
        {
            "source": one.source,
            "topic": one.partition.topic,
            "partition": one.partition.number,
            "position": one.position,
            "column": one.column,
            "reason": one.reason,
            "body": one.body,
            "sent": one.sent,
            "at": now,
        }
        for one in rejects
    ]
    if rows:
        connection.execute(insert(stream_rejects), rows)


def remove_rejects(db: Database, connection: Connection, ids: Sequence[int]) -> int:
    """Delete some rejects inside a transaction; return how many there were."""
    return connection.execute(_of(db, ids)).rowcount


def erase_rejects(connection: Connection, user_ids: Sequence[str]) -> int:
    """Delete the rejects that name one of some users, inside a transaction; return how many."""
    names = set(user_ids)
    found, last, columns = [], 0, stream_rejects.c
    query = select(columns.id, columns.body, columns.reason).order_by(columns.id).limit(_PAGE)
    while rows := connection.execute(query.where(columns.id > last)).all():
        found += [id for id, body, reason in rows if names_user(bytes(body), reason, names)]
        last = rows[-1][0]
    for id in found:
        connection.execute(delete(stream_rejects).where(columns.id == id))
    return len(found)


def names_user(body: bytes, reason: str, user_ids: set[str]) -> bool:
    """Whether a message holds an id: as a value or a name in its JSON, or as a word of its text."""
    text = body.decode("utf-8", "surrogateescape")
    try:
        values = _values(json.loads(text))
    except (ValueError, RecursionError):
        return any(_holds_word(f"{text}\n{reason}", one) for one in user_ids)
    return any(value in user_ids or canonical_id(value) in user_ids for value in values) or any(
        _holds_word(reason, one) for one in user_ids
    )


def _values(found: Any) -> Iterator[str]:
    """Yield all scalars and names of a JSON value, as texts."""
    waiting = [found]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            yield from one
            waiting.extend(one.values())
        elif isinstance(one, list):
            waiting.extend(one)
        elif one is not None:
            yield str(one)


def _holds_word(text: str, word: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text) is not None


def _of(db: Database, ids: Sequence[int] | None) -> Any:
    change = delete(stream_rejects)
    return change if ids is None else change.where(db.among(stream_rejects.c.id, ids))


def _reject(row: Any) -> StreamReject:
    return StreamReject(
        row["source"],
        Partition(row["topic"], row["partition"]),
        row["position"],
        row["column"],
        row["reason"],
        bytes(row["body"]),
        row["sent"],
        row["at"],
        row["id"],
    )
