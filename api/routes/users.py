"""/users: user records of the platform. Reading them needs a right that writers have."""

from __future__ import annotations

from typing import Any

from flask import Response, request

from recsys.data import records

from ..errors import ApiError
from ..handlers import list_pagination
from ..handlers.ingestion import missing, put_users
from ..handlers.user_controls_export_erasure import erase_user
from ..http.endpoint_declaration import Routes
from ..http.responses import tagged
from ..schemas.items_users_events import (
    OneUserQuery,
    PartialQuery,
    Stored,
    User,
    UserBody,
    UserRow,
    Users,
)
from ..schemas.user_data import Erased, UserIdQuery
from .request_context import about, service

routes = Routes("users")


@routes.get("/users", "history", own="query.user_id", query=OneUserQuery, answers=Users)
def page(query: OneUserQuery) -> dict[str, Any]:
    """Users in the order of their ids, or the one named by `user_id`."""
    with service().link.use() as store:
        if query.user_id:
            found = [user for user in [store.user(about(query.user_id))] if user]
        else:
            found = store.users_page(query.after or "", query.n + 1)
    shown = found[: query.n]
    more = len(found) > query.n
    after = list_pagination.following("/users", query, shown[-1].user_id) if more else None
    return {"users": [as_json(user) for user in shown], "next": after}


@routes.get("/users/<user:user_id>", "history", own="path.user_id", answers=User, fails=(304, 404))
def one(user_id: str) -> Response:
    """A user, with an ETag."""
    with service().link.use() as store:
        found = store.user(about(user_id))
    if found is None:
        raise missing("user")
    return tagged(request, as_json(found))


@routes.put("/users/<user:user_id>", "users", own="path.user_id", body=UserBody, answers=User)
def put(user_id: str, body: UserBody) -> dict[str, Any]:
    """Store the interests of a user: words, categories, tags, items; used from the next list on."""
    put_users(service(), [(about(user_id), body)])
    with service().link.use() as store:
        found = store.user(user_id)
    if found is None:  # deleted meanwhile
        raise ApiError(409, "the user was deleted by another request")
    return as_json(found)


@routes.post(
    "/users",
    "users",
    query=PartialQuery,
    body=UserRow,
    many="users",
    answers=Stored,
    status=201,
)
def post(query: PartialQuery, body: list[UserRow]) -> dict[str, int]:
    """Store users: one, a list, `{"users": […]}`, or one per line as JSON lines."""
    new = put_users(service(), [(row.user_id, row) for row in body])
    return {"accepted": len(body), "new": new, "duplicates": max(0, len(body) - new)}


@routes.delete("/users/<user:user_id>", "erase", answers=Erased, fails=(404,))
def delete(user_id: str) -> dict[str, Any]:
    """Erase a user: events, follows, controls, what was shown, answers kept; with a receipt."""
    return erase_user(service(), about(user_id))


@routes.delete("/users", "erase", query=UserIdQuery, answers=Erased, fails=(404,))
def delete_named(query: UserIdQuery) -> dict[str, Any]:
    """Erase a user whose id a path cannot carry."""
    return erase_user(service(), about(query.user_id))


def as_json(user: records.User) -> dict[str, Any]:
    """Return a user as JSON knows it."""
    return {
        "user_id": user.user_id,
        "name": user.name,
        "interests": list(user.interests),
        "language": user.language,
    }
