"""Trend affinity: share of a user's history that belongs to a rising series."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from recsys.array_types import Mask
from recsys.ranking.history import History
from recsys.serving.live_item_labels import labels_of, rows_of
from recsys.serving.live_state import LiveState
from recsys.serving.trend_monitor import Trend
from recsys.trends.item_series_membership import ITEM, KINDS

LEAST = 0.05  # share of what somebody liked from which on they follow a label


def follows(live: LiveState, history: History, trends: Sequence[Trend]) -> list[float]:
    """Return which share of what a history likes carries each trend's label, 0 to 1.

    Of an item it is the greatest of its labels' shares; 0 for what the history has already.
    """
    liked = np.maximum(history.weights, 0).astype(np.float64)
    total, seen = max(float(liked.sum()), 1e-9), set(history.rows.tolist())
    held = {kind: labels_of(live, kind, history.rows) for kind in KINDS if kind != ITEM}

    def share(kind: str, code: int) -> float:
        place, codes = held[kind]
        return float(liked[np.unique(place[codes == code])].sum()) / total

    def of_item(row: int) -> float:
        own = np.array([row], np.int32)
        pairs = [(kind, code) for kind in held for code in labels_of(live, kind, own)[1].tolist()]
        found = [share(*pair) for pair in pairs]
        return 0.0 if row in seen else max(found, default=0.0)

    return [
        of_item(live.row(live.item_id(t.ref))) if t.kind == ITEM else share(t.kind, t.ref)
        for t in trends
    ]


def unmuted(live: LiveState, trend: Trend, muted: Mask | None) -> bool:
    """Whether anything of a trend is left to somebody who has muted some rows."""
    if muted is None:
        return True
    if trend.kind == ITEM:
        return not muted[live.row(live.item_id(trend.ref))]
    return not muted[rows_of(live, trend.kind, trend.ref)].all()
