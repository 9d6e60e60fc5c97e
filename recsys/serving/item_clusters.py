"""Communities: groups of items with the same users, and the membership of a user.

A night groups items, not users: to which community somebody belongs is computed from their history
on request, and stored nowhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recsys.array_types import Floats, Rows

HALF_LIFE = 50.0  # events back at which an event counts half


@dataclass(frozen=True, slots=True)
class Communities:
    """k groups of items."""

    items: Rows  # (n_items,) community of each item, -1: hardly anybody took it up
    user_counts: Rows  # (k,) users who were most at home in each, when the night fitted
    typical: Rows  # (k, n) items that stand for each, best first; -1: there are fewer

    def __len__(self) -> int:
        return len(self.user_counts)

    def of_history(self, rows: Rows, weights: Floats) -> Floats:
        """Return which share of a history, oldest first, belongs to each community, (k,).

        Only what was liked counts; zeros where nothing was, or nothing of it is in a community.
        """
        decay = np.exp2(-np.arange(len(rows) - 1, -1, -1, dtype=np.float32) / HALF_LIFE)
        own = np.full(len(rows), -1, np.int32)
        known = rows < len(self.items)
        own[known] = self.items[rows[known]]
        liked = (own >= 0) & (weights > 0)
        mass = np.bincount(own[liked], (weights * decay)[liked], len(self))
        return np.asarray(mass / max(float(mass.sum()), 1e-12), np.float32)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return the arrays to save; `from_arrays` reads them back."""
        return {"items": self.items, "readers": self.user_counts, "typical": self.typical}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Communities | None:
        """Give saved arrays their meaning, nothing is copied; None where there are none."""
        if not arrays or not len(arrays["readers"]):
            return None
        return cls(arrays["items"], arrays["readers"], arrays["typical"])
