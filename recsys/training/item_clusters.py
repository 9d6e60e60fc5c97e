"""Fit of item communities: leading singular directions of interactions, then k-means on items."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from recsys.array_types import Floats, Rows
from recsys.data.dataset import Dataset
from recsys.models.gfcf import normalized
from recsys.models.randomized_svd import leading_directions
from recsys.serving.item_clusters import Communities
from recsys.text.encoders.student import unit_rows
from recsys.text.topics.clustering import spherical_means

LEAST = 8  # users who took an item up, below which it joins no community
BUSY = 3  # items that a user took up, below which they count for no community
ROUNDING = 1e-4  # of the longest row of item vectors; shorter rows are rounding
DRAWN = 20_000  # items that centres are learned from, drawn by the root of their popularity


@dataclass(frozen=True, slots=True)
class CommunityConfig:
    """What steers the groups."""

    directions: int = 32  # of the space in which items are compared
    most: int = 30  # communities; fewer for small catalogues
    typical: int = 20  # items that stand for each
    seed: int = 0


def fit_communities(data: Dataset, config: CommunityConfig = CommunityConfig()) -> Communities:
    """Group the items that several users took up; no community where there are too few."""
    matrix = data.matrix()
    taken: Rows = np.bincount(matrix.indices, minlength=matrix.shape[1]).astype(np.int32)
    common: Rows = np.flatnonzero(taken >= LEAST).astype(np.int32)
    k = min(config.most, round(len(common) ** 0.5 / 4) + 1)
    labels = np.full(len(data.items), -1, np.int32)
    if len(common) <= k or k < 2:
        return Communities(labels, np.zeros(0, np.int32), np.zeros((0, config.typical), np.int32))
    own = sparse.csr_array(matrix[:, common])
    vectors = item_vectors(own, config)
    found = _grouped(vectors, taken[common], k, config.seed)
    labels[common] = found
    return Communities(labels, _readers(own, found), _typical(common, vectors, found, config))


def _grouped(vectors: Floats, taken: Rows, k: int, seed: int) -> Rows:
    """Return each item's group; without weights, items of a few odd users make groups."""
    rng = np.random.default_rng(seed)
    chance = np.sqrt(taken) / np.sqrt(taken).sum()
    drawn = vectors[rng.choice(len(vectors), DRAWN, p=chance)]
    centres = np.zeros((k, vectors.shape[1]), np.float32)
    np.add.at(centres, spherical_means(drawn, k, seed), drawn)
    nearest = (vectors @ unit_rows(centres).T).argmax(axis=1)
    return np.unique(nearest, return_inverse=True)[1].astype(np.int32)


def item_vectors(matrix: sparse.csr_array, config: CommunityConfig) -> Floats:
    """Return a unit row per item of users × items: close where the same users took items up.

    How popular an item is, which is the leading direction, is left out. The row of an item that
    has nothing else (everybody took it up) is zeros: what is left there is rounding.
    """
    normal, items = normalized(matrix)
    directions = leading_directions(normal, config.directions + 1, 3, config.seed)
    popular = (items / items.sum()).astype(np.float32) ** 0.5  # the first of them, exactly
    directions = directions - popular[:, None] * (popular @ directions)
    strength = np.linalg.norm(normal @ directions, axis=0)  # weak directions are noise
    rows = directions * strength * (items**-0.5).astype(np.float32)[:, None]
    sizes = np.linalg.norm(rows, axis=1, keepdims=True)
    return unit_rows(np.where(sizes > ROUNDING * sizes.max(), rows, np.float32(0)))


def _readers(matrix: sparse.csr_array, labels: Rows) -> Rows:
    """Return how many users have most of what they took up in each community."""
    k = int(labels.max()) + 1
    ones = np.ones(len(labels), np.float32)
    member = sparse.csr_array((ones, (np.arange(len(labels)), labels)), shape=(len(labels), k))
    held = np.asarray((matrix @ member).todense())
    busy = held.sum(axis=1) >= BUSY
    return np.bincount(held[busy].argmax(axis=1), minlength=k).astype(np.int32)


def _typical(common: Rows, vectors: Floats, labels: Rows, config: CommunityConfig) -> Rows:
    k = int(labels.max()) + 1
    found = np.full((k, config.typical), -1, np.int32)
    for group in range(k):
        members = np.flatnonzero(labels == group)
        centre = vectors[members].sum(axis=0)
        best = members[np.argsort(-(vectors[members] @ centre), kind="stable")][: config.typical]
        found[group, : len(best)] = common[best]
    return found
