"""Personalization metrics: overlap of users' lists, items shown, and the swap gap.

All but the swap gap can be raised by noise; the swap gap cannot. It compares the list of a user
with those that other users of like activity got, on the test items of this user.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from recsys.array_types import Rows
from recsys.ranking_metrics import Positives, Values, ideal_gains

LISTS = 1_000  # that overlap, distinct items and effective number are computed on
DEPTH = 10  # places of these lists
DRAWS = 10  # other users whose lists each user's is compared with
STRATA = 10  # of history length; lists are swapped within one
FEWEST = 5  # lists of a stratum on average; fewer lists have fewer strata


def sampled_lists(count: int, seed: int) -> NDArray[np.int64]:
    """Return which of `count` lists are compared with each other, ascending; `LISTS` at most.

    (min(count, LISTS),).
    """
    if count <= LISTS:
        return np.arange(count)
    return np.sort(np.random.default_rng(seed).choice(count, LISTS, replace=False))


def mean_jaccard(lists: Rows, groups: Rows | None = None) -> float:
    """Return the mean Jaccard index of the items of two lists, over all pairs; NaN without pairs.

    `lists` is (n, k), filled up with -1. `groups` (n,): only lists of one group are paired.
    """
    listed = _incidence(lists)
    common = (listed @ listed.T).toarray()
    sizes = common.diagonal()
    union = sizes[:, None] + sizes[None, :] - common
    pairs = np.triu(union > 0, 1)
    if groups is not None:
        pairs &= groups[:, None] == groups[None, :]
    return float((common[pairs] / union[pairs]).mean()) if pairs.any() else float("nan")


def effective_number(lists: Rows) -> float:
    """Return exp of the entropy of the items' shares of the places; 0 without any place.

    As many items with equal shares would be as even (Hill number of order 1).
    """
    counts = np.unique(lists[lists >= 0], return_counts=True)[1]
    share = counts / max(counts.sum(), 1)
    return float(np.exp(-(share * np.log(share)).sum())) if len(share) else 0.0


def strata(lengths: NDArray[np.integer], groups: Rows | None = None) -> NDArray[np.int64]:
    """Return the decile of history length of each list, combined with its group, (n,).

    There may be fewer than ten: equal lengths fall into one, and few lists are not split further.
    """
    if not len(lengths):
        return np.zeros(0, np.int64)
    count = max(1, min(STRATA, len(lengths) // FEWEST))
    edges = np.quantile(lengths, np.arange(1, count) / count)
    found = np.searchsorted(edges, lengths, side="left").astype(np.int64)
    return found if groups is None else found + STRATA * groups.astype(np.int64)


def swap_partners(stratum: NDArray[np.int64], seed: int) -> Rows:
    """Return, (draws, n), another random list of the same stratum; -1 where there is none."""
    rng = np.random.default_rng(seed)
    found = np.full((DRAWS, len(stratum)), -1, np.int32)
    for one in np.unique(stratum):
        members = np.flatnonzero(stratum == one)
        if len(members) > 1:
            steps = rng.integers(1, len(members), (DRAWS, len(members)))
            found[:, members] = members[(np.arange(len(members)) + steps) % len(members)]
    return found


def swapped_ndcg(
    lists: Rows, relevant: Positives, seen: sparse.csr_array, partners: Rows, k: int
) -> Values:
    """Return each user's mean nDCG@k of the first k of the lists of `partners`; NaN without any.

    Items that the user has seen, (n, n_items), are removed from the other's list: what follows
    moves up, and the list becomes shorter.
    """
    width, n = seen.shape[1] + 1, len(relevant)
    owner = np.repeat(np.arange(n), np.diff(seen.indptr))
    known = np.sort(owner * width + seen.indices)
    listed = relevant.items >= 0
    positive = np.sort(relevant.owner[listed] * width + relevant.items[listed])
    ideal, total = ideal_gains(relevant.counts, k), np.zeros(n)
    for others in partners:
        shown = lists[np.maximum(others, 0), :k].astype(np.int64)
        keys = np.where(shown >= 0, shown + width * np.arange(n)[:, None], -1)
        hits = _contains(positive, keys)
        some = np.flatnonzero(hits.any(axis=1))
        removed = np.cumsum(_contains(known, keys[some]), axis=1)
        rank = np.maximum(np.arange(1, keys.shape[1] + 1) - removed, 1)  # of what stays
        total[some] += (hits[some] / np.log2(rank + 1)).sum(axis=1)
    alone = (partners < 0).any(axis=0)
    return np.where(alone, np.nan, np.minimum(total / len(partners) / ideal, 1.0))


def _contains(ascending: NDArray[np.int64], keys: NDArray[np.int64]) -> NDArray[np.bool_]:
    if not len(ascending):
        return np.zeros(keys.shape, bool)
    at = np.minimum(np.searchsorted(ascending, keys), len(ascending) - 1)
    return np.asarray(ascending[at] == keys)


def _incidence(lists: Rows) -> sparse.csr_array:
    user, place = np.nonzero(lists >= 0)
    items = lists[user, place]
    ones = np.ones(len(user), np.float32)
    shape = (len(lists), int(lists.max(initial=0)) + 1)
    found = sparse.csr_array((ones, (user, items)), shape=shape)
    found.sum_duplicates()
    found.data[:] = 1.0
    return found
