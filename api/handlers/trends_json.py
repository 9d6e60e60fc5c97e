"""JSON of trends, timelines and entities."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recsys.ranking import user_controls
from recsys.ranking.history import History, interactions
from recsys.ranking.trend_affinity import LEAST, follows, unmuted
from recsys.serving.live_item_labels import labels_of, name_of, rows_of
from recsys.serving.live_state import LiveState
from recsys.serving.topic_example_titles import titles_by_row
from recsys.serving.trend_monitor import Trend, moment
from recsys.serving.trend_timeline import Timeline, read_timeline
from recsys.store.user_controls import blocks_by_others
from recsys.trends.item_series_membership import ITEM, KINDS
from recsys.trends.series import HOUR, Hours
from recsys.trends.trend_model import key_of

from ..runtime.app_state import AppState
from ..runtime.served_model import ServedModel
from . import list_pagination
from .ingestion import missing

_LENGTHS = {"hour": (1, 72), "day": (24, 28)}  # hours of a stretch, and stretches shown
_DAYS = 28  # at most; what is older is not kept
_LATEST = 20


def now_of(live: LiveState) -> float | None:
    """Return what time it is for trends; None where nothing is known of time."""
    return moment(live, time.time()) if live.recent_activity.newest else None


def id_of(live: LiveState, kind: str, ref: int) -> str:
    """Return what callers call a series: a topic's id, any other's name."""
    if kind == "topic" and live.model.topics is not None:
        return str(live.model.topics.ids[ref])
    return name_of(live, kind, ref)


def trend_json(serving: ServedModel, trend: Trend) -> dict[str, Any]:
    """Return a trend as JSON knows it; of an item with the item.

    Figures of fewer users than RECSYS_MIN_PEOPLE are None.
    """
    live, least = serving.live, serving.min_people
    few = trend.effective_users < least

    def rounded(figure: float, digits: int = 2) -> float | None:
        return None if few else round(figure, digits)

    found: dict[str, Any] = {
        "kind": trend.kind,
        "id": id_of(live, trend.kind, trend.ref),
        "name": _called(live, trend),
        "titles": titles_by_row(live, trend.ref) if trend.kind == "topic" else [],
        "state": trend.state,
        "significance": rounded(trend.significance),
        "flood": trend.author_burst,
        "window_hours": trend.window,
        "events": rounded(trend.acts, 6),
        "people": rounded(trend.effective_users, 1),
        "expected": round(trend.expected, 3),
        "lift": rounded(trend.lift),
        "start": HOUR * trend.start,
        "peak": HOUR * trend.peak,
        "last_24_hours": [
            None if unique_users < least else unique_users for unique_users in trend.unique_users
        ],
    }
    if trend.kind == ITEM:
        found["item"] = list_pagination.document(serving, live.item_id(trend.ref), None)
    return found


def _called(live: LiveState, trend: Trend) -> str:
    if trend.kind != ITEM:
        return name_of(live, trend.kind, trend.ref)
    known = live.document(live.row(live.item_id(trend.ref)))
    return str(known.get("title") or known.get("text") or known["item_id"])[:200]


def shown(live: LiveState, trend: Trend) -> bool:
    """Whether a trend may be shown: its item is there, and its topic, which a bundle may drop."""
    if trend.kind != ITEM:
        return True
    row = live.row(live.item_id(trend.ref))
    return bool(live.listing.at(live.clock())[row])


def followed_by(service: AppState, user_id: str, trends: Sequence[Trend]) -> dict[Trend, float]:
    """Return those of some trends that lie in what a user follows, and how far; 404 for nobody.

    What is muted or forgotten takes no part.
    """
    with service.link.use() as store:
        user = store.user(user_id)
        unseen = blocks_by_others(store.ties_of(user_id).blocked_by)
        controls = [*store.controls_of(user_id), *unseen]
        events = store.history(user_id, but=service.settings.weights.unheeded(store.kinds()))
    if user is None:
        raise missing("user")
    live = service.serving.live
    done = user_controls.without_forgotten(
        live, interactions(events, service.comment_scorer), controls
    )
    shares = follows(live, History.resolve(done, live), trends)
    hidden = user_controls.muted(live, controls, live.size)
    return {
        trend: round(share, 4)
        for trend, share in zip(trends, shares, strict=True)
        if share >= LEAST and unmuted(live, trend, hidden)
    }


def timeline_json(
    serving: ServedModel, kind: str, keys: Hours, resolution: str, last: int | None
) -> dict[str, Any]:
    """Return the points and the forecast of some series taken together."""
    per, usual = _LENGTHS[resolution]
    stretches = min(last or usual, _DAYS * 24 // per)
    live = serving.live
    with serving.feed.ranking:
        found = read_timeline(live, time.time(), keys, stretches, per)
    trends = [t for t in serving.trend_monitor.trends(time.time()) if t.kind == kind]
    own = next((t for t in trends if int(key_of(KINDS.index(kind), t.ref)) in keys), None)
    shown = {"resolution": resolution, "trend": trend_json(serving, own) if own else None}
    if found is None:
        return {"points": [], "forecast": [], **shown}
    few = found.people < serving.min_people
    unsaid = few | np.isnan(found.sentiment)
    past = (
        found.hours,
        found.acts,
        found.unique_users,
        found.expected,
        found.sentiment,
        few,
        unsaid,
    )
    coming = (found.ahead, found.mean, found.low, found.high)
    return {
        "points": [
            {
                "time": HOUR * hour,
                "events": None if hidden else acts,
                "people": None if hidden else unique_users,
                "expected": round(expected, 3),
                "tone": None if silent else round(tone, 3),
            }
            for hour, acts, unique_users, expected, tone, hidden, silent in zip(
                *(c.tolist() for c in past), strict=True
            )
        ],
        "forecast": [
            {"time": HOUR * hour, "expected": round(mean, 3), "low": low, "high": high}
            for hour, mean, low, high in zip(*(c.tolist() for c in coming), strict=True)
        ],
        **shown,
    }


def entity_sizes(live: LiveState) -> NDArray[np.int64]:
    """Return how many items that may be shown have each name, by code."""
    rows = np.flatnonzero(live.listed()).astype(np.int32)
    _, codes = labels_of(live, "entity", rows)
    return np.bincount(codes, minlength=len(live.mentions)).astype(np.int64)


def entity_json(serving: ServedModel, code: int) -> dict[str, Any]:
    """Return a name with what is known of it."""
    live, mention = serving.live, serving.live.mentions.mention(code)
    rows = rows_of(live, "entity", code)
    listed = live.listed()
    rows = rows[rows < len(listed)]
    rows = rows[listed[rows]]
    newest = rows[np.lexsort((rows, np.nan_to_num(live.created[rows], nan=-np.inf)))[::-1]]
    key = np.atleast_1d(key_of(KINDS.index("entity"), code))
    line = read_timeline(live, time.time(), key, 24)
    trends = serving.trend_monitor.trends(time.time())
    own = next((t for t in trends if (t.kind, t.ref) == ("entity", code)), None)
    return {
        "name": mention.name,
        "kind": mention.kind,
        "items": len(rows),
        "related": _related(live, code),
        "latest": [
            {"item_id": live.item_id(row), "title": _title(live, row)}
            for row in newest[:_LATEST].tolist()
        ],
        "last_24_hours": _last_day(line, serving.min_people),
        "trend": trend_json(serving, own) if own else None,
    }


def _last_day(line: Timeline | None, least: int) -> float | None:
    if line is None or line.people.max(initial=0.0) < least:
        return None
    return float(line.acts.sum())


def _related(live: LiveState, code: int) -> list[dict[str, Any]]:
    entities = live.model.entities
    edges = [] if entities is None else entities.relations.of(code)
    return [
        {"name": other.name, "kind": other.kind, "items": count, "lift": round(lift, 2)}
        for number, count, lift in edges
        for other in [live.mentions.mention(number)]
    ]


def _title(live: LiveState, row: int) -> str:
    known = live.document(row)
    return str(known.get("title") or known.get("text") or known["item_id"])[:200]
