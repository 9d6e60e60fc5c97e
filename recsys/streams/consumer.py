"""Consumer: reads messages from a source and stores their events, each exactly once.

    stop = threading.Event()
    counts = Consumer(store, FolderSource(Path("inbox")), EventParser()).run(stop)

One loop: read a batch, store it with the positions, read the next. A batch is never begun before
the one before it is on the disk, so that a slow store slows the reading down and nothing waits in
memory. While the store is away the source is paused, and the batch is tried again.
"""

from __future__ import annotations

import itertools
import logging
import os
import secrets
import socket
import threading
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict

from recsys.errors import StoreBusy, StoreError, StreamError
from recsys.store.store import Store
from recsys.store.stream_positions import (
    Claimed,
    Partition,
    StalePosition,
    StreamPositions,
)
from recsys.streams.event_parser import EventParser
from recsys.streams.event_quality_warnings import StreamChecks
from recsys.streams.source import Message, Source
from recsys.streams.stream_writer import MOST_REJECTS, StreamCounts, StreamWriter

BATCH = 5_000  # messages per transaction
WAIT = 0.2  # seconds for a first message
REPORT = 60.0  # seconds between lines of the log
_PAUSES = (0.5, 1.0, 2.0, 5.0, 10.0, 30.0)  # seconds between tries while the store is away
_TRIES = 2  # of a batch that a store refuses although it takes others; then message by message
_TAKEOVERS, _WITHIN = 3, 600.0  # claims of others that are answered by joining again; seconds

log = logging.getLogger("recsys.streams")


class Consumer:
    """Reads one source into one store."""

    def __init__(
        self,
        store: Store,
        source: Source,
        parser: EventParser,
        batch: int = BATCH,
        wait: float = WAIT,
        most_rejects: int = MOST_REJECTS,
        checks: StreamChecks | None = None,
    ) -> None:
        self.counts = StreamCounts()
        self._store, self._source, self._batch, self._wait = store, source, batch, wait
        self._writer = StreamWriter(store, source.name, parser, most_rejects, checks)
        self._positions = StreamPositions(store.db)
        self._held: dict[Partition, Claimed] = {}
        self._holder = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
        self._takeovers: deque[float] = deque(maxlen=_TAKEOVERS)
        self._stop, self._once = threading.Event(), False

    def run(self, stop: threading.Event, once: bool = False) -> StreamCounts:
        """Go on until `stop` is set; `once`: until everything that is there was read.

        StreamError where an operator is needed; StoreError with `once` when the store is away.
        """
        self._stop, self._once, reported = stop, once, time.monotonic()
        self._source.open(self._claim, self._release)
        try:
            while not stop.is_set():
                messages = self._source.read(self._batch, self._wait)
                if messages:
                    self._store_batch(messages)
                elif once and self._source.ended():
                    break
                if time.monotonic() - reported >= REPORT:
                    reported = time.monotonic()
                    self._report()
        finally:
            self._source.close()
        return self.counts

    def _claim(self, partitions: Sequence[Partition]) -> Mapping[Partition, str]:
        """Take partitions over; waits while the store is away, and takes none when it must stop."""
        found: dict[Partition, Claimed] = {}
        for pause in _waits():
            try:
                found = self._positions.claim(self._source.name, partitions, self._holder)
                break
            except StoreError as error:
                log.warning("%s: no partition can be taken over: %s", self._source.name, error)
                if self._once:
                    raise
                if self._stop.wait(pause):
                    return {}
        self._held |= found
        return {partition: claimed.position for partition, claimed in found.items()}

    def _release(self, partitions: Sequence[Partition]) -> None:
        for partition in partitions:
            self._held.pop(partition, None)

    def _store_batch(self, messages: list[Message]) -> None:
        """Store a batch, however long it takes; what others hold by then is left to them."""
        tries, paused = 0, False
        for pause in _waits():
            messages = [one for one in messages if one.partition in self._held]
            if not messages:
                break
            try:
                if tries < _TRIES:
                    self._note(*self._writer.write(messages, self._held))
                else:
                    self._store_singly(messages)
                break
            except StalePosition as error:
                self._join_again(error)
                return
            except StoreError as error:
                if self._once and self._away(error):
                    raise
                tries += not self._away(error)
                log.warning("%s: a batch waits for the store: %s", self._source.name, error)
                if not paused:
                    self._source.pause()
                    paused = True
                until = time.monotonic() + pause
                while (left := until - time.monotonic()) > 0 and not self._stop.is_set():
                    messages += self._source.read(1, min(left, self._wait))
                if self._stop.is_set():
                    return  # its position did not move: it is read again
        if paused:
            self._source.resume()

    def _store_singly(self, messages: list[Message]) -> None:
        """Store messages one by one, and take them off the list; refused ones become rejects."""
        while messages:
            message = messages[0]
            try:
                self._note(*self._writer.write([message], self._held))
            except StalePosition:
                raise
            except StoreError as error:
                if self._away(error):
                    raise
                reason = f"the store refused the event: {error}"[:2000]
                self._note(*self._writer.reject(message, reason, self._held))
            del messages[0]

    def _away(self, error: StoreError) -> bool:
        """Whether the store takes nothing, rather than not this batch."""
        if isinstance(error, StoreBusy):
            return True
        try:
            self._store.db.probe()
        except StoreError:
            return True
        return False

    def _note(self, counts: StreamCounts, moved: Mapping[Partition, Claimed]) -> None:
        self.counts += counts
        self._held |= moved
        self._source.stored({one: claimed.position for one, claimed in moved.items()})

    def _join_again(self, error: StalePosition) -> None:
        """Give all partitions back and begin anew, unless others take them again and again."""
        now = time.monotonic()
        self._takeovers.append(now)
        log.warning("%s", error)
        if len(self._takeovers) == _TAKEOVERS and now - self._takeovers[0] < _WITHIN:
            raise StreamError(
                f"{self._source.name}: other consumers took partitions over {_TAKEOVERS} times in"
                f" {_WITHIN:.0f} s, at last {error.partition}: stop one of those that read the same"
                " source into the same store"
            )
        self._source.close()
        self._held.clear()
        self._source.open(self._claim, self._release)

    def _report(self) -> None:
        lag = self._source.lag()
        values = {**asdict(self.counts), **({} if lag is None else {"lag": lag})}
        words = ", ".join(f"{value:,} {name}" for name, value in values.items())
        log.info("%s: %s", self._source.name, words)


def _waits() -> Iterator[float]:
    return itertools.chain(_PAUSES, itertools.repeat(_PAUSES[-1]))
