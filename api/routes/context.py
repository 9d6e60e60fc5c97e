"""What a view reaches for: the service of the app at hand."""

from __future__ import annotations

from flask import current_app, g

from api.service import Service


def service() -> Service:
    """Return the service of the app at hand."""
    found: Service = current_app.extensions["service"]
    return found


def about(user_id: str) -> str:
    """Note for the log whom a request is about (a pseudonym is written); return the id."""
    g.user = user_id
    return user_id
