"""Client: the HTTP service from Python.

    with Client("http://127.0.0.1:8000", key="rk_…") as recsys:
        recsys.add_events([{"user_id": "ann", "item_id": "42", "event": "like"}])
        for entry in recsys.recommend("ann", n=10)["items"]:
            print(entry["item_id"], entry["score"])

Needs httpx alone. Answers are the service's JSON as plain dictionaries; a failure is a ClientError.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import Any

import httpx

from recsys.errors import RecsysError

from .client_methods.dialogue_and_writing import DialogueAndWriting
from .client_methods.experiments_and_reports import ExperimentsAndReports
from .client_methods.notifications import Notifications
from .client_methods.recommendation_lists import RecommendationLists
from .client_methods.service_requests import Json
from .client_methods.stored_data import StoredData
from .client_methods.topics_and_trends import TopicsAndTrends
from .client_methods.watches_and_alerts import Monitoring

_AGAIN = frozenset({429, 503})  # worth another try
_PATIENCE = 30.0  # seconds to wait at most because the service said so


class ClientError(RecsysError):
    """The service refused a request, or could not be reached (status 0)."""

    def __init__(self, status: int, code: str, message: str, details: list[Json]) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.code = code
        self.details = details


class Client(
    RecommendationLists,
    TopicsAndTrends,
    StoredData,
    Notifications,
    Monitoring,
    ExperimentsAndReports,
    DialogueAndWriting,
):
    """A connection to one service; safe to share between threads.

    `retries`: further tries of what was refused for now (429, 503) or not sent at all. Only
    requests that change nothing, or the same thing again, are repeated after a lost connection.
    """

    def __init__(
        self,
        url: str,
        key: str = "",
        timeout: float = 10.0,
        retries: int = 2,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        """`timeout` in seconds. `transport`: how requests are sent, httpx's own by default."""
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        self._http = httpx.Client(
            base_url=url, headers=headers, timeout=timeout, transport=transport
        )
        self._retries = retries

    def notice_stream(self, after: int | None = None) -> Iterator[Json]:
        """Yield notices as they come, for as long as the connection holds.

        `after`: begin after this id, that of the last notice seen; default: only new ones. The `id`
        of a notice is None while the store takes no writes; it comes again with its id after that.
        """
        parameters = {} if after is None else {"after": after}
        timeout = httpx.Timeout(10.0, read=60.0)  # a comment comes every fifteen seconds
        with self._http.stream(
            "GET", "/notices/stream", params=parameters, timeout=timeout
        ) as response:
            if response.status_code != 200:
                response.read()
                _answer(response)
            for line in response.iter_lines():
                if line.startswith("data: "):
                    yield json.loads(line.removeprefix("data: "))

    def ready(self) -> bool:
        """Whether the service can make lists."""
        try:
            return self._http.get("/health/ready").status_code == 200
        except httpx.HTTPError:
            return False

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _get(self, path: str, parameters: Mapping[str, Any]) -> Json:
        given = {k: _parameter(v) for k, v in parameters.items() if v is not None}
        return self._ask("GET", path, again=True, params=given or None)

    def _send(self, method: str, path: str, body: Any, again: bool) -> Json:
        content = {} if body is None else {"json": body}
        return self._ask(method, path, again, **content)

    def _ask(self, method: str, path: str, again: bool, **content: Any) -> Json:
        for left in range(self._retries, -1, -1):
            wait = random.uniform(0.05, 0.2) * 2 ** (self._retries - left)
            try:
                response = self._http.request(method, path, **content)
            except httpx.HTTPError as error:
                if left and (again or isinstance(error, httpx.ConnectError)):
                    time.sleep(wait)
                    continue
                message = str(error) or type(error).__name__
                raise ClientError(0, "unreachable", message, []) from error
            if response.status_code in _AGAIN and left:
                time.sleep(min(_PATIENCE, _seconds(response, wait)))
                continue
            return _answer(response)
        raise AssertionError("the last try returns or raises")


def _parameter(value: Any) -> Any:
    if isinstance(value, bool):
        return int(value)
    return list(value) if isinstance(value, (list, tuple, set, frozenset)) else value


def _seconds(response: httpx.Response, default: float) -> float:
    try:
        return float(response.headers.get("Retry-After", default))
    except ValueError:
        return default


def _answer(response: httpx.Response) -> Json:
    try:
        found: Json = response.json()
    except ValueError:
        found = {}
    if response.status_code < 400:
        return found
    error = found.get("error", {})
    raise ClientError(
        response.status_code,
        error.get("code", "error"),
        error.get("message", response.reason_phrase),
        error.get("details", []),
    )
