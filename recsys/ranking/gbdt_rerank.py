"""Reranking of the best candidates by boosted trees."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from recsys.array_types import Floats, Mask, Rows
from recsys.ranking import cold_item_ranks, popularity_free_places
from recsys.ranking.batch_scoring import score_block
from recsys.ranking.gbdt_features import of_request
from recsys.ranking.history import History
from recsys.ranking.history_batch import HistoryBatch
from recsys.ranking.user_term_scores import UserTerms
from recsys.serving.live_state import LiveState
from recsys.serving.model import Model

POOL = 200  # candidates that the trees judge


def best(rows: Rows, scores: Floats, n: int) -> Rows:
    """Return the `n` best-scored of some rows, best first; ties by row. `scores`: by row."""
    return rows[best_places(rows, scores[rows], n)]


def best_places(rows: Rows, scores: Floats, n: int) -> NDArray[np.intp]:
    """Return the places of the `n` best of some scores, best first; ties by `rows`."""
    places = np.arange(len(rows))
    if n < len(rows):
        floor = np.partition(scores, len(scores) - n)[len(scores) - n]
        places = np.flatnonzero(scores >= floor)
    return places[np.lexsort((rows[places], -scores[places]))][:n]


def corrections(learned: UserTerms, rows: Rows, scores: Floats, now: float | None = None) -> Floats:
    """Return what the trees add to the scores of rows that may be shown, (len(rows),).

    The POOL of them that the score model puts first are judged; 0 for the others. `scores`: of
    these rows. `now`: the moment, Unix seconds; None: that of the last event. Nothing at another
    place on the dial than the tuned one: trees correct the scores that they were learned on.
    """
    added = np.zeros(len(rows), np.float32)
    trees = learned.live.model.trees
    if trees is not None and learned.tuned and len(rows):
        pool = best_places(rows, scores, POOL)
        added[pool] = trees.scores(of_request(learned, rows[pool], now))
    return added


def live_scores(live: LiveState, history: History, now: float, rows: Rows) -> Floats:
    """Return the score of every row at a moment, (live.size,); trees judge the best of `rows`.

    The arithmetic of a request, without its cuts. `now`: Unix seconds.
    """
    learned = UserTerms.of(history, live)
    own = learned.scores(now=now)
    scores = own.copy()
    scores[rows] += corrections(learned, rows, scores[rows], now)
    mask = np.zeros(len(scores), bool)
    mask[rows] = True
    every: Rows = np.arange(len(scores), dtype=np.int32)
    scores += cold_item_ranks.gains(learned, mask, every, scores)
    return scores + popularity_free_places.gains(learned, mask, every, scores, own, now)


def live_scores_of(live: LiveState, history: History, now: float, rows: Rows, mask: Mask) -> Floats:
    """Return the scores of some rows at a moment, (rows,), as a request computes them.

    `rows`: ascending, the best of `mask` among them; `mask`: (size,), rows that may be shown.
    """
    learned = UserTerms.of(history, live)
    own = learned.scores(rows, now)
    scores = own + corrections(learned, rows, own, now)
    scores += cold_item_ranks.gains(learned, mask, rows, scores)
    return scores + popularity_free_places.gains(learned, mask, rows, scores, own, now)


def reranked_block(model: Model, histories: HistoryBatch, shared: Floats, closed: Mask) -> Floats:
    """Return the scores of all the model's items as requests get them, (users, n_items).

    `closed`: what may not be shown to each user, besides their own history.
    """
    scores = score_block(model, histories, shared)
    live = LiveState(model)
    new = cold_item_ranks.unread_rows(live, np.arange(len(model), dtype=np.int32))
    unread = model.score_model.unread and (new & ~closed.all(axis=0)).any()
    if model.trees is None and not unread and not model.score_model.places:
        return scores
    for user in range(len(histories)):
        history = histories[user]
        open_ = ~closed[user]
        open_[history.rows] = False
        rows = np.flatnonzero(open_).astype(np.int32)
        learned, own = UserTerms.of(history, live), scores[user, rows]
        found = own + corrections(learned, rows, own)
        found += cold_item_ranks.gains(learned, open_, rows, found)
        scores[user, rows] = found + popularity_free_places.gains(learned, open_, rows, found, own)
    return scores
