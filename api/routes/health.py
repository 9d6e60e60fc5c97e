"""/health: liveness and readiness of the process."""

from __future__ import annotations

from typing import Any, Literal

from flask import Response
from pydantic import Field

from ..handlers.readiness import readiness
from ..http.endpoint_declaration import Routes
from ..http.responses import json_response
from ..schemas.field_types import Strict
from ..schemas.health_errors_stats import Alive, Ready
from .request_context import service

routes = Routes("health")


@routes.get("/health/live", None, answers=Alive)
def live() -> dict[str, Any]:
    """Liveness: the process answers; restart it when this fails."""
    return {"status": "alive"}


class What(Strict):
    """What the caller wants to send here."""

    purpose: Literal["lists", "writes"] = Field("lists", alias="for")


@routes.get("/health/ready", None, query=What, answers=Ready, fails=(503,))
def ready(query: What) -> Response:
    """Readiness: whether requests should be sent here; `for=writes`: whether to send writes.

    200 with `ready`, or `degraded` when lists come from the bundle alone, writes fail or something
    needs attention; 503 with `unavailable` while there is no bundle, and for writes while they
    fail.
    """
    found = readiness(service())
    fit = found["writes"] if query.purpose == "writes" else found["status"] != "unavailable"
    return json_response(found, 200 if fit else 503)
