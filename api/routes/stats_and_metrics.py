"""/stats and /metrics: statistics as JSON and for Prometheus."""

from __future__ import annotations

import time
from typing import Annotated, Any

from flask import Response
from pydantic import Field

from recsys.safety.comment_dampening import REASONS
from recsys.serving.live_state import LiveState

from ..http.endpoint_declaration import Routes
from ..metrics import CONTENT_TYPE
from ..runtime.served_model import ServedModel
from ..schemas.field_types import Strict
from ..schemas.health_errors_stats import Stats
from .request_context import service

routes = Routes("service")


class Days(Strict):
    """How far back."""

    days: Annotated[float, Field(gt=0, le=90)] = 7.0


@routes.get("/stats", "metrics", query=Days, answers=Stats)
def stats(query: Days) -> dict[str, Any]:
    """Counts of the store, and click rates of lists by source, position, bundle and user."""
    at_hand = service()
    with at_hand.link.use() as store:
        counts = store.counts()
        unknown = at_hand.kind_counts.unknown(store, at_hand.settings.weights)
        rates = at_hand.link.exposures().rates(time.time() - 86_400.0 * query.days)
    serving = at_hand.serving_or_none
    return {
        "model_version": serving.version if serving else None,
        "counts": counts,
        "flags": _flags(serving.live) if serving else {},
        "comments": _comments(serving) if serving else {},
        "unknown_kinds": unknown,
        "ctr": {
            by: {
                key: {"shown": r.shown, "clicked": r.clicked, "ctr": r.ctr}
                for key, r in found.items()
            }
            for by, found in rates.items()
        },
        "days": query.days,
    }


def _flags(live: LiveState) -> dict[str, int]:
    return live.marks.counts(live.listed())


def _comments(serving: ServedModel) -> dict[str, int]:
    """Return how many comments since the night count less, by reason."""
    return {reason: serving.feed.comment_dampener.lowered[reason] for reason in REASONS}


@routes.get("/metrics", "metrics", answers=str, media=CONTENT_TYPE)
def metrics() -> Response:
    """Metrics in the format of Prometheus."""
    at_hand = service()
    at_hand.take_figures()
    return Response(at_hand.metrics.page(), content_type=CONTENT_TYPE)
