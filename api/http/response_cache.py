"""Response cache of one worker: least recently used, with a short time to live."""

from __future__ import annotations

import math
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


_ENTRY = 500  # bytes of memory that an answer takes besides its body: key, state, bookkeeping


class Cache:
    """A dictionary bounded by entries and by bytes, whose entries also age."""

    def __init__(self, entries: int, seconds: float, size: int = 64_000_000) -> None:
        self.entries = entries
        self.seconds = seconds
        self.size = size  # bytes
        self.held = 0  # bytes
        self._kept: OrderedDict[Hashable, Kept] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable) -> Kept | None:
        """Return what is kept under a key, unless it is too old."""
        with self._lock:
            kept = self._kept.get(key)
            if kept is None:
                return None
            if kept.until < time.monotonic():
                self._drop(key)
                return None
            self._kept.move_to_end(key)
            return kept

    def put(
        self,
        key: Hashable,
        state: Hashable,
        stamp: int | None,
        body: bytes,
        lasts: float = math.inf,
    ) -> None:
        """Keep an answer, for `lasts` seconds at most."""
        if self.entries <= 0 or len(body) + _ENTRY > self.size:
            return
        with self._lock:
            self._drop(key)
            self._kept[key] = Kept(state, stamp, body, time.monotonic() + min(self.seconds, lasts))
            self.held += len(body) + _ENTRY
            while len(self._kept) > self.entries or self.held > self.size:
                self._drop(next(iter(self._kept)))

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._kept.clear()
            self.held = 0

    def _drop(self, key: Hashable) -> None:
        kept = self._kept.pop(key, None)
        if kept is not None:
            self.held -= len(kept.body) + _ENTRY
