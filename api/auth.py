"""Gate: who may call, and how often.

With RECSYS_AUTH=auto a server that listens on loopback is open to callers on loopback, which is
logged once as a warning; a request that a proxy passed on does not count as one of those.
Everywhere else a key is needed.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Mapping

from flask import Request, g

from recsys.data.keys import Key, digest

from .errors import ApiError
from .settings import LOOPBACK, Settings

log = logging.getLogger("recsys.api")

_FORWARDED = ("HTTP_X_FORWARDED_FOR", "HTTP_FORWARDED", "HTTP_X_REAL_IP")
_CALLERS = 10_000  # buckets kept; the one idle for longest goes first


class Buckets:
    """Token buckets: so many requests a second per caller, and a burst of two seconds' worth."""

    def __init__(self, size: int = _CALLERS) -> None:
        self._size = size
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()  # tokens, when
        self._lock = threading.Lock()

    def wait(self, caller: str, rate: float, now: float | None = None) -> float:
        """Take a token; return 0, or the seconds until there is one."""
        now = time.monotonic() if now is None else now
        burst = max(1.0, 2.0 * rate)
        with self._lock:
            tokens, before = self._buckets.pop(caller, (burst, now))
            tokens = min(burst, tokens + max(0.0, now - before) * rate)
            missing = max(0.0, 1.0 - tokens) / rate
            self._buckets[caller] = (tokens if missing else tokens - 1.0, now)
            if len(self._buckets) > self._size:
                self._buckets.popitem(last=False)
        return missing


class Gate:
    """Lets a request in or raises 401, 403 or 429."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.keys: Mapping[str, Key] = {}  # by hash; replaced whole by the worker's thread
        self.buckets = Buckets()
        self.open = settings.auth == "off" or (
            settings.auth == "auto" and settings.host in LOOPBACK
        )
        if self.open:
            where = "everybody" if settings.auth == "off" else "callers on this machine"
            log.warning("no key is needed by %s: RECSYS_AUTH=on closes the service", where)

    def admit(self, request: Request, scope: str | None) -> None:
        """Raise unless the caller may use what needs this scope."""
        if scope is None or (self.settings.metrics_open and request.path == "/metrics"):
            return
        token, trusted = _token(request), self._trusted(request)
        key = self.keys.get(digest(token)) if token else None
        if key is not None:
            self._check(key, scope)
        elif token and (self.keys or not trusted):
            raise _unauthorized("this key is not known, or was revoked")
        elif not trusted:
            raise _unauthorized("send a key: Authorization: Bearer <key>, or X-API-Key: <key>")
        else:  # a client that always sends a key works as long as no key was ever made
            address = request.environ.get("REMOTE_ADDR", "")
            self._limit("address " + address, self.settings.anonymous_rate_limit)

    def _check(self, key: Key, scope: str) -> None:
        g.key_id = key.key_id
        if not key.allows(scope):
            raise ApiError(403, f"this needs the scope {scope}; the key has {key.scope}")
        self._limit(key.key_id, self.settings.rate_limit if key.rate is None else key.rate)

    def _trusted(self, request: Request) -> bool:
        if self.settings.auth == "off":
            return True
        environ = request.environ
        local = environ.get("REMOTE_ADDR", "") in LOOPBACK - {""}
        return self.open and local and not any(name in environ for name in _FORWARDED)

    def _limit(self, caller: str, rate: float) -> None:
        if rate <= 0:
            return
        wait = self.buckets.wait(caller, rate / max(1, self.settings.workers))
        if wait:
            headers = {"Retry-After": str(int(wait) + 1)}
            raise ApiError(429, f"more than {rate:g} requests a second", headers=headers)


def _unauthorized(message: str) -> ApiError:
    return ApiError(401, message, headers={"WWW-Authenticate": 'Bearer realm="recsys"'})


def _token(request: Request) -> str:
    environ = request.environ
    if header := environ.get("HTTP_X_API_KEY", ""):
        return str(header).strip()
    scheme, _, token = environ.get("HTTP_AUTHORIZATION", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""
