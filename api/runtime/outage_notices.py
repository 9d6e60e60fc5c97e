"""Notices created by a worker: failed writes to the store, and workers that died."""

from __future__ import annotations

import json
import logging
import os
import time
from pathlib import Path
from typing import Any

from recsys.errors import DataError, StoreError
from recsys.store.outbox import Notice, Outbox, add_notice, newest_of

from .store_connection import StoreLink

log = logging.getLogger("recsys.api")

LEAST = 5.0  # seconds of an outage from which it is worth a notice
DEATHS = "deaths.list"  # in the folder of figures; see jobs/supervisor.py


class OperationNotices:
    """Makes notices out of what one worker sees; several that see the same make it once."""

    def __init__(self, link: StoreLink, figures: str) -> None:
        self._link = link
        self._deaths = Path(figures) / DEATHS if figures else None
        self._read = 0  # nanoseconds: time of the list of deaths that was taken in
        self._failing: float | None = None  # Unix seconds since when the store takes no writes

    def probed(self, writes: bool) -> None:
        """Take in whether the store takes writes, and note an outage that is over."""
        now = time.time()
        if not writes:
            self._failing = self._failing or now
            return
        since, self._failing = self._failing, None
        if since is None or now - since < LEAST:
            return
        data = {"since": since, "until": now, "seconds": now - since}
        try:
            with self._link.use(patient=True) as store, store.db.write() as connection:
                last = newest_of(connection, "writes_failed")
                if last is None or last.notice.data["until"] < since:
                    key = f"writes:{since:.3f}:{os.getpid()}"
                    add_notice(connection, Notice("writes_failed", data, key, "writes"))
        except StoreError:
            self._failing = since  # it is not over

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
