"""One night at a time: a lock file in the home folder that the kernel frees when a process dies."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from recsys.errors import RecsysError


class LockedError(RecsysError):
    """Another process holds the lock; the text names its pid."""


@contextmanager
def only_one(home: Path, name: str) -> Iterator[None]:
    """Hold home/<name>.lock, or raise LockedError at once when another process does."""
    home.mkdir(parents=True, exist_ok=True)
    path = home / f"{name}.lock"
    with path.open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            pid = file.read().strip() or "unknown"
            raise LockedError(
                f"another {name} (pid {pid}) is at work in {home}: wait for it or stop it"
            ) from None
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        yield
        file.truncate(0)
