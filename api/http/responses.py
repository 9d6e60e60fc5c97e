"""HTTP responses from Python values: JSON, entity tags, gzip."""

from __future__ import annotations

import gzip
import hashlib
import json
from typing import Any

from flask import Request, Response
from pydantic_core import PydanticSerializationError, to_json

_WORTH_ZIPPING = 1_000  # bytes; below that the header costs more than it saves
encode = json.JSONEncoder(separators=(",", ":"), allow_nan=False).encode


def json_bytes(value: Any) -> bytes:
    """Return compact JSON in UTF-8; in ASCII where a text holds half a surrogate pair."""
    try:
        found = to_json(value)
    except PydanticSerializationError:  # half a surrogate pair, which Rust cannot hold
        return encode(value).encode("ascii")
    if b"NaN" in found or b"Infinity" in found:  # as a number an error, in a text nothing special
        return encode(value).encode("ascii")
    return found


def json_response(value: Any, status: int = 200) -> Response:
    """Return a JSON response."""
    return Response(json_bytes(value), status, content_type="application/json")


def tagged(request: Request, value: Any) -> Response:
    """Return a JSON response with an ETag, or 304 when the caller has that version already."""
    body = json_bytes(value)
    response = Response(body, content_type="application/json")
    response.set_etag(hashlib.sha256(body).hexdigest()[:32], weak=True)
    response.headers["Cache-Control"] = "private, no-cache"
    response.make_conditional(request)
    return response


def zipped(request: Request, response: Response) -> Response:
    """Compress a response for callers that accept gzip and for which it pays."""
    if "gzip" not in request.environ.get("HTTP_ACCEPT_ENCODING", "") or response.is_streamed:
        return response
    body = response.get_data()
    if len(body) < _WORTH_ZIPPING or "Content-Encoding" in response.headers:
        return response
    response.set_data(gzip.compress(body, 1, mtime=0))
    response.headers["Content-Encoding"] = "gzip"
    response.vary.add("Accept-Encoding")
    return response
