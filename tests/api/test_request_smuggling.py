"""Requests with two readings, under each server and behind nginx: refused, or read as one."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from api_server import Server, free_port, start

DEPLOY = Path(__file__).parents[2] / "docs" / "deploy"
HOST = b"Host: localhost\r\n"
NEXT = b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n"
POST = b"POST /recommend HTTP/1.1\r\n" + HOST + b"Content-Type: application/json\r\n"
GET = b"GET /health/live HTTP/1.1\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n"
END = b"0\r\n\r\n"
TWO = b"2\r\n{}\r\n0\r\n\r\n"
# What may follow is no request of its own, or the connection is closed: one answer, 4xx.
REFUSED: dict[str, bytes] = {
    "length and chunks": POST + b"Content-Length: 6\r\n" + CHUNKED + b"\r\n" + END + b"X",
    "chunks and length": POST + CHUNKED + b"Content-Length: 5\r\n\r\n" + END,
    "unknown coding": POST + b"Transfer-Encoding: xchunked\r\n\r\n" + END,
    "chunked is not last": POST + b"Transfer-Encoding: chunked, identity\r\n\r\n" + END,
    "coding twice": POST + CHUNKED + b"Transfer-Encoding: identity\r\n\r\n" + END,
    "identity and length": POST + b"Transfer-Encoding: identity\r\nContent-Length: 2\r\n\r\n{}",
    "vertical tab": POST + b"Transfer-Encoding: \x0bchunked\r\nContent-Length: 2\r\n\r\n{}",
    "blank before colon": POST + b"Transfer-Encoding : chunked\r\nContent-Length: 2\r\n\r\n{}",
    "underscore": POST + b"Transfer_Encoding: chunked\r\nContent-Length: 2\r\n\r\n{}",
    "two lengths": POST + b"Content-Length: 2\r\nContent-Length: 40\r\n\r\n{}",
    "length as list": POST + b"Content-Length: 2, 2\r\n\r\n{}",
    "length +2": POST + b"Content-Length: +2\r\n\r\n{}",
    "length 0x2": POST + b"Content-Length: 0x2\r\n\r\n{}",
    "length -1": POST + b"Content-Length: -1\r\n\r\n{}",
    "empty length": POST + b"Content-Length:\r\n\r\n{}",
    "long length": POST + b"Content-Length: 99999999999999999999999\r\n\r\n{}",
    "chunk 0x2": POST + CHUNKED + b"\r\n0x" + TWO,
    "chunk -2": POST + CHUNKED + b"\r\n-" + TWO,
    "chunk 0_2": POST + CHUNKED + b"\r\n0_" + TWO,
    "chunk too long": POST + CHUNKED + b"\r\n2\r\n{}xx\r\n0\r\n\r\n",
    "chunk by LF": POST + CHUNKED + b"\r\n2\n{}\n0\n\n",
    "CR alone": GET + HOST + b"A: b\rTransfer-Encoding: chunked\r\n\r\n",
    "folded line": GET + HOST + b"A: b\r\n c\r\n\r\n",
    "folded first line": GET + b" Host: localhost\r\n\r\n",
    "NUL": GET + HOST + b"A: b\x00c\r\n\r\n",
    "two hosts": GET + HOST + b"Host: evil.example\r\n\r\n",
    "hosts as list": GET + b"Host: localhost, evil.example\r\n\r\n",
    "host with path": GET + b"Host: localhost/evil\r\n\r\n",
    "HTTP/0.9": b"GET /health/live\r\n\r\n",
    "HTTP/2.0 in words": b"GET /health/live HTTP/2.0\r\n" + HOST + b"\r\n",
    "large head": GET + HOST + b"A: " + b"a" * 300_000 + b"\r\n\r\n",
    "many fields": GET + HOST + b"A: a\r\n" * 5_000 + b"\r\n",
}
_STATUS = re.compile(rb"HTTP/1\.1 (\d{3}) ")
KEPT = ("hosts as list", "host with path", "large head")  # refused whole, so that one may go on
# One body in the one reading that there is, and the next request after it.
READ: dict[str, bytes] = {
    "chunks": POST + CHUNKED + b"\r\n" + TWO,
    "length": POST + b"Content-Length: 2\r\n\r\n{}",
    "GET with a body that is a request": GET
    + HOST
    + b"Content-Length: %d\r\n\r\n" % len(NEXT)
    + NEXT,
    "no other protocol": GET + HOST + b"Connection: Upgrade\r\nUpgrade: h2c\r\n\r\n",
}


def answers(port: int, data: bytes, most: float = 2.5) -> tuple[list[int], bool]:
    """Return the statuses of all answers on one connection, and whether the server closed it."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        found, closed = b"", False
        try:
            connection.sendall(data)
            until = time.monotonic() + most
            while not closed and (left := until - time.monotonic()) > 0:
                connection.settimeout(left)
                part = connection.recv(65536)
                found, closed = found + part, not part
                if len(_STATUS.findall(found)) > 1:
                    break
        except TimeoutError:
            pass
        except OSError:  # reset: the rest of what was sent is not read
            closed = True
    return [int(one) for one in _STATUS.findall(found)], closed


