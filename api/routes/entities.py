"""/entities: entities named in the texts of items."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..handlers import list_pagination, trends_json
from ..handlers.ingestion import missing
from ..http.endpoint_declaration import Routes
from ..schemas.trends import Entities, EntitiesQuery, EntityPage
from .request_context import service

routes = Routes("entities")


@routes.get("/entities", "lists", own="nobody", query=EntitiesQuery, answers=Entities, fails=(409,))
def page(query: EntitiesQuery) -> dict[str, Any]:
    """Hashtags, mentions, domains, names and phrases of the catalogue, the most frequent first."""
    service().see_changes()
    serving = service().serving
    mentions, sizes = serving.live.mentions, trends_json.entity_sizes(serving.live)
    letters, found = query.q.strip().casefold(), []
    for code in np.argsort(-sizes, kind="stable").tolist():
        one = mentions.mention(code)
        if sizes[code] and query.kind in (None, one.kind) and letters in one.key:
            found.append({"name": one.name, "kind": one.kind, "items": int(sizes[code])})
    places, more = list_pagination.part(
        [one["name"] for one in found], query.after, query.n, "name"
    )
    shown = found[places]
    return {
        "model_version": serving.version,
        "entities": shown,
        "next": list_pagination.following("/entities", query, shown[-1]["name"]) if more else None,
    }


@routes.get("/entities/<id:name>", "lists", own="nobody", answers=EntityPage, fails=(404,))
def one(name: str) -> dict[str, Any]:
    """An entity by name, in any spelling: entities it occurs with, newest items, activity."""
    service().see_changes()
    serving = service().serving
    code = serving.live.mentions.code(name)
    if code < 0:
        raise missing("entity")
    return trends_json.entity_json(serving, code)
