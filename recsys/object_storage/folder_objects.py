"""FolderObjects: object store in a folder, for tests and shared disks (`file:///folder`).

An object is a file, written aside, flushed and renamed. Writers with a condition take turns by a
lock of the kernel on `.lock`.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from recsys.errors import ObjectStoreError

from .object_store import PIECE, ObjectInfo, ObjectMissing, PreconditionFailed, StoredObject

_ASIDE = ".aside-"
_LOCK = ".lock"


class FolderObjects:
    """Object store in a folder; the tag of an object is its SHA-256."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.url = folder.as_uri()

    def get(self, key: str) -> StoredObject:
        """Return an object; ObjectMissing when there is none."""
        with self._errors(key):
            data = self._path(key).read_bytes()
        return StoredObject(data, _tag(data))

    def get_if_changed(self, key: str, tag: str) -> StoredObject | None:
        """Return an object, None when its tag is still the given one."""
        found = self.get(key)
        return None if found.tag == tag else found

    def read(self, key: str, size: int) -> Iterator[bytes | memoryview]:
        """Yield an object in pieces."""
        with self._errors(key), self._path(key).open("rb") as file:
            while piece := file.read(PIECE):
                yield piece

    def put(self, key: str, data: bytes | Path) -> None:
        """Write an object, or the content of a file, over what is there."""
        with self._errors(key):
            self._write(key, data)

    def create(self, key: str, data: bytes) -> str:
        """Write an object that is not there yet; return its tag."""
        with self._errors(key), self._lock():
            if self._path(key).exists():
                raise PreconditionFailed(f"{self.url}/{key}: exists already")
            self._write(key, data)
        return _tag(data)

    def replace(self, key: str, data: bytes, tag: str) -> str:
        """Write over the object with this tag; return the new tag."""
        with self._errors(key), self._lock():
            path = self._path(key)
            if not path.exists() or _tag(path.read_bytes()) != tag:
                raise PreconditionFailed(f"{self.url}/{key}: was changed meanwhile")
            self._write(key, data)
        return _tag(data)

    def list(self, prefix: str) -> list[ObjectInfo]:
        """Return the objects under a prefix, sorted by key."""
        top, found = self._path(prefix.rstrip("/")), []
        with self._errors(prefix):
            for path in sorted(top.rglob("*")) if top.is_dir() else ():
                with suppress(FileNotFoundError):  # removed meanwhile
                    if path.is_file() and not path.name.startswith("."):
                        key = path.relative_to(self._folder).as_posix()
                        found.append(ObjectInfo(key, path.stat().st_size))
        return found

    def delete(self, keys: Iterable[str]) -> None:
        """Remove objects; those that are not there count as removed."""
        for key in keys:
            with self._errors(key):
                self._path(key).unlink(missing_ok=True)

    def _path(self, key: str) -> Path:
        if key.startswith("/") or any(part in ("", ".", "..") for part in key.split("/")):
            raise ObjectStoreError(f"{self.url}: {key!r} cannot be a key")
        return self._folder / key

    def _write(self, key: str, data: bytes | Path) -> None:
        path = self._path(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, aside = tempfile.mkstemp(prefix=_ASIDE, dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                if isinstance(data, bytes):
                    file.write(data)
                else:
                    with data.open("rb") as source:
                        shutil.copyfileobj(source, file, PIECE)
                file.flush()
                os.fsync(file.fileno())
            os.chmod(aside, 0o644)  # mkstemp allows the owner only; the folder is shared
            os.replace(aside, path)
        except BaseException:
            with suppress(FileNotFoundError):
                os.unlink(aside)
            raise

    @contextmanager
    def _lock(self) -> Iterator[None]:
        self._folder.mkdir(parents=True, exist_ok=True)
        with (self._folder / _LOCK).open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)  # the kernel lets go when the process dies
            yield

    @contextmanager
    def _errors(self, key: str) -> Iterator[None]:
        try:
            yield
        except FileNotFoundError as error:
            raise ObjectMissing(f"{self.url}/{key}: there is no such object") from error
        except OSError as error:
            raise ObjectStoreError(f"{self.url}/{key}: {error.strerror or error}") from error


def _tag(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
