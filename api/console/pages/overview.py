"""Overview: health of the service, the last night, and where to look further."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flask import Response, g
from prometheus_client.parser import text_string_to_metric_families

from recsys.errors import StoreError
from recsys.store.job_runs import Run
from recsys.store.outbox import Outbox

from ...console_session import CONSOLE
from ...handlers.readiness import readiness
from ...routes.request_context import service
from .. import night_charts
from ..page_routes import routes
from ..rendering import page

NIGHTS = 14  # in the strip of the last nights
NOTICES = 6


@routes.get(CONSOLE, "console")
def overview() -> Response:
    """Health, the last night, freshness, errors, and the latest notices."""
    at_hand = service()
    nights = _nights()
    last = next((run for run in nights if run.finished is not None), None)
    return page(
        "overview.html",
        "Overview",
        state=readiness(at_hand),
        version=at_hand.serving.version if at_hand.serving_or_none else None,
        created=at_hand.serving.created if at_hand.serving_or_none else None,
        stale=3600.0 * at_hand.settings.stale_hours,
        age=at_hand.bundle_age(),
        last=last,
        nights=nights,
        strip=night_charts.strip(nights),
        requests=_requests(at_hand.metrics.page()),
        counts=_counts(),
        notices=_notices(),
    )


def _nights() -> list[Run]:
    try:
        with service().link.use() as store:
            return [run for run in store.runs(2 * NIGHTS) if run.kind == "nightly"][:NIGHTS]
    except StoreError:
        return []


def _counts() -> dict[str, int]:
    try:
        with service().link.use() as store:
            return store.counts()
    except StoreError:
        return {}


def _notices() -> list[Any]:
    if "notices" not in g.rights:
        return []
    try:
        with service().link.use() as store:
            return list(Outbox(store.db).page(n=NOTICES))
    except StoreError:
        return []


def _requests(text: bytes) -> dict[str, float]:
    """Return how many requests all workers have answered, and how many failed on our side."""
    found = {"all": 0.0, "failed": 0.0, "refused": 0.0}
    for status, count in _by_status(text):
        found["all"] += count
        found["failed"] += count if status.startswith("5") else 0.0
        found["refused"] += count if status in ("401", "403", "429") else 0.0
    return found


def _by_status(text: bytes) -> Iterator[tuple[str, float]]:
    head = "recsys_request_seconds"
    lines = [one for one in text.decode().splitlines() if one.startswith(f"{head}_count")]
    exposition = "\n".join([f"# TYPE {head} histogram", *lines]) + "\n"
    for family in text_string_to_metric_families(exposition):
        for sample in family.samples:
            yield str(sample.labels.get("status", "")), float(sample.value)
