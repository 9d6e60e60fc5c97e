"""ObjectStore: protocol of a place that keeps whole objects under keys.

Keys are texts such as `objects/9f86…`. A put replaces an object as a whole: readers see the one
before or the one after. Conditional puts (If-None-Match, If-Match) decide between writers.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from recsys.errors import ObjectStoreError

PIECE = 16 << 20  # bytes of one read of a large object; each has a time limit of its own


class ObjectMissing(ObjectStoreError):
    """There is no object under a key."""


class PreconditionFailed(ObjectStoreError):
    """A conditional put was refused: the object exists, or is another one than expected."""


@dataclass(frozen=True, slots=True)
class StoredObject:
    """Bytes of a small object, and the tag by which the store tells its versions apart."""

    data: bytes
    tag: str


@dataclass(frozen=True, slots=True)
class ObjectInfo:
    """Key and size of an object."""

    key: str
    bytes: int


class ObjectStore(Protocol):
    """A bucket with a prefix, or a folder.

    Every method raises ObjectStoreError when the store cannot be reached or refuses; the text names
    store, key and cause, and holds no credentials.
    """

    url: str

    def get(self, key: str) -> StoredObject:
        """Return an object; ObjectMissing when there is none."""

    def get_if_changed(self, key: str, tag: str) -> StoredObject | None:
        """Return an object, None when its tag is still the given one."""

    def read(self, key: str, size: int) -> Iterator[bytes | memoryview]:
        """Yield an object of a known size in pieces; their number of bytes is checked by users."""

    def put(self, key: str, data: bytes | Path) -> None:
        """Write an object, or the content of a file, over what is there."""

    def create(self, key: str, data: bytes) -> str:
        """Write an object that is not there yet; return its tag. PreconditionFailed if it is."""

    def replace(self, key: str, data: bytes, tag: str) -> str:
        """Write over the object with this tag; return the new tag. Else PreconditionFailed."""

    def list(self, prefix: str) -> list[ObjectInfo]:
        """Return the objects under a prefix that ends with a slash, sorted by key."""

    def delete(self, keys: Iterable[str]) -> None:
        """Remove objects; those that are not there count as removed."""


def check_conditional_puts(store: ObjectStore) -> None:
    """Raise ObjectStoreError when a store lets a put through whose condition does not hold.

    Some stores ignore the conditions silently, so two writers would overwrite each other. Two
    objects under `probe/` are written and removed.
    """
    key = f"probe/{secrets.token_hex(8)}"
    try:
        store.create(key, b"first")
        with suppress(PreconditionFailed):
            store.create(key, b"second")
            raise ObjectStoreError(_without(store, "If-None-Match"))
        with suppress(PreconditionFailed):
            store.replace(key, b"third", f'"{"0" * 32}"')
            raise ObjectStoreError(_without(store, "If-Match"))
    finally:
        with suppress(ObjectStoreError):
            store.delete([key])


def _without(store: ObjectStore, header: str) -> str:
    return (
        f"{store.url}: this object store has no conditional put: it accepted a put whose condition"
        f" ({header}) does not hold, so two writers could overwrite each other; use a store that"
        " has it, as Amazon S3 does, or a shared folder: file:///folder"
    )
