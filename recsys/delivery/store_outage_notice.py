"""Outage announcements: a notice that is sent while the store takes no writes.

The outbox cannot hold it then. Its state lies in files of a folder outside of the store, which the
processes of one server share: the processes agree on one notice, and one of them at a time sends
it. When the store takes writes again, the notice joins the outbox under the id that it was sent
with; what no receiver has taken yet is delivered from there.
"""

from __future__ import annotations

import fcntl
import json
import logging
import os
import random
import secrets
import socket
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

import sqlalchemy as sa

from recsys.delivery.backoff import Backoff
from recsys.delivery.sender import Sender
from recsys.store.notice_destinations import Receiver
from recsys.store.outbox import Delivery, Notice, StoredNotice, keep_sent

LEAST = 5.0  # seconds without writes from which they are worth a notice
_STATE, _LOCK, _TURN = "outage.state", "outage.lock", "outage.turn"
_THREADS = 8  # receivers that are sent to at once

log = logging.getLogger("recsys.delivery")


@dataclass
class _Outage:
    """What the processes of a server know of the newest outage."""

    uid: str
    since: float  # Unix seconds of the first write that failed
    created: float
    taken: list[int] = field(default_factory=list)  # destinations that have taken the notice
    until: float = 0.0  # Unix seconds since when writes work again; 0: they do not yet

    @property
    def stored(self) -> StoredNotice:
        data = {"host": socket.gethostname(), "since": self.since}
        key = f"writes-failing:{self.uid}"
        return StoredNotice(
            0, self.uid, self.created, Notice("writes_failing", data, key, "writes")
        )


class OutageAnnouncement:
    """The announcement of one outage at a time, for one process of those that share a folder.

    `folder` None: this process is alone.
    """

    def __init__(self, folder: Path | None, backoff: Backoff | None = None) -> None:
        self._folder = folder
        self._backoff = backoff or Backoff()
        self._own: _Outage | None = None  # as this process wrote it last
        self._mutex = threading.Lock()
        self._tries: dict[int, tuple[int, float]] = {}  # per destination: failures, next try
        self._rng = random.Random()

    def begun(self, since: float) -> StoredNotice | None:
        """Return the notice of an outage; None before `LEAST` seconds, or when it is over.

        `since`: Unix seconds of the first write that failed, as this process knows it.
        """
        now = time.time()
        if now - since < LEAST:
            return None
        with self._locked():
            found = self._read()
            if found is None or 0 < found.until < since:
                uid = f"ntc_{secrets.token_hex(12)}"
                found = _Outage(uid, since, now)
                self._tries = {}
                self._write(found)
        return None if found.until else found.stored

    def going_on(self) -> float | None:
        """Return since when the outage lasts that was begun and not settled; None without one."""
        with self._locked():
            found = self._read()
        return found.since if found is not None and not found.until else None

    def send(
        self, notice: StoredNotice, receivers: Sequence[Receiver], senders: Mapping[str, Sender]
    ) -> int:
        """Send the notice to those who have not taken it; return how many took it.

        0 while another process sends. What fails is tried again by a later call, with pauses.
        """
        with self._turn() as mine:
            known = self._read() if mine else None
            if known is None or known.uid != notice.uid or known.until:
                return 0
            now = time.time()
            due = [
                one
                for one in receivers
                if one.id not in known.taken and self._tries.get(one.id, (0, 0.0))[1] <= now
            ]
            if not due:
                return 0
            with ThreadPoolExecutor(min(_THREADS, len(due)), "recsys-outage") as pool:
                taken = pool.map(lambda one: self._sent(notice, one, senders), due)
                return sum(taken)

    def over(self, connection: sa.Connection) -> None:
        """Add the notice to the outbox in a transaction, where one was made; once is enough."""
        with self._locked():
            found = self._read()
        if found is not None and not found.until:
            keep_sent(connection, found.stored, found.taken)

    def settled(self, until: float) -> None:
        """Note that the outage is over and its notice is in the outbox."""
        with self._locked():
            found = self._read()
            if found is not None and not found.until:
                found.until = until
                self._write(found)

    def _sent(self, notice: StoredNotice, to: Receiver, senders: Mapping[str, Sender]) -> bool:
        failures = self._tries.get(to.id, (0, 0.0))[0]
        one = Delivery(
            0, to.id, to.channel, to.address, "pending", failures, 0.0, "", 0.0, notice, to.secret
        )
        sent = senders[to.channel].send(one)
        if sent.error:
            pause = self._backoff.pause(failures + 1, self._rng)
            due = float("inf") if pause is None else time.time() + max(pause, sent.wait)
            self._tries[to.id] = (failures + 1, due)
            log.warning("the notice of an outage was not delivered", extra={"destination": to.id})
            return False
        with self._locked():
            found = self._read()
            if found is not None and found.uid == notice.uid:
                found.taken.append(to.id)
                self._write(found)
        return True

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Hold the state, for a moment."""
        with self._mutex, self._lock(_LOCK, fcntl.LOCK_EX):
            yield

    @contextmanager
    def _turn(self) -> Iterator[bool]:
        """Hold the right to send, if no other process holds it; give whether it is held."""
        with self._lock(_TURN, fcntl.LOCK_EX | fcntl.LOCK_NB) as held:
            yield held

    @contextmanager
    def _lock(self, name: str, how: int) -> Iterator[bool]:
        if self._folder is None:
            yield True
            return
        try:
            number = os.open(self._folder / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError:
            yield True  # a full disk: this process goes by what it knows itself
            return
        try:
            fcntl.flock(number, how)
        except BlockingIOError:
            os.close(number)
            yield False
            return
        try:
            yield True
        finally:
            os.close(number)

    def _read(self) -> _Outage | None:
        if self._folder is None:
            return self._own
        try:
            return _Outage(**json.loads((self._folder / _STATE).read_text("utf-8")))
        except FileNotFoundError:
            return self._own
        except (OSError, ValueError, TypeError) as error:
            log.warning("the state of an outage cannot be read: %s", error)
            return self._own

    def _write(self, state: _Outage) -> None:
        self._own = state
        if self._folder is None:
            return
        part = self._folder / f"{_STATE}.part"
        try:
            part.write_text(json.dumps(asdict(state)), "utf-8")
            part.replace(self._folder / _STATE)
        except OSError as error:
            log.warning("the state of an outage cannot be written: %s", error)
