"""/home: the home page of a user, in rows."""

from __future__ import annotations

from typing import Any

from ..handlers import list_pagination
from ..handlers.home_page import Home
from ..http.endpoint_declaration import Routes
from ..runtime.request_audit import LIST
from ..schemas import home as schemas
from .request_context import about, holder, language, service

routes = Routes("home")


@routes.get(
    "/home/<id:user>",
    "lists",
    own="path.user",
    query=schemas.HomeParameters,
    answers=schemas.Home,
    fails=(404, 409),
    unaudited=LIST,
)
def of_user(user: str, query: schemas.HomeParameters) -> dict[str, Any]:
    """Home page: rows for a user, no item twice; `next` of a row leads to its further items.

    Rows: for_you, because_you_liked, new_in_topics, rising, followed, something_else. One
    without items is left out. Filters hold for every row.
    """
    base = list_pagination.path("/home", about(user))
    return Home(service(), language(query.lang), holder()).answer(user, query, base)


@routes.get(
    "/home",
    "lists",
    own="query.user",
    query=schemas.HomeQuery,
    answers=schemas.Home,
    fails=(404, 409),
    unaudited=LIST,
)
def of_user_parameter(query: schemas.HomeQuery) -> dict[str, Any]:
    """Home page of a user whose id a path cannot carry."""
    given = schemas.HomeParameters.model_construct(
        **{name: getattr(query, name) for name in schemas.HomeParameters.model_fields}
    )
    user = about(query.user)
    base = list_pagination.with_id("/home", user)
    return Home(service(), language(query.lang), holder()).answer(user, given, base)
