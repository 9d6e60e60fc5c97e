"""Sign in and out, language and colours, and the files that pages are drawn with."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from flask import Response, redirect, request
from pydantic import Field

from recsys.i18n import languages

from ...console_session import CONSOLE
from ...errors import ApiError
from ...schemas.field_types import Strict
from .. import browser_preferences, browser_session, rendering
from ..page_routes import routes

STATIC = rendering.HERE / "static"
TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
_OWN_SESSION = "a browser begins or ends its own session; every page it then opens is audited"
_OWN_VIEW = "language and colours of the browser itself, kept in its cookie"

Text = Annotated[str, Field(max_length=500)]


class KeyForm(Strict):
    """A key, and where to go with it."""

    key: Text = ""
    next: Text = CONSOLE


class NextQuery(Strict):
    """Where to go once signed in."""

    next: Text = CONSOLE


class NoForm(Strict):
    """A form without fields."""


class ViewForm(Strict):
    """Language and colours, and the page to go back to."""

    lang: Text = ""
    scheme: Text = ""
    next: Text = CONSOLE


@routes.get(f"{CONSOLE}/login", None, query=NextQuery)
def form(query: NextQuery) -> Response:
    """The form that exchanges a key for a session."""
    return rendering.page("sign_in.html", "Sign in", next=own_path(query.next), problem="", why="")


@routes.post(f"{CONSOLE}/login", None, body=KeyForm, unaudited=_OWN_SESSION)
def sign_in(body: KeyForm) -> Response:
    """Exchange a key for a session; 401 for one that is not known or opens no console."""
    key = browser_session.gate().key(body.key.strip()) if body.key.strip() else None
    problem = ""
    if key is None:
        problem = "This key is not known, or was revoked."
    elif "console" not in key.rights:
        problem = "This key opens no console: it needs the role operate, support or admin."
    if problem or key is None:
        where = own_path(body.next)
        return rendering.page("sign_in.html", "Sign in", 401, next=where, problem=problem, why="")
    browser_session.sign_in(key.key_id)
    return redirect(own_path(body.next), 303)  # type: ignore[return-value]


@routes.post(f"{CONSOLE}/logout", None, body=NoForm, unaudited=_OWN_SESSION)
def sign_out(body: NoForm) -> Response:
    """End the session of this browser."""
    browser_session.sign_in("")
    return redirect(f"{CONSOLE}/login", 303)  # type: ignore[return-value]


@routes.post(f"{CONSOLE}/view", None, body=ViewForm, unaudited=_OWN_VIEW)
def view(body: ViewForm) -> Response:
    """Keep a language and colours."""
    chosen, colours = (
        body.lang or browser_preferences.language(),
        body.scheme or browser_preferences.scheme(),
    )
    if chosen not in languages():
        known = ", ".join(languages())
        raise ApiError(422, f"there is no language {chosen[:40]!r} here; there are: {known}")
    if colours not in browser_preferences.SCHEMES:
        raise ApiError(
            422, f"colours {colours[:40]!r} are none of {', '.join(browser_preferences.SCHEMES)}"
        )
    response: Response = redirect(own_path(body.next), 303)  # type: ignore[assignment]
    browser_preferences.keep_preferences(response, chosen, colours)
    return response


@routes.get(f"{CONSOLE}/static/<name>", None)
def static(name: str) -> Response:
    """A style sheet, a script or a symbol of the console."""
    path = STATIC / name
    if Path(name).name != name or path.suffix not in TYPES or not path.is_file():
        raise ApiError(404, "there is no such file", "no_page")
    response = Response(path.read_bytes(), content_type=TYPES[path.suffix])
    response.headers["Cache-Control"] = "private, no-cache"
    response.set_etag(f"{path.stat().st_mtime_ns:x}-{path.stat().st_size:x}")
    response.make_conditional(request)
    return response


def own_path(where: str) -> str:
    """Return a path of the console, the start page for any other text."""
    inside = where == CONSOLE or where.startswith((f"{CONSOLE}/", f"{CONSOLE}?"))
    fine = inside and "\\" not in where and where.isprintable() and "//" not in where.split("?")[0]
    return where if fine else CONSOLE
