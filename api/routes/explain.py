"""/explain: why an item has its score for a person."""

from __future__ import annotations

from typing import Any

from ..contract import Routes
from ..explain import explained
from ..recommend import Recommend
from ..routes.context import about, language, service
from ..schemas.explanation import ExplainParameters, ExplainQuery, Explanation

routes = Routes("explain")


@routes.get(
    "/explain/<user>/<id:item>", "read", query=ExplainParameters, answers=Explanation, fails=(404,)
)
def of_item(user: str, item: str, query: ExplainParameters) -> dict[str, Any]:
    """Why an item has its score for a user: every part of it, and what would change it."""
    return explained(Recommend(service(), language(query.lang)), about(user), item, query)


@routes.get("/explain", "read", query=ExplainQuery, answers=Explanation, fails=(404,))
def of_parameters(query: ExplainQuery) -> dict[str, Any]:
    """The same, where a path cannot carry the ids."""
    maker = Recommend(service(), language(query.lang))
    return explained(maker, about(query.user), query.item, query)
