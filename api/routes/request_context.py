"""Access of a view function to the AppState of the current request."""

from __future__ import annotations

from flask import current_app, g, request

from recsys.i18n import SOURCE, closest, preferred

from ..runtime.app_state import AppState


def service() -> AppState:
    """Return the service of the app at hand."""
    found: AppState = current_app.extensions["service"]
    return found


def about(user_id: str) -> str:
    """Note for the log whom a request is about (a pseudonym is written); return the id."""
    g.user = user_id
    return user_id


def holder() -> str | None:
    """Return the user whose token the request has; None with a key, or without either."""
    found: str | None = g.get("token_user")
    return found


def language(given: str | None) -> str:
    """Return the language of sentences: as given, else what the caller's browser prefers."""
    if given is not None:
        return closest(given) or SOURCE
    g.by_header = True
    return preferred(request.environ.get("HTTP_ACCEPT_LANGUAGE", ""))
