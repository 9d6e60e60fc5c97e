"""Candidate selection: the best rows and their scores without scoring the whole catalogue.

What a history's neighbours point at is scored row by row. All else is linear in what items bring
along, so blocks of items are opened by the most that they can hold, until no closed one can hold
anything better: branch and bound. Only word vectors and behaviour factors have no such bound: there
an index proposes, and the result is as good as the index.
"""

from __future__ import annotations

import numpy as np

from recsys.array_types import Floats, Mask, Rows
from recsys.index.inner_product_bounds import TruncatedVectors
from recsys.ranking import followed_places
from recsys.ranking.cold_item_ranks import contenders
from recsys.ranking.gbdt_rerank import best_places
from recsys.ranking.joined_queries import proposed_rows
from recsys.ranking.request_scorer import Request
from recsys.ranking.text_scores import text_scores

FEW = 20_000  # rows that are scored outright
OPENED = 4  # blocks opened at first, then twice as many each time
NEAR = 400  # rows that an index of words proposes


def candidates(request: Request, mask: Mask, k: int) -> tuple[Rows, Floats]:
    """Return rows, ascending, and their scores: the best `k` that may be shown, and some more.

    `mask`: which rows may be shown. Raises FloatingPointError when a score is not finite.
    """
    open_ = int(np.count_nonzero(mask))
    model = request.live.model
    if open_ > max(FEW, 4 * k) and (model.joined or model.index or not request.words.any()):
        bounds = request.bounds()
    else:
        bounds = np.zeros(0, np.float32)
    if not len(bounds) or not np.isfinite(bounds).all():  # few rows, or a term without a bound
        rows: Rows = np.flatnonzero(mask).astype(np.int32)
        if request.fronts is not None and 4 * k < len(rows) and request.words.any():
            return _by_fronts(request, request.fronts, mask, rows, k)
        return rows, _finite(request, request.scores(rows))
    wider = max(k, NEAR)
    rows, scores = _without_index(request, mask, wider if request.indexed else k, bounds)
    if request.indexed:
        rows, scores = _with_index(request, mask, rows, scores, wider)
    rows, scores = _with_contenders(request, mask, rows, scores, k)
    order = np.argsort(rows)
    return rows[order], _finite(request, scores[order])


def _with_contenders(
    request: Request, mask: Mask, rows: Rows, scores: Floats, k: int
) -> tuple[Rows, Floats]:
    """Return rows and scores with the unread rows added that may come among the best `k`."""
    unread, followed = (
        contenders(request.learned, mask, k),
        followed_places.contenders(request, mask),
    )
    if not len(unread) and not len(followed):
        return rows, scores
    new = np.union1d(unread, followed)
    new = new[~np.isin(new, rows)].astype(np.int32)
    if not len(new):
        return rows, scores
    return np.concatenate([rows, new]), np.concatenate([scores, request.scores(new)])


def _by_fronts(
    request: Request, fronts: TruncatedVectors, mask: Mask, rows: Rows, k: int
) -> tuple[Rows, Floats]:
    """Return those of some rows, ascending, that may be among the best `k`, with their scores.

    The words of all are looked at in front only; of those that this leaves in doubt, whole.
    """
    words, scores = request.words, request.scores_without_words(rows)
    near, off = fronts.products(words)
    known = int(np.searchsorted(rows, len(fronts)))
    later = text_scores(request.live, words, rows[known:])
    guess = _finite(request, scores + np.concatenate([near[rows[:known]], later]))
    off = np.concatenate([off[rows[:known]], np.zeros_like(later)])
    in_doubt = guess + off >= _kth(guess - off, k)
    for raised in (contenders(request.learned, mask, k), followed_places.contenders(request, mask)):
        in_doubt[np.searchsorted(rows, raised)] = True  # all of them are among the rows
    kept = np.flatnonzero(in_doubt)
    return rows[kept], _finite(request, scores[kept] + request.word_scores(rows[kept], words))


def _without_index(request: Request, mask: Mask, k: int, bounds: Floats) -> tuple[Rows, Floats]:
    """Return the best `k` by `scores_without_index`, and whatever else was looked at."""
    pointed = request.exceptions()
    left = mask.copy()  # not looked at yet
    left[pointed] = False
    pointed = pointed[mask[pointed]]
    rows, scores = [pointed], [request.scores_without_index(pointed)]
    floor = _kth(scores[0], k)
    order, width = np.argsort(-bounds), OPENED
    while len(order) and bounds[order[0]] >= floor:
        opened = request.block(order[:width])
        opened = opened[left[opened]]
        rows.append(opened)
        scores.append(request.scores_without_index(opened))
        floor = max(floor, _kth(np.concatenate(scores), k))
        order, width = order[width:], 2 * width
    return np.concatenate(rows), np.concatenate(scores)


def _with_index(
    request: Request, mask: Mask, rows: Rows, scores: Floats, k: int
) -> tuple[Rows, Floats]:
    """Return the whole scores of the best without an index, and of those that one proposes."""
    model = request.live.model
    kept = rows[best_places(rows, scores, k)]
    if model.joined is not None:
        near = proposed_rows(request.learned, request.words, k)
    elif model.index is not None:
        near = model.index.search(request.words[None], k)[0][0]
        near = near[near >= 0]
    else:
        return kept, request.scores(kept)
    near = np.concatenate([near, request.newer_than_index()])
    both = np.union1d(kept, near[mask[near]]).astype(np.int32)
    return both, request.scores(both)


def _kth(scores: Floats, k: int) -> float:
    if len(scores) < k:
        return -np.inf
    return float(np.partition(scores, len(scores) - k)[len(scores) - k])


def _finite(request: Request, scores: Floats) -> Floats:
    if not np.isfinite(scores).all():
        version = request.live.model.version
        raise FloatingPointError(f"bundle {version} gave a score that is not finite")
    return scores
