"""SLIST: item-to-item weights in closed form that know order, and may know what items are about.

After "Session-aware linear item-item models" (Choi et al., WWW 2021): one ridge regression learns
to complete a history (as EASE does) and to continue it (the decayed past predicts the decayed
future). What is known of the items joins as further rows, one per feature, so that rare items
borrow from items that are described alike.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from recsys.array_types import Floats, Rows
from recsys.models.ease import inverse_of
from recsys.models.interactions import Interactions
from recsys.models.item_weights import ItemWeights

Sparse = sparse.csr_array | sparse.csc_array


@dataclass(frozen=True, slots=True)
class SlistConfig:
    """What steers SLIST; the defaults won on the validation slice of Amazon Beauty, 2026-11-22."""

    complete: float = 0.3  # weight of completing a history; the rest goes to continuing it
    features: float = 8.0  # weight of what is known of the items; 0 leaves it out
    regularization: float = 100.0
    decay: float = 0.7  # per step away from the moment between past and future
    window: int = 12  # steps that count on either side; decay ** 12 is .014
    keep: int = 300  # weights kept per item
    largest: int = 15_000  # items beyond which n^3 takes minutes; two squares are held
    fewest: int = 0  # readers below which an item takes no part and has no weights


def fit_slist(data: Interactions, config: SlistConfig) -> ItemWeights:
    """Fit and keep the strongest weights of each row; row h is what a history item h gives."""
    kept = common_items(data, config.fewest)
    if len(kept) < data.shape[1]:
        return _fitted(data.narrowed(kept), config).among(kept, data.shape[1])
    return _fitted(data, config)


def common_items(data: Interactions, fewest: int) -> Rows:
    """Return the items that so many people took up, ascending."""
    readers = np.bincount(data.matrix.indices, minlength=data.shape[1])
    return np.flatnonzero(readers >= fewest).astype(np.int32)


def _fitted(data: Interactions, config: SlistConfig) -> ItemWeights:
    past, future = moments(data, config.decay, config.window)
    gram: Floats = np.zeros((data.shape[1], data.shape[1]), np.float32, order="F")
    _add_product(gram, data.matrix.T, data.matrix, config.complete)
    if data.features is not None and config.features:
        _add_product(gram, data.features, data.features.T, config.features)
    wanted = gram.copy(order="F")
    _add_product(wanted, past.T, future, 1.0 - config.complete)
    _add_product(gram, past.T, past, 1.0 - config.complete)
    inverse = inverse_of(gram, config.regularization)
    return ItemWeights.from_dense(_without_diagonal(inverse, wanted), config.keep)


def _add_product(
    out: Floats, left: Sparse, right: Sparse, weight: float, block: int = 1024
) -> None:
    """Add weight · left @ right in place; a whole sparse product would outweigh a dense square."""
    first, second = left.tocsr(), right.tocsc()
    for start in range(0, out.shape[1], block):
        part = first @ second[:, start : start + block]
        out[:, start : start + block] += np.float32(weight) * part.toarray()


def _without_diagonal(inverse: Floats, wanted: Floats, block: int = 1024) -> Floats:
    """Return inverse @ wanted less what makes its diagonal zero, overwriting `wanted`."""
    scale = np.diag(inverse)
    for start in range(0, wanted.shape[1], block):
        own = slice(start, start + block)
        weights = inverse @ wanted[:, own]
        weights -= inverse[:, own] * (np.diag(weights[own]) / scale[own])[None, :]
        wanted[:, own] = weights
    np.fill_diagonal(wanted, 0.0)  # of which rounding has left a trace
    return wanted


def moments(
    data: Interactions, decay: float, window: int
) -> tuple[sparse.csr_array, sparse.csr_array]:
    """Return (moments × items) twice: the decayed past and future of every step of every history.

    The moment before an item has its predecessors as past (the nearest weighs 1) and it and its
    successors as future (it weighs 1). The first item of a history has no past and no moment.
    """
    count = len(data.items)
    owner = np.repeat(np.arange(len(data.ends) - 1), np.diff(data.ends))
    past = _shifted(data, owner, [(-step, decay ** (step - 1)) for step in range(1, window + 1)])
    future = _shifted(data, owner, [(step, decay**step) for step in range(window)])
    has_past = np.flatnonzero(np.arange(count) > data.ends[:-1][owner])
    return past[has_past], future[has_past]


def _shifted(
    data: Interactions, owner: NDArray[np.int64], steps: list[tuple[int, float]]
) -> sparse.csr_array:
    count, rows, columns, values = len(data.items), [], [], []
    for step, weight in steps:
        at = np.arange(max(0, -step), min(count, count - step))
        at = at[owner[at] == owner[at + step]]
        rows.append(at)
        columns.append(data.items[at + step])
        values.append(np.full(len(at), weight, np.float32))
    shape = (count, data.matrix.shape[1])
    entries = (np.concatenate(rows), np.concatenate(columns))
    return sparse.csr_array((np.concatenate(values), entries), shape=shape)
