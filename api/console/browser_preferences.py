"""Preferences of a browser: language and colours of pages, kept in a cookie."""

from __future__ import annotations

from flask import Response, request

from recsys.i18n import languages, preferred

from ..console_session import CONSOLE
from .browser_session import is_secure

PREFERENCES = "recsys_console_view"  # cookie: language and colours
SCHEMES = ("auto", "light", "dark")
_YEAR = 365 * 86_400


def language() -> str:
    """Return the language of the page: as chosen, else as the browser prefers."""
    chosen = _preferences()[0]
    if chosen in languages():
        return chosen
    return preferred(request.environ.get("HTTP_ACCEPT_LANGUAGE", ""))


def scheme() -> str:
    """Return the colours: one of SCHEMES; auto: as the system has them."""
    chosen = _preferences()[1]
    return chosen if chosen in SCHEMES else SCHEMES[0]


def _preferences() -> tuple[str, str]:
    chosen, _, colours = request.cookies.get(PREFERENCES, "").partition(".")
    return chosen, colours


def keep_preferences(response: Response, chosen: str, colours: str) -> None:
    """Keep language and colours in a cookie of the console."""
    response.set_cookie(
        PREFERENCES,
        f"{chosen}.{colours}",
        max_age=_YEAR,
        path=CONSOLE,
        httponly=True,
        samesite="Strict",
        secure=is_secure(),
    )
