"""Detected events: a list, and one event with its time line, terms and texts."""

from __future__ import annotations

from typing import Literal

from flask import Response

from ...console_session import CONSOLE
from ...errors import ApiError
from ...routes import detected_events as event_routes
from ...routes.watches import NO_PERSON
from ...schemas.detected_events import DetectedEventsQuery
from ...schemas.field_types import RowId, Strict
from .. import watch_charts
from ..browser_preferences import language
from ..page_routes import routes
from ..rendering import page
from ..translations import translated

PAGE = 50
DAYS = 60  # longest time line that is drawn, of the newest days


class EventsPage(Strict):
    """Which events."""

    state: Literal["active", "over"] | None = None
    before: RowId | None = None


@routes.get(f"{CONSOLE}/events", "notices", query=EventsPage, unaudited=NO_PERSON)
def events(query: EventsPage) -> Response:
    """Events that were found in items and comments."""
    given = DetectedEventsQuery.model_construct(state=query.state, before=query.before, n=PAGE)
    found = event_routes.page(given)
    return page(
        "detected_events.html",
        "Detected events",
        events=found["events"],
        older=found["events"][-1]["id"] if found["next"] else None,
        query=query,
    )


@routes.get(f"{CONSOLE}/events/<int:event>", "notices", unaudited=NO_PERSON)
def event(event: int) -> Response:
    """One event: texts by day, terms, names, and the first and newest texts."""
    try:
        found = event_routes.one(event)
    except ApiError as error:
        raise ApiError(error.status, f"there is no event {event}") from None
    days: dict[float, int] = {}
    for hour in found["timeline"]:
        day = hour["start"] // 86_400.0 * 86_400.0
        days[day] = days.get(day, 0) + hour["texts"]
    first, last = min(days, default=0.0), max(days, default=-1.0)
    first = max(first, last - (DAYS - 1) * 86_400.0)
    line = [
        {"time": first + 86_400.0 * at, "texts": days.get(first + 86_400.0 * at, 0)}
        for at in range(int((last - first) // 86_400.0) + 1)
    ]
    chart = watch_charts.days(line, _) if len(line) > 1 else ""
    words = " OR ".join(f'"{term}"' for term in found["terms"][:3])
    return page("detected_event.html", "Detected event", event=found, chart=chart, query=words)


def _(key: str) -> str:
    return translated(key, language())
