"""Lift: ratio of an item's probability given a history to its overall probability."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recsys.array_types import Floats, Mask, Rows

PRIOR = 1.0  # mass of "as for anybody" beside the history's own
TRUSTED = 5.0  # events of an item at which its neighbours are trusted half


@dataclass(frozen=True, slots=True)
class ItemPopularity:
    """How common the items of a model were when it was fitted."""

    share: Floats  # (n,): smoothed share of all uptake
    trust: Floats  # (n,): 0 for an item nobody took up, towards 1 for one of many events
    disliked: Mask  # (n,): nobody took it up, and somebody disliked it

    @classmethod
    def of_counters(cls, counters: Mapping[str, NDArray[Any]]) -> ItemPopularity:
        """Read the undecayed counts of a model's saved counters."""
        count = np.exp2(counters["level"][-1]).astype(np.float32)
        share = (count + 0.05) / (count + 0.05).sum(dtype=np.float32)
        trust = (count / (count + TRUSTED)).astype(np.float32)
        return cls(share.astype(np.float32), trust, (count == 0) & (counters["dislikes"] > 0))

    def of_rows(self, sums: Floats, rows: Rows, mass: float) -> Floats:
        """Return the lift of some rows from their own sums and the `mass` of all, (n,)."""
        found, known = np.zeros(len(rows), np.float32), rows < len(self.share)
        here = rows[known]
        own = np.maximum(sums[known], 0) / (np.float32(PRIOR) * self.share[here])
        found[known] = self.trust[here] * (np.log1p(own) - np.float32(np.log1p(mass / PRIOR)))
        return found

    def mass(self, sums: Floats, rows: Rows) -> float:
        """Return how much the neighbours of a history speak for, in all.

        `sums`: of every row; `rows`: those where a sum may be above zero.
        """
        own = sums[rows[rows < len(self.share)]]
        return float(np.maximum(own, 0).sum(dtype=np.float32))

    def trust_of(self, rows: Rows) -> Floats:
        """Return how far the neighbours of rows are trusted; not at all for later items."""
        found, known = np.zeros(len(rows), np.float32), rows < len(self.trust)
        found[known] = self.trust[rows[known]]
        return found

    def disliked_of(self, rows: Rows) -> Mask:
        """Return which rows were disliked and taken up by nobody; no later item was."""
        found, known = np.zeros(len(rows), bool), rows < len(self.disliked)
        found[known] = self.disliked[rows[known]]
        return found

    def lift(self, sums: Floats) -> Floats:
        """Return the log of expected over usual uptake for neighbours' sums, (…, n).

        Zero, which is neutral, for items that were not there when the neighbours were learned:
        that nobody's history points at them says nothing. Negative sums count as none.
        """
        known = sums.shape[-1] if sums.shape[-1] < len(self.share) else len(self.share)
        own = np.maximum(sums[..., :known], 0)
        total = own.sum(axis=-1, keepdims=True, dtype=np.float32)
        share, out = self.share[:known], np.zeros_like(sums)
        expected = (PRIOR * share + own) / (share * (PRIOR + total))
        out[..., :known] = np.log(expected) * self.trust[:known]
        return out
