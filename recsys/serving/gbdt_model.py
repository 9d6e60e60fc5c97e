"""Gbdt: small boosted trees that correct the linear score, as flat arrays; evaluated in NumPy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recsys.array_types import Floats
from recsys.serving.quickscorer import BitVectors

Nodes = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Gbdt:
    """Nodes of all trees, one after the other. A leaf is its own left and right child.

    A row goes left where its feature is at most the threshold, as in LightGBM.
    """

    names: tuple[str, ...]  # of the features, in the order of the columns
    roots: Nodes  # (trees,)
    feature: Nodes  # (nodes,): 0 at leaves
    threshold: NDArray[np.float64]  # (nodes,)
    left: Nodes
    right: Nodes
    value: NDArray[np.float64]  # (nodes,): 0 inside
    depth: int  # steps that lead from any root to a leaf
    used: frozenset[str] = field(init=False, compare=False, repr=False)  # names some node reads
    _quick: BitVectors = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        nodes = (self.roots, self.feature, self.threshold, self.left, self.right, self.value)
        quick = BitVectors.of(len(self.names), *nodes)
        used = [name for name, own in zip(self.names, quick.thresholds, strict=True) if len(own)]
        object.__setattr__(self, "_quick", quick)
        object.__setattr__(self, "used", frozenset(used))

    def __len__(self) -> int:
        return len(self.roots)

    def scores(self, features: Floats) -> Floats:
        """Return the sum over all trees for every row of (n, features)."""
        if not np.isfinite(features).all():
            raise FloatingPointError("a feature of the ranker is not finite")
        return self._quick.scores(features)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return the arrays to save; `from_arrays` reads them back."""
        return {
            "names": np.array(self.names, np.str_),
            "roots": self.roots,
            "feature": self.feature,
            "threshold": self.threshold,
            "left": self.left,
            "right": self.right,
            "value": self.value,
            "depth": np.array([self.depth]),
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Gbdt:
        """Give saved arrays their meaning; nothing is copied."""
        return cls(
            tuple(map(str, arrays["names"])),
            arrays["roots"],
            arrays["feature"],
            arrays["threshold"],
            arrays["left"],
            arrays["right"],
            arrays["value"],
            int(arrays["depth"][0]),
        )

    def to_json(self) -> dict[str, object]:
        """Return the trees as JSON knows them."""
        return {name: values.tolist() for name, values in self.arrays().items()}

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> Gbdt:
        """Read back what `to_json` wrote."""
        kinds = {"names": np.str_, "threshold": np.float64, "value": np.float64}
        return cls.from_arrays({k: np.array(v, kinds.get(k, np.int32)) for k, v in found.items()})
