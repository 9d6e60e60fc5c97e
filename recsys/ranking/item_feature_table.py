"""ItemFeatureTable: user-independent item features in blocks of rows of similar popularity.

The least and the greatest value of each feature in a block bound the best score in the block.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from recsys.array_types import Floats, Rows, Times

Float = TypeVar("Float", np.float32, np.float64)

BLOCK = 256  # rows of one block
_NONE = slice(0, 0)


@dataclass(slots=True)
class ItemFeatureTable:
    """Features of all rows at one moment; cells follow what is touched, the moment stays."""

    slices: Mapping[str, slice]  # term -> its features
    values: Floats  # (features, room)
    size: int  # rows that lie in blocks; later ones are the tail
    moment: float  # that uptake is decayed to
    seen: int  # touches that are in it
    order: Rows  # (size,): rows by block
    place: Rows  # (size,): where each row is in `order`
    low: Floats  # (features, blocks)
    high: Floats  # (features, blocks)
    created_range: Times  # (2, blocks): when a block's items appeared, first and last; inf: unknown
    sample: Rows  # rows that speak for the catalogue
    usual: Floats  # (features,): means over the sample
    words: Floats  # (sample, t): text vectors of the sample; gathering them takes ten times longer

    def values_of(self, term: str, rows: Rows) -> Floats:
        """Return the features of the term of that name for rows, (features, rows)."""
        return self.values[self.slices.get(term, _NONE)][:, rows]

    def usual_of(self, term: str) -> Floats:
        """Return the mean of the features of the term of that name, (features,)."""
        return self.usual[self.slices.get(term, _NONE)]

    def block_of(self, rows: Rows) -> Rows:
        """Return the block of rows that lie in one."""
        found: Rows = self.place[rows] // BLOCK
        return found


def bounds(values: NDArray[Float]) -> tuple[NDArray[Float], NDArray[Float]]:
    """Return the least and the greatest value of each block along the last axis."""
    starts = np.arange(0, values.shape[-1], BLOCK)
    if not len(starts):
        return values, values
    low, high = (each.reduceat(values, starts, axis=-1) for each in (np.minimum, np.maximum))
    return low, high
