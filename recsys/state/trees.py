"""Trees: small boosted trees that correct the blend, as flat arrays; scored in NumPy alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recsys.arrays import Floats

Nodes = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Trees:
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

    def __len__(self) -> int:
        return len(self.roots)

    def scores(self, features: Floats) -> Floats:
        """Return the sum over all trees for every row of (n, features)."""
        if not np.isfinite(features).all():
            raise FloatingPointError("a feature of the ranker is not finite")
        count, width = features.shape
        flat = np.ascontiguousarray(features, np.float64).ravel()
        offset = np.arange(count) * width
        node = np.repeat(self.roots[:, None], count, axis=1)  # (trees, n)
        for _ in range(self.depth):
            goes_left = flat[self.feature[node] + offset] <= self.threshold[node]
            node = np.where(goes_left, self.left[node], self.right[node])
        return np.asarray(self.value[node].sum(axis=0), np.float32)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return the arrays to save; `from_arrays` reads them back."""
        return {
            "names": np.array(self.names, np.str_), "roots": self.roots, "feature": self.feature,
            "threshold": self.threshold, "left": self.left, "right": self.right,
            "value": self.value, "depth": np.array([self.depth]),
        }  # fmt: skip

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Trees:
        """Give saved arrays their meaning; nothing is copied."""
        return cls(
            tuple(map(str, arrays["names"])), arrays["roots"], arrays["feature"],
            arrays["threshold"], arrays["left"], arrays["right"], arrays["value"],
            int(arrays["depth"][0]),
        )  # fmt: skip

    def to_json(self) -> dict[str, object]:
        """Return the trees as JSON knows them."""
        return {name: values.tolist() for name, values in self.arrays().items()}

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> Trees:
        """Read back what `to_json` wrote."""
        kinds = {"names": np.str_, "threshold": np.float64, "value": np.float64}
        return cls.from_arrays({k: np.array(v, kinds.get(k, np.int32)) for k, v in found.items()})
