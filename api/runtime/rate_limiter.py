"""RateLimiter: requests per second and caller, counted over all workers of a server.

A token bucket is one number: the moment at which it will be full again (the generic cell rate
algorithm). It lies in memory that the workers share, under the hash of its caller.
"""

from __future__ import annotations

import fcntl
import hashlib
import mmap
import os
import struct
import threading
import time

CALLERS = 16_384  # buckets kept; of those that share a set, the fullest goes first
BYTES = 16 * CALLERS  # of memory: 64 bits of hash and a moment for each
_WAYS = 8  # buckets of a set
_SET = struct.Struct(f"={_WAYS}Q{_WAYS}d")  # hashes, then the moments at which they are full


class RateLimiter:
    """Token buckets with a burst of two seconds' worth.

    Without shared memory they are those of one process. A process that is killed while it writes
    leaves one moment behind, which is cut to what a bucket can owe.
    """

    def __init__(self, file: int | None = None) -> None:
        self.alone = file is None
        self._file = file
        self._memory = mmap.mmap(-1, BYTES) if file is None else mmap.mmap(file, BYTES)
        self._lock = threading.Lock()

    @classmethod
    def shared(cls, file: int) -> RateLimiter:
        """Use the memory behind a file number, of BYTES bytes, all of which exist."""
        os.set_inheritable(file, False)
        return cls(file)

    def wait(self, caller: str, rate: float, now: float | None = None, count: int = 1) -> float:
        """Take `count` tokens, a full bucket at most; return 0, or the seconds until there are.

        `now`: seconds of the clock that all processes of a machine share.
        """
        now = time.monotonic() if now is None else now
        name = int.from_bytes(hashlib.blake2b(caller.encode(), digest_size=8).digest(), "little")
        name = name or 1  # 0: a place that is free
        at = name % (CALLERS // _WAYS) * _SET.size
        with self._lock:
            if self._file is None:
                return self._take(at, name, rate, now, count)
            # given up by the kernel when a process dies
            fcntl.lockf(self._file, fcntl.LOCK_EX, 1, at)
            try:
                return self._take(at, name, rate, now, count)
            finally:
                fcntl.lockf(self._file, fcntl.LOCK_UN, 1, at)

    def _take(self, at: int, name: int, rate: float, now: float, count: int) -> float:
        held = _SET.unpack_from(self._memory, at)
        names, moments = held[:_WAYS], held[_WAYS:]
        place = names.index(name) if name in names else moments.index(min(moments))
        full = moments[place] if names[place] == name else now
        burst = max(1.0, 2.0 * rate) / rate  # seconds from empty to full
        full = min(max(full, now), now + burst)
        taken = min(count / rate, burst)
        wait = full + taken - burst - now
        if wait > 1e-9:
            return wait
        struct.pack_into("=Q", self._memory, at + 8 * place, name)
        struct.pack_into("=d", self._memory, at + 8 * (_WAYS + place), full + taken)
        return 0.0
