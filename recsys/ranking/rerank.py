"""Rerank: the best of a blend's order, corrected by the trees that the night learned."""

from __future__ import annotations

import numpy as np

from recsys.arrays import Floats, Mask, Rows
from recsys.ranking.batch import Histories, score_block
from recsys.ranking.features import of_request
from recsys.ranking.scoring import Profile
from recsys.state.live import LiveState
from recsys.state.model import Model

POOL = 200  # candidates that the trees judge


def best(rows: Rows, scores: Floats, n: int) -> Rows:
    """Return the `n` best-scored of some rows, best first; ties by row."""
    if n < len(rows):
        cut = np.argpartition(-scores[rows], n - 1)[:n]
        rows = np.sort(rows[cut])
    return rows[np.argsort(-scores[rows], kind="stable")]


def corrections(
    live: LiveState,
    profile: Profile,
    shared: Floats,
    scores: Floats,
    rows: Rows,
    now: float | None = None,
) -> Floats:
    """Return what the trees add to the score of every row, (len(scores),); 0 beyond the pool.

    `rows` may be shown; the POOL of them that the blend puts first are judged. `now`: the
    moment, Unix seconds; None: that of the last event.
    """
    added = np.zeros(len(scores), np.float32)
    trees = live.model.trees
    if trees is not None and len(rows):
        pool = best(rows, scores, POOL)
        added[pool] = trees.scores(of_request(live, profile, shared, pool, now))
    return added


def reranked_block(model: Model, histories: Histories, shared: Floats, closed: Mask) -> Floats:
    """Return the scores of all the model's items as requests get them, (people, n_items).

    `closed`: what may not be shown to each person, besides his own history.
    """
    scores = score_block(model, histories, shared)
    if model.trees is None:
        return scores
    live = LiveState(model)
    for person in range(len(histories)):
        history = histories[person]
        open_ = ~closed[person]
        open_[history.rows] = False
        rows = np.flatnonzero(open_).astype(np.int32)
        profile = Profile.of(history, live, model.blend)
        scores[person] += corrections(live, profile, shared, scores[person], rows)
    return scores
