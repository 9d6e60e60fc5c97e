"""/console: mounts the console, which is imported by the first request for it."""

from __future__ import annotations

from flask import Response, g, request

from recsys.errors import RecsysError

from ..console_session import CONSOLE
from ..errors import ApiError
from ..http.endpoint_declaration import Routes
from .request_context import service

routes = Routes("console")

_METHODS = ["GET", "POST"]


@routes.blueprint.route(CONSOLE, methods=_METHODS)
@routes.blueprint.route(f"{CONSOLE}/<path:rest>", methods=_METHODS)
def console(rest: str = "") -> Response:
    """A page of the console, by its own table of pages; 404 where the console is off."""
    g.route = f"{request.method} {CONSOLE}"
    try:
        on = service().gate.console_on
    except RecsysError:
        on = False
    if not on:
        raise ApiError(404, "there is no console here (RECSYS_CONSOLE)")
    from ..console.page_dispatch import (
        answer,  # loaded here: a worker without the console pays nothing
    )

    return answer()
