"""Sequence-aware item kNN: items count by their proximity in users' histories.

Each pair of a history adds `decay` to the power of the number of distinct times between its events,
in both directions (as in the distance-weighted co-occurrence of GloVe, Pennington et al., EMNLP
2014). Sums are divided by powers of both items' numbers of users: a smaller power of the
neighbour's leaves popular neighbours ahead. Linear in events and computed by blocks of rows, for
catalogues of any size.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from recsys.array_types import Rows
from recsys.models.block_plan import weights_kept
from recsys.models.gfcf_blockwise import joined_rows
from recsys.models.interaction_matrix import Interactions
from recsys.models.item_to_item_weights import ItemWeights
from recsys.models.item_to_item_weights_blockwise import block_bounds, strongest_of_rows

MOST_PAIRS = 4_000_000  # of a block of rows
MOST_ROWS = 4_096


@dataclass(frozen=True, slots=True)
class SequenceKnnConfig:
    """Settings; the defaults were chosen on a validation slice of Amazon Beauty, 2026-11-29."""

    target_exponent: float = 0.2  # power of the neighbour's number of users, 0 to 1
    source_exponent: float = 0.5  # power of the history item's number of users
    decay: float = 0.85  # per distinct time between two events
    window: int = 20  # events on either side that count
    neighbours: int = 300  # kept per item, fewer in large catalogues


def fit_sequence_knn(data: Interactions, config: SequenceKnnConfig) -> ItemWeights:
    """Return for each item the neighbours with the largest weights; row h: of history item h."""
    n_items = data.shape[1]
    counts = np.bincount(data.items, minlength=n_items)
    users = np.maximum(counts, 1).astype(np.float32)
    source, target = users**-config.source_exponent, users**-config.target_exponent
    keep, parts = min(config.neighbours, weights_kept(n_items)), []
    events = EventsByItem.of(data, counts)
    pairs = 2 * config.window * counts
    for first, end in block_bounds(pairs, MOST_PAIRS, MOST_ROWS):
        sums = near_pairs(events, first, end, config.decay, config.window)
        sums.data *= np.repeat(source[first:end], np.diff(sums.indptr)) * target[sums.indices]
        parts.append(strongest_of_rows(sums, keep))
    return joined_rows(parts)


@dataclass(frozen=True, slots=True)
class EventsByItem:
    """Events of histories, and where those of each item stand."""

    items: Rows  # (n_events,): user after user, oldest first
    steps: NDArray[np.integer]  # (n_events,): number of the event's time among those of its user
    bounds: NDArray[np.int64]  # (2, n_events): where the history of each event begins and ends
    order: NDArray[np.int64]  # (n_events,): numbers of the events, item by item
    starts: NDArray[np.int64]  # (n_items + 1,): item i has order[starts[i]:starts[i + 1]]

    @classmethod
    def of(cls, data: Interactions, counts: NDArray[np.int64]) -> EventsByItem:
        """Return the events of some interactions; `counts`: of each item, (n_items,)."""
        lengths = np.diff(data.ends)
        bounds = np.stack([np.repeat(data.ends[:-1], lengths), np.repeat(data.ends[1:], lengths)])
        order = np.argsort(data.items, kind="stable")
        starts = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
        steps = np.arange(len(data.items)) if data.steps is None else data.steps
        return cls(data.items, steps, bounds, order, starts)


def near_pairs(
    events: EventsByItem, first: int, end: int, decay: float, window: int
) -> sparse.csr_array:
    """Return sums over histories of `decay` ** (distinct times between), (end - first, n_items).

    Rows are the items first..end-1. Events at equal times and at neighbouring times add 1; what is
    more than `window` events apart adds nothing. An item has no weight for itself.
    """
    places = events.order[events.starts[first] : events.starts[end]]
    owners = np.repeat(np.arange(end - first), np.diff(events.starts[first : end + 1]))
    begins, ends = events.bounds[:, places]
    rows, columns, values = [], [], []
    for offset in (*range(-window, 0), *range(1, window + 1)):
        others = places + offset
        held = np.flatnonzero((others >= begins) & (others < ends))
        others = others[held]
        between = np.abs(events.steps[others] - events.steps[places[held]]) - 1
        rows.append(owners[held])
        columns.append(events.items[others])
        values.append((decay ** np.maximum(between, 0)).astype(np.float32))
    entries = (np.concatenate(rows), np.concatenate(columns))
    shape = (end - first, len(events.starts) - 1)
    return sparse.csr_array((np.concatenate(values), entries), shape=shape)
