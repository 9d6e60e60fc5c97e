"""Sequence-aware item neighbours: items count as near as they stand in the histories of users.

Each pair of a history adds `decay` to the power of the number of distinct times between its events,
in both directions (as in the distance-weighted co-occurrence of GloVe, Pennington et al., EMNLP
2014). Sums are divided by powers of both items' numbers of users: a smaller power of the
neighbour's leaves popular neighbours ahead. Linear in events; for catalogues of any size.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from recsys.array_types import Floats, Rows
from recsys.models.interactions import Interactions
from recsys.models.item_knn import nearest
from recsys.models.item_weights import ItemWeights

EVENTS = 2**21  # whose pairs are summed at once


@dataclass(frozen=True, slots=True)
class SequenceKnnConfig:
    """Settings; the defaults were chosen on a validation slice of Amazon Beauty, 2026-11-29."""

    target_exponent: float = 0.2  # power of the neighbour's number of users, 0 to 1
    source_exponent: float = 0.5  # power of the history item's number of users
    decay: float = 0.85  # per distinct time between two events
    window: int = 20  # events on either side that count
    neighbours: int = 300  # kept per item


def fit_sequence_knn(data: Interactions, config: SequenceKnnConfig) -> ItemWeights:
    """Return for each item the neighbours with the largest weights; row h: of history item h."""
    users = np.maximum(np.bincount(data.items, minlength=data.shape[1]), 1).astype(np.float32)
    sums = near_pairs(data, config.decay, config.window)
    source, target = users**-config.source_exponent, users**-config.target_exponent
    sums.data *= np.repeat(source, np.diff(sums.indptr)) * target[sums.indices]
    return ItemWeights.from_matrix(nearest(sums, 0, config.neighbours))


def near_pairs(data: Interactions, decay: float, window: int) -> sparse.csr_array:
    """Return items × items: sums over histories of `decay` ** (distinct times between), symmetric.

    Events at equal times and at neighbouring times add 1. The diagonal is empty.
    """
    shape = (data.shape[1], data.shape[1])
    total = sparse.csr_array(shape, dtype=np.float32)
    for offset in range(1, window + 1):
        for first, second, weight in _pairs(data, offset, decay):
            more = sparse.csr_array((weight, (first, second)), shape=shape)
            total = sparse.csr_array(total + more)
    both = sparse.csr_array(total + total.T, shape=shape)
    both.sort_indices()
    return both


def _pairs(data: Interactions, offset: int, decay: float) -> Iterator[tuple[Rows, Rows, Floats]]:
    """Yield the items of events of one user that are `offset` events apart, and their weights."""
    later: NDArray[np.int64] = np.repeat(data.ends[1:], np.diff(data.ends))  # end of the history
    for start in range(0, len(data.items), EVENTS):
        first = np.arange(start, min(start + EVENTS, len(data.items)))
        first = first[first + offset < later[first]]
        second = first + offset
        if data.steps is None:
            between = np.full(len(first), offset - 1)
        else:
            between = np.maximum(data.steps[second] - data.steps[first] - 1, 0)
        weight = (decay**between).astype(np.float32)
        yield data.items[first], data.items[second], weight
