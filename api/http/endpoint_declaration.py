"""Endpoint: declaration of a route with its checks, read by the app and by the OpenAPI generator.

A view is a function from validated values to a value:

    routes = Routes("items")

    @routes.get("/items/<id:item_id>", "read", answers=schemas.Item)
    def one(item_id: str) -> Any: ...

What it takes decides what it gets: path values by name, `query` and `body` when declared.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any, get_args

from flask import Blueprint, Response, current_app, g, request
from pydantic import BaseModel, TypeAdapter, ValidationError
from werkzeug.routing import BaseConverter

from recsys import request_cpu_budget
from recsys.data.api_roles import AUDITED, RIGHTS, AuditRule
from recsys.store.erasure_guard import unless_erased

from ..errors import ApiError, problems, translate
from ..runtime.app_state import AppState
from ..runtime.request_audit import USER_NAMES, AuditedRequest
from . import json_body_parsing
from .form_tokens import FIELD, check_form
from .request_validation import (
    parameter_kinds,
    path_value,
    refusal,
    refuse_unknown,
    right_rows,
    rows_of,
    validated,
    without_empty,
)
from .responses import json_response

View = Callable[..., Any]
DECLARED = "recsys_endpoint"  # attribute of a view function of Flask: its endpoint


class IdConverter(BaseConverter):
    """A path value that may hold anything, slashes included."""

    regex = r"[\s\S]+"
    part_isolating = False


class UserConverter(IdConverter):
    """An id at the end of /users/…, but for what belongs to the routes below a user."""

    regex = r"(?![\s\S]*/(?:profile|export|merge|suggestions)\Z)[\s\S]+"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """What a route takes, gives and needs."""

    method: str
    path: str
    right: str | None  # one of recsys.data.api_roles.RIGHTS; None: open to all
    view: View
    tag: str
    answers: Any  # type of the JSON of a success
    status: int
    query: type[BaseModel] | None
    body: Any  # type of the JSON body; None: no body
    many: str  # the body is a list of `body`: also one alone, under this name, or as JSON lines
    media: str  # content type of a success
    fails: tuple[int, ...]  # statuses besides those that follow from the above
    loose: bool  # whether unknown parameters are passed over, as Gorse does
    required: bool = True  # whether the body must be there
    # where the user stands whom it is about: path.NAME, query.NAME, body.NAME, with a ? where it
    # may be missing, or nobody; two with a space between: both, the first only where it is given.
    # Holders of a token may use it about their user; empty: they may not
    own: str = ""
    audit: AuditRule = "never"  # which calls the audit log holds; see recsys.data.api_roles.AUDITED
    unaudited: str = ""  # why it is never, of a route that names a user or changes something
    page: bool = False  # for people: its body is a form, empty parameters count as not given

    @property
    def sensitive(self) -> bool:
        """Whether a call may name a user, or change something."""
        fields = set(re.findall(r"<(?:\w+:)?(\w+)>", self.path))
        for model in (self.query, *get_args(self.body), self.body):
            fields |= set(getattr(model, "model_fields", {}))
        return self.method != "GET" or not USER_NAMES.isdisjoint(fields)

    @property
    def name(self) -> str:
        """A name for logs and metrics: the route without values."""
        return re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", self.path)


class Routes:
    """A blueprint that keeps the endpoints declared on it."""

    def __init__(self, tag: str, name: str = "") -> None:
        self.blueprint = Blueprint(name or tag, __name__)
        self.endpoints: list[Endpoint] = []
        self.tag = tag

    def route(
        self,
        method: str,
        path: str,
        right: str | None,
        *,
        answers: Any,
        status: int = 200,
        query: type[BaseModel] | None = None,
        body: Any = None,
        many: str = "",
        media: str = "application/json",
        fails: tuple[int, ...] = (),
        loose: bool = False,
        required: bool = True,
        own: str = "",
        audit: AuditRule | None = None,
        unaudited: str = "",
        page: bool = False,
    ) -> Callable[[View], View]:
        """Declare an endpoint; see Endpoint for the arguments.

        `audit`: by default the rule of the right. ValueError for a route that names a user or
        changes something and has neither a rule nor a reason why it is not audited.
        """
        if right is not None and right not in RIGHTS:
            raise ValueError(f"{method} {path}: right {right!r} is none of {', '.join(RIGHTS)}")
        rule: AuditRule = audit or ("never" if unaudited else AUDITED.get(right or "", "never"))

        def declare(view: View) -> View:
            endpoint = Endpoint(
                method,
                path,
                right,
                view,
                self.tag,
                answers,
                status,
                query,
                body,
                many,
                media,
                fails,
                loose,
                required,
                own,
                rule,
                unaudited,
                page,
            )
            if rule == "never" and endpoint.sensitive and not unaudited:
                raise ValueError(f"{method} {path}: give audit=, or unaudited= with a reason")
            self.endpoints.append(endpoint)
            self.register(endpoint)
            return view

        return declare

    def register(self, endpoint: Endpoint) -> None:
        """Have requests of an endpoint's path answered by its view."""
        name = f"{endpoint.method.lower()}_{endpoint.view.__name__}_{len(self.endpoints)}"
        self.blueprint.add_url_rule(
            endpoint.path,
            name,
            handler(endpoint),
            methods=[endpoint.method],
            merge_slashes=False,
            strict_slashes=True,
        )

    def get(self, path: str, right: str | None, **options: Any) -> Callable[[View], View]:
        """Declare a GET endpoint."""
        return self.route("GET", path, right, **options)

    def post(self, path: str, right: str | None, **options: Any) -> Callable[[View], View]:
        """Declare a POST endpoint."""
        return self.route("POST", path, right, **options)

    def put(self, path: str, right: str | None, **options: Any) -> Callable[[View], View]:
        """Declare a PUT endpoint."""
        return self.route("PUT", path, right, **options)

    def patch(self, path: str, right: str | None, **options: Any) -> Callable[[View], View]:
        """Declare a PATCH endpoint."""
        return self.route("PATCH", path, right, **options)

    def delete(self, path: str, right: str | None, **options: Any) -> Callable[[View], View]:
        """Declare a DELETE endpoint."""
        return self.route("DELETE", path, right, **options)


