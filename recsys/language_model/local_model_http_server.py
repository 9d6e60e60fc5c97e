"""HTTP server of a local model on loopback: POST /v1/chat/completions, GET /health."""

from __future__ import annotations

import json
import logging
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from recsys.language_model.local_models import Writer

MOST_BYTES = 256_000  # of a request
MOST_TOKENS = 1_000  # of an answer

log = logging.getLogger("recsys")


class ModelServer(ThreadingHTTPServer):
    """Serves one writer; port 0 lets the system choose."""

    daemon_threads = True

    def __init__(self, writer: Writer, model: str, port: int, host: str = "127.0.0.1") -> None:
        self.writer, self.model = writer, model
        super().__init__((host, port), _Handler)


class _Handler(BaseHTTPRequestHandler):
    server: ModelServer
    timeout = 10.0  # seconds for a request to arrive

    def do_GET(self) -> None:
        """Answer /health and /v1/models."""
        if self.path in ("/health", "/v1/models"):
            self._send(200, {"object": "list", "data": [{"id": self.server.model}]})
        else:
            self._error(404, "there is no such path")

    def do_POST(self) -> None:
        """Answer /v1/chat/completions."""
        if self.path != "/v1/chat/completions":
            return self._error(404, "there is no such path")
        try:
            length = int(self.headers.get("Content-Length", ""))
        except ValueError:
            return self._error(411, "Content-Length is missing or no number")
        if not 0 < length <= MOST_BYTES:
            return self._error(413, f"the body must have 1 to {MOST_BYTES:,} bytes")
        try:
            body = json.loads(self.rfile.read(length))
            messages = [
                {"role": str(one["role"]), "content": str(one["content"])}
                for one in body["messages"]
            ]
            most = min(int(body.get("max_tokens") or 200), MOST_TOKENS)
            form = body.get("response_format") or {}
            schema = (form.get("json_schema") or {}).get("schema")
            if not messages or most < 1:
                raise ValueError("no message, or max_tokens below 1")
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
            return self._error(400, f"not a chat completion: {error}")
        try:
            text = self.server.writer.write(messages, most, schema)
        except Exception as error:  # of a runtime in C++ or torch; the server goes on
            log.exception("the model failed")
            return self._error(500, f"the model failed: {error}")
        message = {"role": "assistant", "content": text}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        self._send(
            200,
            {
                "object": "chat.completion",
                "created": int(time.time()),
                "model": self.server.model,
                "choices": [choice],
            },
        )

    def log_message(self, format: str, *arguments: Any) -> None:
        """Log nothing: messages hold what people wrote."""

    def _error(self, status: int, message: str) -> None:
        self._send(status, {"error": {"message": message}})

    def _send(self, status: int, document: object) -> None:
        data = json.dumps(document, ensure_ascii=False).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)
