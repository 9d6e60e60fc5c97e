"""Stream of notices as server-sent events, resumed after the last event a client received.

A stream takes no thread while it waits: behind AsgiApp it yields an empty part, and is polled
again. Under a WSGI server, where each stream would hold a thread, it ends after what is there, and
the client comes again after `retry` milliseconds.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

from recsys.delivery.webhook import message
from recsys.errors import StoreError
from recsys.store.outbox import Outbox, StoredNotice

from ..errors import ApiError
from ..runtime.store_connection import StoreLink

MOST = 20  # streams of one process
_HEARTBEAT = 15.0  # seconds without a notice after which a comment is sent
_AGAIN = 3_000  # milliseconds after which a client that lost its stream comes again


class Place:
    """One of the places for streams of a process, until it is given back."""

    def __init__(self, streams: Streams) -> None:
        self._streams: Streams | None = streams

    def give_back(self) -> None:
        """Give the place back; a second time changes nothing."""
        streams, self._streams = self._streams, None
        if streams is not None:
            streams.left()


class Streams:
    """The open streams of one process."""

    def __init__(self) -> None:
        self._open = 0
        self._lock = threading.Lock()

    def take(self) -> Place:
        """Take a place; 503 where all are taken."""
        with self._lock:
            if self._open >= MOST:
                text = f"{MOST} streams are open in this worker: try again, or poll GET /notices"
                raise ApiError(503, text, "busy", headers={"Retry-After": "5"})
            self._open += 1
        return Place(self)

    def left(self) -> None:
        """Note that a place is free again."""
        with self._lock:
            self._open -= 1


def start_of(link: StoreLink, header: str, after: int | None) -> int:
    """Return the id after which a stream begins: as the header says, else the parameter, else now.

    400 for a header that is no id.
    """
    if header:
        if not (header.isascii() and header.isdigit() and len(header) < 19):
            raise ApiError(400, "Last-Event-ID is not the id of a notice", "bad_parameter")
        return int(header)
    with link.use() as store:
        last = Outbox(store.db).last_id()
    return last if after is None else after


def events(
    link: StoreLink,
    last: int,
    is_polled: bool,
    outage: Callable[[], StoredNotice | None],
) -> Iterator[bytes]:
    """Yield the notices after an id, and all that follow, as server-sent events.

    `is_polled`: never end, and yield empty parts while there is nothing; else end after what is
    there. `outage`: the notice of an outage of writes that goes on, which the store cannot hold
    yet; it is sent once.
    """
    yield b"retry: %d\n\n" % _AGAIN
    last_sent, announced = time.monotonic(), ""
    while True:
        found = _after(link, last)
        if (failing := outage()) is not None and failing.uid != announced:
            announced = failing.uid
            found.append(failing)
        for one in found:
            last = one.id or last
            yield event(one)
        if not is_polled:
            return
        now = time.monotonic()
        if found:
            last_sent = now
        elif now - last_sent >= _HEARTBEAT:
            last_sent = now
            yield b": waiting\n\n"
        else:
            yield b""


def event(one: StoredNotice) -> bytes:
    """Return a notice as one event; without an id where the store does not hold it."""
    data = json.dumps(as_json(one), ensure_ascii=True)
    head = f"id: {one.id}\n" if one.id else ""
    return f"{head}event: {one.notice.kind}\ndata: {data}\n\n".encode("ascii")


def as_json(one: StoredNotice) -> dict[str, Any]:
    """Return a notice as JSON knows it; `id` is null where the store does not hold it."""
    return {"id": one.id or None, "uid": one.uid, **message(one)}


def _after(link: StoreLink, last: int) -> list[StoredNotice]:
    try:
        with link.use() as store:
            return Outbox(store.db).after(last)
    except StoreError:
        return []  # the store is away: the stream waits for it
