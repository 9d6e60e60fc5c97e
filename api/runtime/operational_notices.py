"""Notices created by a worker: failed writes to the store, and workers that died."""

from __future__ import annotations

import json
import logging
import os
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from recsys.delivery.sender import Sender
from recsys.delivery.store_outage_notice import LEAST, OutageAnnouncement
from recsys.errors import DataError, StoreError
from recsys.store.notice_destinations import Destinations, Receiver
from recsys.store.outbox import Notice, Outbox, StoredNotice, add_notice, newest_of

from .store_connection import StoreLink

log = logging.getLogger("recsys.api")

_KNOWN = 30.0  # seconds after which the destinations are read again
DEATHS = "deaths.list"  # in the folder of figures; see jobs/worker_supervisor.py


class OperationNotices:
    """Makes notices out of what one worker sees; several that see the same make it once.

    `figures`: a folder that the workers of one server share; "": this one is alone.
    """

    def __init__(self, link: StoreLink, figures: str) -> None:
        self._link = link
        self._deaths = Path(figures) / DEATHS if figures else None
        self._announcement = OutageAnnouncement(Path(figures) if figures else None)
        self._receivers: Sequence[Receiver] = ()  # of the notice of an outage, as last read
        self._looked = -_KNOWN  # monotonic seconds when they were read
        self._read = 0  # nanoseconds: time of the list of deaths that was taken in
        self._failing: float | None = None  # Unix seconds since when the store takes no writes

    def probed(self, writes: bool) -> None:
        """Take in whether the store takes writes, and note an outage that is over.

        Its notice of the beginning, if one was made, joins the outbox before that of its end; also
        where the worker that made it has died since.
        """
        now = time.time()
        if not writes:
            self._failing = self._failing or now
            return
        own, self._failing = self._failing, None
        announced = self._announcement.going_on()
        starts = [one for one in (own, announced) if one is not None]
        if not starts or (announced is None and now - starts[0] < LEAST):
            return
        since = min(starts)
        data = {"since": since, "until": now, "seconds": now - since}
        try:
            with self._link.use(patient=True) as store, store.db.write() as connection:
                last = newest_of(connection, "writes_failed")
                if last is None or last.notice.data["until"] < since:
                    self._announcement.over(connection)
                    key = f"writes:{since:.3f}:{os.getpid()}"
                    add_notice(connection, Notice("writes_failed", data, key, "writes"))
            self._announcement.settled(now)
        except StoreError:
            self._failing = since  # it is not over

    def outage(self) -> StoredNotice | None:
        """Return the notice of an outage of writes that goes on, None without one."""
        since = self._failing
        return None if since is None else self._announcement.begun(since)

    def announce(self, senders: Mapping[str, Sender]) -> int:
        """Send the notice of an outage that goes on; return how many have taken it now.

        It does not use the store, which may not answer for minutes.
        """
        notice = self.outage()
        return 0 if notice is None else self._announcement.send(notice, self._receivers, senders)

    def look(self) -> None:
        """Read the destinations ahead: they are out of reach when they are needed."""
        if time.monotonic() - self._looked < _KNOWN:
            return
        try:
            with self._link.use(patient=True) as store:
                self._receivers = Destinations(store.db).receivers("writes_failing")
                self._looked = time.monotonic()
        except StoreError:
            log.debug("the destinations of notices cannot be read")

    def deaths(self) -> None:
        """Take in the workers that have died, as the parent of all workers lists them."""
        if self._deaths is None:
            return
        try:
            changed = os.stat(self._deaths).st_mtime_ns
            if changed == self._read:
                return
            found: list[dict[str, Any]] = json.loads(self._deaths.read_text("utf-8"))
            with self._link.use(patient=True) as store:
                known = Outbox(store.db)
                for death in found:
                    key = f"worker:{death['host']}:{death['pid']}:{death['at']:.3f}"
                    known.add(Notice("worker_died", death, key, f"workers:{death['host']}"))
            self._read = changed
        except FileNotFoundError:
            return
        except (OSError, ValueError, KeyError, DataError) as error:
            log.warning("the list of dead workers cannot be read: %s", error)
        except StoreError:
            pass  # the next time
