"""Requests to the service as the methods of the client send them, and what a path may hold."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

Json = dict[str, Any]


class ServiceRequests(ABC):
    """What each group of methods needs of the client: three ways to send a request.

    Each returns the answer's JSON, and raises ClientError where the service refuses.
    """

    @abstractmethod
    def _get(self, path: str, parameters: Mapping[str, Any]) -> Json:
        """Read a path; parameters that are None are left out."""

    @abstractmethod
    def _send(self, method: str, path: str, body: Any, again: bool) -> Json:
        """Send a body as JSON. `again`: sending it twice does the same as sending it once."""

    @abstractmethod
    def _ask(self, method: str, path: str, again: bool, **content: Any) -> Json:
        """Send a request with what httpx takes as its content."""

    def pages(self, first: Json) -> Iterator[Json]:
        """Yield a list and all pages that follow it."""
        page = first
        while True:
            yield page
            if not page.get("next"):
                return
            page = self._get(page["next"], {})


def quoted(name: str) -> str:
    """Return an id as one segment of a path: a slash is quoted, too."""
    return quote(name, safe="")


def with_partial(path: str, partial: bool) -> str:
    """Return the path of a request whose rows are stored although others of it are refused."""
    return f"{path}?partial=1" if partial else path
