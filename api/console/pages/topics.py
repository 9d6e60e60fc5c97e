"""Topics: the map of all, and one with its items and its activity over time."""

from __future__ import annotations

from typing import Any

from flask import Response

from ...console_session import CONSOLE
from ...errors import ApiError
from ...handlers.topics_json import LOWER, Overview
from ...routes.request_context import service
from ...routes.trends_and_timelines import topic as timeline
from ...schemas.trends import TimelineQuery
from .. import timeline_chart, topic_map
from ..browser_preferences import language
from ..page_routes import routes
from ..rendering import page
from ..translations import translated

ITEMS = 20


@routes.get(f"{CONSOLE}/topics", "console")
def topics() -> Response:
    """All topics on a map and in a table, the largest first."""
    service().see_changes()
    serving = service().serving
    overview = Overview.of(serving.live)
    if overview is None:
        return page("topics.html", "Topics", map="", rows=[])
    documents = {id: overview.document(id, 0) or {} for id in overview.ordered(LOWER)}
    known = overview.topics
    sizes = [int(documents[id]["size"]) for id in known.ids]
    names = [called(documents[id]) for id in known.ids]
    drawn = topic_map.drawn(known, sizes, names, _("Map of topics"))
    return page("topics.html", "Topics", map=drawn, rows=list(documents.values()), called=called)


@routes.get(f"{CONSOLE}/topics/<int:topic>", "console")
def topic(topic: int) -> Response:
    """One topic, or a group of topics: items, neighbours, activity and tone over time."""
    service().see_changes()
    overview = Overview.of(service().serving.live, language())
    found = overview.document(topic, ITEMS) if overview else None
    if found is None:
        raise ApiError(404, f"there is no topic {topic}")
    hours = timeline(topic, TimelineQuery.model_construct(resolution="hour", last=72))
    days = timeline(topic, TimelineQuery.model_construct(resolution="day", last=28))
    return page(
        "topic.html",
        "Topic",
        topic=found,
        name=called(found),
        called=called,
        hours=timeline_chart.charts(hours, _),
        days=timeline_chart.charts(days, _),
        trend=days["trend"],
    )


def called(found: dict[str, Any]) -> str:
    """Return what to call a topic: its name, else items that stand for it, else its number."""
    titles = " · ".join(found.get("titles") or [])
    return str(found.get("name") or titles or f"#{found.get('id', '')}")


def _(key: str) -> str:
    return translated(key, language())
