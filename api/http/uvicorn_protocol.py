"""Connection: uvicorn's HTTP/1.1 protocol with limits that protect the process from clients.

llhttp parses, and refuses bare LF, folded lines, two lengths and the like. Added here: limits of
bytes and fields of a head, deadlines for a head, for an idle connection and for an answer that
nobody takes, and a limit of connections beyond which the one that has been idle for longest goes.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from typing import Any, NoReturn

import httptools
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from .responses import json_bytes
from .wsgi_environ import HEAD_BYTES, HEAD_FIELDS

HEAD = 10.0  # seconds from a request's first byte to the end of its head
IDLE = 75.0  # seconds that a connection may wait for its next request
STALLED = 30.0  # seconds that a client may take no byte of an answer
PIPELINED = 256  # requests that a connection sends ahead of their answers
_PIECE = 262_144  # bytes that asyncio hands over at once, at most
_LOOK = 1.0  # seconds between looks for connections that are late


class Connections:
    """The open connections of a process: those that wait for a head, in the order since when."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.open: set[Connection] = set()
        self.waiting: OrderedDict[Connection, float] = OrderedDict()  # loop seconds

    def come(self, one: Connection) -> None:
        """Note a new connection; close an idle one where there are too many."""
        self.open.add(one)
        if len(self.open) > self.most and self.waiting:
            next(iter(self.waiting)).abort()

    def gone(self, one: Connection) -> None:
        """Note that a connection has ended."""
        self.open.discard(one)
        self.waiting.pop(one, None)

    async def watch(self) -> None:
        """Close what is late, again and again."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(_LOOK)
            now = loop.time()
            for one in list(self.open):
                one.look(now)


class _Refused(Exception):
    """A limit is passed while llhttp parses, which hands this on as an error of its own."""


class _Parser:
    """llhttp's parser, which goes on after a request that asks for another protocol.

    llhttp stops after such a request, and uvicorn drops what follows it. Java's client asks for
    HTTP/2 with each connection, and sends its next request over the same one.
    """

    def __init__(self, protocol: HttpToolsProtocol) -> None:
        self._protocol = protocol
        self._parser = self._new()

    def feed_data(self, data: bytes) -> None:
        """Parse bytes; an upgrade is not taken up, and the next request begins after it."""
        while True:
            try:
                self._parser.feed_data(data)
                return
            except httptools.HttpParserUpgrade as upgrade:
                data = data[upgrade.args[0] :]
                self._parser = self._new()

    def _new(self) -> Any:
        found = httptools.HttpRequestParser(self._protocol)
        found.set_dangerous_leniencies(lenient_data_after_close=True)  # as uvicorn does
        return found

    def __getattr__(self, name: str) -> Any:
        return getattr(self._parser, name)


class Connection(HttpToolsProtocol):
    """One connection of a client."""

    def __init__(self, *arguments: Any, connections: Connections, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.parser: Any = _Parser(self)
        self._all = connections
        self._in_line = True  # whether the request line may still go on
        self._begun = 0.0  # loop seconds of the first byte of a head that is not complete; 0: none
        self._left = 0  # bytes of an answer that were not taken at the last look
        self._stalled = 0.0  # loop seconds since when none was taken; 0: they are
        self._head = 0  # bytes of the URL, fields and trailers of the request that is read
        self._fields = 0  # fields and trailers of that request
        self._in_body = False  # whether its head is complete: what follows are trailers
        self._unread = (
            0  # bytes since the last complete part of a request: a head, a part of a body
        )
        self._refusal: tuple[int, str, str] | None = None  # status, code, message

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._all.waiting[self] = self.loop.time()
        self._all.come(self)

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._all.gone(self)

    def data_received(self, data: bytes) -> None:
        if self._in_line:
            if not self._begun:
                self._begun = self.loop.time()
            if not data.isascii():
                data = _escaped(data)
            self._in_line = b"\n" not in data
        super().data_received(data)
        self._unread += len(data)
        if self._unread > HEAD_BYTES + _PIECE and not self.transport.is_closing():
            self._refuse(*_too_large(431))  # a field, or a chunk's extension, that does not end

    def on_message_begin(self) -> None:
        self._head = self._fields = self._unread = 0
        self._in_body = False
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        self._count(len(url), 414)
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        self._count(len(name) + len(value) + 4, 431)
        self._fields += 1
        if self._fields > HEAD_FIELDS:
            self._count(HEAD_BYTES, 431)
        if not self._in_body:  # a trailer is no field of the head (RFC 9110, 6.5.1): dropped
            super().on_header(name, value)

    def on_body(self, body: bytes) -> None:
        self._unread = 0
        super().on_body(body)

    def on_headers_complete(self) -> None:
        self._begun, self._unread, self._in_body = 0.0, 0, True
        self._all.waiting.pop(self, None)
        super().on_headers_complete()
        if len(self.pipeline) > PIPELINED:
            self._end(400, "bad_request", f"more than {PIPELINED} requests await their answers")

    def on_message_complete(self) -> None:
        super().on_message_complete()
        self._in_line, self._unread = True, 0

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self.cycle.response_complete:  # else another request has come already
            self._all.waiting[self] = self.loop.time()

    def _count(self, size: int, status: int) -> None:
        self._head += size
        if self._head > HEAD_BYTES:
            self._end(*_too_large(status))

    def _end(self, status: int, code: str, message: str) -> NoReturn:
        self._refusal = status, code, message
        raise _Refused

    def send_400_response(self, msg: str) -> None:
        if self._refusal is not None:
            self._refuse(*self._refusal)
            return
        self._refuse(400, "bad_request", "this is not HTTP/1.1 as it is written down")

    def look(self, now: float) -> None:
        """Close the connection when the client is late."""
        left = self.transport.get_write_buffer_size()
        if not left or left != self._left:
            self._left, self._stalled = left, now
        elif now - self._stalled > STALLED:
            self.abort()
        if self.transport.is_closing():
            return
        since = self._all.waiting.get(self)
        if self._begun and now - self._begun > HEAD:
            self._refuse(408, "timeout", f"the head did not come within {HEAD:g} seconds")
        elif since is not None and now - since > IDLE:
            self.abort()

    def abort(self) -> None:
        """Close at once; what was not sent is dropped."""
        self.transport.abort()

    def _refuse(self, status: int, code: str, message: str) -> None:
        body = json_bytes({"error": {"code": code, "message": message, "details": []}})
        head = b"content-type: application/json\r\nconnection: close\r\ncontent-length: %d\r\n\r\n"
        self.transport.write(STATUS_LINE[status] + head % len(body) + body)
        self.transport.close()


def _too_large(status: int) -> tuple[int, str, str]:
    """Return status, code and message of a head that passes the limits."""
    if status == 414:
        return status, "uri_too_long", f"the URL has more than {HEAD_BYTES} bytes"
    message = f"the head has more than {HEAD_BYTES} bytes or {HEAD_FIELDS} fields"
    return status, "headers_too_large", message


def _escaped(data: bytes) -> bytes:
    """Write the bytes of a request line that are not ASCII as %XX; leave what follows the line."""
    line, end, rest = data.partition(b"\n")
    if line.isascii():
        return data
    return (
        b"".join(b"%%%02X" % byte if byte > 127 else bytes((byte,)) for byte in line) + end + rest
    )
