"""/users/<user>/suggestions: accounts that a user may want to follow."""

from __future__ import annotations

from typing import Any

from ..http.endpoint_declaration import Routes
from ..runtime.request_audit import LIST
from ..schemas.follow_suggestions import Suggestions, SuggestionsQuery
from .request_context import about, language, service

routes = Routes("suggestions")


@routes.get(
    "/users/<id:user_id>/suggestions",
    "lists",
    own="path.user_id",
    query=SuggestionsQuery,
    answers=Suggestions,
    unaudited=LIST,
)
def of_user(user_id: str, query: SuggestionsQuery) -> dict[str, Any]:
    """Users and authors whom a user may want to follow, with reasons; live.

    Nobody followed, muted, blocked by either side, or dismissed (`PATCH /users/<user>/profile`
    with the action `dismiss`) is among them. Counts in reasons start at three accounts.
    """
    from ..handlers.follow_suggestions import suggestions  # here: few workers need it

    return suggestions(service(), about(user_id), query, language(query.lang))
