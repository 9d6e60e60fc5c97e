"""Calibrated order: lists whose topics are in the proportions of the user's history.

Steck, "Calibrated recommendations" (RecSys 2018): a greedy choice of items by score less the
divergence of the list's topics from those of the history. Each BLOCK of picks is then listed by
score: the choice gives the proportions, the order keeps the best items first.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from recsys.array_types import Floats, Rows
from recsys.ranking.history import History
from recsys.serving.live_state import LiveState

Shares = NDArray[np.floating]
BLOCK = 20  # picks that are listed by score
SMOOTHING = 0.01  # of the target in the list's distribution, so that divergences are finite
WIDER = 0.1  # of the catalogue in the target: a history alone would hold a user where they are
# of lists of users whose control asks for more topics: weight at least, and share of the catalogue
WIDENED_WEIGHT, WIDENED = 0.6, 0.3


def target_of(live: LiveState, history: History, wider: float = WIDER) -> Shares | None:
    """Return the share of each topic in a history, with a part of the catalogue's; (topics,).

    `wider`: that part, 0 to 1. None without topics, or without an item of one in the history.
    """
    topics = live.model.topics
    if topics is None:
        return None
    count = len(topics.ids)
    codes = live.topics[history.rows]
    weights = np.maximum(history.weights, 0) * (codes >= 0)
    if not weights.sum() > 0:
        return None
    own = np.bincount(np.maximum(codes, 0), weights, count)
    listed = live.topics[: live.size]
    every = np.bincount(listed[listed >= 0], minlength=count)
    return np.asarray((1 - wider) * own / own.sum() + wider * every / max(every.sum(), 1))


def calibrated(
    rows: Rows, scores: Floats, topics: Rows, target: Shares, weight: float, n: int
) -> Rows:
    """Return positions of the first `n` picks, in the order of picking.

    Each pick has the largest (1 − weight) · score − weight · KL(target, topics of the list with
    it), scores scaled to 0..1. `topics` (rows,): code of each, −1 none.
    """
    if not len(rows):
        return np.zeros(0, np.int32)
    relevance = (scores - scores.min()) / (float(np.ptp(scores)) or 1.0)
    counts, left = np.zeros(len(target)), np.ones(len(rows), bool)
    known = target > 0
    entropy = float((target[known] * np.log(target[known])).sum())
    picked: list[int] = []
    for place in range(1, min(n, len(rows)) + 1):
        shares = (1 - SMOOTHING) * counts / place + SMOOTHING * target
        logs = np.where(known, np.log(np.maximum(shares, 1e-12)), 0.0)
        raised = np.log(np.maximum(shares + (1 - SMOOTHING) / place, 1e-12))
        # the divergence with one more item of each topic, and of none
        base = entropy - float((target * logs).sum())
        gain = np.append(base - np.where(known, target * (raised - logs), 0.0), base)
        value = np.where(left, (1 - weight) * relevance - weight * gain[topics], -np.inf)
        best = int(value.argmax())
        picked.append(best)
        left[best] = False
        if topics[best] >= 0:
            counts[topics[best]] += 1
    return np.array(picked, np.int32)


def by_score(picked: Rows, scores: Floats) -> Rows:
    """Return picks with each BLOCK of them in descending order of their scores.

    Pages hold what was picked for them: a longer list has the picks of a shorter one.
    """
    found = [
        block[np.argsort(-scores[block], kind="stable")]
        for block in np.split(picked, range(BLOCK, len(picked), BLOCK))
    ]
    return np.concatenate(found).astype(np.int32)


def divergence(list_topics: Rows, target: Shares) -> float:
    """Return the Jensen-Shannon divergence in bits of a list's topics from a target, 0 to 1.

    1 for a list without any topic.
    """
    codes = list_topics[list_topics >= 0]
    if not len(codes):
        return 1.0
    shown = np.bincount(codes, minlength=len(target)) / len(codes)
    mean = (shown + target) / 2

    def part(p: Shares) -> float:
        some = p > 0
        return float((p[some] * np.log2(p[some] / mean[some])).sum())

    return (part(shown) + part(target)) / 2
