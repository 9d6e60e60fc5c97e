"""Webhook sender: notices as signed HTTP requests, after the Standard Webhooks specification.

https://www.standardwebhooks.com: `webhook-id` is the same with every try, `webhook-signature` is
`v1,` and base64 of HMAC-SHA256 over `id.timestamp.body`.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.client
import json
import socket
import ssl
import threading
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from urllib.parse import urlsplit

from recsys.delivery.public_addresses import Network, resolved
from recsys.delivery.sender import Sent
from recsys.errors import DataError
from recsys.store.outbox import Delivery, StoredNotice

_STEP = 10.0  # seconds for the connection, and for each read
_WHOLE = 20.0  # seconds for all of a request
_LONGEST_WAIT = 86_400.0  # seconds of Retry-After that are believed


def message(one: StoredNotice) -> dict[str, object]:
    """Return a notice as webhooks and event streams carry it."""
    moment = datetime.fromtimestamp(one.created, UTC).isoformat(timespec="milliseconds")
    return {
        "type": one.notice.kind,
        "timestamp": moment.replace("+00:00", "Z"),
        "subject": one.notice.subject,
        "data": dict(one.notice.data),
    }


def signature(secret: str, id: str, timestamp: int, body: bytes) -> str:
    """Return the header `webhook-signature` of a request."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = hmac.new(key, f"{id}.{timestamp}.".encode() + body, hashlib.sha256)
    return "v1," + base64.b64encode(signed.digest()).decode("ascii")


class WebhookSender:
    """Sends to public addresses, and to those in `allowed` networks; follows no redirect."""

    def __init__(self, allowed: Sequence[Network] = ()) -> None:
        self._allowed = allowed
        self._tls = ssl.create_default_context()

    def send(self, delivery: Delivery) -> Sent:
        """Post a notice once; taken when the answer is 2xx."""
        try:
            return self._post(delivery)
        except (OSError, http.client.HTTPException, DataError, ValueError) as error:
            return Sent(f"{type(error).__name__}: {error}")

    def _post(self, delivery: Delivery) -> Sent:
        url = urlsplit(delivery.address)
        secure, host = url.scheme == "https", url.hostname or ""
        port = url.port or (443 if secure else 80)
        # the address that was looked at is the one that is connected to: a name may change between
        address = resolved(host, port, self._allowed)[0]
        connection = _Connection(host, port, address, self._tls if secure else None)
        late = threading.Timer(_WHOLE, connection.cut)
        late.daemon = True
        late.start()
        try:
            path = (url.path or "/") + (f"?{url.query}" if url.query else "")
            body = json.dumps(message(delivery.notice), ensure_ascii=False).encode()
            connection.request("POST", path, body, _headers(delivery, body))
            response = connection.getresponse()
            return _result(response)
        finally:
            late.cancel()
            connection.close()


def _headers(delivery: Delivery, body: bytes) -> dict[str, str]:
    now = int(time.time())
    return {
        "Content-Type": "application/json",
        "User-Agent": "recsys-webhooks",
        "webhook-id": delivery.notice.uid,
        "webhook-timestamp": str(now),
        "webhook-signature": signature(delivery.secret, delivery.notice.uid, now, body),
    }


def _result(response: http.client.HTTPResponse) -> Sent:
    if 200 <= response.status < 300:
        return Sent()
    wait = response.headers.get("Retry-After", "")
    seconds = float(wait) if wait.isascii() and wait.isdigit() and len(wait) < 9 else 0.0
    words = f"the server answered {response.status}"
    if 300 <= response.status < 400:
        words += ": redirects are not followed"
    return Sent(words, min(seconds, _LONGEST_WAIT), response.status == 410)


class _Connection(http.client.HTTPConnection):
    """A connection to one address, under the name of its host."""

    def __init__(self, host: str, port: int, address: str, tls: ssl.SSLContext | None) -> None:
        super().__init__(host, port, timeout=_STEP)
        self.default_port = 443 if tls is not None else 80  # left out of the header Host
        self._address, self._tls = address, tls

    def connect(self) -> None:
        sock = socket.create_connection((self._address, self.port), _STEP)
        if self._tls is not None:
            sock = self._tls.wrap_socket(sock, server_hostname=self.host)
        self.sock = sock

    def cut(self) -> None:
        """End the connection, from another thread."""
        sock = self.sock
        if sock is not None:
            try:
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # it has ended by itself
