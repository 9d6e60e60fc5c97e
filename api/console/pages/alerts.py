"""Alerts and watches: bursts with their evidence, saved queries, and how notices are delivered."""

from __future__ import annotations

import time
from typing import Annotated, Any, Literal

from flask import Response, redirect
from pydantic import Field, ValidationError

from recsys.store.notice_destinations import MAIL, Destinations
from recsys.store.outbox import Outbox

from ...console_session import CONSOLE
from ...errors import ApiError, sentence
from ...routes import alerts as alert_routes
from ...routes import watches as watch_routes
from ...routes.request_context import service
from ...schemas.alerts import AlertsQuery, NoteBody, SilenceBody
from ...schemas.field_types import Kind, Label, RowId, Strict, words
from ...schemas.watches import (
    Digest,
    LeastPeople,
    Level,
    PreviewBody,
    Query,
    TimelineQuery,
    WatchBody,
    WatchChange,
    WatchesQuery,
)
from .. import watch_charts
from ..browser_preferences import language
from ..page_routes import routes
from ..rendering import page
from ..translations import translated

PAGE = 40
WATCHES = 200
NO_PERSON = "queries and counts of texts name no user; authors of evidence are pseudonyms"

State = Literal["pending", "firing", "acknowledged", "resolved"]


class AlertsPage(Strict):
    """Which alerts and notices."""

    state: State | None = None
    watch: RowId | None = None
    older: RowId | None = None
    kind: Kind | None = None
    before: RowId | None = None


class AlertForm(Strict):
    """What an operator says of an alert."""

    change: Literal["acknowledge", "resolve"]
    note: words(2_000) = ""  # type: ignore[valid-type]


class SilenceForm(Strict):
    """A time in which alerts of a watch, of a group or of all are not sent."""

    watch: RowId | None = None
    group: Label | None = None
    hours: Annotated[int, Field(ge=1, le=8_760)]
    reason: words(2_000) = ""  # type: ignore[valid-type]


class SilenceEnd(Strict):
    """A silence that is removed."""

    silence: RowId


class WatchEdit(Strict):
    """What is to change of a watch."""

    name: Label
    group: words(200) = ""  # type: ignore[valid-type]
    level: Level
    least_people: LeastPeople
    digest: Digest


class RemoveForm(Strict):
    """The name of the watch, typed once more."""

    confirm: words(200) = ""  # type: ignore[valid-type]


class PreviewQuery(Strict):
    """A query to be tried."""

    query: Annotated[str, Field(max_length=2_000)] = ""
    level: Level = "normal"


class WatchForm(Strict):
    """A watch to be saved."""

    name: Label
    query: Query
    level: Level = "normal"
    group: words(200) = ""  # type: ignore[valid-type]
    least_people: LeastPeople = 10
    digest: Digest = "none"


@routes.get(f"{CONSOLE}/alerts", "notices", query=AlertsPage, unaudited=NO_PERSON)
def alerts(query: AlertsPage) -> Response:
    """Alerts and watches, and the notices with their deliveries."""
    given = AlertsQuery.model_construct(
        state=query.state, kind=None, watch=query.watch, before=query.older, n=PAGE
    )
    found = alert_routes.page(given)
    watches = watch_routes.page(WatchesQuery.model_construct(after=0, n=WATCHES))
    with service().link.use() as store:
        outbox, destinations = Outbox(store.db), Destinations(store.db)
        notices = outbox.page(kind=query.kind or "", before=query.before, n=PAGE + 1)
        shown = notices[:PAGE]
        deliveries = outbox.deliveries_of([one.id for one in shown])
        counts = outbox.counts()
        receivers = [*destinations.list("webhook"), *destinations.list(MAIL)]
    return page(
        "alerts.html",
        "Alerts and watches",
        alerts=found["alerts"],
        older_alerts=found["alerts"][-1]["id"] if found["next"] else None,
        watches=watches["watches"],
        more_watches=watches["next"] is not None,
        silences=[one for one in alert_routes.silences()["silences"] if one["end"] > time.time()],
        watch_names={one["id"]: one["name"] for one in watches["watches"]},
        notices=shown,
        deliveries=deliveries,
        counts=counts,
        receivers=receivers,
        query=query,
        older=shown[-1].id if len(notices) > PAGE else None,
    )


@routes.get(f"{CONSOLE}/alerts/<int:alert>", "notices", unaudited=NO_PERSON)
def alert(alert: int) -> Response:
    """One alert: figures with their interval, terms, and the texts that stand for it."""
    return page("alert.html", "Alert", alert=_alert(alert))


