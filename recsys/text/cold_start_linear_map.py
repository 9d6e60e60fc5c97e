"""ItemInputMap: linear map from a text to the input space of the neighbour model, for posted
items.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recsys.array_types import Floats
from recsys.text.encoders.student import Student


@dataclass(frozen=True, slots=True)
class ItemInputMap:
    """The cold-start regression as a linear map from a text to a vector of r numbers.

    The product of a history item's input with the vector is the neighbour weight that the
    regression predicts, so the length of a vector carries meaning and is never scaled to one.
    """

    student: Student  # one vector of r numbers per term
    rarity: Floats  # (n_terms,): TF-IDF weight of a term before a text is scaled to length one
    usual: Floats  # (r,): vector of a text without a known term: the mean of the texts learned from
    words: Floats | None = None  # (t, r): what the text's word vector adds; None: nothing

    @property
    def width(self) -> int:
        """Numbers of a vector."""
        return self.student.dimensions

    def encode(self, texts: Sequence[str], words: Floats) -> Floats:
        """Return (n, r) vectors; `words`: (n, t) word vectors of the same texts."""
        rows, counts = self.student.terms(texts)
        owner = np.repeat(np.arange(len(texts)), counts)
        length = np.sqrt(np.bincount(owner, self.rarity[rows].astype(float) ** 2, len(texts)))
        found = self.student.sums(texts)
        found /= np.where(length > 0, length, 1.0)[:, None].astype(np.float32)
        if self.words is not None:
            found += words @ self.words
        found[length == 0] = self.usual
        return found

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return the arrays to save, by name."""
        found: dict[str, NDArray[Any]] = {
            **self.student.arrays(),
            "rarity": self.rarity.astype(np.float16),
            "usual": self.usual,
        }
        return found if self.words is None else {**found, "words": self.words.astype(np.float16)}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> ItemInputMap | None:
        """Rebuild; None without arrays, or where a bundle holds unscaled vectors without rarities.

        Such a bundle, of format 1.0, cannot tell the length of a vector: its posts are placed by
        the other terms of the score until the next night.
        """
        if "rarity" not in arrays:
            return None
        found = cls(
            Student.from_arrays(arrays),
            arrays["rarity"],
            np.asarray(arrays["usual"], np.float32),
            arrays.get("words"),
        )
        widths = {found.width, len(found.usual)}
        widths |= set() if found.words is None else {found.words.shape[1]}
        if len(widths) > 1 or len(found.rarity) != len(found.student.vectors):
            raise ValueError("the parts of the map of readers have different lengths")
        return found
