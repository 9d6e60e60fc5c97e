"""Senders without the right are refused before the body is read; proxies; exports that end."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Callable, Iterator, MutableMapping
from pathlib import Path
from typing import Any

import httpx
import pytest
from api_server import Server
from conftest import key_of
from test_slow_clients import answer, connected, status_of

from api.http.wsgi_to_asgi import AsgiApp
from recsys.data.records import Event
from recsys.errors import DataError
from recsys.settings import Settings
from recsys.store.store import Store

Serve = Callable[..., Server]
HEAD = (
    "POST /events HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    "Content-Length: {}\r\nAuthorization: Bearer {}\r\n{}\r\n"
)


@pytest.fixture
def server(serve: Serve) -> Server:
    return serve(RECSYS_AUTH="on", RECSYS_BODY_SECONDS="20")


def head(key: str, size: int = 1_000_000, more: str = "") -> bytes:
    return HEAD.format(size, key, more).encode()


def test_an_unknown_key_is_refused_before_any_byte_of_the_body(server: Server) -> None:
    connection = connected(server, head("wrong"))
    connection.settimeout(10)  # the body has 20 seconds
    found = answer(connection)  # to its end: it is closed, though nothing of the body came
    assert found.startswith(b"HTTP/1.1 401 ") and b"www-authenticate: Bearer" in found
    assert b"connection: close" in found


def test_a_key_without_the_right_is_refused_before_the_body(server: Server) -> None:
    key = key_of(f"sqlite:///{server.home / 'store.db'}", "read")
    found = answer(connected(server, head(key)))
    assert found.startswith(b"HTTP/1.1 403 ") and b"this needs the role" in found


@pytest.mark.parametrize("more", ["", "Expect: 100-continue\r\n"])
def test_who_sends_the_whole_body_reads_the_refusal(server: Server, more: str) -> None:
    """The connection ends by FIN, not by a reset that takes the answer away."""
    body = b"[" + b" " * 3_000_000 + b"]"
    connection = connected(server, head("wrong", len(body), more))
    if not more:
        connection.sendall(body)
        time.sleep(0.2)  # all of it arrives
    with connection:
        found = b""
        while part := connection.recv(65536):  # ConnectionResetError fails the test
            found += part
    assert found.startswith(b"HTTP/1.1 401 ") and b"100 Continue" not in found
    assert json.loads(found.partition(b"\r\n\r\n")[2])["error"]["code"] == "unauthorized"


def test_a_good_key_is_asked_for_its_body_as_before(server: Server) -> None:
    key = key_of(f"sqlite:///{server.home / 'store.db'}", "admin")  # that the server does not know
    body = json.dumps({"user_id": "ann", "item_id": "sea-1", "event": "like"}).encode()
    with connected(server, head(key, len(body), "Connection: close\r\n") + body) as connection:
        assert connection.recv(65536).startswith(b"HTTP/1.1 201 ")
    assert status_of(server, "/health/live") == 200


def test_refused_requests_are_counted(server: Server) -> None:
    answer(connected(server, head("wrong")))
    key = key_of(f"sqlite:///{server.home / 'store.db'}", "admin")
    line, deadline = "", time.monotonic() + 60
    while not line:
        assert time.monotonic() < deadline
        time.sleep(0.2)  # between looks: the figures are written now and then
        result = httpx.get(server.url + "/metrics", headers={"X-API-Key": key}).text
        found = [one for one in result.splitlines() if 'status="401"' in one and "_count" in one]
        line = next((one for one in found if "POST /events" in one), "")
    assert float(line.split()[-1]) == 1.0


def forwarded(server: Server, address: str) -> int:
    """Return the status of a list that a proxy at 127.0.0.1 passes on for an address."""
    headers = {"X-Forwarded-For": address}
    return httpx.get(f"{server.url}/recommend/ann?n=1", headers=headers).status_code


def test_behind_a_trusted_proxy_each_address_has_a_rate_of_its_own(serve: Serve) -> None:
    limits = {"RECSYS_AUTH": "off", "RECSYS_ANONYMOUS_RATE_LIMIT": "0.01"}
    server = serve(**limits, RECSYS_TRUSTED_PROXIES="127.0.0.0/8,10.1.1.1")
    assert [forwarded(server, "192.0.2.1") for _ in range(3)] == [200, 429, 429]
    assert forwarded(server, "192.0.2.2") == 200
    # what the sender writes in front of it does not make them somebody else
    assert forwarded(server, "198.51.100.9, 192.0.2.1, 10.1.1.1") == 429


def test_without_one_the_header_counts_nothing(serve: Serve) -> None:
    server = serve(RECSYS_AUTH="off", RECSYS_ANONYMOUS_RATE_LIMIT="0.01")
    assert [forwarded(server, f"192.0.2.{n}") for n in range(3)] == [200, 429, 429]


def test_a_proxy_that_is_no_address_stops_the_start() -> None:
    with pytest.raises(DataError, match="RECSYS_TRUSTED_PROXIES = 'nginx'"):
        Settings.load({"RECSYS_TRUSTED_PROXIES": "nginx"})


def test_an_answer_in_parts_ends_when_the_client_goes() -> None:
    taken, closed = [0], threading.Event()

    def parts() -> Iterator[bytes]:
        try:
            for number in range(100_000):
                taken[0] = number
                yield b"part"
        finally:
            closed.set()

    def app(environ: dict[str, Any], start: Callable[..., Any]) -> Iterator[bytes]:
        start("200 OK", [("Content-Type", "application/json")])
        return parts()

    gone = asyncio.Event()

    received = []

    async def receive() -> dict[str, Any]:
        received.append(1)
        if len(received) == 1:  # as of every request without a body
            return {"type": "http.request", "body": b"", "more_body": False}
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(message: MutableMapping[str, Any]) -> None:
        if taken[0] >= 50:
            gone.set()
        await asyncio.sleep(0)

    scope = {
        "type": "http",
        "method": "GET",
        "raw_path": b"/users/eve/export",
        "query_string": b"",
        "http_version": "1.1",
        "scheme": "http",
        "headers": [(b"host", b"x")],
    }
    front = AsgiApp(app, 1_000, 1.0)
    asyncio.run(front(scope, receive, send))
    assert closed.wait(10) and 50 <= taken[0] < 100
    front.close()


def test_a_client_that_stays_receives_the_whole_export(serve: Serve, home: Path) -> None:
    url, count = f"sqlite:///{home / 'store.db'}", 5_000
    with Store.open(url) as store:
        store.add_events(
            Event("eve", f"sea-{n % 20}", "view", text="x" * 300, timestamp=1e9 + n)
            for n in range(count)
        )
    headers = {"X-API-Key": key_of(url, "admin")}
    found = httpx.get(serve().url + "/users/eve/export", headers=headers, timeout=60.0)
    assert found.status_code == 200 and len(found.json()["events"]) == count
