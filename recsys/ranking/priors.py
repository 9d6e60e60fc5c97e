"""Priors: what an item brings along, whoever asks: how taken up, how liked, how new."""

from __future__ import annotations

import numpy as np

from recsys.arrays import Floats
from recsys.state.counters import DAY, HALF_LIVES, HOUR
from recsys.state.live import LiveState

LIVES = tuple(
    "share_all" if np.isinf(h) else f"share_{h / HOUR:.0f}h" if h < DAY else f"share_{h / DAY:.0f}d"
    for h in HALF_LIVES
)
NAMES = (*LIVES, "liked")

# What people call these: the source and the reason that an item's priors stand for.
KINDS = {
    **{
        name: "trending" if life <= 10 * DAY else "popular"
        for name, life in zip(LIVES, HALF_LIVES, strict=True)
    },
    "liked": "liked",
}


def prior_features(live: LiveState, now: float = np.inf) -> Floats:
    """Return the features of every row, (len(NAMES), live.size); finite.

    `share_*`: log of the uptake at a half-life. `liked`: the vote of an average reader
    where likes and dislikes are both at hand, else the shrunk log odds of likes.
    """
    size, counters = live.size, live.counters
    found = np.empty((len(NAMES), size), np.float32)
    found[: len(LIVES)] = counters.log_shares(slice(0, size), now)
    known = live.model.taste is not None
    found[len(LIVES)] = live.bases[:size] if known else counters.like_rate(slice(0, size))
    return found
