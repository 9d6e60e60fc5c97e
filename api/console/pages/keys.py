"""Keys: list of API keys with their roles; revocation after a confirmation."""

from __future__ import annotations

from flask import Response, redirect

from recsys.store.api_keys import Key

from ...console_session import CONSOLE
from ...errors import ApiError
from ...routes.request_context import service
from ...schemas.field_types import Label, Strict
from ..browser_session import session
from ..formats import url
from ..page_routes import routes
from ..rendering import page


class KeysQuery(Strict):
    """Which key was just revoked."""

    done: Label | None = None


class KeyQuery(Strict):
    """A key."""

    key_id: Label


@routes.get(f"{CONSOLE}/keys", "keys", query=KeysQuery)
def keys(query: KeysQuery) -> Response:
    """Keys with roles and dates; their texts are kept nowhere."""
    return page("keys.html", "Keys", keys=_all(), done=query.done, own=_own())


@routes.get(f"{CONSOLE}/keys/revoke", "keys", query=KeyQuery, audit="never")
def confirm(query: KeyQuery) -> Response:
    """What revoking a key does, and the form that confirms it."""
    return page("revoke.html", "Revoke a key", key=_one(query.key_id), own=_own())


@routes.post(f"{CONSOLE}/keys/revoke", "keys", body=KeyQuery)
def revoke(body: KeyQuery) -> Response:
    """End a key at once, in all workers within two seconds."""
    _one(body.key_id)
    at_hand = service()
    with at_hand.link.use():
        at_hand.link.keys().revoke(body.key_id)
    at_hand.worker.load_keys()
    return redirect(url(f"{CONSOLE}/keys", done=body.key_id), 303)  # type: ignore[return-value]


def _all() -> list[Key]:
    at_hand = service()
    with at_hand.link.use():
        found = at_hand.link.keys().list()
    return sorted(found, key=lambda key: (key.revoked is not None, -key.created))


def _one(key_id: str) -> Key:
    found = next((key for key in _all() if key.key_id == key_id), None)
    if found is None:
        raise ApiError(404, f"there is no key {key_id!r}")
    return found


def _own() -> str:
    known = session()
    return known.key_id if known is not None else ""
