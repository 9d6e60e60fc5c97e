"""Structured logs: one JSON object per line; people appear as keyed pseudonyms, never by id."""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import sys
import time
from typing import TextIO

_PLAIN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class JsonFormatter(logging.Formatter):
    """A record as one line of JSON: time, level, logger, message, then its extra fields."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        moment = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        line: dict[str, object] = {
            "time": f"{moment}.{int(record.msecs):03d}Z",
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        line |= {k: v for k, v in vars(record).items() if k not in _PLAIN}
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)


def configure(stream: TextIO | None = None, level: int = logging.INFO) -> None:
    """Send the logs of the project to a stream, standard error by default."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonFormatter())
    for name in ("recsys", "api"):
        logger = logging.getLogger(name)
        logger.handlers[:] = [handler]
        logger.setLevel(level)
        logger.propagate = False


class Pseudonyms:
    """Keyed hashes of ids: the same person has the same one, and only the key's owner can tell."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def of(self, user_id: str) -> str:
        """Return the pseudonym of a user."""
        data = user_id.encode("utf-8", "surrogatepass")
        return hmac.digest(self._secret, data, hashlib.sha256).hex()[:24]
