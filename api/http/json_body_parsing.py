"""Parsing of request bodies and query strings: strict JSON, JSON lines; errors name the fault."""

from __future__ import annotations

import json
import math
import threading
from collections.abc import Iterator
from itertools import chain, islice
from typing import Any, NoReturn
from urllib.parse import unquote_to_bytes

from flask import Request
from werkzeug.exceptions import ClientDisconnected

from ..errors import ApiError
from .wsgi_environ import WHOLE

JSON_TYPES = ("application/json",)
LINE_TYPES = ("application/x-ndjson", "application/jsonl", "application/x-jsonlines")
FORM_TYPE = "application/x-www-form-urlencoded"
MAX_DEPTH = 32  # levels of lists and objects inside each other
MAX_KEYS = 1_000  # of one object
MAX_PARAMETERS = 5_000
_NESTED = (list, dict)


def _bad(message: str, code: str = "bad_json") -> NoReturn:
    raise ApiError(400, message, code)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(pairs) > MAX_KEYS:
        _bad(f"an object has {len(pairs)} keys, {MAX_KEYS} are allowed")
    found = dict(pairs)
    if len(found) != len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        _bad(f"the key {twice[:100]!r} appears twice in one object")
    return found


def _number(text: str) -> float:
    if math.isfinite(number := float(text)):
        return number
    _bad(f"the number {text[:40]} is too large")


def _constant(text: str) -> NoReturn:
    _bad(f"{text} is not JSON")


_decoder = json.JSONDecoder(
    object_pairs_hook=_object, parse_float=_number, parse_constant=_constant
)


def parse_json(text: str) -> Any:
    """Return a JSON value; no NaN, no infinity, no key twice, no more than 32 levels.

    No object has more than 1,000 keys.
    """
    try:
        value = _decoder.decode(text)
    except RecursionError:
        _bad(f"more than {MAX_DEPTH} levels of nesting")
    except ValueError as error:
        _bad(f"the body is not JSON: {error}")
    if text.count("[") + text.count("{") > MAX_DEPTH and _deeper([value], MAX_DEPTH + 1):
        _bad(f"more than {MAX_DEPTH} levels of nesting")
    return value


def _deeper(value: Any, levels: int) -> bool:
    """Whether a value nests deeper than so many levels; walks level by level, never recursing."""
    level = [value]
    for _ in range(levels + 1):
        held = chain.from_iterable(one.values() if type(one) is dict else one for one in level)
        level = [part for part in held if type(part) in _NESTED]
        if not level:
            return False
    return True


def media_type(request: Request) -> str:
    """Return the media type of a body, without its parameters."""
    return request.mimetype


def body_text(request: Request, limit: int, seconds: float) -> str:
    """Return the body as text.

    413 when it is too large, 408 when it does not come in time, 400 when it is cut off or not
    UTF-8.
    """
    declared = request.content_length
    if declared is not None and declared > limit:
        raise ApiError(413, f"the body has {declared} bytes, {limit} are allowed")
    request.max_content_length = limit
    data = _arrived(request, seconds)
    if declared is not None and len(data) < declared:
        _bad(f"the body ends after {len(data)} of {declared} bytes", "truncated")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        _bad(f"the body is not UTF-8: {error.reason} at byte {error.start}")


def _arrived(request: Request, seconds: float) -> bytes:
    """Read a body, but wait no longer than so many seconds for a client that hangs.

    A read from a server cannot be given up, so a thread does it; it ends with the connection.
    Behind Front the body is at hand already.
    """
    if request.environ.get(WHOLE):
        return request.stream.read()
    stream, found, done = request.stream, bytearray(), threading.Event()
    failed: list[Exception] = []

    def read() -> None:
        try:
            found.extend(stream.read())
        except Exception as error:  # raised again where the request is answered
            failed.append(error)
        done.set()

    threading.Thread(target=read, name="recsys-body", daemon=True).start()
    if not done.wait(seconds):
        raise ApiError(408, f"the body did not come within {seconds:g} seconds")
    if failed:
        if isinstance(failed[0], ClientDisconnected):
            _bad("the body ends too early", "truncated")
        raise failed[0]
    return bytes(found)


def read_json(request: Request, limit: int, seconds: float) -> Any:
    """Return the JSON body of a request; 415 for another media type."""
    if media_type(request) not in JSON_TYPES:
        raise ApiError(415, f"send {JSON_TYPES[0]}, not {media_type(request) or 'nothing'}")
    return parse_json(body_text(request, limit, seconds))


def read_form(request: Request, limit: int, seconds: float) -> dict[str, list[str]]:
    """Return the fields of a form that a page has sent; 415 for another media type."""
    if media_type(request) != FORM_TYPE:
        raise ApiError(415, f"send {FORM_TYPE}, not {media_type(request) or 'nothing'}")
    return read_query(body_text(request, limit, seconds))


def read_rows(request: Request, limit: int, seconds: float, most: int) -> Any:
    """Return a JSON body, or the list of values of a body in JSON lines.

    422 when it has more than `most` lines; the others are not read then.
    """
    kind = media_type(request)
    if kind in JSON_TYPES:
        return parse_json(body_text(request, limit, seconds))
    if kind in LINE_TYPES:
        rows = list(islice(_lines(body_text(request, limit, seconds)), most + 1))
        if len(rows) > most:
            raise ApiError(422, f"more than {most} lines: send 1 to {most}")
        return rows
    raise ApiError(415, f"send {JSON_TYPES[0]} or {LINE_TYPES[0]}, not {kind or 'nothing'}")


def _lines(text: str) -> Iterator[Any]:
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            try:
                yield parse_json(line)
            except ApiError as error:
                raise ApiError(400, f"line {number}: {error.message}", error.code) from None


def read_query(raw: str) -> dict[str, list[str]]:
    """Return the parameters of a query string, in order; 400 when they are not UTF-8.

    `raw` holds one character per byte (PEP 3333), or text where a server has decoded UTF-8 itself;
    UTF-8 may stand in it escaped or as it is.
    """
    found: dict[str, list[str]] = {}
    parts = [part for part in raw.split("&") if part]
    if len(parts) > MAX_PARAMETERS:
        _bad(f"{len(parts)} parameters, {MAX_PARAMETERS} are allowed", "bad_parameter")
    for part in parts:
        name, _, value = part.partition("=")
        try:
            found.setdefault(_unquoted(name), []).append(_unquoted(value))
        except UnicodeDecodeError:
            _bad(f"the parameter {name[:60]} is not UTF-8", "bad_parameter")
    return found


def _unquoted(text: str) -> str:
    """Return a part of a query string without escapes; UnicodeDecodeError when it is not UTF-8."""
    text = text.replace("+", " ")
    if text.isascii():
        return unquote_to_bytes(text).decode()
    try:
        return unquote_to_bytes(text.encode("latin-1")).decode()
    except UnicodeEncodeError:  # the server has decoded it
        return unquote_to_bytes(text.encode()).decode()
