"""/explain: explanation of the score of an item for a user."""

from __future__ import annotations

from typing import Any

from flask import g

from ..handlers.explanation_json import explained
from ..handlers.personal_list import Recommend
from ..http.endpoint_declaration import Routes
from ..schemas.explanation import ExplainParameters, ExplainQuery, Explanation
from .request_context import about, language, service

routes = Routes("explain")


@routes.get(
    "/explain/<user>/<id:item>",
    "lists",
    own="path.user",
    query=ExplainParameters,
    answers=Explanation,
    fails=(404,),
    audit="look",
)
def of_item(user: str, item: str, query: ExplainParameters) -> dict[str, Any]:
    """Why an item has its score for a user: every part of it, and what would change it."""
    maker = Recommend(service(), language(query.lang))
    return explained(maker, about(user), item, query, "history" in g.rights)


@routes.get(
    "/explain",
    "lists",
    own="query.user",
    query=ExplainQuery,
    answers=Explanation,
    fails=(404,),
    audit="look",
)
def of_parameters(query: ExplainQuery) -> dict[str, Any]:
    """The same, where a path cannot carry the ids."""
    maker = Recommend(service(), language(query.lang))
    return explained(maker, about(query.user), query.item, query, "history" in g.rights)
