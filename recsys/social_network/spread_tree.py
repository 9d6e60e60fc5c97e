"""SpreadTree: the tree of shares of an item and of the items that answer it, and its measures.

    tree = SpreadTree.of(nodes, root)      # nodes in any order, parents by key
    tree.depth, tree.breadth, tree.structural_virality

Whatever a platform sends becomes a tree: a parent that is missing, later than its child, or part of
a cycle is replaced by the root, and counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class SpreadNode:
    """One act of spreading: the item itself, an answer to it, or a share by a user."""

    key: Hashable
    parent: Hashable  # None: nothing is known of it
    time: float  # Unix seconds
    account: Hashable = None  # who wrote or shared; None: a gap, or unknown
    text: str = ""
    item_id: str = ""  # of an answer; empty for a share


@dataclass(frozen=True, slots=True)
class Repairs:
    """How many parents were replaced by the root, by what was wrong with them."""

    missing: int = 0
    later: int = 0  # a parent after its child
    cycles: int = 0


@dataclass(frozen=True, slots=True)
class SpreadTree:
    """Nodes in the order of time, the root first, with the row of each parent."""

    nodes: tuple[SpreadNode, ...]
    parents: NDArray[np.int64]  # (n,): rows; -1 of the root
    depths: NDArray[np.int64]  # (n,): steps to the root
    repairs: Repairs

    @classmethod
    def of(cls, nodes: Iterable[SpreadNode], root: SpreadNode) -> SpreadTree:
        """Return the tree below a root; a key that occurs again is left out."""
        distinct = {root.key: root}
        for node in nodes:
            distinct.setdefault(node.key, node)
        rest = sorted(
            (node for key, node in distinct.items() if key != root.key),
            key=lambda node: (node.time, str(node.key)),
        )
        ordered = (root, *rest)
        row = {node.key: at for at, node in enumerate(ordered)}
        wrong: Counter[str] = Counter()
        parents = np.zeros(len(ordered), np.int64)
        parents[0] = -1
        for at, node in enumerate(ordered[1:], 1):
            parents[at] = _parent_row(node, ordered, row, wrong)
        _without_cycles(parents, wrong)
        return cls(ordered, parents, _depths(parents), Repairs(**wrong))

    @property
    def size(self) -> int:
        """Nodes below the root."""
        return len(self.nodes) - 1

    @property
    def depth(self) -> int:
        """Steps from the root to the farthest node."""
        return int(self.depths.max())

    @property
    def breadth(self) -> int:
        """The greatest number of nodes at one depth below the root."""
        return int(np.bincount(self.depths[1:]).max()) if self.size else 0

    @property
    def structural_virality(self) -> float:
        """Mean distance of two nodes (Goel et al., Management Science, 2016); 0 for a root alone.

        From sizes of subtrees: an edge lies between s · (n − s) pairs, s nodes being below it.
        """
        count = len(self.nodes)
        if count < 2:
            return 0.0
        below = np.ones(count)
        for at in np.argsort(-self.depths, kind="stable").tolist():
            if self.parents[at] >= 0:
                below[self.parents[at]] += below[at]
        crossed = (below[1:] * (count - below[1:])).sum()
        return float(crossed / (count * (count - 1) / 2))

    def times(self) -> NDArray[np.float64]:
        """Return seconds from the root to each node below it, ascending; none below 0."""
        moments = np.array([node.time for node in self.nodes])
        return np.sort(np.maximum(moments[1:] - moments[0], 0.0))


def _parent_row(
    node: SpreadNode,
    ordered: Sequence[SpreadNode],
    row: dict[Hashable, int],
    wrong: Counter[str],
) -> int:
    place = 0 if node.parent is None else row.get(node.parent, -1)
    if place < 0:
        wrong["missing"] += 1
        return 0
    if place and ordered[place].time > node.time:
        wrong["later"] += 1
        return 0
    return place


def _without_cycles(parents: NDArray[np.int64], wrong: Counter[str]) -> None:
    """Give the root to the first node of each cycle; nodes of equal times may form one."""
    state = np.zeros(len(parents), np.int8)  # 0: not seen, 1: on the path, 2: leads to the root
    state[0] = 2
    for start in range(1, len(parents)):
        path, at = [], start
        while state[at] == 0:
            state[at] = 1
            path.append(at)
            at = int(parents[at])
        if state[at] == 1:
            wrong["cycles"] += 1
            parents[at] = 0
        state[path] = 2


def _depths(parents: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return steps to the root; a chain of 10,000 answers takes no recursion."""
    depths = np.full(len(parents), -1, np.int64)
    depths[0] = 0
    for start in range(len(parents)):
        path, at = [], start
        while depths[at] < 0:
            path.append(at)
            at = int(parents[at])
        for node in reversed(path):
            depths[node] = depths[at] + 1
            at = node
    return depths
