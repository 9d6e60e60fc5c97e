"""Structured logs: one JSON object per line, with keyed pseudonyms in place of user ids."""

from __future__ import annotations

import logging
import re
import sys
from typing import Any, TextIO

from flask import g, has_request_context

from recsys.json_logs import JsonLineFormatter


class JsonFormatter(JsonLineFormatter):
    """One line of JSON per record; failures do not hold the id of the user of the request."""

    def formatException(self, ei: Any) -> str:  # noqa: N802  (the name is logging's)
        """Return the text of a failure."""
        return _without_ids(super().formatException(ei))


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
