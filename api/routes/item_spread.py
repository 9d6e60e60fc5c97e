"""/items/<item>/spread: who answers and shares an item, as a tree without names."""

from __future__ import annotations

from typing import Any

from ..http.endpoint_declaration import Routes
from ..schemas.item_spread import Spread, SpreadQuery
from .request_context import language, service

routes = Routes("spread")


@routes.get(
    "/items/<id:item_id>/spread",
    "lists",
    own="nobody",
    query=SpreadQuery,
    answers=Spread,
    fails=(404,),
)
def of_item(item_id: str, query: SpreadQuery) -> dict[str, Any]:
    """How an item spreads: tree, depth, speed, floods, tone and stance, next hour, rumour flag.

    Sharers are never named, and counts of them start at three users.
    """
    from ..handlers.item_spread import spread  # here: few workers need it

    return spread(service(), item_id, query, language(query.lang))
