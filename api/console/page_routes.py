"""PageRoutes: declaration of the console's pages, and the table that finds one by its path."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Response
from werkzeug.routing import Map, Rule

from ..http.endpoint_declaration import Endpoint, Routes, View, handler

HTML = "text/html; charset=utf-8"

Handler = Callable[..., Response]


class PageRoutes(Routes):
    """Pages by path. Flask takes no routes after its first request, so they have a table of
    their own.
    """

    def __init__(self) -> None:
        super().__init__("console", "console_pages")
        self.handlers: dict[str, Handler] = {}
        self.table = Map(strict_slashes=False, merge_slashes=False)

    def route(
        self, method: str, path: str, right: str | None, **options: Any
    ) -> Callable[[View], View]:
        """Declare a page; see Routes.route."""
        return super().route(method, path, right, answers=str, media=HTML, page=True, **options)

    def register(self, endpoint: Endpoint) -> None:
        """Add a page to the table."""
        name = f"{endpoint.method} {endpoint.path}"
        self.handlers[name] = handler(endpoint)
        self.table.add(Rule(endpoint.path, endpoint=name, methods=[endpoint.method]))


routes = PageRoutes()
