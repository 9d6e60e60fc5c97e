"""/health: liveness and readiness of the process."""

from __future__ import annotations

from typing import Any, Literal

from flask import Response
from pydantic import Field

from recsys.errors import StoreError

from ..http.responses import json_response
from ..http.routing import Routes
from ..schemas.field_types import Strict
from ..schemas.health_errors_stats import Alive, Ready
from .request_context import service

routes = Routes("health")

_LAG = 5.0  # seconds behind the store's logs from which a warning is given


@routes.get("/health/live", None, answers=Alive)
def live() -> dict[str, Any]:
    """The process answers; restart it when this fails."""
    return {"status": "alive"}


class What(Strict):
    """What the caller wants to send here."""

    purpose: Literal["lists", "writes"] = Field("lists", alias="for")


@routes.get("/health/ready", None, query=What, answers=Ready, fails=(503,))
def ready(query: What) -> Response:
    """Whether to send requests here; `for=writes`: whether to send writes.

    200 with `ready`, or `degraded` when lists come from the bundle alone, writes fail or something
    needs attention; 503 with `unavailable` while there is no bundle, and for writes while they
    fail.
    """
    found = _state()
    fit = found["writes"] if query.purpose == "writes" else found["status"] != "unavailable"
    return json_response(found, 200 if fit else 503)


def _state() -> dict[str, Any]:
    at_hand = service()
    serving, age, lag = at_hand.serving_or_none, at_hand.bundle_age(), at_hand.lag()
    store = _store_answers()
    writes = store and at_hand.link.writes
    warnings = []
    if serving is None:
        warnings.append("there is no bundle: run `recsys nightly`")
    if serving is not None and at_hand.worker.refused is not None:
        warnings.append(
            f"bundle {at_hand.worker.refused} was refused, an older one is in service: see the log"
        )
    if not store:
        warnings.append("the store cannot be reached: lists are not personal, writes are refused")
    elif not writes:
        warnings.append("the store takes no writes: they are refused, lists are served")
    if age is not None and age > 3600.0 * at_hand.settings.stale_hours:
        warnings.append("the bundle is stale")
    if lag is not None and lag > _LAG:
        warnings.append("the store's logs are read with a delay")
    status = "unavailable" if serving is None else "ready" if writes else "degraded"
    return {
        "status": status,
        "model_version": serving.version if serving else None,
        "bundle_age_hours": None if age is None else round(age / 3600.0, 3),
        "store": store,
        "writes": writes,
        "lag_seconds": None if lag is None else round(lag, 3),
        "warnings": warnings,
    }


def _store_answers() -> bool:
    try:
        with service().link.use() as store:
            store.last_change_id()
        return True
    except StoreError:
        return False
