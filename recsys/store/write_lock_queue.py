"""WriterTurns: queue of the writers of one process to one store, with early refusal.

A writer waits a bounded time for those before it and then for writers in other processes. After a
failure further writers are refused at once for a second, but for one that tries.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from recsys.errors import StoreBusy, StoreError

PAUSE = 1.0  # seconds in which writers are refused after one that waited in vain


class WriterTurns:
    """Whose turn it is to write, and whether writing works."""

    def __init__(self, wait: float, one_lock: bool = True) -> None:
        """`one_lock`: whether any write shows that all writes work, as on SQLite."""
        self.wait = wait  # seconds
        self.one_lock = one_lock
        self.failing = False  # whether the last write failed
        self.written = 0.0  # monotonic seconds of the last write that showed that writing works
        self._refused = 0.0  # monotonic seconds until which writers are refused
        self._lock = threading.Lock()

    @contextmanager
    def taken(self, shows: bool = False) -> Iterator[None]:
        """Hold the turn; StoreBusy when it does not come in time, or was waited for in vain.

        `shows`: whether a success shows that writing works, where locks are of single tables.
        """
        self._check()
        if not self._lock.acquire(timeout=self.wait):
            raise StoreBusy(f"other writers took more than {self.wait:g} s: try again")
        try:
            self._check()
            yield
        except StoreBusy:
            self._refused = time.monotonic() + PAUSE
            self.failing = True
            raise
        except StoreError:
            self.failing = True
            raise
        else:
            if shows or self.one_lock:
                self.failing, self.written = False, time.monotonic()
        finally:
            self._lock.release()

    @contextmanager
    def free(self) -> Iterator[bool]:
        """Hold the turn if nobody does; give whether it is held."""
        held = self._lock.acquire(blocking=False)
        try:
            yield held
        finally:
            if held:
                self._lock.release()

    def _check(self) -> None:
        if time.monotonic() < self._refused:
            raise StoreBusy("the store took no write a moment ago: try again in a second")
