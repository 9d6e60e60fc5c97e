"""/feed/following: items of the authors and users whom a user follows."""

from __future__ import annotations

from typing import Any

from ..handlers import list_pagination
from ..handlers.following_feed import Following
from ..http.endpoint_declaration import Routes
from ..runtime.request_audit import LIST
from ..schemas.lists import FollowingParameters, FollowingQuery, Recommended
from .request_context import about, language, service

routes = Routes("following")


@routes.get(
    "/feed/following/<id:user>",
    "lists",
    own="path.user",
    query=FollowingParameters,
    answers=Recommended,
    unaudited=LIST,
)
def of_user(user: str, query: FollowingParameters) -> dict[str, Any]:
    """Items of those whom a user follows, the newest first or ranked for the user (`order=rank`).

    By time it lists what was seen too, ranked it does not. Nothing muted or blocked is in it.
    """
    base = list_pagination.path("/feed/following", about(user))
    return Following(service(), language(query.lang)).answer(user, query, base)


@routes.get(
    "/feed/following",
    "lists",
    own="query.user",
    query=FollowingQuery,
    answers=Recommended,
    unaudited=LIST,
)
def of_user_parameter(query: FollowingQuery) -> dict[str, Any]:
    """The same, where a path cannot carry the id."""
    given = FollowingParameters.model_construct(
        **{name: getattr(query, name) for name in FollowingParameters.model_fields}
    )
    base = list_pagination.with_id("/feed/following", about(query.user))
    return Following(service(), language(query.lang)).answer(query.user, given, base)
