"""Labels: the series of each item (tags, topic, category, author, entities), as codes by row."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recsys.array_types import Rows

ITEM = "item"
KINDS = (ITEM, "topic", "tag", "category", "author", "entity")


@dataclass(frozen=True, slots=True)
class Labels:
    """Codes of one kind per item row, none, one or several."""

    ends: NDArray[np.int64]  # (n_items + 1,)
    codes: Rows

    @classmethod
    def single(cls, codes: Rows) -> Labels:
        """Return the labels of items that have one each, -1 standing for none."""
        known = codes >= 0
        ends = np.concatenate([[0], np.cumsum(known)]).astype(np.int64)
        return cls(ends, np.asarray(codes[known], np.int32))

    def __len__(self) -> int:
        return len(self.ends) - 1

    @property
    def size(self) -> int:
        """How many codes there are at least: one past the greatest."""
        return int(self.codes.max(initial=-1)) + 1

    def expand(self, rows: NDArray[np.integer]) -> tuple[NDArray[np.int64], Rows]:
        """Return (place in `rows`, code) for every label of every row, in order.

        Rows past the end have no label.
        """
        inside = np.flatnonzero(rows < len(self))
        starts = self.ends[rows[inside]]
        counts = self.ends[rows[inside] + 1] - starts
        place = np.repeat(inside, counts)
        step = np.arange(len(place)) - np.repeat(np.cumsum(counts) - counts, counts)
        return place.astype(np.int64), self.codes[np.repeat(starts, counts) + step]

    def rows_of(self, code: int) -> Rows:
        """Return the item rows that have a code, ascending."""
        places = np.flatnonzero(self.codes == code)
        found: Rows = (np.searchsorted(self.ends, places, side="right") - 1).astype(np.int32)
        return found
