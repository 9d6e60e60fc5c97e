"""Pointer: content of the object `current`, which names the version that replicas serve."""

from __future__ import annotations

import hashlib
import json
import secrets
from dataclasses import asdict, dataclass

from recsys.bundle_store import is_version
from recsys.errors import BundleError

CURRENT = "current"


@dataclass(frozen=True, slots=True)
class Pointer:
    """A version, and a number that grows with each switch.

    The number tells an old copy (of a cache or a lagging store) from a rollback, which is a newer
    pointer to an older version. `series` is drawn when the first pointer of a store is written:
    numbers of different series say nothing about each other.
    """

    version: str
    number: int
    series: str

    @classmethod
    def first(cls, version: str) -> Pointer:
        """Return the first pointer of a store."""
        return cls(version, 1, secrets.token_hex(8))

    def next(self, version: str) -> Pointer:
        """Return the pointer that follows."""
        return Pointer(version, self.number + 1, self.series)

    def older_than(self, other: Pointer) -> bool:
        """Whether it was written before another one of the same series."""
        return self.series == other.series and self.number < other.number

    def encode(self) -> bytes:
        """Return the pointer as JSON with a checksum."""
        document = asdict(self)
        return json.dumps(document | {"sha256": _checksum(document)}).encode()

    @classmethod
    def decode(cls, data: bytes, place: str) -> Pointer:
        """Return the pointer in a text; BundleError names `place` when it is damaged."""
        try:
            document = json.loads(data)
            checksum = document.pop("sha256")
            found = cls(**document)
            good = is_version(found.version) and checksum == _checksum(document)
        except (ValueError, TypeError, KeyError, AttributeError):
            good = False
        if not good:
            raise BundleError(
                f"{place} is damaged; `recsys bundles rollback VERSION` writes it anew"
            )
        return found


def _checksum(document: dict[str, object]) -> str:
    return hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()
