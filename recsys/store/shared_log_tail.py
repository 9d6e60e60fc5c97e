"""SharedLogTail: one process of a host reads the ends of PostgreSQL's logs for all others.

    tail = SharedLogTail(folder)               # in each process; a folder in memory
    if tail.take_lead():                       # this process is the one
        tail.look(store)                       # reads and publishes
    tail.stamp()                               # moves with every change of a log
    tail.events_after(store, id, n)            # as Store.events_after, as of the last look

Who holds the lock of the folder reads. The kernel gives it back when that process dies, and the
next look of another one takes it. What was read lies in a file that is replaced as a whole: a head
with the ends of all logs, and the events of the last seconds as blocks, each with all events
between two ids. Positions belong to the readers; one whose position no block covers, or who finds
that nobody looked for a second, reads the store itself. So nothing depends on the one process
but how often the store is asked.
"""

from __future__ import annotations

import fcntl
import json
import logging
import os
import threading
import time
from collections.abc import Sequence
from hashlib import blake2b
from pathlib import Path
from typing import IO, Any, NamedTuple

from sqlalchemy import func, select

from recsys.store.acts_by_store_numbers import NumberedAct
from recsys.store.events import StoredEvent
from recsys.store.partitions.auxiliary_tables import event_batches
from recsys.store.prepared_reads import Read
from recsys.store.schema import erasures, follow_changes, item_changes, merges
from recsys.store.store import Store

FRESH = 1.0  # seconds after a look in which it counts
KEPT = 5.0  # seconds that events are handed on
MOST = 20_000  # events that are handed on; what is far behind is read from the store
_CHUNK = 2_000  # events read at once
_FILE, _LOCK = "log_tail", "log_tail.lock"
_ENDS = Read(
    select(
        *(
            func.coalesce(select(func.max(column)).scalar_subquery(), 0)
            for column in (
                event_batches.c.last,
                item_changes.c.id,
                follow_changes.c.id,
                erasures.c.id,
                merges.c.id,
            )
        )
    )
)

log = logging.getLogger(__name__)


class _Block(NamedTuple):
    """All events with ids above `after`, up to `last`."""

    after: int
    last: int
    at: float  # monotonic seconds of the reading
    size: int  # events
    text: bytes  # JSON: rows of StoredEvent, rows of NumberedAct


class _Rows(NamedTuple):
    events: list[StoredEvent]
    acts: list[NumberedAct]


