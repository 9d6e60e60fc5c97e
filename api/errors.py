"""JSON error responses; all have the shape {"error": {"code", "message", "details"}}."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any

from flask import Flask, Response, has_request_context, request
from pydantic import ValidationError
from pydantic_core import ErrorDetails
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound

from recsys.data.parsing import shown
from recsys.errors import (
    BundleError,
    CpuLimit,
    DataError,
    Overloaded,
    RecsysError,
    StoreBusy,
    StoreError,
)
from recsys.store.erasure_guard import UserErased

from .http.responses import json_response

log = logging.getLogger("recsys.api")

PROBLEMS = 20  # of a request that an answer names
_FORMS = ("LabelControl", "ForgetAll", "Widen")  # classes of which a field may hold either
CODES: Mapping[int, str] = {
    400: "bad_request",
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    406: "not_acceptable",
    408: "timeout",
    409: "conflict",
    413: "too_large",
    414: "uri_too_long",
    415: "unsupported_media_type",
    422: "invalid",
    429: "too_many_requests",
    431: "headers_too_large",
    500: "internal",
    503: "unavailable",
    507: "disk_full",
}


class ApiError(Exception):
    """A failure with its HTTP status; the message is for the caller."""

    def __init__(
        self,
        status: int,
        message: str,
        code: str = "",
        details: list[dict[str, object]] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.code = code or CODES.get(status, "error")
        self.details = details or []
        self.headers = dict(headers or {})


def failure(error: ApiError) -> Response:
    """Return the response of a failure."""
    body = {"error": {"code": error.code, "message": error.message, "details": error.details}}
    response = json_response(body, error.status)
    response.headers.update(error.headers)
    return response


def problems(
    error: ValidationError,
    limit: int | None = PROBLEMS,
    start: int = 0,
    schema: Callable[[], Mapping[str, Any]] | None = None,
) -> list[dict[str, object]]:
    """Return what pydantic found, as details: where, what, and of which kind.

    `start`: the place of the first row, where rows of a longer list were checked. `schema`: makes
    the JSON schema of the body, among whose fields those that an unknown one may be are looked for.
    """
    found = _of_one_form(error.errors(include_url=False, include_context=False))[:limit]
    meant: dict[int, str] = {}
    if any(one["type"] == "missing" for one in found):
        from .http.near_names import with_near_fields  # here: few requests need it

        meant = with_near_fields(found)
    unknown = [n for n, one in enumerate(found) if one["type"] == "extra_forbidden"]
    if unknown and schema is not None:
        from .http.near_names import near_key

        known = schema()
        for place in unknown[:PROBLEMS]:
            if near := near_key(str(found[place]["loc"][-1]), known):
                meant[place] = f"; is {near!r} meant?"
    return [
        {
            "field": _place(one["loc"], start),
            "message": sentence(one) + meant.get(place, ""),
            "type": one["type"],
        }
        for place, one in enumerate(found)
    ]


def _of_one_form(found: list[ErrorDetails]) -> list[ErrorDetails]:
    """Return problems without names of classes in their places.

    Pydantic names the class of each form that an object may have, and the problems of all of them:
    those of the form with the fewest problems are kept.
    """
    forms: dict[tuple[int | str, ...], dict[str, list[ErrorDetails]]] = {}
    for one in found:
        at = next((n for n, part in enumerate(one["loc"]) if part in _FORMS), None)
        if at is not None:
            forms.setdefault(one["loc"][:at], {}).setdefault(str(one["loc"][at]), []).append(one)
    if not forms:
        return found
    least = {place: min(each, key=lambda form: len(each[form])) for place, each in forms.items()}
    kept: list[ErrorDetails] = []
    for one in found:
        at = next((n for n, part in enumerate(one["loc"]) if part in _FORMS), None)
        if at is None:
            kept.append(one)
        elif one["loc"][at] == least[one["loc"][:at]]:
            kept.append({**one, "loc": (*one["loc"][:at], *one["loc"][at + 1 :])})
    return kept


def sentence(problem: ErrorDetails) -> str:
    """Return what is wrong, in the words of the check that found it, without names of classes."""
    if problem["type"] == "model_type":
        return "Input should be an object"
    if problem["type"] == "value_error":
        return problem["msg"].removeprefix("Value error, ")
    if problem["type"] == "extra_forbidden":
        return "is no field of this request; GET /docs lists those that are"
    if problem["type"] == "too_short" and not problem["input"]:
        return "is empty"
    if problem["type"] == "string_pattern_mismatch":
        return _not_of_form(str(problem["loc"][-1]), str(problem["input"]))
    return problem["msg"]


def _not_of_form(field: str, given: str) -> str:
    """Return what is wrong with a text in words: a pattern says nothing to most people."""
    if not given.strip():
        return "is blank"
    if field == "cursor":
        return "is no cursor: take it from `next` of an answer, as it is"
    if field == "lang":
        return f"{shown(given)} is no tag of a language, such as en or zh-Hant"
    if field == "zone":
        return f"{shown(given)} is no time zone, such as UTC or Asia/Shanghai"
    if field == "id":
        return f"{shown(given)} has other signs than letters, digits, dots, hyphens, underscores"
    return f"{shown(given)} does not have the form that GET /docs shows"


def _place(path: tuple[int | str, ...], start: int) -> str:
    if start and path and isinstance(path[0], int):
        path = (path[0] + start, *path[1:])
    return ".".join(map(str, path))


def translate(error: Exception) -> ApiError:
    """Return what a failure of any layer is for the caller of the API."""
    if isinstance(error, ApiError):
        return error
    if isinstance(error, HTTPException):
        status = error.code or 500
        headers = {k: v for k, v in error.get_headers() if k in ("Allow", "Retry-After")}
        if isinstance(error, NotFound) and has_request_context() and request.url_rule is None:
            return ApiError(404, _no_route())
        if isinstance(error, MethodNotAllowed) and has_request_context():
            return ApiError(405, _no_method(error), headers=headers)
        return ApiError(status, error.description or error.name, headers=headers)
    if isinstance(error, DataError):
        return ApiError(422, str(error))
    if isinstance(error, BundleError):
        return ApiError(503, str(error), "no_bundle", headers={"Retry-After": "5"})
    if isinstance(error, StoreError):
        return _store_failure(error)
    if isinstance(error, CpuLimit):
        body = has_request_context() and request.content_length
        return ApiError(413 if body else 503, str(error), "cpu_limit")
    if isinstance(error, Overloaded):
        message = f"{error}; nothing was written: try again"
        return ApiError(503, message, "busy", headers={"Retry-After": "1"})
    if isinstance(error, UserErased):
        headers = {"WWW-Authenticate": 'Bearer realm="recsys"'}
        return ApiError(401, str(error), headers=headers)
    if isinstance(error, RecsysError):
        return ApiError(500, str(error))
    return ApiError(500, "an error on our side; the log has it under this request id")


def _no_route() -> str:
    from .http.near_names import near_routes  # here: few requests need it

    near = near_routes(request.method, request.path)
    meant = f"is {' or '.join(near)} meant? " if near else ""
    return f"there is no route {request.method} {request.path[:100]}; {meant}GET /docs lists all"


def _no_method(error: MethodNotAllowed) -> str:
    known = sorted({"GET", "POST", "PUT", "PATCH", "DELETE"} & set(error.valid_methods or ()))
    path = request.path[:100]
    return f"there is no {request.method[:20]} {path}; this path has {' and '.join(known)}"


def _store_failure(error: StoreError) -> ApiError:
    if "full" in str(error).lower():
        return ApiError(507, "the store is out of space; nothing was written")
    if isinstance(error, StoreBusy):
        message = "other writers keep the store busy; nothing was written"
        return ApiError(503, message, "store_busy", headers={"Retry-After": "1"})
    message = "the store cannot be reached; nothing was written"
    return ApiError(503, message, "store_unreachable", headers={"Retry-After": "2"})


def register(app: Flask) -> None:
    """Answer every failure of an app in the one shape."""

    def answer(error: Exception) -> Response:
        known = translate(error)
        if known.status >= 500:
            log.error(
                "failed",
                exc_info=error if known.status == 500 else None,
                extra={"code": known.code, "cause": type(error).__name__},
            )
        return failure(known)

    app.register_error_handler(Exception, answer)
