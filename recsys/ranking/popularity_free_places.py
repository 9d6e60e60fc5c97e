"""Personal places: the last places of every ten are filled by the personal part of the score.

A learned score ranks by popularity and trend mostly, so that lists of different users share their
items. The last `ScoreModel.places` places of every ten are filled by the order of the score without
popularity and trend (see `recsys.tuning.accuracy_personalization_frontier`), from the best `POOL`
rows of the whole score.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from recsys.array_types import Floats, Mask, Rows
from recsys.ranking.terms.registry import TERMS
from recsys.ranking.user_term_scores import UserTerms

EVERY = 10  # places of which the last ones are personal
POOL = 200  # rows by the whole score that personal places are filled from
UPTAKE = ("popularity", "exposure_age")  # terms that the personal part leaves out


def filled(
    order: NDArray[np.intp], own: NDArray[np.intp], places: int, depth: int | None = None
) -> NDArray[np.intp]:
    """Return the first `depth` candidates of a list (None: all), each once.

    `order`: candidates by the whole score, best first, numbers from 0 to n - 1. `own`: the same
    candidates by the personal part. `places`: of every ten, the last ones that are filled by `own`.
    """
    lines = (order.tolist(), own.tolist())
    used, at = [False] * len(order), [0, 0]
    found = np.empty_like(order[:depth])
    for place in range(len(found)):
        which = int(place % EVERY >= EVERY - places)
        line = lines[which]
        while used[line[at[which]]]:
            at[which] += 1
        found[place] = line[at[which]]
        used[found[place]] = True
    return found


def gains(
    learned: UserTerms,
    mask: Mask,
    rows: Rows,
    scores: Floats,
    own: Floats | None = None,
    now: float = np.inf,
) -> Floats:
    """Return what takes rows to the scores of their personal places, (rows,); no score falls.

    `mask`: (size,) or shorter, rows that may be shown. `rows`: ascending, the best of these by
    score among them. `scores`: of these rows, corrections included. `own`: the scores that the
    personal part is taken from; None: `scores`. `now`: Unix seconds, infinity: the last event.
    All 0 for a user without a positive event.
    """
    found = np.zeros(len(rows), np.float32)
    places = learned.neighbours.score_model.places
    if not places or not (learned.history.weights > 0).any():
        return found
    open_ = np.flatnonzero((rows < len(mask)) & mask[np.minimum(rows, len(mask) - 1)])
    if len(open_) > POOL:
        floor = np.partition(scores[open_], len(open_) - POOL)[len(open_) - POOL]
        open_ = open_[scores[open_] >= floor]
    best = open_[np.lexsort((rows[open_], -scores[open_]))][:POOL]
    if len(best) <= EVERY - places:
        return found
    personal = (scores if own is None else own)[best] - uptake(learned, rows[best], now)
    line = filled(np.arange(len(best)), np.argsort(-personal, kind="stable"), places)
    rises = (np.arange(len(line)) % EVERY >= EVERY - places).tolist()
    return gains_of_order(best[line].tolist(), rises, scores)


def gains_of_order(line: Sequence[int], rises: Sequence[bool], scores: Floats) -> Floats:
    """Return what puts candidates into an order, (candidates,): just above the place below them.

    `line`: candidates, the first place first. `rises`: of each place, whether its candidate may be
    raised. `scores`: of all candidates; those not in `line` gain nothing.
    """
    found = np.zeros(len(scores), np.float32)
    after = np.float32(-np.inf)  # score of the place below
    for candidate, may_rise in zip(reversed(line), reversed(rises), strict=True):
        if may_rise and scores[candidate] <= after:
            after = after + 2 * np.spacing(np.abs(after))
            found[candidate] = after - scores[candidate]
        else:
            after = scores[candidate]
    return found


def uptake(learned: UserTerms, rows: Rows, now: float = np.inf) -> Floats:
    """Return what popularity and trend add to the scores of rows, (rows,), up to a constant."""
    total = np.zeros(len(rows), np.float32)
    for term in TERMS:
        bound = learned.terms.get(term.name) if term.name in UPTAKE else None
        if bound is None:
            continue
        if len(weights := bound.feature_weights):
            total += weights @ term.item_features(learned.live, rows, now)
        if bound.scores_rows:
            total += bound.score(rows)
    return total
