"""IdMap: bidirectional map of external ids (any text) and row numbers, in memory-mappable
arrays.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recsys.array_types import Mask, Rows


def _hash(text: str) -> int:
    data = text.encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.blake2b(data, digest_size=8).digest(), "little")


@dataclass(frozen=True, slots=True)
class IdMap:
    """Rows 0..n-1 for n distinct ids, in the order given.

    A dictionary of a million ids costs some 150 MB in every worker; these four arrays are shared
    between workers by the page cache. A look-up is a binary search over 64-bit hashes, then a
    comparison with the id itself, so that colliding hashes cannot mix two ids up.
    """

    blob: NDArray[np.uint8]  # all ids in UTF-8, one after the other
    ends: NDArray[np.int64]  # (n + 1,): id r is blob[ends[r]:ends[r + 1]]
    hashes: NDArray[np.uint64]  # (n,), ascending
    order: Rows  # (n,): the row that each hash belongs to

    @classmethod
    def from_ids(cls, ids: Iterable[str]) -> IdMap:
        """Number the distinct ids by first appearance; repeats are passed over."""
        unique = list(dict.fromkeys(ids))
        parts = [text.encode("utf-8", "surrogatepass") for text in unique]
        ends = np.zeros(len(parts) + 1, np.int64)
        np.cumsum([len(part) for part in parts], out=ends[1:])
        hashes = np.array([_hash(text) for text in unique], np.uint64)
        order = np.argsort(hashes, kind="stable").astype(np.int32)
        blob = np.frombuffer(b"".join(parts), np.uint8)
        return cls(blob, ends, hashes[order], order)

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> IdMap:
        """Rebuild from what `arrays` returned; the arrays may be read-only and mapped.

        KeyError when one is missing, ValueError when their lengths do not fit together.
        """
        found = cls(*(arrays[name] for name in ("blob", "ends", "hashes", "order")))
        count = len(found.order)
        if len(found.ends) != count + 1 or len(found.hashes) != count:
            raise ValueError(f"ids: {count} in order, {len(found.ends) - 1} ends")
        if found.ends[-1] != len(found.blob):
            raise ValueError(f"ids: {len(found.blob)} bytes, the last one ends at {found.ends[-1]}")
        return found

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return the arrays to save, by name."""
        return {"blob": self.blob, "ends": self.ends, "hashes": self.hashes, "order": self.order}

    def __len__(self) -> int:
        return len(self.order)

    def __getitem__(self, row: int) -> str:
        """Return the id of a row; IndexError outside 0..n-1."""
        if not 0 <= row < len(self):
            raise IndexError(f"row {row} is outside 0..{len(self) - 1}")
        part = self.blob[self.ends[row] : self.ends[row + 1]]
        return part.tobytes().decode("utf-8", "surrogatepass")

    def __iter__(self) -> Iterator[str]:
        blob, ends = self.blob.tobytes(), self.ends.tolist()  # one copy instead of one per id
        return (blob[a:b].decode("utf-8", "surrogatepass") for a, b in pairwise(ends))

    def __contains__(self, text: object) -> bool:
        return isinstance(text, str) and self.row(text) >= 0

    def row(self, text: str) -> int:
        """Return the row of an id, -1 when it is unknown."""
        hash_value = np.uint64(_hash(text))
        at = int(np.searchsorted(self.hashes, hash_value))
        while at < len(self) and self.hashes[at] == hash_value:
            if self[int(self.order[at])] == text:
                return int(self.order[at])
            at += 1
        return -1

    def rows(self, texts: Iterable[str]) -> Rows:
        """Return the row of each id, in order, -1 where unknown; one search for all of them."""
        if isinstance(texts, IdMap):
            return self._rows_of(texts)
        requested_ids = list(texts)
        if not len(self):
            return np.full(len(requested_ids), -1, np.int32)
        hashes = np.array([_hash(text) for text in requested_ids], np.uint64)
        places = np.searchsorted(self.hashes, hashes)
        found = np.full(len(requested_ids), -1, np.int32)
        for at in np.flatnonzero(self.hashes[np.minimum(places, len(self) - 1)] == hashes).tolist():
            row = int(self.order[places[at]])
            found[at] = row if self[row] == requested_ids[at] else self.row(requested_ids[at])
        return found

    def _rows_of(self, others: IdMap) -> Rows:
        """Return the row of each id of another map, whose hashes are known."""
        found = np.full(len(others), -1, np.int32)
        if not len(self):
            return found
        hashes = np.empty(len(others), np.uint64)
        hashes[others.order] = others.hashes
        places = np.minimum(np.searchsorted(self.hashes, hashes), len(self) - 1)
        at = np.flatnonzero(self.hashes[places] == hashes)
        rows = self.order[places[at]]
        equal = self._equal(rows, others, at)
        found[at[equal]] = rows[equal]
        for row in at[~equal].tolist():  # ids with the same hash
            found[row] = self.row(others[row])
        return found

    def _equal(self, rows: Rows, others: IdMap, at: NDArray[np.int64]) -> Mask:
        """Return where the ids of these rows equal those of another map, byte by byte."""
        starts, sizes = self.ends[rows], self.ends[rows + 1] - self.ends[rows]
        equal: Mask = sizes == others.ends[at + 1] - others.ends[at]
        sizes = np.where(equal, sizes, 0)
        owner = np.repeat(np.arange(len(rows)), sizes)
        offset = np.arange(len(owner)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        own, theirs = (
            self.blob[starts[owner] + offset],
            others.blob[others.ends[at][owner] + offset],
        )
        equal[owner[own != theirs]] = False
        return equal
