"""Bubble meter: how many topics a user is shown, takes up, and could have.

The effective number of topics is exp(entropy) of their shares: k topics of equal shares count k.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recsys.array_types import Rows
from recsys.ranking.history import History
from recsys.serving.live_state import LiveState

Floats = NDArray[np.floating]
DAYS = 28  # of lists
LEAST_SHOWN, LEAST_TAKEN = 20, 5  # items with a topic, below which nothing is reported


@dataclass(frozen=True, slots=True)
class Bubble:
    """Effective numbers of topics, and how far what was shown is from what was taken up."""

    shown: float
    taken: float
    available: float
    distance: float  # Jensen-Shannon divergence in bits of shown and taken, 0 to 1


def bubble(live: LiveState, history: History, shown: Rows) -> Bubble | None:
    """Return the meter of a user; `shown`: rows of the items of their lists, −1 unknown.

    None without topics, and with too few items on either side.
    """
    topics = live.model.topics
    if topics is None:
        return None
    count = len(topics.ids)
    known = shown[shown >= 0]
    seen = _counts(live.topics[known], np.ones(len(known)), count)
    taken = _counts(live.topics[history.rows], np.maximum(history.weights, 0), count)
    liked = int((live.topics[history.rows[history.weights > 0]] >= 0).sum())
    if seen.sum() < LEAST_SHOWN or liked < LEAST_TAKEN:
        return None
    open_ = ~live.gone[: live.size]
    listed = _counts(live.topics[: live.size][open_], np.ones(int(open_.sum())), count)
    return Bubble(effective(seen), effective(taken), effective(listed), jensen_shannon(seen, taken))


def effective(counts: Floats) -> float:
    """Return exp(entropy) of shares in proportion to counts; 0 without any."""
    total = float(counts.sum())
    if total <= 0:
        return 0.0
    shares = counts[counts > 0] / total
    return float(np.exp(-(shares * np.log(shares)).sum()))


def jensen_shannon(first: Floats, second: Floats) -> float:
    """Return the Jensen-Shannon divergence in bits of two distributions given as counts."""
    p, q = first / first.sum(), second / second.sum()
    mean = (p + q) / 2

    def part(one: Floats) -> float:
        some = one > 0
        return float((one[some] * np.log2(one[some] / mean[some])).sum())

    return (part(p) + part(q)) / 2


def _counts(codes: Rows, weights: Floats, count: int) -> Floats:
    some = codes >= 0
    return np.asarray(np.bincount(codes[some], weights[some], count), np.float64)
