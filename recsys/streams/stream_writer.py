"""StreamWriter: stores a batch of messages with the positions after them, in one transaction.

Each message becomes an event, a reject, or nothing where it is empty or from before the erasure of
its user. Either all of a batch is committed, with the positions, or nothing of it.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace

from sqlalchemy import Connection, func, insert, select

from recsys.errors import StreamError
from recsys.store.event_writer import event_key
from recsys.store.pseudonyms import Pseudonyms
from recsys.store.schema import erasures, outcomes
from recsys.store.store import Store
from recsys.store.stream_positions import Claimed, Move, Partition, advance
from recsys.store.stream_rejects import (
    StreamReject,
    StreamRejects,
    add_rejects,
    remove_rejects,
)
from recsys.streams.event_parser import EventParser, Parsed
from recsys.streams.event_quality_warnings import StreamChecks
from recsys.streams.source import Message

MOST_REJECTS = 10_000  # of one source that are kept; then an operator is needed


@dataclass(slots=True)
class StreamCounts:
    """What became of messages."""

    read: int = 0
    new: int = 0
    duplicates: int = 0  # events that were in the store already
    rejected: int = 0
    empty: int = 0  # messages without a value
    erased: int = 0  # events from before the erasure of their user

    def __add__(self, other: StreamCounts) -> StreamCounts:
        names = [one.name for one in fields(self)]
        return StreamCounts(*(getattr(self, name) + getattr(other, name) for name in names))


class StreamWriter:
    """Writes batches of one source into one store."""

    def __init__(
        self,
        store: Store,
        source: str,
        parser: EventParser,
        most_rejects: int = MOST_REJECTS,
        checks: StreamChecks | None = None,
    ) -> None:
        self.store, self.source, self._parser = store, source, parser
        self._most_rejects, self._checks = most_rejects, checks
        self._rejects = StreamRejects(store.db).count(source)
        self._names = Pseudonyms.of_store(store)
        self._erasures: tuple[int, dict[str, float]] = (0, {})  # greatest id; when, by pseudonym

    def write(
        self, messages: Sequence[Message], held: Mapping[Partition, Claimed]
    ) -> tuple[StreamCounts, dict[Partition, Claimed]]:
        """Store messages; return counts, and what is held of their partitions afterwards.

        StalePosition where another consumer took a partition over, StreamError where there are too
        many rejects, StoreError of the store; nothing is stored then.
        """
        good, bad, counts = self._sorted(messages)
        ends = {one.partition: one.after for one in messages}
        moves = [Move(partition, held[partition], to) for partition, to in ends.items()]
        if bad:
            self._check(bad[0], len(bad))
        with self.store.db.write() as connection:
            moved = advance(connection, self.source, moves)
            kept = self._not_erased(connection, good)
            self._add(connection, kept, counts)
            add_rejects(connection, bad)
        counts.erased = len(good) - len(kept)
        if self._checks is not None:
            self._checks.note([(message.partition, parsed.event) for message, parsed in kept])
        self._rejects += len(bad)
        return counts, moved

    def reject(
        self, message: Message, reason: str, held: Mapping[Partition, Claimed]
    ) -> tuple[StreamCounts, dict[Partition, Claimed]]:
        """Keep one message as a reject, and move its position."""
        reject = self._reject(message, "", reason)
        self._check(reject, 1)
        move = Move(message.partition, held[message.partition], message.after)
        with self.store.db.write() as connection:
            moved = advance(connection, self.source, [move])
            add_rejects(connection, [reject])
        self._rejects += 1
        return StreamCounts(read=1, rejected=1), moved

    def retry(self, rejects: Sequence[StreamReject]) -> tuple[StreamCounts, list[StreamReject]]:
        """Store the events of rejects that hold one by now, and delete those rejects.

        All in one transaction. Returns counts, and the rejects that stay, with the new reason.
        """
        messages = [Message(one.partition, one.position, "", one.body, one.sent) for one in rejects]
        good, bad, counts = self._sorted(messages)
        reasons = {(one.partition, one.position): one for one in bad}
        left = [
            replace(one, column=found.column, reason=found.reason)
            for one in rejects
            if (found := reasons.get((one.partition, one.position))) is not None
        ]
        stay = {one.id for one in left}
        with self.store.db.write() as connection:
            kept = self._not_erased(connection, good)
            self._add(connection, kept, counts)
            done = [one.id for one in rejects if one.id not in stay]
            remove_rejects(self.store.db, connection, done)
        counts.erased = len(good) - len(kept)
        return counts, left

    def _sorted(
        self, messages: Sequence[Message]
    ) -> tuple[list[tuple[Message, Parsed]], list[StreamReject], StreamCounts]:
        now, counts = time.time(), StreamCounts(read=len(messages))
        good: list[tuple[Message, Parsed]] = []
        bad = []
        for message in messages:
            if message.body is None:
                counts.empty += 1
                continue
            found = self._parser.parse(message.body, now)
            if isinstance(found, Parsed):
                good.append((message, found))
            else:
                bad.append(self._reject(message, found.column, found.reason))
        counts.rejected = len(bad)
        return good, bad, counts

    def _reject(self, message: Message, column: str, reason: str) -> StreamReject:
        body = message.body or b""
        return StreamReject(
            self.source, message.partition, message.position, column, reason, body, message.sent
        )

    def _check(self, first: StreamReject, count: int) -> None:
        if self._rejects + count > self._most_rejects:
            raise StreamError(
                f"{self.source}: more than {self._most_rejects} messages hold no event, at last"
                f" {first.partition} {first.position}: {first.why}. Mend the sender or name the"
                " fields (--map), then look with `recsys streams rejects`, `retry` or `drop` them,"
                " or raise --most-rejects"
            )

    def _not_erased(
        self, connection: Connection, good: list[tuple[Message, Parsed]]
    ) -> list[tuple[Message, Parsed]]:
        """Leave out what users did before they were erased: a topic holds it still."""
        last = connection.execute(select(func.max(erasures.c.id))).scalar() or 0
        if last != self._erasures[0]:
            query = select(erasures.c.person, func.max(erasures.c.at)).group_by(erasures.c.person)
            self._erasures = (last, {who: at for who, at in connection.execute(query)})
        erased = self._erasures[1]
        if not erased:
            return good
        kept = []
        for message, parsed in good:
            event = parsed.event
            at = erased.get(self._names.of(event.user_id))
            moment = event.timestamp if message.sent is None else message.sent
            if at is None or (moment is not None and moment > at):
                kept.append((message, parsed))
        return kept

    def _add(
        self, connection: Connection, kept: list[tuple[Message, Parsed]], counts: StreamCounts
    ) -> None:
        events = [parsed.event for _, parsed in kept]
        places = {
            partition: f"{self.source}\x1f{partition.topic}\x1f{partition.number}"
            for partition in {message.partition for message, _ in kept}
        }
        keys = [
            event_key(parsed.event, places[message.partition], message.position)
            for message, parsed in kept
        ]
        sent = [message.sent for message, _ in kept]
        if events:
            added = self.store.append_with(connection, events, keys, sent)
            counts.new, counts.duplicates = added.new, added.duplicates
        came = [
            {
                "recommendation_id": parsed.recommendation_id,
                "item_id": parsed.event.item_id,
                "event": parsed.event.event,
                "time": parsed.event.timestamp or message.sent or time.time(),
            }
            for message, parsed in kept
            if parsed.recommendation_id
        ]
        if came:
            connection.execute(insert(outcomes), came)
