"""ItemFlags: screening flags as arrays by row: severity, kinds, originals of copies."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recsys.array_types import Floats, Mask, Rows
from recsys.safety.flags import KINDS, Flag, read_flags

OTHER = "other"  # kinds that a safety model has of its own
BITS = (*KINDS, OTHER)
FLAG_WEIGHT = 1.0  # standard deviations of the scores that a flag of score 1 takes away


@dataclass(slots=True)
class ItemFlags:
    """One value per row; rows beyond the last known item are blank."""

    score: Floats  # 0 to 1: the greatest score of an item's flags
    kinds: NDArray[np.uint8]  # a bit per kind of BITS
    group: Rows  # number shared by copies and what they are copies of; -1: no copy is known
    weight: float = FLAG_WEIGHT
    some: bool = False  # whether any row is marked
    free: int = 0  # the next group's number
    roots: dict[str, int] = field(default_factory=dict)  # groups by the id of what was there first

    @classmethod
    def blank(cls, room: int) -> ItemFlags:
        """Return marks of items without flags."""
        none = np.full(room, -1, np.int32)
        return cls(np.zeros(room, np.float32), np.zeros(room, np.uint8), none)

    @classmethod
    def of_items(cls, ids: Sequence[str], metadata: Iterable[Mapping[str, Any]]) -> ItemFlags:
        """Read the flags of a catalogue's items, row by row."""
        place = {item_id: row for row, item_id in enumerate(ids)}
        found = cls.blank(len(ids))
        for row, own in enumerate(metadata):
            if flags := read_flags(own):
                found.set(row, flags, lambda item_id: place.get(item_id, -1))
        return found

    def set(self, row: int, flags: Sequence[Flag], row_of: Callable[[str], int]) -> None:
        """Mark a row; `row_of` says where an item is that it may be a copy of, -1: nowhere."""
        self.some = True
        self.score[row] = max(flag.score for flag in flags)
        self.kinds[row] = np.bitwise_or.reduce([1 << _bit(flag.kind) for flag in flags])
        for flag in flags:
            if flag.of:
                self.group[row] = self._group(flag.of, row_of(flag.of))

    def came(self, row: int, item_id: str) -> None:
        """Let an item that came after its copies join them."""
        if item_id in self.roots and self.group[row] < 0:
            self.group[row] = self.roots[item_id]

    def _group(self, root: str, row: int) -> int:
        number = int(self.group[row]) if row >= 0 else -1
        if number < 0:
            number = self.roots.setdefault(root, self.free)
            self.free = max(self.free, number + 1)
        if row >= 0:
            self.group[row] = number
        return number

    def copies(self, rows: Rows, size: int) -> Mask:
        """Return which of the rows below `size` are copies of some rows, or they of them."""
        groups = self.group[rows] if self.free else self.group[:0]
        groups = groups[groups >= 0]
        return np.isin(self.group[:size], groups) if len(groups) else np.zeros(size, bool)

    def grow(self, extra: int) -> None:
        """Make room for so many more rows."""
        self.score = np.pad(self.score, (0, extra))
        self.kinds = np.pad(self.kinds, (0, extra))
        self.group = np.pad(self.group, (0, extra), constant_values=-1)

    def counts(self, shown: Mask) -> dict[str, int]:
        """Return how many of the shown rows carry each kind of flag."""
        kinds = self.kinds[: len(shown)][shown]
        return {name: int((kinds >> bit & 1).sum()) for bit, name in enumerate(BITS)}

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return the arrays to save; `from_arrays` copies them, for marks are added to."""
        return {"score": self.score, "kinds": self.kinds, "group": self.group}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]], room: int) -> ItemFlags:
        """Return writable marks of `room` rows, the first as saved; blank without arrays."""
        found = cls.blank(room)
        if arrays:
            size = len(arrays["score"])
            found.score[:size], found.kinds[:size] = arrays["score"], arrays["kinds"]
            found.group[:size] = arrays["group"]
            found.some = bool(found.score.any())
            found.free = int(found.group.max(initial=-1)) + 1
        return found


def _bit(kind: str) -> int:
    return BITS.index(kind) if kind in BITS else len(KINDS)
