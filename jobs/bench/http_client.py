"""HTTP/1.1 client for benchmarks: one kept connection and little overhead.

The client runs beside the measured process: `http.client` took a tenth of the CPU of both.
"""

from __future__ import annotations

import json
import re
import socket
from typing import Any
from urllib.parse import urlsplit

from recsys.errors import DataError

_HEAD = re.compile(
    rb"HTTP/1\.[01] (\d{3})[^\r]*\r\n(?:.*\r\n)*?content-length: *(\d+)\r\n", re.IGNORECASE
)
_PATIENCE = 30.0  # seconds without a byte after which a server counts as gone
_PIECE = 65_536


def request(method: str, path: str, body: Any = None) -> bytes:
    """Return a request as it is sent; JSON where there is a body."""
    head = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\n"
    if body is None:
        return f"{head}\r\n".encode("ascii")
    data = json.dumps(body).encode()
    result = f"Content-Type: application/json\r\nContent-Length: {len(data)}\r\n"
    return f"{head}{result}\r\n".encode("ascii") + data


class Client:
    """One connection; DataError when it ends, or an answer is none of those that we give."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._url = url
        self._socket = socket.create_connection((parts.hostname, parts.port), _PATIENCE)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send(self, request: bytes) -> tuple[int, bytes]:
        """Send a request, return status and body."""
        try:
            self._socket.sendall(request)
            found = self._socket.recv(_PIECE)
            while (end := found.find(b"\r\n\r\n") + 4) < 4:
                found += self._more()
            head = _HEAD.match(found, 0, end)
            if head is None:
                raise DataError(f"{self._url}: no answer with a length: {found[:200]!r}")
            pieces, left = [found[end:]], end + int(head[2]) - len(found)
            while left > 0:
                pieces.append(self._more())
                left -= len(pieces[-1])
        except OSError as error:
            raise DataError(f"{self._url}: {error}") from error
        return int(head[1]), b"".join(pieces)

    def _more(self) -> bytes:
        found = self._socket.recv(_PIECE)
        if not found:
            raise DataError(f"{self._url}: the connection ended within an answer")
        return found

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """Send JSON, return JSON; DataError on any other status than 2xx."""
        status, found = self.send(request(method, path, body))
        if status >= 300:
            raise DataError(f"{method} {path}: status {status}: {found[:200]!r}")
        return json.loads(found)

    def close(self) -> None:
        """Close the connection."""
        self._socket.close()
