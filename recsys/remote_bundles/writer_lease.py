"""WriterLease: lets one writer at a time change the bundles of an object store.

The object `writer` names its holder and is renewed by a thread. Another writer takes it over when
it has not changed for LEASE seconds by the writer's own clock, so clocks need not agree. A holder
that was held up for longer notices at its next check and stops.
"""

from __future__ import annotations

import json
import logging
import os
import secrets
import socket
import threading
import time
from types import TracebackType

from recsys.errors import BundleError, ObjectStoreError
from recsys.object_storage.object_store import (
    ObjectMissing,
    ObjectStore,
    PreconditionFailed,
    StoredObject,
)

LEASE = 60.0  # seconds without a change after which a lease may be taken over
_LOOK = 1.0  # seconds between looks while another holds it
_KEY = "writer"

log = logging.getLogger(__name__)


class WriterLease:
    """Lease of one writer; a context manager that waits for its turn."""

    def __init__(self, store: ObjectStore, seconds: float = LEASE) -> None:
        self._store, self._seconds = store, seconds
        self._holder = f"{socket.gethostname()} {os.getpid()} {secrets.token_hex(4)}"
        self._tag, self._count = "", 0
        self._renewed = 0.0  # monotonic seconds
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._renew, name="writer-lease", daemon=True)

    def __enter__(self) -> WriterLease:
        seen, since, logged = "", time.monotonic(), False
        while True:
            found = self._take(seen, since)
            if found is None:
                break
            if found.tag != seen:
                seen, since = found.tag, time.monotonic()
            if not logged:
                log.info("%s: waiting for another writer: %s", self._store.url, _name(found))
                logged = True
            time.sleep(min(_LOOK, self._seconds / 4))
        self._renewed = time.monotonic()
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.set()
        self._thread.join()
        if self._held():
            try:
                self._store.delete([_KEY])
            except ObjectStoreError as problem:
                log.warning("the lease stays for %.0f seconds: %s", self._seconds, problem)

    def check(self) -> None:
        """Raise BundleError when another writer may have taken over."""
        if not self._held():
            raise BundleError(
                f"{self._store.url}: this writer was held up for longer than its lease of"
                f" {self._seconds:.0f} seconds, and another may be at work: run it again"
            )

    def _held(self) -> bool:
        return time.monotonic() - self._renewed < self._seconds

    def _take(self, seen: str, since: float) -> StoredObject | None:
        """Return the lease that another holds, None when it was taken."""
        try:
            found = self._store.get(_KEY)
        except ObjectMissing:
            found = None
        try:
            if found is None:
                self._tag = self._store.create(_KEY, self._content())
                return None
            if found.tag == seen and time.monotonic() - since > self._seconds:
                self._tag = self._store.replace(_KEY, self._content(), found.tag)
                return None
        except PreconditionFailed:
            return StoredObject(b"", "")  # somebody was faster
        return found

    def _renew(self) -> None:
        while not self._stop.wait(self._seconds / 4):
            begun = time.monotonic()
            try:
                self._tag = self._store.replace(_KEY, self._content(), self._tag)
                self._renewed = begun
            except PreconditionFailed:
                self._renewed = -self._seconds
                return
            except ObjectStoreError as error:
                log.warning("the lease could not be renewed: %s", error)

    def _content(self) -> bytes:
        self._count += 1  # each renewal is another object
        return json.dumps({"holder": self._holder, "renewals": self._count}).encode()


def _name(found: StoredObject) -> str:
    try:
        return str(json.loads(found.data)["holder"])
    except (ValueError, KeyError, TypeError):
        return "unknown"
