"""Explanation: decomposition of one score for one user, with counterfactuals.

The score is the one a list shows: the same request, the same candidates, the same corrections. The
base is computed from the score model, not as what is left over, so that parts and base check the
score.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from recsys.array_types import Floats, Mask, Rows
from recsys.explain.score_parts import base
from recsys.ranking.candidates import candidates
from recsys.ranking.gbdt_rerank import POOL
from recsys.ranking.query import Query, Reason
from recsys.recommender import Recommender, Scored

TRIED = 40  # history items that are left out in turn: those that give most, and the latest


@dataclass(frozen=True, slots=True)
class Change:
    """What the score would be without one item of the history, computed by scoring without it."""

    item_id: str
    score: float  # without it
    drop: float  # positive: it would be lower


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why one item has its score for one user."""

    item_id: str
    score: float
    base: float  # of an item that is average in everything
    rank: int | None  # among all that may be shown, diversity aside; None: not among the best
    open_rank: int | None  # the same as if it might be shown, whatever closes it
    closed: str  # why it is not shown at all, see Recommender.closed; empty: it may be
    parts: tuple[Reason, ...]  # every one, the largest first; shares are of what speaks for it
    reasons: tuple[Reason, ...]  # as in a list
    change: Change | None  # the history item whose absence lowers the score most; None: none does
    tried: int  # history items that were left out in turn

    @property
    def speaking(self) -> float:
        """The sum of all positive parts, which shares are of."""
        return sum(part.value for part in self.parts if part.value > 0)


def explain(
    service: Recommender, query: Query, item_id: str, between: Callable[[], None] = lambda: None
) -> Explanation:
    """Take the score of an item apart, as `service.recommend(query)` gives it.

    KeyError for an unknown item. What is seen, muted or gone is scored as if it might be
    shown. `between` is called between tries, so that waiting requests get a turn.
    """
    row = service.live.row(item_id)
    if row < 0:
        raise KeyError(item_id)
    scored, mask = _scored(service, query, row)
    one = np.array([row], np.int32)
    found = service.with_reasons(replace(query, explain=False), scored, one)[0]
    parts = sorted(service.parts(scored, row), key=lambda part: -abs(part.value))
    positive = sum(part.value for part in parts if part.value > 0) or 1.0
    shares = tuple(part._replace(share=part.value / positive) for part in parts)
    rank = _rank(scored, mask, row)
    change, tried = _change(service, query, row, found.score, parts, between)
    return Explanation(
        item_id,
        found.score,
        base(scored.request),
        rank if mask[row] else None,
        rank,
        service.closed(query, scored.request, row),
        shares,
        found.reasons,
        change,
        tried,
    )


def _scored(service: Recommender, query: Query, row: int) -> tuple[Scored, Mask]:
    request = service.request(query)
    mask = service.open(query, request)[: request.size]
    rows, scores = candidates(request, mask, max(POOL, 3 * (query.offset + query.n)))
    place = int(np.searchsorted(rows, row))
    if place == len(rows) or rows[place] != row:
        one: Rows = np.array([row], np.int32)
        rows = np.insert(rows, place, row).astype(np.int32)
        scores = np.insert(scores, place, request.scores(one)[0]).astype(np.float32)
    return service.corrected(request, mask, rows, scores), mask


def _rank(scored: Scored, mask: Mask, row: int) -> int | None:
    """Return the rank by score among what may be shown, where all that is better was looked at.

    Of equal scores the smaller row comes first, as in a list. A row that may not be shown gets
    the rank that it would have.
    """
    own = scored.scores[scored.place(row)]
    open_ = mask[scored.rows]
    scores: Floats = scored.scores[open_]
    ahead = (scores > own) | ((scores == own) & (scored.rows[open_] < row))
    rank = int(ahead.sum()) + 1
    return rank if rank <= POOL or len(scores) == int(mask.sum()) else None


def _change(
    service: Recommender,
    query: Query,
    row: int,
    score: float,
    parts: Sequence[Reason],
    between: Callable[[], None],
) -> tuple[Change | None, int]:
    giving = [part.item_id for part in parts if part.kind == "because_you" and part.item_id]
    latest = [one.item_id for one in query.history[::-1]]
    known = set(giving)
    order = [*giving[: TRIED // 2], *(item for item in latest if item in known), *giving]
    tried = list(dict.fromkeys(order))[:TRIED]
    found = []
    for item in tried:
        between()
        found.append(_without(service, query, row, score, item))
    best = max(found, key=lambda change: change.drop, default=None)
    return (best if best is not None and best.drop > 0 else None), len(tried)


def _without(service: Recommender, query: Query, row: int, score: float, item_id: str) -> Change:
    kept = tuple(one for one in query.history if one.item_id != item_id)
    out = query.exclude | {item_id}  # what was seen would not be shown again: the pool stays
    scored, _ = _scored(service, replace(query, history=kept, exclude=out), row)
    after = float(scored.scores[scored.place(row)])
    return Change(item_id, after, score - after)


def by_label(
    explanation: Explanation, labels: Sequence[tuple[str, str | None]]
) -> dict[str, tuple[float, list[str]]]:
    """Return what the history gives, gathered by label: (value, items), most first.

    `labels`: (item id, label) of the history's items; what has no label is left out.
    """
    known = dict(labels)
    found: dict[str, tuple[float, list[str]]] = {}
    for part in explanation.parts:
        label = known.get(part.item_id or "") if part.kind == "because_you" else None
        if label is not None and part.item_id is not None:
            value, items = found.get(label, (0.0, []))
            found[label] = (value + part.value, [*items, part.item_id])
    return dict(sorted(found.items(), key=lambda pair: -pair[1][0]))