def handler(endpoint: Endpoint) -> Callable[..., Response]:
    """Return what answers requests of an endpoint: its view behind all checks, and the audit."""
    kinds = parameter_kinds(endpoint.query) if endpoint.query else {}
    shape = list[endpoint.body] if endpoint.many else endpoint.body  # type: ignore[name-defined]
    adapter: TypeAdapter[Any] | None = TypeAdapter(shape) if endpoint.body else None
    route = f"{endpoint.method} {endpoint.name}"

    @functools.wraps(endpoint.view)
    def handle(**values: Any) -> Response:
        g.route = route
        act = AuditedRequest(
            current_app.extensions["audit"], route, endpoint.right or "", endpoint.audit
        )
        g.audited = act
        seconds = current_app.extensions["settings"].request_cpu_seconds
        try:
            with request_cpu_budget.limited(seconds if endpoint.right else 0.0):
                response = answer(values, act)
        except Exception as error:
            act.failed(translate(error).status, values)
            raise
        act.answered(response.status_code)
        return response

    handle.__dict__[DECLARED] = endpoint

    def answer(values: dict[str, Any], act: AuditedRequest) -> Response:
        gate = current_app.extensions["gate"]
        gate.admit(request, endpoint.right, bool(endpoint.own))
        for name, value in values.items():
            if isinstance(value, str):
                values[name] = path_value(name, value)
        given = json_body_parsing.read_query(request.environ.get("QUERY_STRING", ""))
        if endpoint.page:
            given = without_empty(given)
        if endpoint.query is not None:
            values["query"] = validated(endpoint.query, given, kinds, endpoint.loose)
        elif given and not endpoint.loose:
            refuse_unknown(given, ())
        if adapter is not None:
            partial = bool(endpoint.many and getattr(values.get("query"), "partial", False))
            values["body"] = _body(endpoint, adapter, partial)
        request_cpu_budget.check("reading the parameters and the body")
        if g.token_user is not None:
            _only_about(g.token_user, endpoint.own, values)
            if endpoint.many:
                gate.admit_rows(len(values["body"]), endpoint.many)
        act.begin(values)
        with _unless_erased(endpoint):
            found = endpoint.view(**values)
        if rejected := g.pop("rejected", None):
            found = {**found, "rejected": rejected}
        return found if isinstance(found, Response) else json_response(found, endpoint.status)

    return handle


def _unless_erased(endpoint: Endpoint) -> AbstractContextManager[None]:
    """Return what stops the writes of a token's holder once their user has been erased."""
    if g.token_user is None or endpoint.method == "GET":
        return nullcontext()
    service: AppState = current_app.extensions["service"]
    return unless_erased(service.pseudonyms.of(g.token_user), g.token_made)


def _only_about(user_id: str, own: str, values: Mapping[str, Any]) -> None:
    """Raise 403 when the holder of a token reads or writes data of somebody else than their
    user.
    """
    if " " in own:
        for one in own.split():
            _only_about(user_id, one, values)
        return
    part, _, name = own.partition(".")
    if part == "nobody":
        return
    given = values[name] if part == "path" else values[part]
    rows = given if isinstance(given, list) else [given]
    optional = name.endswith("?")
    for row in rows:
        about = row if part == "path" else getattr(row, name.removesuffix("?"))
        if about != user_id and not (optional and about is None):
            raise ApiError(403, f"this token is for another user than {about!r}")


def _body(endpoint: Endpoint, adapter: TypeAdapter[Any], partial: bool) -> Any:
    settings = current_app.extensions["settings"]
    limits = settings.max_body, settings.body_seconds
    if endpoint.page:
        given = json_body_parsing.read_form(request, *limits)
        check_form(request, given.pop(FIELD, [""])[0])
        return validated(endpoint.body, without_empty(given), parameter_kinds(endpoint.body), False)
    if endpoint.many and (endpoint.required or request.content_length):
        most = settings.max_batch
        rows = rows_of(json_body_parsing.read_rows(request, *limits, most), endpoint.many)
        if not 1 <= len(rows) <= most:
            raise ApiError(422, f"{len(rows)} {endpoint.many}: send 1 to {most}")
        return right_rows(rows, adapter, partial)
    if not endpoint.required and not request.content_length:
        raw: Any = [] if endpoint.many else {}
    else:
        raw = json_body_parsing.read_json(request, *limits)
    try:
        return adapter.validate_python(raw)
    except ValidationError as error:
        found = problems(error, schema=adapter.json_schema)
        message = f"{found[0]['field'] or 'body'}: {found[0]['message']}"
        raise refusal(message, found) from None
