"""WSGI environment of an ASGI request, from a head that is checked first."""

from __future__ import annotations

import io
import re
import sys
from collections.abc import MutableMapping
from typing import Any
from urllib.parse import unquote_to_bytes

from ..errors import ApiError

Message = MutableMapping[str, Any]
WHOLE = "recsys.body_is_whole"  # in a WSGI environment: the body is at hand, nothing to wait for
HEAD_BYTES = 131_072  # bytes of a request line, its fields and trailers together
HEAD_FIELDS = 256  # fields of a head and its trailers
_VERSIONS = ("1.0", "1.1")
_HOST = re.compile(r"([\w.~!$&'()*+;=%-]+|\[[0-9A-Fa-f:.]+\])(:\d{0,5})?", re.ASCII)


def header_fields(scope: Message) -> dict[str, str]:
    """Return the header fields by lower-case name; 400 for what has two meanings, 431 beyond size.

    Servers differ in what they let pass, so that this is checked for each of them.
    """
    if scope["http_version"] not in _VERSIONS:
        raise ApiError(400, f"HTTP/{str(scope['http_version'])[:8]} is not served: use HTTP/1.1")
    size = len(scope["raw_path"]) + len(scope["query_string"])
    size += sum(len(name) + len(value) + 4 for name, value in scope["headers"])
    if size > HEAD_BYTES or len(scope["headers"]) > HEAD_FIELDS:
        message = f"the head has more than {HEAD_BYTES} bytes or {HEAD_FIELDS} fields"
        raise ApiError(431, message)
    found: dict[str, str] = {}
    for raw_name, raw_value in scope["headers"]:
        name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
        if "_" in name:
            message = (
                f"the header {name[:60]!r} has an underscore: write {name[:60].replace('_', '-')!r}"
            )
            raise ApiError(400, message)
        if name in found:
            if name == "host":
                raise ApiError(400, "the header host is there twice")
            separator = "; " if name == "cookie" else ","
            value = f"{found[name]}{separator}{value}"
        found[name] = value
    host = found.get("host", "")
    if not host and scope["http_version"] == "1.1":
        raise ApiError(400, "HTTP/1.1 asks for the header host")
    if host and not _HOST.fullmatch(host):
        raise ApiError(400, "the header host is not one host with a port")
    if found.get("transfer-encoding", "chunked").strip().lower() != "chunked":
        raise ApiError(400, "the only transfer-encoding that is read is chunked")
    if "transfer-encoding" in found and "content-length" in found:
        raise ApiError(400, "transfer-encoding and content-length are both there")
    return found


def declared_length(fields: dict[str, str]) -> int | None:
    """Return the Content-Length of a head in bytes; None without one, 400 for no number."""
    declared = fields.get("content-length")
    if declared is None:
        return None
    if not (declared.isascii() and declared.isdigit()):
        raise ApiError(400, f"content-length {declared[:40]!r} is not a number")
    return int(declared)


def wsgi_environ(scope: Message, fields: dict[str, str], body: bytes) -> dict[str, Any]:
    """Return the WSGI environment of a request (PEP 3333)."""
    client, server = scope.get("client") or ("", 0), scope.get("server") or ("localhost", 80)
    environ = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(scope["raw_path"]).decode("latin-1"),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_NAME": str(server[0]),
        "SERVER_PORT": str(server[1]),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "REMOTE_ADDR": str(client[0]),
        "REMOTE_PORT": str(client[1]),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope["scheme"],
        "wsgi.input": io.BytesIO(body),
        "wsgi.input_terminated": True,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
        WHOLE: True,
    }
    for name, value in fields.items():
        environ["HTTP_" + name.upper().replace("-", "_")] = value
    if "content-type" in fields:
        environ["CONTENT_TYPE"] = environ.pop("HTTP_CONTENT_TYPE")
    if body or "content-length" in fields:
        environ["CONTENT_LENGTH"] = str(len(body))
        environ.pop("HTTP_CONTENT_LENGTH", None)
    environ.pop("HTTP_TRANSFER_ENCODING", None)
    return environ
