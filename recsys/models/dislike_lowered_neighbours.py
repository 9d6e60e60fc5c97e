"""Neighbour weights lowered by dislikes among the users that two items share."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from scipy import sparse

from recsys.array_types import Floats, Mask
from recsys.data.dataset import Dataset
from recsys.models.item_to_item_weights import ItemWeights

# Chosen on a validation slice of Polis (EASE, nDCG@20, 2026-11-29): without this .394; every weight
# times its share of agreement .369; lowered only below .3, .5 and .7 of the usual share .394, .393
# and .391. Users refuse what stands where they read, so that some refusals say nothing.
PRIOR = 2.0  # users who took up both items, credited to every pair
USUAL = 0.3  # part of the platform's share of agreement below which a weight is lowered
BLOCK = 1_024  # items whose pairs are counted at a time


def last_words(data: Dataset) -> tuple[sparse.csr_array, sparse.csr_array]:
    """Return (users × items) twice, ones: what a user took up, and what they refused.

    The last event of a user on an item decides. Where users rate, only a rating at the very
    bottom refuses: choosing to rate a thing is a sign of interest.
    """
    acts = np.flatnonzero(data.weight != 0)
    user, item, weight = data.user[acts], data.item[acts], data.weight[acts]
    key = user.astype(np.int64) * max(len(data.items), 1) + item
    _, from_end = np.unique(key[::-1], return_index=True)
    last = len(key) - 1 - from_end
    bottom = -1.0 if data.rating_scale.known else -1e-9

    def ones(kept: Mask) -> sparse.csr_array:
        own = last[kept]
        shape = (len(data.users), len(data.items))
        return sparse.csr_array((np.ones(len(own), np.float32), (user[own], item[own])), shape)

    return ones(weight[last] > 0), ones(weight[last] <= bottom)


def agreed(
    neighbours: ItemWeights, data: Dataset, prior: float = PRIOR, usual: float = USUAL
) -> ItemWeights:
    """Return the weights, lower where most of the users who share the history item disagree.

    Of the users who took up the history item h and had a say on the other item i, P took up i and
    D refused it. Where (P + prior) / (P + D + prior) is below `usual` times the same share of all
    events, the weight of h for i is multiplied by the square of their ratio. Without refusals
    nothing changes.
    """
    taken, refused = last_words(data)
    columns = np.unique(refused.indices)
    if not len(columns) or not neighbours.data.size:
        return neighbours
    weights = sparse.csc_array(neighbours.matrix())
    weights.data = weights.data.copy()
    users = sparse.csr_array(taken.T)  # items × users
    least = usual * taken.nnz / (taken.nnz + refused.nnz)
    d, p = np.zeros((2, len(neighbours)), np.float32)  # of one column, cleared after each
    for start in range(0, len(columns), BLOCK):
        own = columns[start : start + BLOCK]
        against = sparse.csc_array(users @ refused[:, own])
        along = sparse.csc_array(users @ taken[:, own])
        for place, item in enumerate(own.tolist()):
            part = slice(weights.indptr[item], weights.indptr[item + 1])
            rows, held = weights.indices[part], weights.data[part]
            with _counted(against, place, d), _counted(along, place, p):
                share = (p[rows] + prior) / (p[rows] + d[rows] + prior)
            factor = np.minimum(share / least, 1.0) ** 2
            weights.data[part] = np.where(held > 0, held * factor, held)
    return ItemWeights.from_matrix(sparse.csr_array(weights))


@contextmanager
def _counted(counts: sparse.csc_array, place: int, out: Floats) -> Iterator[None]:
    """Have a column of counts in `out`, which is all zeros before and after."""
    part = slice(counts.indptr[place], counts.indptr[place + 1])
    out[counts.indices[part]] = counts.data[part]
    yield
    out[counts.indices[part]] = 0.0
