"""HTTP client of a model server that speaks OpenAI's chat completions."""

from __future__ import annotations

import http.client
import json
import socket
import ssl
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from recsys.errors import RecsysError
from recsys.language_model.address import ModelAddress

SECONDS = 2.0  # for a whole answer
MOST_BYTES = 64_000  # of an answer
FAILURES = 3  # in a row, after which the server is left alone for PAUSE
PAUSE = 30.0  # seconds
Message = Mapping[str, str]  # role, content
Count = Callable[[str], None]  # counts an outcome


@cache
def _tls_context() -> ssl.SSLContext:
    """Return the certificates of the system; reading them takes some 20 ms of CPU."""
    return ssl.create_default_context()


class ModelError(RecsysError):
    """A language model gave no usable answer; the default one is to be shown.

    `reason`: away, slow, status, size, form or resting.
    """

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(f"the language model gave no usable answer: {message}")
        self.reason = reason


class ModelClient:
    """Sends messages to one model, within a time-out; safe to share between threads."""

    def __init__(self, address: ModelAddress, key: str = "", seconds: float = SECONDS) -> None:
        self.address = address
        self._key = key
        self._seconds = seconds
        self._lock = threading.Lock()
        self._failures = 0
        self._rests_until = 0.0

    def answer(
        self, messages: Sequence[Message], *, most_tokens: int, schema: Mapping[str, Any] | None
    ) -> str:
        """Return what the model writes; ModelError where it does not in time and form.

        `schema`: the JSON schema that the server is asked to keep to; None: free text.
        """
        with self._lock:
            if time.monotonic() < self._rests_until:
                raise ModelError("resting", "its server failed several times and is left alone")
        body: dict[str, Any] = {
            "model": self.address.model,
            "messages": [dict(one) for one in messages],
            "temperature": 0,
            "max_tokens": most_tokens,
            "stream": False,
        }
        if schema is not None:
            named = {"name": "commands", "strict": True, "schema": dict(schema)}
            body["response_format"] = {"type": "json_schema", "json_schema": named}
        try:
            text = self._text(self._post(json.dumps(body, ensure_ascii=False).encode()))
        except ModelError:
            self._note(failed=True)
            raise
        self._note(failed=False)
        return text

    def _note(self, failed: bool) -> None:
        with self._lock:
            self._failures = self._failures + 1 if failed else 0
            if self._failures >= FAILURES:
                self._failures, self._rests_until = 0, time.monotonic() + PAUSE

    def _post(self, body: bytes) -> bytes:
        parts = urlsplit(self.address.base_url)
        end = time.monotonic() + self._seconds
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if self._key:
            headers["Authorization"] = f"Bearer {self._key}"
        host = parts.hostname or ""
        if parts.scheme == "https":
            connection: http.client.HTTPConnection = http.client.HTTPSConnection(
                host, parts.port, timeout=self._seconds, context=_tls_context()
            )
        else:
            connection = http.client.HTTPConnection(host, parts.port, timeout=self._seconds)
        watchdog: threading.Timer | None = None
        try:
            connection.connect()
            # a server that sends a byte now and then outlives every socket time-out
            watchdog = threading.Timer(end - time.monotonic(), _abort, (connection.sock,))
            watchdog.daemon = True
            watchdog.start()
            connection.request("POST", f"{parts.path}/chat/completions", body, headers)
            response = connection.getresponse()
            data = response.read(MOST_BYTES + 1)
            if response.status != 200:
                raise ModelError("status", f"HTTP status {response.status}")
        except (OSError, http.client.HTTPException, AttributeError, ValueError) as error:
            if time.monotonic() >= end - 0.01:
                raise ModelError("slow", f"none within {self._seconds:g} s") from error
            raise ModelError("away", f"{host}: {error}") from error
        finally:
            if watchdog is not None:
                watchdog.cancel()
            connection.close()
        if time.monotonic() >= end:
            raise ModelError("slow", f"none within {self._seconds:g} s")
        if len(data) > MOST_BYTES:
            raise ModelError("size", f"more than {MOST_BYTES:,} bytes")
        return data

    def _text(self, data: bytes) -> str:
        try:
            document = json.loads(data)
            text = document["choices"][0]["message"]["content"]
        except (ValueError, LookupError, TypeError, RecursionError) as error:
            raise ModelError("form", "not the JSON of a chat completion") from error
        if not isinstance(text, str):
            raise ModelError("form", "its content is no text")
        return text


def _abort(sock: socket.socket) -> None:
    try:
        sock.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # closed meanwhile
