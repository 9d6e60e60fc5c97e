"""StreamPositions: where the reading of each partition of a stream goes on, in the store itself.

    claimed = StreamPositions(store.db).claim("kafka/recsys", [Partition("events", 0)], "host:77")
    with store.db.write() as connection:
        advance(connection, "kafka/recsys", [Move(partition, claimed[partition], "5000")])
        ...                                   # the events up to there, in the same transaction

A position is committed with the events before it, so that each event is stored exactly once. Each
claim of a partition gets a greater epoch (a fencing token): what an earlier holder that was
suspended writes later is refused.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, insert, select, update

from recsys.errors import StoreError
from recsys.store.database import Database
from recsys.store.schema import stream_positions


class Partition(NamedTuple):
    """An ordered part of a topic; of a folder, a file, with the number 0."""

    topic: str
    number: int

    def __str__(self) -> str:
        return f"{self.topic}[{self.number}]"


class Claimed(NamedTuple):
    """What a consumer holds of a partition."""

    epoch: int
    position: str  # where to read on; empty: nothing was read yet


class Move(NamedTuple):
    """The step of a partition's position that one batch makes."""

    partition: Partition
    claimed: Claimed
    to: str


class StreamPosition(NamedTuple):
    """A partition as the store knows it."""

    source: str
    topic: str
    partition: int
    position: str
    epoch: int  # number of claims so far
    holder: str  # who claimed it last
    at: float  # Unix seconds of the last change


class StalePosition(StoreError):
    """Another consumer has claimed a partition; nothing of the batch was written."""

    def __init__(self, source: str, partition: Partition, holder: str) -> None:
        super().__init__(
            f"{source} {partition} was claimed by another consumer ({holder}) or moved:"
            " nothing of this batch was stored"
        )
        self.partition = partition


class StreamPositions:
    """The positions in one store."""

    def __init__(self, db: Database) -> None:
        self.db = db

    def claim(
        self, source: str, partitions: Sequence[Partition], holder: str
    ) -> dict[Partition, Claimed]:
        """Take partitions over; from now on writes of earlier holders are refused."""
        with self.db.write() as connection:
            return {one: _claim(connection, source, one, holder) for one in partitions}

    def all(self) -> list[StreamPosition]:
        """Return the partitions of all sources, by source, topic and number."""
        columns = stream_positions.c
        query = select(*(columns[name] for name in StreamPosition._fields))
        with self.db.read() as connection:
            rows = connection.execute(
                query.order_by(columns.source, columns.topic, columns.partition)
            )
            return [StreamPosition(*row) for row in rows]

    def seek(self, source: str, partition: Partition, position: str, holder: str) -> None:
        """Let the reading of a partition go on elsewhere; whoever holds it has to claim it anew."""
        with self.db.write() as connection:
            _claim(connection, source, partition, holder)
            change = update(stream_positions).where(_own(source, partition))
            connection.execute(change.values(position=position))


def advance(connection: Connection, source: str, moves: Sequence[Move]) -> dict[Partition, Claimed]:
    """Move positions, inside the transaction that stores what lies before them.

    Returns what is held then. StalePosition where a partition has another epoch or position than
    the holder knows.
    """
    columns, now, found = stream_positions.c, time.time(), {}
    for partition, claimed, to in moves:
        own = _own(source, partition)
        known = (columns.epoch == claimed.epoch) & (columns.position == claimed.position)
        change = update(stream_positions).where(own, known).values(position=to, at=now)
        if connection.execute(change).rowcount != 1:
            holder = connection.execute(select(columns.holder).where(own)).scalar()
            raise StalePosition(source, partition, holder or "unknown")
        found[partition] = Claimed(claimed.epoch, to)
    return found


def _claim(connection: Connection, source: str, partition: Partition, holder: str) -> Claimed:
    columns, own = stream_positions.c, _own(source, partition)
    row = connection.execute(select(columns.epoch, columns.position).where(own)).first()
    claimed = Claimed(1, "") if row is None else Claimed(row[0] + 1, row[1])
    values = {"epoch": claimed.epoch, "holder": holder, "at": time.time()}
    if row is None:
        values |= {"source": source, "topic": partition.topic, "partition": partition.number}
        connection.execute(insert(stream_positions).values(position="", **values))
    else:
        connection.execute(update(stream_positions).where(own).values(**values))
    return claimed


def _own(source: str, partition: Partition) -> ColumnElement[bool]:
    columns = stream_positions.c
    return (
        (columns.source == source)
        & (columns.topic == partition.topic)
        & (columns.partition == partition.number)
    )
