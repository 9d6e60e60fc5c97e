"""BitVectors: the leaf of a row in every tree at once, by bit operations (QuickScorer).

After QuickScorer (Lucchese et al., SIGIR 2015). Leaves are bits, the leftmost the lowest. A node
that sends a row to the right rules out the leaves on its left; what is left of a tree's leaves when
all such nodes have spoken begins with the leaf that the row reaches. Nodes of one feature speak in
the order of their thresholds, so what the first k of them leave is known beforehand.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recsys.array_types import Floats

Bits = NDArray[np.unsignedinteger[Any]]


@dataclass(frozen=True, slots=True)
class BitVectors:
    """A forest by feature; the arrays are small and in memory."""

    thresholds: tuple[NDArray[np.float64], ...]  # per feature, ascending
    left_over: tuple[Bits, ...]  # per feature, (thresholds + 1, trees): after the first k nodes
    values: NDArray[np.float64]  # (trees, leaves)

    @classmethod
    def of(
        cls,
        width: int,
        roots: NDArray[np.int32],
        feature: NDArray[np.int32],
        threshold: NDArray[np.float64],
        left: NDArray[np.int32],
        right: NDArray[np.int32],
        value: NDArray[np.float64],
    ) -> BitVectors:
        """Number the leaves of every tree and note what each node rules out; see `Trees`.

        Raises ValueError where a tree has more than 64 leaves.
        """
        leaves: list[list[float]] = []
        inner: list[tuple[int, float, int, int]] = []  # feature, threshold, tree, leaves ruled out
        for tree, root in enumerate(roots.tolist()):
            leaves.append([])
            _descend(root, tree, feature, threshold, left, right, value, leaves[-1], inner)
        most = max(map(len, leaves), default=1)
        if most > 64:
            raise ValueError(f"a tree has {most} leaves, 64 are as many as fit a number")
        kind = np.uint16 if most <= 16 else np.uint64
        values = np.zeros((len(leaves), most))
        for tree, own in enumerate(leaves):
            values[tree, : len(own)] = own
        by_feature = [sorted(n for n in inner if n[0] == each) for each in range(width)]
        return cls(
            tuple(np.array([node[1] for node in nodes]) for nodes in by_feature),
            tuple(_left_over(nodes, len(leaves), kind) for nodes in by_feature),
            values,
        )

    def scores(self, features: Floats) -> Floats:
        """Return the sum over all trees for every row of (n, features)."""
        trees, leaves = self.values.shape
        if not trees:
            return np.zeros(len(features), np.float32)
        open_: Bits | None = None
        # of all rows alike, as user features are
        alike = (features == features[:1]).all(axis=0).tolist()
        for column, same, thresholds, table in zip(
            features.T.astype(np.float64), alike, self.thresholds, self.left_over, strict=True
        ):
            if not len(thresholds):
                continue
            if same:
                column = column[:1]
            own = table.take(thresholds.searchsorted(column), axis=0)  # (n or 1, trees)
            open_ = own if open_ is None else open_ & own
        if open_ is None:
            return np.full(len(features), self.values[:, 0].sum(), np.float32)
        lowest = open_ & (~open_ + np.ones((), open_.dtype))
        leaf = np.bitwise_count(lowest - np.ones((), open_.dtype)).astype(np.intp)
        found = self.values.ravel()[leaf + np.arange(trees) * leaves]
        return np.asarray(found.sum(axis=1), np.float32)


def _descend(
    node: int,
    tree: int,
    feature: NDArray[np.int32],
    threshold: NDArray[np.float64],
    left: NDArray[np.int32],
    right: NDArray[np.int32],
    value: NDArray[np.float64],
    leaves: list[float],
    inner: list[tuple[int, float, int, int]],
) -> None:
    if left[node] == node:
        leaves.append(float(value[node]))
        return
    args = (tree, feature, threshold, left, right, value, leaves, inner)
    first = len(leaves)
    _descend(int(left[node]), *args)
    ruled_out = (1 << len(leaves)) - (1 << first)
    inner.append((int(feature[node]), float(threshold[node]), tree, ruled_out))
    _descend(int(right[node]), *args)


def _left_over(nodes: list[tuple[int, float, int, int]], trees: int, kind: type) -> Bits:
    table: Bits = np.empty((len(nodes) + 1, trees), kind)
    table[0] = np.iinfo(kind).max
    for place, (_, _, tree, ruled_out) in enumerate(nodes):
        table[place + 1] = table[place]
        table[place + 1, tree] &= np.array(np.iinfo(kind).max - ruled_out, kind)
    return table
