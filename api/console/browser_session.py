"""Session of a browser with the console: who is signed in, and its cookie."""

from __future__ import annotations

from flask import Response, current_app, g, request

from ..auth import Authenticator
from ..console_session import CONSOLE, COOKIE, SECONDS, Session
from ..errors import ApiError


def gate() -> Authenticator:
    """Return the authenticator, which holds the keys and the secret of sessions."""
    found: Authenticator = current_app.extensions["gate"]
    return found


def session() -> Session | None:
    """Return the session of the request; one of a browser without a key where there is none.

    None while the store, which holds the secret of sessions, was never reached.
    """
    if "console_session" not in g:
        found = gate().session(request.environ)
        g.console_session = found
        if found is None:
            try:
                g.console_session, g.console_cookie = gate().sessions.make()
            except ApiError:
                g.console_session = None
    known: Session | None = g.console_session
    return known


def sign_in(key_id: str) -> None:
    """Begin a new session for a key, whatever session there was; empty: for nobody."""
    g.console_session, g.console_cookie = gate().sessions.make(key_id)


def keep_session(response: Response) -> None:
    """Set the cookie of a session that this request has begun."""
    if text := g.pop("console_cookie", ""):
        response.set_cookie(
            COOKIE,
            text,
            max_age=SECONDS,
            path=CONSOLE,
            httponly=True,
            samesite="Strict",
            secure=is_secure(),
        )


def is_secure() -> bool:
    """Return whether the browser reaches the console over HTTPS, so that cookies need it."""
    url: str = current_app.extensions["settings"].public_url
    # a browser that sets this header itself only keeps its own cookie from plain HTTP
    forwarded = request.environ.get("HTTP_X_FORWARDED_PROTO", "").strip().lower()
    return request.is_secure or forwarded == "https" or url.startswith("https://")