@routes.post(f"{CONSOLE}/alerts/<int:alert>", "operate", body=AlertForm)
def change(alert: int, body: AlertForm) -> Response:
    """Acknowledge or resolve an alert."""
    note = NoteBody.model_construct(note=body.note)
    if body.change == "acknowledge":
        alert_routes.acknowledge(alert, note)
    else:
        alert_routes.resolve(alert, note)
    return redirect(f"{CONSOLE}/alerts/{alert}", 303)  # type: ignore[return-value]


@routes.post(f"{CONSOLE}/silences", "operate", body=SilenceForm)
def silence(body: SilenceForm) -> Response:
    """Send no alerts for some hours."""
    if body.watch is not None and body.group is not None:
        raise ApiError(422, "a silence is for a watch or for a group, not for both")
    start = time.time()
    given = SilenceBody.model_construct(
        watch=body.watch,
        group=body.group,
        start=start,
        end=start + 3_600.0 * body.hours,
        reason=body.reason,
    )
    alert_routes.silence(given)
    return redirect(f"{CONSOLE}/alerts#silences", 303)  # type: ignore[return-value]


@routes.post(f"{CONSOLE}/silences/remove", "operate", body=SilenceEnd)
def end_silence(body: SilenceEnd) -> Response:
    """Remove a silence: alerts are sent again."""
    try:
        alert_routes.delete(body.silence)
    except ApiError as error:
        raise ApiError(error.status, f"there is no silence {body.silence}") from None
    return redirect(f"{CONSOLE}/alerts#silences", 303)  # type: ignore[return-value]


@routes.post(f"{CONSOLE}/watches/<int:watch>", "operate", body=WatchEdit)
def edit(watch: int, body: WatchEdit) -> Response:
    """Change a watch but for its query."""
    _watch(watch)
    watch_routes.patch(watch, WatchChange.model_construct(**body.model_dump()))
    return redirect(f"{CONSOLE}/watches/{watch}", 303)  # type: ignore[return-value]


@routes.post(f"{CONSOLE}/watches/<int:watch>/remove", "operate", body=RemoveForm)
def remove(watch: int, body: RemoveForm) -> Response:
    """Remove a watch with its counts and alerts, after its name was typed once more."""
    if body.confirm != _watch(watch)["name"]:
        raise ApiError(422, "what you typed is not the name of the watch; nothing was removed")
    watch_routes.delete(watch)
    return redirect(f"{CONSOLE}/alerts", 303)  # type: ignore[return-value]


@routes.get(f"{CONSOLE}/watches/<int:watch>", "notices", unaudited=NO_PERSON)
def watch(watch: int) -> Response:
    """One watch: texts, people and corrected shares over the last 30 days, and its alerts."""
    known = _watch(watch)
    days = watch_routes.timeline(watch, TimelineQuery.model_construct(resolution="day", last=30))
    given = AlertsQuery.model_construct(state=None, kind=None, watch=watch, before=None, n=PAGE)
    return page(
        "watch.html",
        "Watch",
        watch=known,
        days=days,
        charts=watch_charts.charts(days["points"], _),
        alerts=alert_routes.page(given)["alerts"],
    )


@routes.get(f"{CONSOLE}/watches", "notices", query=PreviewQuery, unaudited=NO_PERSON)
def preview(query: PreviewQuery) -> Response:
    """Try a query: what it holds for, and the alerts that it would have made in 30 days."""
    return _preview(query.query.strip(), query.level)


@routes.post(f"{CONSOLE}/watches", "operate", body=WatchForm)
def save(body: WatchForm) -> Response:
    """Save a watch after its preview."""
    given = WatchBody.model_construct(
        name=body.name,
        query=body.query,
        group=body.group,
        level=body.level,
        least_people=body.least_people,
        digest=body.digest,
    )
    made = watch_routes.post(given)
    return redirect(f"{CONSOLE}/watches/{made['id']}", 303)  # type: ignore[return-value]


def _preview(text: str, level: Level) -> Response:
    found: dict[str, Any] | None = None
    problem = ""
    if text:
        try:
            given = PreviewBody.model_validate({"query": text, "level": level})
            found = watch_routes.preview(given)
        except ValidationError as error:
            problem = sentence(error.errors(include_url=False, include_context=False)[0])
    charts = watch_charts.days(found["days"], _) if found else ""
    status = 422 if problem else 200
    title = "Try a watch"
    return page(
        "preview.html",
        title,
        status,
        text=text,
        level=level,
        found=found,
        problem=problem,
        chart=charts,
    )


def _watch(number: int) -> dict[str, Any]:
    try:
        found: dict[str, Any] = watch_routes.one(number)
    except ApiError as error:
        raise ApiError(error.status, f"there is no watch {number}") from None
    return found


def _alert(number: int) -> dict[str, Any]:
    try:
        found: dict[str, Any] = alert_routes.one(number)
    except ApiError as error:
        if error.status != 404:
            raise
        raise ApiError(404, f"there is no alert {number}") from None
    return found


def _(key: str) -> str:
    return translated(key, language())
