"""/trends and timelines: rising and fading series, and activity over time."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from recsys.serving.topic_example_titles import titles_of_unnamed
from recsys.serving.trend_monitor import Trend
from recsys.trends.item_series_membership import KINDS
from recsys.trends.trend_model import key_of

from ..handlers import list_pagination, trends_json
from ..handlers.account_names import name_authors
from ..handlers.ingestion import missing
from ..http.endpoint_declaration import Routes
from ..runtime.request_audit import LIST
from ..schemas.trends import Timeline, TimelineQuery, Trends, TrendsQuery
from .request_context import service

routes = Routes("trends")


@routes.get(
    "/trends",
    "lists",
    own="query.user?",
    query=TrendsQuery,
    answers=Trends,
    fails=(404, 409),
    unaudited=LIST,
)
def page(query: TrendsQuery) -> dict[str, Any]:
    """Items, topics, tags and names that users take up more than expected, and floods.

    Counts per hour are compared with what hour and weekday, the level of the last weeks and the
    tide of the whole platform let expect. Chance is controlled over all series of a kind. With
    `user`, what rises in what somebody follows; nothing muted is in it.
    """
    service().see_changes()
    serving = service().serving
    found = [
        t
        for t in serving.trend_monitor.trends(time.time())
        if _matches(t, query) and trends_json.shown(serving.live, t)
    ]
    shares: dict[Trend, float] = {}
    if query.user is not None:
        shares = trends_json.followed_by(service(), query.user, found)
        found = [trend for trend in found if trend in shares]
    places, more = list_pagination.part([_name(t) for t in found], query.after, query.n, "trend")
    shown = found[places]
    trends = [
        {**trends_json.trend_json(serving, trend), "followed": shares.get(trend)} for trend in shown
    ]
    name_authors(service(), trends)
    return {
        "model_version": serving.version,
        "now": trends_json.now_of(serving.live),
        "trends": trends,
        "next": list_pagination.following("/trends", query, _name(shown[-1])) if more else None,
    }


def _matches(trend: Trend, query: TrendsQuery) -> bool:
    return (
        trend.author_burst == query.flood
        and query.kind in (None, trend.kind)
        and query.state in (None, trend.state)
        and trend.significance >= query.min_significance
    )


def _name(trend: Trend) -> str:
    return f"{trend.kind}-{trend.ref}"


@routes.get(
    "/topics/<int:topic_id>/timeline",
    "lists",
    own="nobody",
    query=TimelineQuery,
    answers=Timeline,
    fails=(404,),
)
def topic(topic_id: int, query: TimelineQuery) -> dict[str, Any]:
    """Interactions with a topic or a group of topics, by hour or day, and a forecast.

    The forecast covers 24 hours; four in five outcomes lie between `low` and `high`.
    """
    service().see_changes()
    serving = service().serving
    topics = serving.live.model.topics
    rows = None if topics is None else topics.rows.get(topic_id)
    if topics is None or rows is None:
        raise missing("topic")
    upper = topic_id in topics.parent_ids
    name = topics.parent_name(topics.parent_ids.index(topic_id)) if upper else topics.name(rows[0])
    keys = key_of(KINDS.index("topic"), rows)
    found = trends_json.timeline_json(serving, "topic", keys, query.resolution, query.last)
    return {
        "model_version": serving.version,
        "kind": "topic",
        "id": str(topic_id),
        "name": name,
        "titles": titles_of_unnamed(serving.live, str(topic_id)),
        **found,
    }


@routes.get(
    "/entities/<id:name>/timeline",
    "lists",
    own="nobody",
    query=TimelineQuery,
    answers=Timeline,
    fails=(404,),
)
def entity(name: str, query: TimelineQuery) -> dict[str, Any]:
    """Interactions with the items that name an entity, by hour or day, and a forecast."""
    service().see_changes()
    serving = service().serving
    code = serving.live.mentions.code(name)
    if code < 0:
        raise missing("entity")
    keys = np.atleast_1d(key_of(KINDS.index("entity"), code))
    shown = serving.live.mentions.mention(code).name
    found = trends_json.timeline_json(serving, "entity", keys, query.resolution, query.last)
    return {"model_version": serving.version, "kind": "entity", "id": shown, "name": shown, **found}
