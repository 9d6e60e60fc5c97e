"""Priors: what an item brings along, whoever asks: how taken up, how liked, how new."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from recsys.arrays import Floats, Mask, Rows
from recsys.state.counters import DAY, HALF_LIVES, HOUR, PSEUDO
from recsys.state.live import LiveState

LIVES = tuple(
    "share_all" if np.isinf(h) else f"share_{h / HOUR:.0f}h" if h < DAY else f"share_{h / DAY:.0f}d"
    for h in HALF_LIVES
)
NO_UPTAKE = np.float32(np.log(PSEUDO))  # of an item that nobody took up
ONE_PERSON = float(np.log(1.0 + PSEUDO))  # of one that one person took up at most
NAMES = (*LIVES, "liked", "refusals")

# What people call these: the source and the reason that an item's priors stand for.
KINDS = {
    **{
        name: "trending" if life <= 10 * DAY else "popular"
        for name, life in zip(LIVES, HALF_LIVES, strict=True)
    },
    "liked": "liked",
    "refusals": "liked",
}


def prior_features(live: LiveState, now: float = np.inf) -> Floats:
    """Return the features of every row, (len(NAMES), live.size); finite."""
    return of_rows(live, slice(0, live.size), NAMES, now)


def of_rows(
    live: LiveState, rows: Rows | slice, names: Sequence[str], now: float = np.inf
) -> Floats:
    """Return some features of some rows, (len(names), rows); finite.

    `share_*`: log of the uptake at a half-life, as of `now`. `liked`: the vote of an average reader
    where likes and dislikes are both at hand, else the shrunk log odds of likes. `refusals`: the
    log of the share of stated opinions that are no dislikes, 0 without dislikes.
    """
    lives = [LIVES.index(name) for name in names if name in LIVES]
    shares = iter(live.counters.log_shares(rows, now, lives))
    other = {"liked": _liked, "refusals": _refusals}
    found = [other[name](live, rows) if name in other else next(shares) for name in names]
    return np.stack(found) if found else np.zeros((0, len(live.created[rows])), np.float32)


def one_person(log_uptake: Floats) -> Mask:
    """Return where an uptake of all time, log(mass + PSEUDO), may be that of one person alone."""
    return np.asarray(log_uptake <= ONE_PERSON + 1e-6)


def for_newcomers(features: Floats, names: Sequence[str], alone: Mask) -> Floats:
    """Return the features by which strangers are answered, (len(names), rows).

    What one person alone took up counts as not taken up: to a stranger that says nothing yet, and
    nobody can bring a page into their lists by looking at it again and again.
    """
    if not alone.any():
        return features
    found = features.copy()
    for place, name in enumerate(names):
        if name in LIVES:
            found[place, alone] = NO_UPTAKE
    return found


def _liked(live: LiveState, rows: Rows | slice) -> Floats:
    opinions = live.opinions
    return live.counters.like_rate(rows) if opinions is None else opinions.bases[rows]


def _refusals(live: LiveState, rows: Rows | slice) -> Floats:
    return live.counters.kept_share(rows)
