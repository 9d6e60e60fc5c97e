"""Cursor: position in a list that changes between pages, encoded for the next request.

It carries a mark of every item shown so far. The next page is the best of what is not marked, so
that no item comes twice, and none is passed over when the ranking moves between two pages. It
needs no memory on our side: any worker, replica or bundle can go on. A mark has 32 bits: after
600 items, one in seven million others is wrongly taken for shown.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import struct
import time
from collections.abc import Iterable
from dataclasses import dataclass, replace

from ..errors import ApiError

LIFE = 600.0  # seconds that a cursor holds
MAX_SHOWN = 600  # items before the list ends, so that a URL stays below 4,000 characters
PATTERN = "^c[A-Za-z0-9_-]{24,3990}$"
_PREFIX = "c"
_MARK = 4  # bytes
_HEAD = struct.Struct(">dQH")


def mark(item_id: str) -> bytes:
    """Return the mark of an item."""
    return hashlib.blake2b(item_id.encode("utf-8", "surrogatepass"), digest_size=_MARK).digest()


def binding(*parts: object) -> int:
    """Return a number for what a cursor belongs to: the list, the user, the filters."""
    data = repr(parts).encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.blake2b(data, digest_size=8).digest(), "big")


@dataclass(frozen=True, slots=True)
class Cursor:
    """The start of the reading, and the marks of what was shown since."""

    started: float  # Unix seconds; ages of items are measured from here on every page
    bound: int
    skip: int = 0  # items to pass over on every page: the offset of the first
    shown: frozenset[bytes] = frozenset()

    def after(self, item_ids: Iterable[str]) -> Cursor:
        """Return the cursor behind one more page."""
        return replace(self, shown=self.shown.union(map(mark, item_ids)))

    def text(self) -> str:
        """Return the cursor as a URL carries it."""
        data = _HEAD.pack(self.started, self.bound, self.skip) + b"".join(sorted(self.shown))
        return _PREFIX + base64.urlsafe_b64encode(data).decode().rstrip("=")

    @classmethod
    def start(cls, bound: int, skip: int = 0) -> Cursor:
        """Return the cursor before the first page."""
        return cls(time.time(), bound, skip)

    @classmethod
    def read(cls, text: str, bound: int) -> Cursor:
        """Read a cursor back; 409 when it is not one of ours, of another list, or too old."""
        text = text.removeprefix(_PREFIX)
        try:
            data = base64.b64decode(text + "=" * (-len(text) % 4), "-_", validate=True)
            started, found, skip = _HEAD.unpack(data[: _HEAD.size])
        except (binascii.Error, struct.error, ValueError):
            raise _bad("this is not a cursor of ours") from None
        marks = data[_HEAD.size :]
        if len(marks) % _MARK or len(marks) > MAX_SHOWN * _MARK:
            raise _bad("this is not a cursor of ours")
        if found != bound:
            raise _bad("this cursor belongs to another list: keep the other parameters")
        if not -60.0 <= time.time() - started <= LIFE:
            raise _bad("this cursor is more than ten minutes old: start again without it")
        parts = (marks[at : at + _MARK] for at in range(0, len(marks), _MARK))
        return cls(started, found, skip, frozenset(parts))


def _bad(message: str) -> ApiError:
    detail: dict[str, object] = {"field": "cursor", "message": message, "type": "cursor"}
    return ApiError(409, message, "bad_cursor", [detail])
