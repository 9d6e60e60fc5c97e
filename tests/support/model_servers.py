"""A server that speaks chat completions and answers as it is scripted, also badly."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Script = Callable[[dict[str, Any], int], bytes | str]  # request, number -> body, or the content


def completion(content: object) -> bytes:
    """Return the JSON of a chat completion."""
    return json.dumps({"choices": [{"message": {"content": content}}]}).encode()


class Scripted(ThreadingHTTPServer):
    """Keeps the requests; `drip`: seconds between bytes."""

    daemon_threads = True

    def __init__(self, script: Script, drip: float = 0.0, status: int = 200) -> None:
        self.script, self.drip, self.status = script, drip, status
        self.requests: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        super().__init__(("127.0.0.1", 0), _Handler)

    @property
    def setting(self) -> str:
        """The value of RECSYS_LLM."""
        return f"openai:http://127.0.0.1:{self.server_port}/v1#tiny"

    def handle_error(self, request: Any, address: Any) -> None:
        """Pass over clients that went away."""


class _Handler(BaseHTTPRequestHandler):
    server: Scripted

    def do_POST(self) -> None:
        """Answer as scripted."""
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.requests.append(body)
        self.server.headers.append(dict(self.headers))
        found = self.server.script(body, len(self.server.requests) - 1)
        data = completion(found) if isinstance(found, str) else found
        self.send_response(self.server.status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if not self.server.drip:
            self.wfile.write(data)
            return
        for byte in data:
            self.wfile.write(bytes([byte]))
            self.wfile.flush()
            time.sleep(self.server.drip)

    def log_message(self, format: str, *arguments: Any) -> None:
        """Log nothing."""


@contextmanager
def model_server(script: Script, drip: float = 0.0, status: int = 200) -> Iterator[Scripted]:
    """Run a scripted server for the block."""
    with Scripted(script, drip, status) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()
