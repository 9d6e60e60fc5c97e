"""File locks that the kernel releases when a process dies."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

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


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Hold a lock file, which is made if need be; wait while another process holds it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextmanager
def alone_with(file: IO[str]) -> Iterator[bool]:
    """Wait until no other process holds this open file; say whether its path still leads to it.

    Cutting a file replaces it: a writer that waited meanwhile has to open the new one.
    """
    fcntl.flock(file, fcntl.LOCK_EX)
    try:
        yield _in_place(file)
    finally:
        fcntl.flock(file, fcntl.LOCK_UN)


def _in_place(file: IO[str]) -> bool:
    try:
        return os.path.samestat(os.fstat(file.fileno()), os.stat(file.name))
    except FileNotFoundError:
        return False
