"""Followed places: somebody with a short history sees new items of those whom they follow.

A follow says more than a cold user's few acts, yet a post of an hour has no uptake that a score
could go by. Where fewer than `LEAST` of the first `EVERY` places hold new items of followees, the
best of them by score take the places `PLACES`. A prior that no night learns: it ends with the
history.
"""

from __future__ import annotations

import numpy as np

from recsys.array_types import Floats, Mask, Rows
from recsys.ranking.popularity_free_places import gains_of_order
from recsys.ranking.request_scorer import Request
from recsys.ranking.terms.control_boosts import UserControls

LEAST = 3  # new items of followees among the first places
EVERY = 20  # places
PLACES = (3, 9, 15)  # from 0, which they take; the last of them where fewer are missing
LONGEST = 10  # items in favour from which on a history speaks for itself
NEW_SECONDS = 14 * 86_400.0
MOST = 50  # newest items of followees that are scored


def contenders(request: Request, mask: Mask) -> Rows:
    """Return the newest rows by followees that may be shown, ascending; none for long histories."""
    controls = request.term(UserControls)
    if controls is None or not controls.followed:
        return np.zeros(0, np.int32)
    if int((request.history.weights > 0).sum()) >= LONGEST:
        return np.zeros(0, np.int32)
    rows, live = controls.followed_rows, request.live
    rows = rows[rows < len(mask)]
    created = live.created[rows]
    new = mask[rows] & (created >= live.clock() - NEW_SECONDS)
    rows = rows[new]
    if len(rows) > MOST:
        rows = rows[np.argpartition(-created[new], MOST)[:MOST]]
    return np.sort(rows)


def may_be_raised(request: Request, rows: Rows) -> Mask:
    """Return which rows a followed place may have raised: new ones by followees, (rows,)."""
    if request.term(UserControls) is None:
        return np.zeros(len(rows), bool)
    return np.isin(rows, contenders(request, np.ones(request.size, bool)))


def gains(request: Request, mask: Mask, rows: Rows, scores: Floats) -> Floats:
    """Return what takes rows to the scores of their places, (rows,); no score falls.

    `mask`: (size,) or shorter, rows that may be shown. `rows`: ascending. `scores`: of these rows,
    other corrections included.
    """
    found = np.zeros(len(rows), np.float32)
    raised = contenders(request, mask)
    own = np.flatnonzero(np.isin(rows, raised)) if len(raised) else np.zeros(0, np.intp)
    if not len(own):
        return found
    open_ = np.flatnonzero((rows < len(mask)) & mask[np.minimum(rows, len(mask) - 1)])
    best = open_[np.lexsort((rows[open_], -scores[open_]))][: EVERY + LEAST]
    first = best[:EVERY]
    missing = LEAST - int(np.isin(first, own).sum())
    later = own[~np.isin(own, first)]
    later = later[np.lexsort((rows[later], -scores[later]))][: max(missing, 0)]
    if not len(later):
        return found
    line = [place for place in best.tolist() if place not in set(later.tolist())]
    for place, row in zip(PLACES[-len(later) :], later.tolist(), strict=True):
        line.insert(min(place, len(line)), row)
    moved = set(later.tolist())
    return gains_of_order(line, [place in moved for place in line], scores)
