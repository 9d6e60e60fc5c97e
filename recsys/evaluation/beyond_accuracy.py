"""Beyond-accuracy metrics: coverage, evenness, novelty, diversity and calibration."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from recsys.array_types import Mask, Rows
from recsys.ranking_metrics import Values


def _shown(lists: Rows, k: int, n_items: int) -> NDArray[np.int64]:
    shown = lists[:, :k]
    return np.bincount(shown[shown >= 0], minlength=n_items)


def coverage(lists: Rows, k: int, n_items: int) -> float:
    """Return the share of the catalogue that somebody is shown within the first k.

    `lists` (users, at least k): rows, -1 none.
    """
    return float((_shown(lists, k, n_items) > 0).mean()) if n_items else 0.0


def gini(lists: Rows, k: int, n_items: int) -> float:
    """Return how unequally the places 1..k fall on the items: 0 all alike, towards 1 one item.

    `lists` (users, at least k): rows, -1 none. 0 for empty lists.
    """
    shown = np.sort(_shown(lists, k, n_items))
    if shown.sum() == 0:
        return 0.0
    share = np.arange(1, n_items + 1) @ shown / shown.sum()
    return float((2 * share - n_items - 1) / n_items)


def _mean_over_list(lists: Rows, k: int, worth: Values) -> Values:
    shown = lists[:, :k]
    value = np.where(shown >= 0, worth[shown], 0.0)
    return np.asarray(value.sum(axis=1) / np.maximum((shown >= 0).sum(axis=1), 1), np.float64)


def novelty(lists: Rows, k: int, user_counts: NDArray[np.int64], n_users: int) -> Values:
    """Return, per user, the mean surprise in bits of the first k: -log2 of an item's readership.

    One is added to both counts, so that an item nobody has read has a finite surprise.
    """
    return _mean_over_list(lists, k, -np.log2((user_counts + 1) / (n_users + 1)))


def freshness(lists: Rows, k: int, young: Mask) -> Values:
    """Return, per user, the share of the first k places that young items fill; young (n_items,)."""
    return _mean_over_list(lists, k, young.astype(np.float64))


def _listed(lists: Rows, k: int, n_items: int) -> sparse.csr_array:
    shown = lists[:, :k]
    user, place = np.nonzero(shown >= 0)
    ones = np.ones(len(user), np.float32)
    return sparse.csr_array((ones, (user, shown[user, place])), shape=(len(lists), n_items))


def diversity(lists: Rows, k: int, features: sparse.csr_array) -> Values:
    """Return, per user, one minus the mean cosine between the first k; 0 for lists of one.

    `features` is (n_items, d) with unit rows (or empty rows, which are like nothing else).
    """
    listed = _listed(lists, k, features.shape[0])
    total = (listed @ features).power(2).sum(axis=1)  # |sum|² = sum of squares + 2 × all pairs
    own = listed @ np.asarray(features.power(2).sum(axis=1))
    length = np.asarray(listed.sum(axis=1))
    pairs = length * (length - 1)
    return np.where(pairs > 0, 1 - (total - own) / np.maximum(pairs, 1), 0.0).astype(np.float64)


def calibration(
    lists: Rows, k: int, history: sparse.csr_array, labels: sparse.csr_array, smooth: float = 0.01
) -> Values:
    """Return, per user, the Kullback-Leibler divergence of the list's labels from the history's.

    0 means that the list has the same mix of categories as the history (Steck, RecSys 2018).
    `history` is (n, n_items), `labels` is (n_items, n_labels). Users without a label in their
    history get 0.
    """
    preferred = (history @ labels).toarray().astype(np.float64)
    given = (_listed(lists, k, labels.shape[0]) @ labels).toarray().astype(np.float64)
    preferred /= np.maximum(preferred.sum(axis=1, keepdims=True), 1e-12)
    given /= np.maximum(given.sum(axis=1, keepdims=True), 1e-12)
    mixed = (1 - smooth) * given + smooth * preferred
    ratio = np.where(preferred > 0, preferred / np.maximum(mixed, 1e-12), 1.0)
    return np.asarray((preferred * np.log(ratio)).sum(axis=1), np.float64)
