"""JoinedCandidateIndex: index of behaviour factors and text vectors, as a bundle stores it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from recsys.array_types import Floats
from recsys.index.joined_index import JoinedIndex
from recsys.models.item_factors import Factors
from recsys.serving.catalogue import Array

JOINED = "joined.faiss"  # file of a bundle


@dataclass(frozen=True, slots=True)
class JoinedCandidateIndex:
    """A joined index, and the factors whose outputs it holds."""

    index: JoinedIndex
    factors: Factors  # of the score, or where it reads none the directions of the low-pass filter

    def arrays(self, of_score: bool) -> dict[str, Array]:
        """Return the arrays of a bundle beside the file; `of_score`: the factors are its own."""
        found: dict[str, Array] = {
            "heads": self.index.heads,
            "scale": np.array([self.index.scale], np.float32),
        }
        if not of_score:
            found["inputs"] = self.factors.inputs.astype(np.float16)
            found["outputs"] = self.factors.outputs.astype(np.float16)
        return found

    @classmethod
    def read(
        cls, path: Path, arrays: Mapping[str, Array], own: Factors | None, words: Floats
    ) -> JoinedCandidateIndex:
        """Map an index from a checked file; `own`: the factors of the score.

        ValueError where arrays and score do not fit together, MissingExtra without FAISS.
        """
        factors = own
        if "outputs" in arrays:
            factors = Factors(arrays["inputs"], arrays["outputs"])
        if factors is None or len(factors.outputs) != len(words):
            raise ValueError("the factors of the index are missing, or of other items")
        scale = float(arrays["scale"][0])
        index = JoinedIndex.read(path, factors.outputs, words, arrays["heads"], scale)
        return cls(index, factors)
