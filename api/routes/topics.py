"""/topics: topics of the catalogue."""

from __future__ import annotations

from typing import Any

from ..handlers import list_pagination
from ..handlers.ingestion import missing
from ..handlers.topics_json import Overview
from ..http.endpoint_declaration import Routes
from ..schemas.topics import Topic, Topics, TopicsQuery
from .request_context import language, service

routes = Routes("topics")

_FEW, _MORE = 3, 20  # items that stand for a topic, in the list of topics and alone


@routes.get("/topics", "lists", own="nobody", query=TopicsQuery, answers=Topics, fails=(409,))
def page(query: TopicsQuery) -> dict[str, Any]:
    """Topics of the catalogue on one of two levels, those of the most items first."""
    service().see_changes()
    serving = service().serving
    overview = Overview.of(serving.live, language(None))
    ids = overview.ordered(query.level, query.parent) if overview else []
    places, more = list_pagination.part(ids, query.after, query.n, "topic")
    shown = ids[places]
    return {
        "model_version": serving.version,
        "topics": [overview.document(id, _FEW) for id in shown] if overview else [],
        "next": list_pagination.following("/topics", query, shown[-1]) if more else None,
    }


@routes.get("/topics/<int:topic_id>", "lists", own="nobody", answers=Topic, fails=(404,))
def one(topic_id: int) -> dict[str, Any]:
    """A topic or a group of topics, with typical items."""
    service().see_changes()
    overview = Overview.of(service().serving.live, language(None))
    found = overview.document(topic_id, _MORE) if overview else None
    if found is None:
        raise missing("topic")
    return found
