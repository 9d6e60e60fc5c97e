"""Pages from templates, in the language of the request, with the headers of every answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from flask import Response, g, request
from jinja2 import Environment, FileSystemLoader, Undefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from recsys.i18n import SOURCE, languages

from ..console_session import CONSOLE, Session
from ..errors import ApiError
from . import formats
from .browser_preferences import SCHEMES, language, scheme
from .browser_session import gate, keep_session, session
from .error_sentences import error_sentence
from .navigation import GROUPS, visible
from .translations import translated

HERE = Path(__file__).parent
_SCRIPTS = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
POLICY = (
    f"{_SCRIPTS}connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",  # with no-referrer, forms would come from the origin "null"
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


def finished(response: Response) -> Response:
    """Return an answer of the console with the headers that all of them have."""
    for name, value in HEADERS.items():
        response.headers[name] = value
    response.headers.setdefault("Cache-Control", "no-store")
    keep_session(response)
    return response


@cache
def _environment() -> Environment:
    found = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    found.filters |= {name: _known(own) for name, own in formats.FILTERS.items()}
    found.filters["duration"] = _duration
    found.globals["url"] = formats.url
    return found


def _known(own: Callable[..., Any]) -> Callable[..., Any]:
    """Return a filter that takes what is not there for None."""

    def filtered(value: Any, *more: Any) -> Any:
        return own(None if isinstance(value, Undefined) else value, *more)

    return filtered


@pass_context
def _duration(context: Context, seconds: Any) -> str:
    """Return a duration in the language of the page."""
    tongue = context["lang"]
    known = None if isinstance(seconds, Undefined) else seconds
    return formats.duration(known, lambda unit: translated(unit, tongue))


def templates() -> Environment:
    """Return the environment of the templates, made once."""
    return _environment()


def html(template: str, **values: Any) -> str:
    """Return a template filled with values, in the language of the request."""
    tongue = language()

    def _(key: str, **named: object) -> str:
        return translated(key, tongue, **named)

    def failure(message: str) -> Markup:
        text, known = error_sentence(message, tongue)
        return Markup("<span{}>{}</span>").format(Markup("" if known else ' lang="en"'), text)

    shared = {"_": _, "failure": failure, "lang": tongue}
    return templates().get_template(template).render(**shared, **values)


def page(template: str, title: str, status: int = 200, **values: Any) -> Response:
    """Return a page. `title`: in English, translated here."""
    text = html(template, **_frame(title), **values)
    response = Response(text, status, content_type="text/html; charset=utf-8")
    response.vary.add("Accept-Language")
    return response


def _frame(title: str) -> dict[str, Any]:
    """Return what the frame of every page shows."""
    known = session()
    rights: frozenset[str] = g.get("rights") or frozenset()
    return {
        "title": title,
        "links": visible(GROUPS, rights),
        "path": request.path.rstrip("/") or CONSOLE,
        "here": request.full_path.rstrip("?"),
        "scheme": scheme(),
        "schemes": SCHEMES,
        "languages": languages(),
        "csrf": gate().sessions.form_token(known) if known is not None else "",
        "signed_in": bool(known and known.key_id),
        "who": _who(known),
        "rights": rights,
    }


def _who(known: Session | None) -> str:
    if known is not None and known.key_id:
        names = {key.key_id: key.name for key in gate().keys}
        return names.get(known.key_id, known.key_id)
    return ""


def error_page(error: ApiError) -> Response:
    """Return a page that says what is wrong, with the form to sign in where a key is missing."""
    if error.status == 401:
        where = request.full_path.rstrip("?") if request.method == "GET" else CONSOLE
        response = page("sign_in.html", "Sign in", 401, next=where, problem="", why=error.message)
    else:
        g.setdefault("rights", frozenset())
        response = page(
            "error.html", TITLES.get(error.status, "This did not work"), error.status, error=error
        )
    response.headers.update(error.headers)
    return response


TITLES: Mapping[int, str] = {
    400: "The request is malformed",
    403: "Not allowed",
    404: "Not found",
    409: "Not possible now",
    422: "Not possible",
    429: "Too many requests",
    503: "Not available",
}
assert SOURCE in languages()
