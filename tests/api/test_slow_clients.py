"""Clients that hang, drip or vanish, at a real server: nobody else waits for them."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator

import psutil
import pytest
from api_server import Server

Serve = Callable[..., Server]
UNFINISHED = (
    b"POST /events HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    b"Content-Length: 100000\r\n\r\n["
)
LIMIT = 1.0  # seconds of RECSYS_BODY_SECONDS here


def connected(server: Server, sent: bytes = b"") -> socket.socket:
    host, port = server.url.removeprefix("http://").split(":")
    found = socket.create_connection((host, int(port)), timeout=60)
    found.sendall(sent)
    return found


def status_of(server: Server, path: str, body: object = None) -> int:
    """Ask over a new connection, which may reach any worker; return the status."""
    host, port = server.url.removeprefix("http://").split(":")
    connection = http.client.HTTPConnection(host, int(port), timeout=20)
    try:
        if body is None:
            connection.request("GET", path)
        else:
            result = {"Content-Type": "application/json"}
            connection.request("POST", path, json.dumps(body), result)
        return connection.getresponse().status
    finally:
        connection.close()


def everything(server: Server) -> list[int]:
    event = {"user_id": "ann", "item_id": "sea-1", "event": "like"}
    paths = ("/health/live", "/health/ready", "/recommend/baker?n=1")
    return [*(status_of(server, path) for path in paths), status_of(server, "/events", event)]


def answer(connection: socket.socket) -> bytes:
    """Read until the server closes the connection, and close it here."""
    found = b""
    with connection:
        try:
            while part := connection.recv(65536):
                found += part
        except ConnectionResetError:
            pass
    return found


@pytest.mark.parametrize("clients", [1, 10, 200])
def test_unfinished_bodies_end_with_408_and_keep_nobody_waiting(serve: Serve, clients: int) -> None:
    server = serve(RECSYS_BODY_SECONDS=str(LIMIT))
    hanging = [connected(server, UNFINISHED) for _ in range(clients)]
    late = time.monotonic() + 3 * LIMIT
    while time.monotonic() < late:  # before, at and after the limit
        assert everything(server) == [200, 200, 200, 201]
    for connection in hanging:
        found = answer(connection)
        assert found.startswith(b"HTTP/1.1 408 ") and b'"code":"timeout"' in found
        assert b"connection: close" in found
    assert everything(server) == [200, 200, 200, 201]


@pytest.fixture
def dripping() -> Iterator[Callable[[list[socket.socket]], None]]:
    """Send a byte over each of some connections again and again, until the test ends."""
    done = threading.Event()

    def drip(connections: list[socket.socket]) -> None:
        while not done.wait(0.2):
            for connection in connections:
                try:
                    connection.sendall(b"x")
                except OSError:
                    pass  # closed by the server, as it should be

    threads: list[threading.Thread] = []

    def begin(connections: list[socket.socket]) -> None:
        threads.append(threading.Thread(target=drip, args=(connections,)))
        threads[-1].start()

    yield begin
    done.set()
    for thread in threads:
        thread.join()


def test_slow_bodies_slow_heads_and_idle_connections(
    serve: Serve, dripping: Callable[[list[socket.socket]], None]
) -> None:
    server = serve(RECSYS_BODY_SECONDS=str(LIMIT))
    bodies = [connected(server, UNFINISHED) for _ in range(50)]
    heads = [
        connected(server, b"GET /health/live HTTP/1.1\r\nHost: localhost\r\nX-A: ")
        for _ in range(50)
    ]
    silent = [connected(server) for _ in range(50)]
    kept = [
        connected(server, b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n")
        for _ in range(50)
    ]
    dripping(bodies)
    dripping(heads)
    for connection in bodies:
        assert answer(connection).startswith(b"HTTP/1.1 408 ")
    assert everything(server) == [200, 200, 200, 201]
    for connection in heads:
        assert answer(connection).startswith(b"HTTP/1.1 408 ")
    assert everything(server) == [200, 200, 200, 201]
    for connection in kept:
        assert b"alive" in connection.recv(65536)
    for connection in [*silent, *kept]:
        connection.close()


def test_clients_that_vanish_without_a_word(serve: Serve) -> None:
    server = serve(RECSYS_BODY_SECONDS=str(LIMIT))
    process = psutil.Process(server.process.pid).children()[0]
    before = process.num_fds()
    for _ in range(20):
        connection = connected(server, UNFINISHED)
        try:  # so that closing sends neither FIN nor RST
            connection.setsockopt(socket.IPPROTO_TCP, 19, 1)
        except OSError:
            pytest.skip("TCP_REPAIR is not permitted here")
        connection.close()
    deadline = time.monotonic() + 60
    while process.num_fds() > before + 2:
        assert everything(server) == [200, 200, 200, 201]
        assert time.monotonic() < deadline, "connections of clients that are gone stay open"
        time.sleep(0.1)  # between looks


def test_more_connections_than_files_close_the_idle_ones(serve: Serve) -> None:
    server = serve(before=["prlimit", "--nofile=250:250"])  # 50 connections, 200 other files
    idle = [connected(server) for _ in range(300)]
    assert everything(server) == [200, 200, 200, 201]
    for connection in idle:
        connection.close()


def test_an_answer_that_nobody_takes_holds_no_thread(serve: Serve) -> None:
    server = serve()
    greedy = b"GET /recommend/baker?n=40&explain=1 HTTP/1.1\r\nHost: localhost\r\n\r\n"
    takers = [connected(server, greedy * 200) for _ in range(8)]
    for _ in range(5):
        assert everything(server) == [200, 200, 200, 201]
    for connection in takers:
        connection.close()


@pytest.mark.parametrize(
    "head",
    [
        b"GET /health/live HTTP/1.1\nHost: x\n\n",
        b"GET /health/live HTTP/1.1\r\nHost: x\n\r\n",
        b"GET /health/live HTTP/1.1\r\n\r\n",
        b"GET /health/live HTTP/1.1\r\nHost: localhost\r\nX_API_Key: k\r\n\r\n",
        b"GET /health/live HTTP/1.1\r\nHost: localhost\r\nHost: y\r\n\r\n",
        b"GET /health/live HTTP/1.1\r\nHost: localhost\r\nA: b\r\n c\r\n\r\n",
        b"GET /health/live HTTP/1.1\r\nHost : x\r\n\r\n",
        b"POST /events HTTP/1.1\r\nHost: localhost\r\n"
        b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n[]",
        b"POST /events HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ],
)
def test_a_request_with_two_meanings_is_refused(strict: Server, head: bytes) -> None:
    found = answer(connected(strict, head))
    assert found.startswith(b"HTTP/1.1 400 ") and b'{"error":' in found
    assert b"alive" not in found


@pytest.fixture(scope="module")
def strict(pristine, tmp_path_factory):  # type: ignore[no-untyped-def]
    """One server for all that is refused."""
    import shutil

    from api_server import start

    home = tmp_path_factory.mktemp("strict") / "home"
    shutil.copytree(pristine, home)
    server = start(home)
    yield server
    server.stop()


def test_raw_utf_8_in_the_request_line_is_read(strict: Server) -> None:
    text = (
        "GET /search?q=面包&n=1 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode()
    )
    assert answer(connected(strict, text)).startswith(b"HTTP/1.1 200 ")
    text = "GET /recommend/é?n=1 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode()
    assert '"user":"é"'.encode() in answer(connected(strict, text))


def test_a_worker_that_does_not_answer_itself_is_replaced(serve: Serve) -> None:
    server = serve(workers=2)
    workers = psutil.Process(server.process.pid).children()
    os.kill(workers[0].pid, signal.SIGSTOP)
    deadline = time.monotonic() + 120
    while "silence" not in server.log.read_text() or len(live(server, workers[0].pid)) < 2:
        assert status_of(server, "/recommend/baker?n=1") == 200  # the other worker
        assert time.monotonic() < deadline
        time.sleep(0.1)  # between looks
    assert deaths(server, "silence") == 1.0
    assert everything(server) == [200, 200, 200, 201]


def live(server: Server, but: int) -> list[int]:
    return [c.pid for c in psutil.Process(server.process.pid).children() if c.pid != but]


def deaths(server: Server, cause: str) -> float:
    with server.client() as client:
        text = client.get("/metrics").text
    line = next(part for part in text.splitlines() if f'deaths_total{{cause="{cause}"}}' in part)
    return float(line.split()[-1])


def test_workers_that_die_again_and_again_are_replaced(serve: Serve) -> None:
    server = serve(workers=2)
    for _ in range(3):  # two of them within seconds ended the server before
        deadline = time.monotonic() + 120
        while len(victims := psutil.Process(server.process.pid).children()) < 2:
            assert server.process.poll() is None and time.monotonic() < deadline
            time.sleep(0.1)  # between looks: a worker comes back after its pause
        for victim in victims:
            victim.kill()
        while not answers(server):
            assert server.process.poll() is None and time.monotonic() < deadline
            time.sleep(0.1)  # between looks
    assert deaths(server, "signal") >= 6.0
    lines = [json.loads(line) for line in server.log.read_text().splitlines() if "died" in line]
    pauses = [line["pause"] for line in lines if line["worker"] == 0]
    assert pauses == sorted(pauses) and pauses[0] == 0.0 and pauses[-1] > 0.0
    assert server.stop() == 0


def answers(server: Server) -> bool:
    try:
        return status_of(server, "/health/live") == 200
    except OSError:
        return False


def test_workers_end_when_their_parent_is_killed(serve: Serve) -> None:
    server = serve(workers=2)
    workers = psutil.Process(server.process.pid).children()
    server.process.kill()
    server.process.wait()
    gone, left = psutil.wait_procs(workers, timeout=60)
    assert not left


def test_one_connection_gets_the_whole_rate(serve: Serve) -> None:
    server = serve(workers=2, RECSYS_ANONYMOUS_RATE_LIMIT="20")
    with server.client() as client:
        codes = [client.get("/recommend/baker?n=1").status_code for _ in range(40)]
    assert codes == [200] * 40  # a burst of two seconds' worth
    found = [status_of(server, "/recommend/baker?n=1") for _ in range(60)]
    assert 429 in found  # whichever worker is reached
