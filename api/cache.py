"""Answers kept for a short while, least recently used first out; one per worker."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass


@dataclass(slots=True)
class Kept:
    """An answer with what it was made from."""

    state: Hashable  # bundle, live items, the user's last event
    stamp: int | None  # the store's change stamp when `state` was last seen to hold
    body: bytes
    until: float  # monotonic seconds


class Cache:
    """A bounded dictionary whose entries also age."""

    def __init__(self, entries: int, seconds: float) -> None:
        self.entries = entries
        self.seconds = seconds
        self._kept: OrderedDict[Hashable, Kept] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable) -> Kept | None:
        """Return what is kept under a key, unless it is too old."""
        with self._lock:
            kept = self._kept.get(key)
            if kept is None:
                return None
            if kept.until < time.monotonic():
                del self._kept[key]
                return None
            self._kept.move_to_end(key)
            return kept

    def put(self, key: Hashable, state: Hashable, stamp: int | None, body: bytes) -> None:
        """Keep an answer."""
        if self.entries <= 0:
            return
        with self._lock:
            self._kept[key] = Kept(state, stamp, body, time.monotonic() + self.seconds)
            self._kept.move_to_end(key)
            if len(self._kept) > self.entries:
                self._kept.popitem(last=False)

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._kept.clear()
