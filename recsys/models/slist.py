"""SLIST: closed-form item-to-item weights from order or proximity in histories, and from text.

After "Session-aware linear item-item models" (Choi et al., WWW 2021): one ridge regression learns
to complete a history (as EASE does) and to continue it (the decayed past predicts the decayed
future). The symmetric form also predicts the decayed past from the decayed future: a pair of items
counts by how near they are in histories, whichever comes first. Events at equal times are one step
apart in both directions. Features of the items join as further rows, one per feature, so that rare
items borrow from items that are described alike.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from recsys.array_types import Floats, Rows
from recsys.models.ease import inverse_of
from recsys.models.interaction_matrix import Interactions
from recsys.models.item_to_item_weights import ItemWeights
from recsys.thread_pool import over_blocks

Sparse = sparse.csr_array | sparse.csc_array
BLOCK = 1_024  # columns multiplied at a time


@dataclass(frozen=True, slots=True)
class SlistConfig:
    """What steers SLIST; the defaults won on the validation slice of Amazon Beauty, 2026-11-22."""

    complete: float = 0.3  # weight of completing a history; the rest goes to continuing it
    features: float = 8.0  # weight of what is known of the items; 0 leaves it out
    regularization: float = 100.0
    directed: bool = True  # only the past predicts the future; False: each predicts the other
    decay: float = 0.7  # per distinct time away from the moment between past and future
    window: int = 12  # events that count on either side; decay ** 12 is .014
    keep: int = 300  # weights kept per item
    largest: int = 15_000  # items beyond which n^3 takes minutes; two squares are held
    fewest: int = 0  # users below which an item takes no part and has no weights
    dense: float = 0.03  # share of pairs seen near each other from which a dense product is faster


def fit_slist(data: Interactions, config: SlistConfig) -> ItemWeights:
    """Fit and keep the strongest weights of each row; row h is what a history item h gives."""
    kept = common_items(data, config.fewest)
    if len(kept) < data.shape[1]:
        return _fitted(data.narrowed(kept), config).among(kept, data.shape[1])
    return _fitted(data, config)


def common_items(data: Interactions, fewest: int) -> Rows:
    """Return the items that so many users took up, ascending.

    `data.matrix`: users × items; a user counts once per item.
    """
    user_counts = np.bincount(data.matrix.indices, minlength=data.shape[1])
    return np.flatnonzero(user_counts >= fewest).astype(np.int32)


def _fitted(data: Interactions, config: SlistConfig) -> ItemWeights:
    past, future = moments(data, config.decay, config.window)
    weight = 1.0 - config.complete
    if not config.directed:
        after, before = moments(data, config.decay, config.window, backwards=True)
        past = sparse.csr_array(sparse.vstack([past, after], format="csr"))
        future = sparse.csr_array(sparse.vstack([future, before], format="csr"))
        weight /= 2.0
    gram: Floats = np.zeros((data.shape[1], data.shape[1]), np.float32, order="F")
    _add_product(gram, data.matrix.T, data.matrix, config.complete)
    if data.features is not None and config.features:
        _add_product(gram, data.features, data.features.T, config.features)
    _add_product(gram, past.T, past, weight)
    # What the ridge regression predicts is the Gram matrix itself but for this difference. With P
    # the inverse of (Gram + regularization), P Gram is I less a multiple of P, and what makes the
    # diagonal zero takes multiples of P's columns off: only P difference has to be multiplied out.
    change = sparse.csr_array(future - past) * np.float32(weight)
    difference = _product(past.T, change, config.dense)
    inverse = inverse_of(gram, config.regularization)
    return ItemWeights.from_dense(_without_diagonal(inverse, difference), config.keep)


def _product(
    left: Sparse, right: Sparse, dense: float, block: int = 1024
) -> sparse.csc_array | Floats:
    """Return left @ right, dense where more than a share `dense` of its places is filled."""
    first, second = left.tocsr(), right.tocsc()
    shape = (left.shape[0], right.shape[1])
    parts: list[sparse.csc_array] = []
    most = dense * shape[0] * shape[1]
    for start in range(0, max(shape[1], 1), block):  # one part, empty, of no columns
        part = sparse.csc_array(first @ second[:, start : start + block])
        parts.append(part)
        if sum(one.nnz for one in parts) > most:
            break
    else:
        return sparse.csc_array(sparse.hstack(parts, format="csc"))
    out: Floats = np.zeros(shape, np.float32, order="F")
    _add_product(out, first, second, 1.0)
    return out


def _add_product(
    out: Floats, left: Sparse, right: Sparse, weight: float, block: int = 1024
) -> None:
    """Add weight · left @ right in place; a whole sparse product would outweigh a dense square."""
    first, second = left.tocsr(), right.tocsc()
    for start in range(0, out.shape[1], block):
        part = first @ second[:, start : start + block]
        out[:, start : start + block] += np.float32(weight) * part.toarray()


def _without_diagonal(inverse: Floats, right: sparse.csc_array | Floats) -> Floats:
    """Return inverse @ right less multiples of the inverse's columns, with a zero diagonal.

    The multiples are those that make the diagonal of I + inverse @ right zero. A dense `right` is
    overwritten.
    """
    size = len(inverse)
    if isinstance(right, np.ndarray):
        weights = right

        def multiply(own: slice) -> None:
            weights[:, own] = inverse @ right[:, own]
    else:
        weights, turned = np.empty((size, size), np.float32), sparse.csr_array(right.T)

        def multiply(own: slice) -> None:  # the inverse is symmetric
            weights[own] = (turned @ np.ascontiguousarray(inverse[:, own])).T

    over_blocks(multiply, size, BLOCK)
    multiples = np.asarray((1 + np.diag(weights)) / np.diag(inverse), np.float32)

    def subtract(own: slice) -> None:
        weights[own] -= inverse[own] * multiples

    over_blocks(subtract, size, BLOCK)
    np.fill_diagonal(weights, 0.0)  # of which rounding has left a trace
    return weights


def moments(
    data: Interactions, decay: float, window: int, backwards: bool = False
) -> tuple[sparse.csr_array, sparse.csr_array]:
    """Return (moments × items) twice: the decayed past and future of every event that has a past.

    The past of an event are the events at earlier times (those at the nearest time weigh 1, each
    distinct time further back `decay` times as much) and the others at its own time (they weigh
    1). Its future are the event itself (it weighs 1) and the events at later times. `backwards`
    exchanges earlier and later. At most `window` events on either side count.
    """
    count = len(data.items)
    entries: tuple[list[_Entries], list[_Entries]] = ([], [_itself(count)])
    for offset in range(1, window + 1):
        first, second, distance = _pairs(data, offset)
        if backwards:
            first, second = second, first
        apart = distance > 0
        past = (decay ** np.maximum(distance - 1, 0)).astype(np.float32)
        entries[0].append((second, first, past))
        entries[1].append((first[apart], second[apart], past[apart] * np.float32(decay)))
        if not apart.all():
            entries[0].append((first[~apart], second[~apart], past[~apart]))
    before, after = (_matrix(data, part) for part in entries)
    has_past = np.flatnonzero(np.diff(before.indptr) > 0)
    return before[has_past], after[has_past]


_Entries = tuple[NDArray[np.int64], NDArray[np.int64], Floats]  # event, other event, weight


def _itself(count: int) -> _Entries:
    own = np.arange(count)
    return own, own, np.ones(count, np.float32)


def _pairs(
    data: Interactions, offset: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int32]]:
    """Return the events with another of their user `offset` events later, it, and their distance.

    The distance is the number of distinct times from the one to the other.
    """
    owner = np.repeat(np.arange(len(data.ends) - 1), np.diff(data.ends))
    first = np.flatnonzero(owner[: max(len(owner) - offset, 0)] == owner[offset:])
    second = first + offset
    if data.steps is None:
        return first, second, np.full(len(first), offset, np.int32)
    return first, second, data.steps[second] - data.steps[first]


def _matrix(data: Interactions, entries: list[_Entries]) -> sparse.csr_array:
    rows, others, values = (np.concatenate(parts) for parts in zip(*entries, strict=True))
    shape = (len(data.items), data.matrix.shape[1])
    return sparse.csr_array((values, (rows, data.items[others])), shape=shape)
