"""AsgiApp: ASGI app that reads whole requests and sends responses around a WSGI app in threads, so
that slow clients occupy no thread.

The event loop reads a body, with a deadline and a limit of bytes, before a thread sees the request.
Threads are of four sorts, so that none waits for another: one for /health, some for requests that
write, one for bulks of items, whose texts take long to read, some for all others. A thread is held
while an answer is computed, never while it is sent.
"""

from __future__ import annotations

import asyncio
import contextvars
import functools
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from ..errors import CODES, ApiError
from .request_bodies import Admission, BodyMemory, RequestBody, busy
from .responses import json_bytes
from .wsgi_environ import (
    Message,
    declared_length,
    header_fields,
    wsgi_environ,
)

Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
WsgiApp = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
Admitted = Callable[[dict[str, Any], bool], Admission | None]
PAUSE = 0.5  # seconds until a stream that has nothing to send is polled again
OWN = "recsys.own"  # in a WSGI environment: the process calls itself; no log line, no figures
READERS = 4  # threads that answer reads
WRITERS = 4  # threads that answer writes
BULK = 65_536  # bytes of a body from which items are a bulk
BULKS = 8  # bulks that may wait for the one under way; more are answered 503
QUEUE = 512  # requests of one sort that may wait for a thread; more are answered 503
BODIES = 8  # bodies of the greatest size that a process holds at once; more are answered 503
LINGER = 2.0  # seconds that the body of a refused request is taken in, and dropped
STALLED = 30.0  # seconds that a client may take no byte of an answer that is streamed
_ITEMS = (b"/items", b"/api/items")  # paths that take many items at once
_WRITING = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_NONE: Mapping[str, Any] = {}


@dataclass(slots=True)
class _Answer:
    status: int
    headers: list[tuple[bytes, bytes]]
    parts: Iterator[bytes]
    first: bytes  # the whole body, unless `more`
    more: bool
    close: Callable[[], None]


class _Pool:
    """Threads of one sort, and how many requests are with them."""

    def __init__(self, name: str, threads: int, queue: int = QUEUE) -> None:
        self.executor: Executor = ThreadPoolExecutor(threads, thread_name_prefix=f"recsys-{name}")
        self.held = 0
        self.most = threads + queue