@pytest.fixture(scope="module", params=["uvicorn", "gunicorn", "granian"])
def server(
    request: pytest.FixtureRequest, pristine: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """One server of each kind."""
    home = tmp_path_factory.mktemp("smuggling") / "home"
    shutil.copytree(pristine, home)
    found = start(home, server=request.param, RECSYS_BODY_SECONDS="1")
    yield found
    found.stop()


def port_of(server: Server) -> int:
    return int(server.url.rsplit(":", 1)[1])


def test_what_has_two_readings_is_refused_and_nothing_follows_it(server: Server) -> None:
    for name, data in REFUSED.items():
        statuses, closed = answers(port_of(server), data + NEXT, 5.0)
        first, rest = statuses[0], statuses[1:]
        assert 400 <= first < 500 or first == 501, (name, statuses)
        assert closed or (name in KEPT and rest == [200]), (name, statuses, closed)
        if closed:
            assert not rest or name in KEPT, (name, statuses)


def test_what_has_one_reading_is_read_so(server: Server) -> None:
    for name, data in READ.items():
        statuses, _ = answers(port_of(server), data + NEXT)
        assert len(statuses) == 2 and statuses[1] == 200, (name, statuses)
    statuses, _ = answers(port_of(server), READ["length"].replace(b"Host", b"X-Host") + NEXT)
    assert statuses[0] == 400  # HTTP/1.1 without a host


@pytest.mark.parametrize(
    "trailer",
    [b"X-Forwarded-For: 203.0.113.9", b"Content-Type: text/plain", b"Host: evil.example"],
    ids=["address", "type", "host"],
)
def test_a_trailer_is_no_field_of_the_head(server: Server, trailer: bytes) -> None:
    """A proxy that checks the fields of a head may pass trailers on as they are.

    gunicorn refuses some of them.
    """
    data = POST + CHUNKED + b"\r\n2\r\n{}\r\n0\r\n" + trailer + b"\r\n\r\n"
    statuses, _ = answers(port_of(server), data + NEXT)
    assert statuses in ([200, 200], [400])


def test_a_body_of_a_caller_without_the_right_is_not_read(server: Server) -> None:
    head = POST.replace(b"/recommend", b"/users/ann/merge").replace(b"localhost", b"evil.example")
    begin = time.monotonic()
    statuses, closed = answers(port_of(server), head + b"Content-Length: 900000\r\n\r\n", 10.0)
    assert statuses == [401] and closed
    assert time.monotonic() - begin < 5.0


@pytest.fixture
def proxied(pristine: Path, tmp_path: Path) -> Iterator[int]:
    """The port of nginx with the documented file, but for TLS, before a server."""
    nginx = shutil.which("nginx")
    if nginx is None:
        pytest.skip("nginx is not installed")
    home = tmp_path / "home"
    shutil.copytree(pristine, home)
    server, port = start(home, RECSYS_BODY_SECONDS="1", RECSYS_AUTH="off"), free_port()
    text = (DEPLOY / "nginx.conf").read_text(encoding="utf-8")
    text = text.replace("127.0.0.1:8000", server.url.removeprefix("http://"))
    text = text.replace("listen 80;", f"listen 127.0.0.1:{free_port()};")
    text = text.replace("listen 443 ssl;", f"listen 127.0.0.1:{port};")
    text = "\n".join(line for line in text.splitlines() if "ssl_" not in line)
    (tmp_path / "logs").mkdir()
    folders = "".join(
        f"{name}_temp_path {tmp_path}/{name};\n"
        for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (tmp_path / "nginx.conf").write_text(
        f"pid {tmp_path}/pid; error_log {tmp_path}/log; daemon off; master_process off;\n"
        f"events {{}}\nhttp {{ access_log off;\n{folders}{text}\n}}\n"
    )
    process = subprocess.Popen([nginx, "-p", str(tmp_path), "-c", str(tmp_path / "nginx.conf")])
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            break
        except OSError:
            time.sleep(0.1)  # between looks
    yield port
    process.terminate()
    process.wait(timeout=30)
    server.stop()


def item_over(port: int, item: str) -> str:
    """Return what is answered to GET /items/<item> over a new connection."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall(
            b"GET /items/%s HTTP/1.1\r\n%sConnection: close\r\n\r\n" % (item.encode(), HOST)
        )
        found = b""
        while part := connection.recv(65536):
            found += part
    return found.decode()


def test_behind_nginx_each_request_has_its_own_answer(proxied: int) -> None:
    live = GET + HOST + b"\r\n"
    with socket.create_connection(("127.0.0.1", proxied), timeout=20) as connection:
        connection.sendall(live * 20)
        found = b""
        while found.count(b'"alive"') < 20:
            part = connection.recv(65536)
            assert part, found[-500:]
            found += part
    assert re.findall(rb"HTTP/1\.1 (\d{3})", found) == [b"200"] * 20
    for name, data in REFUSED.items():
        answers(proxied, data + NEXT, 0.5)
        # an answer too many would wait on a connection of nginx for the next request of anybody
        for item in ("sea-1", "sea-2", "bread-3"):
            assert f'"item_id":"{item}"' in item_over(proxied, item), (name, item)
