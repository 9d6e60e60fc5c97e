"""TrendBoostTable: bounded boost per item that rises now, or whose label rises.

An item in a burst gets a part for itself; one whose topic, tag, category, author or names rise gets
it as far as these make up the user's history. Floods by few users and what fades get nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from recsys.array_types import Floats, Rows
from recsys.ranking.history import History
from recsys.serving.live_item_labels import labels_of
from recsys.serving.live_state import LiveState
from recsys.serving.trend_monitor import Trend, TrendMonitor
from recsys.trends.episode import FADING
from recsys.trends.item_series_membership import ITEM

WEIGHT = 0.05  # of the part at its most, in standard deviations of the scores
MOST = 6  # labels that count, the most significant
STRONG = 3.0  # natural logarithm of the lift at which a burst counts whole
NEW = 256  # posts after which it is gathered anew which items have the labels
FULL_AFFINITY_SHARE = 0.5  # share of a history from which on one follows a label wholly


@dataclass(frozen=True, slots=True)
class TrendBoostTable:
    """What rises, the same for all requests until something else does."""

    items: Rows  # ascending
    own: Floats  # (items,): strengths, 0..1
    labels: tuple[tuple[str, int, float], ...]  # kind, code, strength
    label_strengths: Floats  # (labels, size): the strength where an item has the label
    weight: float  # of the part at its most, in standard deviations of the scores

    @classmethod
    def of(
        cls, live: LiveState, trends: Sequence[Trend], weight: float = WEIGHT
    ) -> TrendBoostTable | None:
        """Gather what trends say; None where nothing rises."""
        real = _real(trends)
        own = {live.row(live.item_id(t.ref)): _strength(t) for t in real if t.kind == ITEM}
        labels = tuple((t.kind, t.ref, _strength(t)) for t in real if t.kind != ITEM)[:MOST]
        if not own and not labels:
            return None
        rows: Rows = np.arange(live.size, dtype=np.int32)
        label_strengths = np.zeros((len(labels), len(rows)), np.float32)
        held = {kind: labels_of(live, kind, rows) for kind in {kind for kind, _, _ in labels}}
        for number, (kind, code, strength) in enumerate(labels):
            place, codes = held[kind]
            label_strengths[number, place[codes == code]] = strength
        items = np.array(sorted(own), np.int32)
        strengths = np.array([own[row] for row in items.tolist()], np.float32)
        return cls(items, strengths, labels, label_strengths, weight)

    def followed(self, history: History) -> Floats:
        """Return how far a user follows each label, (labels,), 0..1."""
        liked = np.maximum(history.weights, 0)
        known = history.rows < self.label_strengths.shape[1]
        if not len(self.labels) or not liked[known].any():
            return np.zeros(len(self.labels), np.float32)
        has = self.label_strengths[:, history.rows[known]] > 0
        share = has @ liked[known] / max(float(liked.sum()), 1e-9)
        return np.asarray(np.minimum(share / FULL_AFFINITY_SHARE, 1.0), np.float32)

    def strengths(self, followed: Floats, rows: Rows) -> Floats:
        """Return the part of some rows, (n,), 0..1: the sum of all, cut off at 1."""
        found = np.zeros(len(rows), np.float32)
        inside = rows < self.label_strengths.shape[1]
        active = np.flatnonzero(followed)
        if len(active):
            found[inside] = followed[active] @ self.label_strengths[np.ix_(active, rows[inside])]
        if len(self.items):
            place = np.minimum(np.searchsorted(self.items, rows), len(self.items) - 1)
            found += np.where(self.items[place] == rows, self.own[place], 0.0)
        return np.minimum(found, np.float32(1.0))


class TrendBoostCache:
    """Follows a watch; gathers anew when what stands out has changed."""

    def __init__(self, trend_monitor: TrendMonitor | None, weight: float) -> None:
        self.trend_monitor = trend_monitor if weight > 0 else None
        self.weight = weight
        self._seen: tuple[Trend, ...] = ()
        self._about: object = None  # what of it matters
        self._rising: TrendBoostTable | None = None

    def flooded(self) -> frozenset[int]:
        """Return the rows that a flood makes loud, as the watch saw it last."""
        return (
            frozenset()
            if self.trend_monitor is None
            else flooded(self.trend_monitor.live, self.trend_monitor.seen)
        )

    def now(self) -> TrendBoostTable | None:
        """Return what rises, as the watch saw it last; None without a watch."""
        if self.trend_monitor is None:
            return None
        seen, live = self.trend_monitor.seen, self.trend_monitor.live
        if seen is not self._seen:
            real = [(t.kind, t.ref, round(_strength(t), 1)) for t in _real(seen)]
            about = (real, live.size // NEW)
            if about != self._about:
                self._rising = TrendBoostTable.of(live, seen, self.weight)
            self._seen, self._about = seen, about
        return self._rising


def flooded(live: LiveState, trends: Sequence[Trend]) -> frozenset[int]:
    """Return the rows that are loud by many acts of few users."""
    return frozenset(
        live.row(live.item_id(t.ref)) for t in trends if t.kind == ITEM and t.author_burst
    )


def _real(trends: Sequence[Trend]) -> list[Trend]:
    return [t for t in trends if not t.author_burst and t.state != FADING]


def _strength(trend: Trend) -> float:
    return float(np.clip(np.log(max(trend.lift, 1.0)) / STRONG, 0.0, 1.0))
