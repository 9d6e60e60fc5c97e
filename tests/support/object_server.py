"""An S3 server over HTTP (moto, a process of its own), and a proxy before it that makes faults."""

from __future__ import annotations

import http.client
import json
import os
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

BUCKET = "bundles"
SECRET = "secret-of-the-tests"
_CONDITIONS = ("if-match", "if-none-match")
Fault = Callable[[str, str], str]  # method, path → name of a fault, empty for none


@contextmanager
def object_server(folder: Path) -> Iterator[int]:
    """Start a server with an empty bucket; give its port."""
    pytest.importorskip("moto", reason="no S3 server: install the extra `test` (moto)")
    pytest.importorskip("obstore", reason="no S3 client: install the extra `s3` (obstore)")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    with (folder / "moto.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        until = time.monotonic() + 60
        while True:
            try:
                _create_bucket(port)
                break
            except OSError:
                assert process.poll() is None and time.monotonic() < until
                time.sleep(0.05)  # between looks
        yield port
    finally:
        process.kill()
        process.wait()


def _create_bucket(port: int) -> None:
    request = urllib.request.Request(f"http://127.0.0.1:{port}/{BUCKET}", b"", method="PUT")
    request.add_header("Content-Type", "application/xml")
    with urllib.request.urlopen(request, timeout=10) as answer:
        answer.read()


def point_at(monkeypatch: pytest.MonkeyPatch, port: int) -> None:
    """Let clients of this process, and of those it starts, speak to a port."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{port}")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key-of-the-tests")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    monkeypatch.setenv("AWS_REGION", "us-east-1")


class FaultyProxy:
    """A proxy whose `fault` says, request by request, what goes wrong.

    503, 501: the status; slow: an answer after `pause` seconds; truncate: half of the body, and the
    connection ends; short: half of the body, as if it were all; flip: one bit differs; old: the
    first answer to that path again; unconditional: the conditions of a put are dropped.
    """

    def __init__(self, port: int) -> None:
        self.fault: Fault = lambda method, path: ""
        self.pause = 3.0
        self.asked: list[tuple[str, str]] = []
        self._first: dict[str, tuple[int, list[tuple[str, str]], bytes]] = {}
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_all(self) -> None:
                proxy._handle(self, port)

            do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = handle_all

            def log_message(self, format: str, *args: object) -> None:
                """Write nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port = int(self._server.server_address[1])
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _handle(self, request: BaseHTTPRequestHandler, port: int) -> None:
        method, path = str(request.command), request.path.partition("?")[0]
        self.asked.append((method, path))
        body = request.rfile.read(int(request.headers.get("Content-Length", 0)))
        fault = self.fault(method, path)
        if fault.isdigit():
            return _answer(request, int(fault), [], b"<Error><Code>Fault</Code></Error>")
        if fault == "slow":
            time.sleep(self.pause)
        headers = {k: v for k, v in request.headers.items() if k.lower() != "host"}
        if fault == "unconditional":
            headers = {k: v for k, v in headers.items() if k.lower() not in _CONDITIONS}
        headers["Host"] = f"127.0.0.1:{self.port}"
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        connection.request(method, request.path, body, headers)
        found = connection.getresponse()
        data, given = found.read(), found.getheaders()
        connection.close()
        status, kept = found.status, [(k, v) for k, v in given if not _of_the_hop(k)]
        if method == "GET" and status == 200:
            self._first.setdefault(path, (status, kept, data))
        if fault == "old" and method == "GET" and path in self._first:
            status, kept, data = self._first[path]
        if fault == "flip" and data:
            place = len(data) // 2
            data = data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]
        if fault == "short":
            data = data[: len(data) // 2]
        _answer(request, status, kept, data, truncated=fault == "truncate")


def _of_the_hop(header: str) -> bool:
    return header.lower() in ("connection", "transfer-encoding", "content-length", "keep-alive")


def _answer(
    request: BaseHTTPRequestHandler,
    status: int,
    headers: list[tuple[str, str]],
    body: bytes,
    truncated: bool = False,
) -> None:
    try:
        request.send_response_only(status)
        for name, value in headers:
            request.send_header(name, value)
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        if request.command != "HEAD":
            request.wfile.write(body[: len(body) // 2] if truncated else body)
    except (BrokenPipeError, ConnectionResetError):
        request.close_connection = True  # the client has given up
        return
    request.close_connection = truncated


def json_lines(text: str) -> list[dict[str, object]]:
    """Return the lines of a log that are JSON."""
    return [json.loads(line) for line in text.splitlines() if line.startswith("{")]
