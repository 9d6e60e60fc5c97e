"""Answers of the console: the page of a path, or a page that says what is wrong."""

from __future__ import annotations

import logging
from http.client import responses

from flask import Response, g, request
from werkzeug.exceptions import HTTPException

from recsys.errors import RecsysError

from ..errors import ApiError, translate
from ..routes.request_context import service
from . import pages as _pages
from .page_routes import routes
from .pages import ALL
from .rendering import error_page, finished

__all__ = ["ALL", "answer", "routes"]

log = logging.getLogger("recsys.api")
assert _pages is not None


def answer() -> Response:
    """Return the answer to the current request, a page whatever happens."""
    try:
        name, values = routes.table.bind_to_environ(request.environ).match()
        return finished(routes.handlers[name](**values))
    except Exception as error:
        known = _known(error)
        if known.status >= 500:
            cause = error if known.status == 500 else None
            extra = {"code": known.code, "cause": type(error).__name__}
            log.error("failed", exc_info=cause, extra=extra)
        _note_rights()
        return finished(error_page(known))


def _note_rights() -> None:
    """Note the rights of the caller where no page has: for the menu of the page of a failure."""
    if "rights" in g:
        return
    try:
        caller = service().gate.caller(request.environ, "console")
    except (ApiError, RecsysError):
        return
    if caller is not None:
        g.rights = caller.rights


def _known(error: Exception) -> ApiError:
    """Return a failure; 404 and 405 of the table in words of their own."""
    if isinstance(error, HTTPException) and error.code == 404 and "route" in g:
        return ApiError(404, "there is no such page", "no_page")
    found = translate(error)
    if not found.message:
        found.message = responses.get(found.status, "")
    return found
