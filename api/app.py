"""create_app: builds the Flask app from settings. Importing this module has no effect."""

from __future__ import annotations

import logging
import time
import uuid
import weakref
from multiprocessing.util import Finalize
from typing import Any

from flask import Flask, Response, current_app, g, request
from flask_cors import CORS
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

from recsys.settings import Settings

from . import errors
from .auth import Authenticator
from .http import responses
from .http.endpoint_declaration import DECLARED, Endpoint, IdConverter, UserConverter
from .http.request_bodies import SMALL, Admission
from .http.server_sent_events import Streams
from .http.wsgi_to_asgi import OWN, Admitted
from .routes import ROUTES
from .runtime.app_state import AppState
from .runtime.rate_limiter import RateLimiter
from .runtime.refresh_threads import RefreshThreads
from .settings import load_settings

log = logging.getLogger("recsys.api")
access = logging.getLogger("recsys.access")

_REQUEST_ID = 64  # characters of a caller's request id that are kept


def create_app(
    settings: Settings | None = None,
    background: bool = True,
    *,
    figures: str = "",
    buckets: RateLimiter | None = None,
) -> Flask:
    """Return the service as a WSGI app.

    `background=False` starts no thread: call `app.extensions["service"].worker.tick()` instead.
    `figures`: a folder in which the workers of a server leave their figures for each other;
    `buckets`: the rate limits that they share.
    """
    settings = settings or load_settings()
    app = Flask("recsys", static_folder=None)
    app.url_map.converters |= {"id": IdConverter, "user": UserConverter}
    app.url_map.merge_slashes = False
    app.json.sort_keys = False  # type: ignore[attr-defined]
    service = AppState(settings, figures, buckets)
    worker = service.worker = RefreshThreads(service)
    worker.load_keys()
    service.load_pins()
    worker.take_bundle()
    service.load_experiments()
    if background:
        worker.start()
    app.extensions |= {"service": service, "settings": settings, "gate": service.gate}
    app.extensions |= {"audit": service.audit, "streams": Streams()}
    app.extensions["endpoints"] = _register(app)
    errors.register(app)
    if settings.cors_origins:
        CORS(app, origins=list(settings.cors_origins), expose_headers=["X-Request-ID", "ETag"])
    app.before_request(_begin)
    app.after_request(_finish)
    # runs at the end of this process, also where it is the child of a server that forks, in which
    # functions registered with atexit are passed over
    Finalize(None, _close, args=(weakref.ref(service),), exitpriority=10)
    return app


def admission(app: Flask) -> Admitted:
    """Return what says, from a head alone, how much of the body of a request is worth reading.

    It raises the ApiError with which the request will be refused. Called with False it never waits:
    it returns None where the store has to be read first, to be called with True in a thread. The
    tokens that a key has asked for are one holder of bodies beside the key.
    """
    urls, views = app.url_map.bind("localhost"), app.view_functions
    gate: Authenticator = app.extensions["gate"]
    largest = app.extensions["settings"].max_body
    nothing = Admission(min(SMALL, largest), "no body is asked for")

    def admitted(environ: dict[str, Any], may_wait: bool) -> Admission | None:
        try:
            path = environ["PATH_INFO"].encode("latin-1").decode("utf-8")
            rule, _ = urls.match(path, environ["REQUEST_METHOD"], return_rule=True)
        except (HTTPException, RequestRedirect, UnicodeError):
            return nothing  # the app says what is wrong
        endpoint: Endpoint | None = getattr(views[rule.endpoint], DECLARED, None)
        if endpoint is None:
            return nothing
        if endpoint.right is not None and not may_wait and gate.needs_store(environ):
            return None
        caller = gate.caller(environ, endpoint.right, bool(endpoint.own))
        if endpoint.body is None or caller is None:
            return nothing
        return Admission(largest, caller.holder or caller.name)

    return admitted


def _close(held: weakref.ref[AppState]) -> None:
    """Close a service unless it is gone: what is left for the end keeps no app and its files."""
    service = held()
    if service is not None:
        service.close()


def _register(app: Flask) -> list[Endpoint]:
    endpoints: list[Endpoint] = []
    for routes in ROUTES:
        app.register_blueprint(routes.blueprint)
        endpoints.extend(routes.endpoints)
    return endpoints


def _begin() -> None:
    g.start = time.perf_counter()
    given = request.environ.get("HTTP_X_REQUEST_ID", "")
    known = given.isascii() and given.isprintable() and 0 < len(given) <= _REQUEST_ID
    g.request_id = given if known else uuid.uuid4().hex
    try:
        request.environ.get("PATH_INFO", "").encode("latin-1").decode("utf-8")
    except UnicodeError:
        raise errors.ApiError(400, "the path is not UTF-8", "bad_parameter") from None


def _finish(response: Response) -> Response:
    service: AppState = current_app.extensions["service"]
    seconds = time.perf_counter() - g.get("start", time.perf_counter())
    route = g.get("route", "none")
    response.headers["X-Request-ID"] = g.get("request_id", "")
    response.headers["X-Content-Type-Options"] = "nosniff"
    # what a caller may read depends on their key or token, of which shared caches know nothing
    response.headers.setdefault("Cache-Control", "no-store")
    if g.get("by_header"):
        response.vary.add("Accept-Language")
    if OWN not in request.environ:
        service.metrics.requests.labels(route, str(response.status_code)).observe(seconds)
        if service.settings.access_log:
            _log_line(service, route, response, seconds)
    if request.method == "OPTIONS" and request.url_rule:
        response.headers["Allow"] = ", ".join(_methods(request.url_rule.rule))
    if response.status_code != 304:
        responses.zipped(request, response)
    return response


def _methods(path: str) -> list[str]:
    """Return what a path answers to, by itself: another route may match it as an id."""
    endpoints: list[Endpoint] = current_app.extensions["endpoints"]
    found = {endpoint.method for endpoint in endpoints if endpoint.path == path}
    return sorted(found | {"OPTIONS"} | ({"HEAD"} if "GET" in found else set()))


def _log_line(service: AppState, route: str, response: Response, seconds: float) -> None:
    extra: dict[str, object] = {
        "request": g.get("request_id", ""),
        "route": route,
        "status": response.status_code,
        "ms": round(1000 * seconds, 2),
    }
    if user := g.get("user"):
        extra["user"] = service.pseudonyms.of(user)
    if key_id := g.get("key_id"):
        extra["key"] = key_id
    access.info("request", extra=extra)
