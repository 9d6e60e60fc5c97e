"""Communities of a weighted graph by the Louvain method, on CSR arrays.

    labels = louvain(graph)       # symmetric weights; (n,) labels from 0, the largest first

Blondel et al., J. Stat. Mech. P10008 (2008): nodes move to the community of a neighbour while the
modularity grows; then communities become nodes, and the same again.
"""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

Labels = NDArray[np.int64]
_PASSES = 20  # over all nodes of a level
_LEVELS = 10
_GAIN = 1e-9  # of a move, relative to the weight of all edges


def louvain(graph: sp.csr_array, seed: int = 0) -> Labels:
    """Return the community of each node, (n,); 0 is the largest. `graph`: symmetric, weights > 0.

    Nodes are visited in an order drawn by the seed, so that the same graph has the same answer.
    """
    count = graph.shape[0]
    labels: Labels = np.arange(count)
    level = graph.copy()
    rng = np.random.default_rng(seed)
    for _ in range(_LEVELS):
        own = _moved(level, rng)
        distinct, own = np.unique(own, return_inverse=True)
        labels = own[labels]
        if len(distinct) == level.shape[0]:
            break
        member = sp.csr_array(
            (np.ones(len(own)), (own, np.arange(len(own)))), shape=(len(distinct), len(own))
        )
        level = sp.csr_array(member @ level @ member.T)
    sizes = np.bincount(labels)
    place = np.empty(len(sizes), np.int64)
    place[np.argsort(-sizes, kind="stable")] = np.arange(len(sizes))
    return np.asarray(place[labels], np.int64)


def modularity(graph: sp.csr_array, labels: Labels) -> float:
    """Return the share of weight inside communities beyond what degrees alone would give."""
    total = float(graph.sum())
    if total <= 0:
        return 0.0
    degrees = np.asarray(graph.sum(axis=1)).ravel()
    rows = np.repeat(np.arange(graph.shape[0]), np.diff(graph.indptr))
    inside = float(graph.data[labels[rows] == labels[graph.indices]].sum())
    mass = np.bincount(labels, degrees)
    return inside / total - float((mass**2).sum()) / total**2


def _moved(graph: sp.csr_array, rng: np.random.Generator) -> Labels:
    """Return the communities of one level after its nodes have moved."""
    count, total = graph.shape[0], float(graph.sum())
    labels = list(range(count))
    if total <= 0:
        return np.array(labels, np.int64)
    degrees = np.asarray(graph.sum(axis=1)).ravel().tolist()
    mass = list(degrees)  # of each community
    starts, ends, weights = graph.indptr.tolist(), graph.indices.tolist(), graph.data.tolist()
    for _ in range(_PASSES):
        moves = 0
        for node in rng.permutation(count).tolist():
            before, degree = labels[node], degrees[node]
            near: dict[int, float] = {before: 0.0}
            for at in range(starts[node], starts[node + 1]):
                other = ends[at]
                if other != node:
                    near[labels[other]] = near.get(labels[other], 0.0) + weights[at]
            mass[before] -= degree
            best, gain = before, near[before] - degree * mass[before] / total
            for label, weight in near.items():
                value = weight - degree * mass[label] / total
                if value > gain + _GAIN * total:
                    best, gain = label, value
            mass[best] += degree
            labels[node] = best
            moves += best != before
        if not moves:
            break
    return np.array(labels, np.int64)
