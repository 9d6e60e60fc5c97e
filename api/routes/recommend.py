"""/recommend: personal lists for users, sessions and batches of users."""

from __future__ import annotations

from typing import Any

from flask import Response

from ..handlers import list_pagination
from ..handlers.personal_list import Recommend
from ..http.endpoint_declaration import Routes
from ..runtime.request_audit import LIST
from ..schemas.lists import Batch, BatchBody, Recommended, SessionBody, SteerParameters, UserQuery
from .request_context import about, holder, language, service

routes = Routes("recommend")


@routes.get(
    "/recommend/<id:user>",
    "lists",
    own="path.user",
    query=SteerParameters,
    answers=Recommended,
    unaudited=LIST,
)
def of_user(user: str, query: SteerParameters) -> Response:
    """Personal list of a user.

    An unknown user gets what is hot, varied, with `cold_start: true`. With the store away the
    list comes from the bundle alone, with `degraded: true`: it is not personal then.
    """
    base = list_pagination.path("/recommend", about(user))
    return _json(_maker(query).for_user(user, query, base))


@routes.get(
    "/recommend",
    "lists",
    own="query.user",
    query=UserQuery,
    answers=Recommended,
    unaudited=LIST,
)
def of_user_parameter(query: UserQuery) -> Response:
    """Personal list of a user whose id a path cannot carry."""
    given = SteerParameters.model_construct(
        **{name: getattr(query, name) for name in SteerParameters.model_fields}
    )
    user = about(query.user)
    return _json(_maker(given).for_user(user, given, list_pagination.with_id("/recommend", user)))


@routes.post(
    "/recommend",
    "lists",
    own="body.user?",
    body=SessionBody,
    answers=Recommended,
    unaudited=LIST,
)
def of_session(body: SessionBody) -> dict[str, Any]:
    """List for a visitor without an account, from the events or items in the body."""
    recommend = _maker(body)
    if body.user:
        about(body.user)
    found = recommend.answer(recommend.session(body), body, "")
    if told := recommend.session_warnings(body):
        found["warnings"] = [*found.get("warnings", ()), *told]
    return found


@routes.post("/recommend/batch", "lists", body=BatchBody, answers=Batch, unaudited=LIST)
def of_users(body: BatchBody) -> dict[str, Any]:
    """Personal lists of several users, with the same parameters.

    They count as shown when all of them are made.
    """
    recommend = _maker(body)
    found = [
        recommend.made(recommend.user_state(user), body, list_pagination.path("/recommend", user))
        for user in body.users
    ]
    recommend.remember(found)  # none of them is shown where one cannot be made
    return {"results": [one.answer for one in found]}


def _maker(given: SteerParameters) -> Recommend:
    return Recommend(service(), language(given.lang), holder())


def _json(body: bytes) -> Response:
    return Response(body, content_type="application/json")
