"""Users of two sides with their books, and engines of known quality, for tests of tuning."""

import numpy as np
import worlds

from recsys.data.records import Event
from recsys.models.ease import EaseConfig, fit_ease
from recsys.models.item_to_item_weights import ItemWeights

BOOKS = 60


def side_events(timed, users=80):
    """Return users who read fifteen of the thirty books of their side, one by one in time."""
    rng = np.random.default_rng(3)
    reads = [
        (f"reader-{reader}", f"book-{book}")
        for reader in range(users)
        for book in rng.permutation(np.arange(reader % 2, BOOKS, 2))[:15]
    ]
    return worlds.event_table(
        Event(*reads[at], "like", timestamp=worlds.START + 600.0 * place if timed else None)
        for place, at in enumerate(rng.permutation(len(reads)).tolist())
    )


def near(data, seed, device):
    """Return item-to-item weights that know the sides."""
    return fit_ease(data.matrix, EaseConfig(regularization=20.0))


def noise(data, seed, device):
    """Return random item-to-item weights."""
    size = data.shape[1]
    square = np.random.default_rng(seed).random((size, size), np.float32)
    np.fill_diagonal(square, 0.0)
    return ItemWeights.from_dense(square, size)
