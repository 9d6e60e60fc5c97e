"""Real receivers of notices: an HTTP server, and an SMTP server."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from api_server import free_port


@dataclass
class Request:
    """One request that came in."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def uid(self) -> str:
        return self.headers["webhook-id"]

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Receiver:
    """An HTTP server that keeps what it is sent; `answer` gives the status and headers."""

    url: str
    requests: list[Request] = field(default_factory=list)
    answer: Callable[[Request], tuple[int, dict[str, str]]] = lambda _: (200, {})


@contextmanager
def receiving() -> Iterator[Receiver]:
    """Run an HTTP server on a free port of loopback."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            request = Request(self.path, headers, body)
            found.requests.append(request)
            status, more = found.answer(request)
            try:
                self.send_response(status)
                for name, value in {**more, "Content-Length": "0"}.items():
                    self.send_header(name, value)
                self.end_headers()
            except OSError:
                pass  # the sender is gone

        do_GET = do_POST

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    found = Receiver(f"http://127.0.0.1:{server.server_port}/hook")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@dataclass
class MailBox:
    """An SMTP server that keeps what it is handed; `refuse` is answered instead of taking it."""

    url: str
    messages: list[EmailMessage] = field(default_factory=list)
    receivers: list[list[str]] = field(default_factory=list)
    refuse: str = ""


@contextmanager
def mail_box() -> Iterator[MailBox]:
    """Run an SMTP server on a free port of loopback."""
    controller = pytest.importorskip(
        "aiosmtpd.controller", reason="aiosmtpd is not installed: pip install 'recsys[test]'"
    )

    class Handler:
        async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
            if found.refuse:
                return found.refuse
            message = message_from_bytes(envelope.content, policy=policy.default)
            assert isinstance(message, EmailMessage)
            found.messages.append(message)
            found.receivers.append(envelope.rcpt_tos)
            return "250 taken"

    port = free_port()  # aiosmtpd connects to the port that it was given
    running = controller.Controller(Handler(), hostname="127.0.0.1", port=port)
    running.start()
    found = MailBox(f"smtp://127.0.0.1:{port}")
    try:
        yield found
    finally:
        running.stop()
