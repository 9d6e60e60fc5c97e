"""Structured logs: one JSON object per line, with keyed pseudonyms in place of user ids."""

from __future__ import annotations

import json
import logging
import re
import sys
import time
from typing import TextIO

from flask import g, has_request_context

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
            line["error"] = _without_ids(self.formatException(record.exc_info))
        return json.dumps(line, default=str)


def _without_ids(text: str) -> str:
    """Return the text of a failure without the id of the user whom the request is about."""
    user = g.get("user") if has_request_context() else None
    return re.sub(rf"(?<!\w){re.escape(user)}(?!\w)", "<user>", text) if user else text


def configure(stream: TextIO | None = None, level: int = logging.INFO) -> None:
    """Send the logs of the project to a stream, standard error by default."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonFormatter())
    for name in ("recsys", "api"):
        logger = logging.getLogger(name)
        logger.handlers[:] = [handler]
        logger.setLevel(level)
        logger.propagate = False