class SharedLogTail:
    """The part of one process; all its threads may use it."""

    def __init__(self, folder: Path) -> None:
        """Of the processes that have this folder, which exists, in common."""
        self._path, self._lock_path = folder / _FILE, folder / _LOCK
        self._held: IO[bytes] | None = None  # the lock, while this process has it
        self._ends: tuple[int, ...] = ()  # of all logs, as published
        self._blocks: list[_Block] = []  # ascending, each begins where the one before ends
        self._last = 0  # id up to which events are published
        self._failed = False
        self._rows: dict[tuple[int, int], _Rows] = {}  # of blocks that were read
        self._guard = threading.Lock()

    def take_lead(self) -> bool:
        """Return whether this process is the one that reads; it becomes so if no other is."""
        if self._held is not None:
            return True
        try:
            file = self._lock_path.open("ab")
        except OSError:  # the folder went with the server
            return False
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.close()
            return False
        self._held = file
        file.truncate(0)
        file.write(f"{os.getpid()}\n".encode())
        file.flush()
        return True

    def look(self, store: Store) -> None:
        """Read on and publish, in the process that has the lead; by one thread.

        StoreError as of any read: the last look then grows old, and all read for themselves.
        """
        now = time.time_ns()  # what is read is as of then, or later
        ends = tuple(int(end) for end in store.db.rows(_ENDS)[0])
        if not self._ends:
            self._resume(ends)
        try:
            if self._read(store, ends):
                self._publish(now)
            else:
                os.utime(self._path, ns=(now, now))
            self._failed = False
        except OSError as error:
            self._ends = ()
            if not self._failed:
                log.warning("the logs cannot be read for other processes: %s", error)
            self._failed = True

    def stamp(self) -> int | None:
        """Return a number that moves with every change of a log; None: nobody looked lately."""
        head = self._head()
        return None if head is None else int(head["stamp"])

    def events_after(self, store: Store, id: int, n: int) -> list[StoredEvent]:
        """Return the first n events with a greater id, ascending."""
        found = self._between(id, n)
        if found is None:
            return store.events_after(id, n)
        return [one for rows in found for one in rows.events if one.id > id][:n]

    def acts_after(self, store: Store, id: int, n: int) -> list[NumberedAct]:
        """Return the same events in numbers, as Store.numbered_acts_after."""
        found = self._between(id, n)
        if found is None:
            return store.numbered_acts_after(id, n)
        return [one for rows in found for one in rows.acts if one.id > id][:n]

    def close(self) -> None:
        """Leave the reading to another process."""
        held, self._held = self._held, None
        if held is not None:
            self._ends = ()
            held.close()

    # of the process that reads

    def _resume(self, ends: tuple[int, ...]) -> None:
        """Begin at the end of the log, or where the process before was."""
        self._blocks = []
        head = self._head(fresh=False)
        last = ends[0] if head is None else int(head["last"])
        self._last = last if 0 <= ends[0] - last <= MOST else ends[0]

    def _read(self, store: Store, ends: tuple[int, ...]) -> bool:
        """Read new events, and let old ones go; return whether there is anything to publish."""
        changed = ends != self._ends
        if self._ends and ends[3:] != self._ends[3:]:  # somebody was erased or merged
            self._blocks = []
        now = time.monotonic()
        while self._last < ends[0]:
            events = store.events_after(self._last, _CHUNK)
            acts = store.numbered_acts_after(self._last, _CHUNK)
            last = events[-1].id if len(events) == _CHUNK else max(ends[0], *_ids(events))
            text = json.dumps([events, [one for one in acts if one.id <= last]]).encode()
            self._blocks.append(_Block(self._last, last, now, len(events), text))
            self._last = last
        kept = [one for one in self._blocks if one.at > now - KEPT]
        while sum(one.size for one in kept) > MOST:
            del kept[0]
        changed = changed or len(kept) < len(self._blocks)
        self._blocks, self._ends = kept, ends
        return changed

    def _publish(self, now: int) -> None:
        stamp = int.from_bytes(blake2b(repr(self._ends).encode(), digest_size=7).digest())
        places = [(one.after, one.last, len(one.text)) for one in self._blocks]
        head = {"stamp": stamp, "last": self._last, "blocks": places}
        part = self._path.with_suffix(".part")
        file = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with open(file, "wb") as out:
            out.write(json.dumps(head).encode() + b"\n")
            out.writelines(one.text for one in self._blocks)
        os.utime(part, ns=(now, now))
        part.replace(self._path)

    # of all processes

    def _head(self, fresh: bool = True) -> dict[str, Any] | None:
        """Return the head of what was published; None where there is none, or an old one."""
        try:
            with self._path.open("rb") as file:
                if fresh and not _is_fresh(file):
                    return None
                head: dict[str, Any] = json.loads(file.readline())
        except (OSError, ValueError):
            return None
        with self._guard:
            self._keep(head["blocks"])
        return head

    def _between(self, id: int, n: int) -> list[_Rows] | None:
        """Return blocks that hold all events after an id, or n of them; None: read the store."""
        with self._guard:
            try:
                with self._path.open("rb") as file:
                    if not _is_fresh(file):
                        return None
                    head = json.loads(file.readline())
                    self._keep(head["blocks"])
                    if id >= head["last"]:
                        return []
                    return self._covering(file, head["blocks"], id, n)
            except (OSError, ValueError):
                return None

    def _covering(
        self, file: IO[bytes], places: Sequence[tuple[int, int, int]], id: int, n: int
    ) -> list[_Rows] | None:
        if not places or places[0][0] > id:
            return None
        found: list[_Rows] = []
        count, at = 0, file.tell()
        for after, last, size in places:
            if last > id and count < n:
                rows = self._rows.get((after, last))
                if rows is None:
                    file.seek(at)
                    events, acts = json.loads(file.read(size))
                    rows = _Rows(
                        [StoredEvent(*one) for one in events], [NumberedAct(*one) for one in acts]
                    )
                    self._rows[after, last] = rows
                found.append(rows)
                count += sum(one.id > id for one in rows.events)
            at += size
        return found

    def _keep(self, places: Sequence[tuple[int, int, int]]) -> None:
        """Forget what is not handed on any more, as after an erasure; within the guard."""
        if self._rows:
            known = {(after, last) for after, last, _ in places}
            self._rows = {place: rows for place, rows in self._rows.items() if place in known}


def _ids(events: Sequence[StoredEvent]) -> list[int]:
    return [events[-1].id] if events else [0]


def _is_fresh(file: IO[bytes]) -> bool:
    return abs(time.time() - os.fstat(file.fileno()).st_mtime) <= FRESH
