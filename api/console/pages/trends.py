"""Trends and tone: what rises and fades, and one series over time with its forecast."""

from __future__ import annotations

import time
from typing import Literal

import numpy as np
from flask import Response

from recsys.trends.item_series_membership import KINDS
from recsys.trends.trend_model import key_of

from ...console_session import CONSOLE
from ...errors import ApiError
from ...handlers import trends_json
from ...handlers.account_names import name_authors
from ...routes.request_context import service
from ...schemas.field_types import Id, Strict
from ...schemas.trends import Kind, State
from .. import timeline_chart
from ..browser_preferences import language
from ..page_routes import routes
from ..rendering import page
from ..translations import translated

SHOWN = 60


class TrendsQuery(Strict):
    """Which trends, and of which one the course is shown."""

    kind: Kind | None = None
    state: State | None = None
    flood: Literal["1"] | None = None
    series: Kind | None = None
    id: Id | None = None


@routes.get(f"{CONSOLE}/trends", "console", query=TrendsQuery)
def trends(query: TrendsQuery) -> Response:
    """What is taken up more than expected, and the course of one series."""
    service().see_changes()
    serving = service().serving
    found = [
        one
        for one in serving.trend_monitor.trends(time.time())
        if query.kind in (None, one.kind)
        and query.state in (None, one.state)
        and one.author_burst == (query.flood is not None)
        and trends_json.shown(serving.live, one)
    ]
    rows = [trends_json.trend_json(serving, one) for one in found[:SHOWN]]
    name_authors(service(), rows)
    return page(
        "trends.html",
        "Trends and tone",
        rows=rows,
        now=trends_json.now_of(serving.live),
        query=query,
        kinds=KINDS,
        course=_course(query),
        mixture=_tone_of_all(),
    )


def _course(query: TrendsQuery) -> dict[str, object] | None:
    """Return the charts of the series that was chosen; None without one."""
    if query.series is None or query.id is None:
        return None
    found = [
        one
        for one in service().serving.trend_monitor.trends(time.time())
        if one.kind == query.series
        and trends_json.id_of(service().serving.live, one.kind, one.ref) == query.id
    ]
    if not found:
        raise ApiError(404, f"{query.series} {query.id!r} does not stand out any more")
    key = np.atleast_1d(key_of(KINDS.index(query.series), found[0].ref))
    serving = service().serving
    hours = trends_json.timeline_json(serving, query.series, key, "hour", 72)
    days = trends_json.timeline_json(serving, query.series, key, "day", 28)
    shown = trends_json.trend_json(serving, found[0])
    name_authors(service(), [shown])
    return {
        "trend": shown,
        "hours": timeline_chart.charts(hours, _),
        "days": timeline_chart.charts(days, _),
    }


def _tone_of_all() -> dict[str, object] | None:
    """Return acts and tone over all topics together by day; None without topics."""
    serving = service().serving
    topics = serving.live.model.topics
    if topics is None or not len(topics):
        return None
    keys = np.array([key_of(KINDS.index("topic"), row) for row in range(len(topics))])
    found = trends_json.timeline_json(serving, "topic", np.ravel(keys), "day", 28)
    return dict(timeline_chart.charts(found, _))


def _(key: str) -> str:
    return translated(key, language())
