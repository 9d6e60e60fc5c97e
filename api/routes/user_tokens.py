"""/tokens: short-lived tokens with which the browser of one user calls the API."""

from __future__ import annotations

from typing import Annotated, Any

from flask import g
from pydantic import Field

from ..http.endpoint_declaration import Routes
from ..schemas.field_types import Answer, Id, Strict
from ..user_tokens import MAX_SECONDS
from .request_context import about, service

routes = Routes("tokens")


class TokenBody(Strict):
    """Whom a token is for, and how long it holds."""

    user_id: Id
    seconds: Annotated[float, Field(gt=0, le=MAX_SECONDS)] = MAX_SECONDS


class TokenAnswer(Answer):
    """A token, to be sent as `Authorization: Bearer <token>`."""

    token: str
    user_id: str
    expires_at: float = Field(description="Unix seconds")


@routes.post("/tokens", "tokens", body=TokenBody, answers=TokenAnswer, status=201)
def post(body: TokenBody) -> dict[str, Any]:
    """Create a token by which a browser reads and writes data of one user, for an hour at most.

    It reads lists, explanations, events and the profile of this user, stores their events and
    changes their controls. It ends with its time, when the key that requested it is revoked, or
    when the user is erased.
    """
    text, expires = service().gate.tokens.make(
        about(body.user_id), body.seconds, g.get("key_id", "")
    )
    return {"token": text, "user_id": body.user_id, "expires_at": expires}
