"""StoreLink: connection of the service to the store, which may be unavailable for a while."""

from __future__ import annotations

import itertools
import logging
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from recsys.errors import StoreBusy, StoreError
from recsys.store.api_keys import Keys
from recsys.store.audit_log import AuditLog
from recsys.store.exposures import Exposures
from recsys.store.store import Store

log = logging.getLogger("recsys.api")

_PAUSE = 1.0  # seconds in which requests do not try again after a failure
_WATCHED = 5.0  # seconds since the background thread tried, in which requests leave it to that


class ReadOrder:
    """Order of the reads of one table by several threads, each of which replaces what is known.

    A read that began before the newest one is dropped: it may lack what that one has found.
    """

    def __init__(self) -> None:
        self._began = itertools.count(1)
        self._newest = 0
        self._lock = threading.Lock()

    def begin(self) -> int:
        """Return the number of a read, to be drawn before the store is read."""
        return next(self._began)

    @contextmanager
    def taking(self, number: int) -> Iterator[bool]:
        """Give whether a read may replace what is known; no other does so meanwhile."""
        with self._lock:
            newer = number > self._newest
            self._newest = max(number, self._newest)
            yield newer


class StoreLink:
    """Opens the store when it can, and remembers for a second that it could not be reached."""

    def __init__(self, url: str, wait: float = 2.0, archive: str = "") -> None:
        self.url = url
        self._archive = archive
        self.wait = wait  # seconds that a writer waits for others
        self.failed = 0.0  # monotonic seconds until which the store counts as away
        self._away = 0.0  # monotonic seconds when it was found away last
        self._tried = -_WATCHED  # monotonic seconds when a patient caller last tried
        self._store: Store | None = None
        self._stamps: sqlite3.Connection | None = None
        self._keys: Keys | None = None
        self._exposures: Exposures | None = None
        self._audit_log: AuditLog | None = None
        self._lock = threading.Lock()

    @property
    def up(self) -> bool:
        """Whether the last query of the store was answered."""
        return self._store is not None and not self.failed

    @property
    def writes(self) -> bool:
        """Whether the store takes writes, by the outcome of the last write that shows it.

        After the store was away, until one has shown it anew, it does not.
        """
        if not self.up or self._store is None:
            return False
        turns = self._store.db.turns
        return not turns.failing and turns.written >= self._away

    @contextmanager
    def use(self, patient: bool = False) -> Iterator[Store]:
        """Give the store; a StoreError inside makes it count as away, unless it says busy or full.

        `patient` callers try in any case: the background thread, which finds out that it is back.
        Where there is none, one request a second tries.
        """
        now = time.monotonic()
        if patient:
            self._tried = now
        elif self.failed and (now < self.failed or now - self._tried < _WATCHED):
            raise StoreError("the store could not be reached a moment ago")
        elif self.failed:
            self.failed = now + _PAUSE  # others need not wait as well
        try:
            yield self._opened()
        except StoreError as error:
            if not isinstance(error, StoreBusy) and not _is_full(error):
                if not self.failed:
                    log.warning("the store cannot be reached: %s", str(error)[:300])
                self._away = time.monotonic()
                self.failed = self._away + _PAUSE
            raise
        else:
            self.failed = 0.0

    def _opened(self) -> Store:
        with self._lock:
            if self._store is None:
                self._store = Store.open(self.url, wait=self.wait, archive=self._archive)
            return self._store

    def keys(self) -> Keys:
        """Return the table of keys."""
        if self._keys is None:
            self._keys = Keys(self._opened().db)
        return self._keys

    def exposures(self) -> Exposures:
        """Return the exposure log's tables."""
        if self._exposures is None:
            self._exposures = Exposures(self._opened().db)
        return self._exposures

    def audit_log(self) -> AuditLog:
        """Return the audit log's tables."""
        if self._audit_log is None:
            self._audit_log = AuditLog(self._opened().db)
        return self._audit_log

    def stamp(self) -> int | None:
        """Return a number that moves with every commit; None where none is to be had cheaply.

        SQLite counts the commits of all other connections, for a few microseconds. PostgreSQL
        has nothing as cheap, so there each request reads its user's history.
        """
        if not self.url.startswith("sqlite") or self._store is None:
            return None
        try:
            with self._lock:
                if self._stamps is None:
                    path = self._store.db.engine.url.database or ""
                    self._stamps = sqlite3.connect(
                        f"file:{path}?mode=ro", uri=True, check_same_thread=False, timeout=0.05
                    )
                row = self._stamps.execute("PRAGMA data_version").fetchone()
            return int(row[0])
        except sqlite3.Error:
            return None

    def close(self) -> None:
        """Close all connections."""
        with self._lock:
            if self._stamps is not None:
                self._stamps.close()
            if self._store is not None:
                self._store.close()
            self._stamps = self._store = self._keys = self._exposures = None
            self._audit_log = None


def _is_full(error: StoreError) -> bool:
    return "free some space" in str(error)
