"""Requests that cost much: heads without an end, bodies that hold room, thousands of mistakes."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from api_server import Server, start
from conftest import key_of, keyed
from flask import Flask
from test_slow_clients import answer, connected, status_of

from api.http.request_bodies import SMALL
from api.http.uvicorn_protocol import PIPELINED
from api.http.wsgi_environ import HEAD_BYTES, HEAD_FIELDS

Serve = Callable[..., Server]
GET = b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n"
CHUNKED = b"POST /health/live HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
EVENT = {"user_id": "ann", "item_id": "sea-1", "event": "like"}


@pytest.fixture(scope="module")
def server(pristine: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One worker for all that costs much; it must live through it."""
    import shutil

    home = tmp_path_factory.mktemp("large") / "home"
    shutil.copytree(pristine, home)
    found = start(home, RECSYS_BODY_SECONDS="20")
    yield found
    found.stop()


def sent(server: Server, data: bytes) -> bytes:
    """Send bytes as far as the server takes them; return its answer, empty after a reset."""
    connection = connected(server)
    try:
        connection.sendall(data)
    except OSError:  # it has closed the connection, as it should
        pass
    return answer(connection)


@pytest.mark.parametrize(
    ("data", "status"),
    [
        # 400,000 fields of one name were joined one by one: the worker stood still and was ended
        (GET + b"a: b\r\n" * 400_000 + b"\r\n", b"431"),
        (GET + b"".join(b"a%d: b\r\n" % n for n in range(HEAD_FIELDS + 1)) + b"\r\n", b"431"),
        (GET + b"A: " + b"x" * 30_000_000 + b"\r\n\r\n", b"431"),
        (GET + b"x" * 30_000_000, b"431"),
        (b"GET /recommend/" + b"x" * 30_000_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", b"414"),
        (b"GET /search?q=" + b"x" * HEAD_BYTES + b" HTTP/1.1\r\nHost: x\r\n\r\n", b"414"),
        (CHUNKED + b"0\r\n" + b"a: b\r\n" * 2_000_000 + b"\r\n", b"431"),
        (CHUNKED + b"1;" + b"x" * 30_000_000 + b"\r\n{\r\n0\r\n\r\n", b"431"),
        ((GET + b"\r\n") * 20_000, b"400"),
    ],
    ids="one-name many-fields one-value one-name-long path query trailers extension ahead".split(),
)
def test_a_head_without_an_end_costs_a_worker_nothing(
    server: Server, data: bytes, status: bytes
) -> None:
    worker = psutil.Process(server.process.pid).children()[0]
    before = worker.memory_info().rss
    found = sent(server, data)
    # a reset may take the answer away where the client is still sending
    assert b"HTTP/1.1 %s " % status in found or not found
    assert status_of(server, "/health/live") == 200
    assert worker.is_running() and worker.memory_info().rss - before < 30e6


def test_heads_below_the_limits_are_read(server: Server) -> None:
    fields = b"".join(b"a%d: b\r\n" % n for n in range(HEAD_FIELDS - 2))
    long = b"A: " + b"x" * (HEAD_BYTES - 200) + b"\r\n"
    for more in (fields, long):
        found = sent(server, GET + b"Connection: close\r\n" + more + b"\r\n")
        assert found.startswith(b"HTTP/1.1 200 ")
    ahead = (GET + b"\r\n") * (PIPELINED - 1) + GET + b"Connection: close\r\n\r\n"
    assert sent(server, ahead).count(b'"alive"') == PIPELINED


def test_unfinished_bodies_of_strangers_and_tokens_leave_room_for_others(serve: Serve) -> None:
    server = serve(RECSYS_AUTH="on", RECSYS_BODY_SECONDS="30", RECSYS_MAX_BODY="1000000")
    key = key_of(f"sqlite:///{server.home / 'store.db'}", "write")
    headers = {"Authorization": f"Bearer {key}"}
    with server.client() as client:
        token = client.post("/tokens", json={"user_id": "eve"}, headers=headers).json()["token"]
    piece = b"%x\r\n" % 900_000 + b" " * 900_000 + b"\r\n"
    posts = (
        b"POST /events HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        b"Authorization: Bearer %s\r\nTransfer-Encoding: chunked\r\n\r\n" % token.encode()
    )
    holding = [connected(server, CHUNKED + b"1\r\n{\r\n") for _ in range(20)]  # nobody's
    holding += [connected(server, posts + b"1\r\n[\r\n") for _ in range(20)]  # declare the most
    refused = 0
    for _ in range(12):  # nearly the greatest bodies, as one of eight would be
        connection = connected(server, posts)
        try:
            connection.sendall(piece)
        except OSError:
            pass
        holding.append(connection)
    time.sleep(0.5)  # they arrive
    body = json.dumps([{**EVENT, "text": "x" * 2_000}] * 400)
    with server.client() as client:
        for _ in range(5):
            result = client.post(
                "/events",
                content=body,
                headers={**headers, "Content-Type": "application/json"},
            )
            assert result.status_code == 201, result.text
        assert client.post("/events", json=EVENT, headers=headers).status_code == 201
    for connection in holding[-12:]:
        connection.settimeout(0.2)
        try:
            refused += b"503" in connection.recv(65536)
        except OSError:
            pass
    assert refused >= 7  # tokens have half of the room for eight
    for connection in holding:
        connection.close()


def test_routes_that_take_no_body_read_a_small_one_only(server: Server) -> None:
    for path in (b"/health/live", b"/nothing", b"/mail-addresses/confirm?token=x"):
        head = b"POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % (path, SMALL + 1)
        assert sent(server, head + b" " * (SMALL + 1)).startswith(b"HTTP/1.1 413 "), path


def unknown(count: int) -> str:
    """Return an object of so many fields that no body has."""
    return "{" + ",".join(f'"{number}":1' for number in range(count)) + "}"


def listed(*rows: str) -> str:
    return "[" + ",".join(rows) + "]"


LINES = "application/jsonl"
JSON = "application/json"
MISTAKES: dict[str, tuple[str, str, str, int]] = {
    "keys": ("/events", JSON, listed(unknown(300_000)), 400),
    "objects": ("/events", JSON, listed(*[unknown(90)] * 3_000), 422),
    "rows": ("/events", JSON, listed(*["{}"] * 1_000_000), 422),
    "lines": ("/events", LINES, "{}\n" * 1_000_000, 422),
    "session": ("/recommend", JSON, '{"events":' + listed(*[unknown(900)] * 900) + "}", 422),
    "feedback": ("/api/feedback", JSON, listed(*["1"] * 1_000_000), 422),
    "labels": (
        "/api/item",
        JSON,
        '{"ItemId":"g","Categories":' + listed(*["1"] * 1_000_000) + "}",
        422,
    ),
}


@pytest.mark.parametrize("case", MISTAKES)
def test_a_million_mistakes_cost_little_memory_and_time(app: Flask, case: str) -> None:
    path, kind, body, status = MISTAKES[case]
    client, process = keyed(app), psutil.Process()
    before, begun = process.memory_info().rss, time.process_time()
    result = client.post(path, data=body, content_type=kind)
    assert result.status_code == status, result.text[:300]
    assert len(result.text) < 20_000
    assert time.process_time() - begun < 3.0
    assert process.memory_info().rss - before < 250e6  # a million problems are a gigabyte


def test_wrong_rows_are_told_by_their_places_in_the_whole(app: Flask) -> None:
    client = keyed(app)
    rows: list[dict[str, Any]] = [{**EVENT, "value": float(n)} for n in range(130)]
    rows[70] = {"user_id": "ann"}
    rows[129] = {**EVENT, "value": "much"}
    result = client.post("/events", json=rows)
    fields = [one["field"] for one in result.json["error"]["details"]]
    assert result.status_code == 422 and fields == ["70.item_id", "129.value"]
    result = client.post("/events?partial=1", json=rows)
    assert result.status_code == 201 and result.json["accepted"] == 128
    assert [(one["row"], one["field"]) for one in result.json["rejected"]] == [
        (70, "item_id"),
        (129, "value"),
    ]