class AsgiApp:
    """Answers ASGI requests by way of a WSGI app.

    `limit`: bytes of a body (413 beyond); `seconds`: until it must be complete (408 beyond, and the
    connection is closed). `admitted`: looks at a head before the body is read; see `app.admission`.
    """

    def __init__(
        self, app: WsgiApp, limit: int, seconds: float, admitted: Admitted | None = None
    ) -> None:
        self._app = app
        self._admitted = admitted
        self._limit = limit
        self._seconds = seconds
        self._room = BodyMemory(BODIES * limit)
        self._health = _Pool("health", 1)
        self._reads = _Pool("reads", READERS)
        self._writes = _Pool("writes", WRITERS)
        self._bulks = _Pool("bulks", 1, BULKS)

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            raise ValueError(f"{scope['type']} is not served")
        body: RequestBody | None = None
        try:
            fields = header_fields(scope)
            with_body = "content-length" in fields or "transfer-encoding" in fields
            if with_body and fields.get("content-length") != "0":
                admission = await self._admission(scope, fields)
                if admission is None:
                    await self._turn_away(scope, fields, receive, send)
                    return
                body = RequestBody(admission, self._room, bytearray())
                if not await self._read(body, fields, receive):
                    # the client is gone, or granian could not parse what it sent
                    raise ApiError(400, "the body ended before it was complete")
            answer = await self._answered(scope, fields, bytes(body.data) if body else b"")
        except ApiError as error:
            await _refuse(send, error)
            return
        finally:
            if body is not None:
                body.close()
        await self._send(answer, receive, send)

    async def _admission(self, scope: Message, fields: dict[str, str]) -> Admission | None:
        """Return what is read of a body; None: its request is refused whatever the body says."""
        if self._admitted is None:
            return Admission(self._limit, "")
        environ = wsgi_environ(scope, fields, b"")
        try:
            found = self._admitted(environ, False)
            if found is None:
                work = functools.partial(self._admitted, environ, True)
                loop = asyncio.get_running_loop()
                found = await loop.run_in_executor(self._reads.executor, work)
        except ApiError:
            return None
        return found

    async def _turn_away(
        self, scope: Message, fields: dict[str, str], receive: Receive, send: Send
    ) -> None:
        """Refuse without the body; then take in for a moment what still comes of it, and close.

        The app refuses, so that its logs and figures know. Closed with bytes that were not read,
        the connection would be reset, and the client might never see the answer.
        """
        answer = await self._answered(scope, fields, b"")
        answer.headers.append((b"connection", b"close"))
        start = {"type": "http.response.start", "status": answer.status, "headers": answer.headers}
        await send(start)
        body = {"type": "http.response.body", "body": answer.first}
        await send(body | {"more_body": True})
        if "expect" not in fields:
            await self._drain(receive, LINGER)
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def alive(self) -> bool:
        """Whether this process answers a request to /health/live."""
        scope: Message = {
            "method": "GET",
            "raw_path": b"/health/live",
            "query_string": b"",
            "http_version": "1.1",
            "scheme": "http",
        }
        try:
            answer = await self._answered(scope, {"host": "localhost"}, b"", {OWN: True})
        except ApiError:  # too many ask for it
            return False
        return answer.status == 200

    def close(self) -> None:
        """End the threads once they have answered what they are at."""
        for pool in (self._health, self._reads, self._writes, self._bulks):
            pool.executor.shutdown(wait=True, cancel_futures=True)

    async def _read(self, body: RequestBody, fields: dict[str, str], receive: Receive) -> bool:
        """Read a body; whether it is complete: the client may have gone away before."""
        declared, limit = declared_length(fields), body.admission.limit
        if declared is not None and declared > limit:
            if "expect" not in fields:
                await self._drain(receive)
            raise ApiError(413, f"the body has {declared} bytes, {limit} are allowed")
        try:
            async with asyncio.timeout(self._seconds):
                while (message := await receive())["type"] != "http.disconnect":
                    body.add(message.get("body", b""))
                    if not message.get("more_body", False):
                        return True
                return False
        except TimeoutError:
            late = f"the body did not come within {self._seconds:g} seconds"
            raise ApiError(408, late) from None

    async def _drain(self, receive: Receive, seconds: float | None = None) -> None:
        """Take in what a client sends without keeping it, so that it can read the refusal."""
        try:
            async with asyncio.timeout(self._seconds if seconds is None else seconds):
                while (message := await receive())["type"] == "http.request":
                    if not message.get("more_body", False):
                        return
        except TimeoutError:
            return

    async def _answered(
        self, scope: Message, fields: dict[str, str], body: bytes, more: Mapping[str, Any] = _NONE
    ) -> _Answer:
        pool = self._pool(scope["method"], scope["raw_path"], len(body))
        if pool.held >= pool.most:
            raise busy("too many requests wait")
        environ = {**wsgi_environ(scope, fields, body), **more}
        # a generator may enter and leave an app context in two calls: both see the same context
        context = contextvars.copy_context()
        work = functools.partial(context.run, _call, self._app, environ)
        pool.held += 1
        try:
            answer = await asyncio.get_running_loop().run_in_executor(pool.executor, work)
        finally:
            pool.held -= 1
        answer.parts = _InContext(answer.parts, context)
        answer.close = functools.partial(context.run, answer.close)
        return answer

    def _pool(self, method: str, path: bytes, size: int) -> _Pool:
        if path.startswith(b"/health"):
            return self._health
        if size >= BULK and method == "POST" and path in _ITEMS:
            return self._bulks
        if method in _WRITING and not path.startswith(b"/recommend"):
            return self._writes
        return self._reads

    async def _send(self, answer: _Answer, receive: Receive, send: Send) -> None:
        """Send an answer; one in parts ends when the client goes away.

        A part that is empty says that a stream has nothing to send for now.
        """
        start = {"type": "http.response.start", "status": answer.status, "headers": answer.headers}
        await send(start)
        loop, streamed = asyncio.get_running_loop(), answer.more
        gone = asyncio.ensure_future(_departure(receive)) if streamed else None
        try:
            await send(
                {"type": "http.response.body", "body": answer.first, "more_body": answer.more}
            )
            while answer.more:
                take = functools.partial(next, answer.parts, None)
                part = await loop.run_in_executor(self._reads.executor, take)
                answer.more = part is not None
                if gone is not None:
                    await asyncio.wait({gone}, timeout=PAUSE if part == b"" else 0)
                    if gone.done():
                        return
                if part == b"":
                    continue
                async with asyncio.timeout(STALLED):
                    await send(
                        {
                            "type": "http.response.body",
                            "body": part or b"",
                            "more_body": answer.more,
                        }
                    )
        finally:
            if gone is not None:
                gone.cancel()
                loop.run_in_executor(self._reads.executor, answer.close)


async def _departure(receive: Receive) -> None:
    """Return when the client has gone away."""
    while (await receive())["type"] != "http.disconnect":
        pass  # the end of a body that nobody reads


class _InContext(Iterator[bytes]):
    """An iterator whose every step sees the same context variables, in whichever thread."""

    def __init__(self, parts: Iterator[bytes], context: contextvars.Context) -> None:
        self._parts, self._context = parts, context

    def __next__(self) -> bytes:
        return self._context.run(next, self._parts)


def _call(app: WsgiApp, environ: dict[str, Any]) -> _Answer:
    """Call a WSGI app and take the first two parts of its answer: mostly there is only one."""
    begun: list[tuple[str, list[tuple[str, str]]]] = []

    def start(status: str, headers: list[tuple[str, str]], _: Any = None) -> Callable[..., None]:
        begun[:] = [(status, headers)]
        return _no_write

    result = app(environ, start)
    close: Callable[[], None] = getattr(result, "close", _nothing)
    try:
        parts = iter(result)
        first, second = next(parts, b""), next(parts, None)
    except BaseException:
        close()
        raise
    status, headers = begun[0]
    encoded = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers]
    more = second is not None
    if not more:
        close()
    first = first if second is None else first + second
    return _Answer(int(status[:3]), encoded, parts, first, more, close)


def _nothing() -> None:
    """Close what has nothing to close."""


def _no_write(_: bytes) -> None:
    raise RuntimeError("write() of WSGI is not served")


async def _refuse(send: Send, error: ApiError) -> None:
    """Send the failure of a request that did not reach the app; the connection is closed."""
    result = {"code": error.code or CODES[error.status], "message": error.message, "details": []}
    body = json_bytes({"error": result})
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode("ascii")),
        (b"connection", b"close"),
        *((name.encode("ascii"), value.encode("ascii")) for name, value in error.headers.items()),
    ]
    await send({"type": "http.response.start", "status": error.status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})
