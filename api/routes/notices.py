"""/notices: events of the service in pages and as a stream, with the state of their delivery."""

from __future__ import annotations

from dataclasses import asdict
from difflib import get_close_matches
from typing import Any
from urllib.parse import urlencode

from flask import Response, current_app, request

from recsys.data.notice_kinds import KINDS
from recsys.store import outbox
from recsys.store.outbox import Outbox

from ..errors import ApiError
from ..http.endpoint_declaration import Routes
from ..http.server_sent_events import as_json, events, start_of
from ..http.wsgi_environ import WHOLE
from ..schemas.notices import (
    Dead,
    DeadQuery,
    NoticeKinds,
    Notices,
    NoticesQuery,
    Retried,
    RetryBody,
    StreamQuery,
)
from .request_context import service

routes = Routes("notices")

_NO_PERSON = "the subject of a notice is an alert or a series of runs, not a person"


@routes.get("/notices", "notices", query=NoticesQuery, answers=Notices, unaudited=_NO_PERSON)
def page(query: NoticesQuery) -> dict[str, Any]:
    """Notices, the newest first, with the state of their delivery to each destination."""
    if query.kind and query.kind not in KINDS:
        near = get_close_matches(query.kind, KINDS, 1)
        meant = f"; is {near[0]} meant?" if near else ""
        reason = f"there is no kind of notice {query.kind!r}{meant} GET /notices/kinds lists all"
        detail: dict[str, object] = {"field": "kind", "message": reason, "type": "value_error"}
        raise ApiError(400, f"kind: {reason}", "bad_parameter", [detail])
    with service().link.use() as store:
        log = Outbox(store.db)
        found = log.page(query.kind or "", query.subject or "", query.before, query.n + 1)
        shown = found[: query.n]
        sent = log.deliveries_of([one.id for one in shown])
    listed = [{**as_json(one), "deliveries": list(map(delivery, sent[one.id]))} for one in shown]
    more = len(found) > query.n
    following = _following("/notices", query, shown[-1].id) if more else None
    return {"notices": listed, "next": following}


@routes.get("/notices/kinds", "notices", answers=NoticeKinds)
def kinds() -> dict[str, Any]:
    """The kinds of notices, when each is made, and the JSON schema of its data."""
    return {
        "kinds": [
            {"kind": name, "when": kind.help, "data": kind.schema} for name, kind in KINDS.items()
        ]
    }


@routes.get("/notices/dead", "notices", query=DeadQuery, answers=Dead)
def dead(query: DeadQuery) -> dict[str, Any]:
    """Deliveries that failed too often and are not tried again, the newest first."""
    with service().link.use() as store:
        found = Outbox(store.db).dead(query.before, query.n + 1)
    shown = found[: query.n]
    more = len(found) > query.n
    return {
        "deliveries": [{**delivery(one), "notice": as_json(one.notice)} for one in shown],
        "next": _following("/notices/dead", query, shown[-1].id) if more else None,
    }


@routes.post("/notices/dead/retry", "operate", body=RetryBody, required=False, answers=Retried)
def retry(body: RetryBody) -> dict[str, int]:
    """Retry deliveries that failed too often: all, or those named."""
    with service().link.use() as store:
        return {"retried": Outbox(store.db).retry(body.deliveries)}


@routes.get("/notices/stream", "notices", query=StreamQuery, answers=str, media="text/event-stream")
def stream(query: StreamQuery) -> Response:
    """Notices as server-sent events, from now on or after `Last-Event-ID`; it does not end."""
    link, streams = service().link, current_app.extensions["streams"]
    last = start_of(link, request.environ.get("HTTP_LAST_EVENT_ID", ""), query.after)
    if request.method == "HEAD":  # nothing would be streamed, and no place be given back
        return Response(content_type="text/event-stream")
    place = streams.take()
    outage = service().operation_notices.outage
    found = events(link, last, WHOLE in request.environ, outage)
    response = Response(found, content_type="text/event-stream")
    response.call_on_close(place.give_back)
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Accel-Buffering"] = "no"  # nginx would hold events back
    return response


def delivery(one: outbox.Delivery) -> dict[str, Any]:
    """Return a delivery as JSON knows it, without secret and notice."""
    found = asdict(one)
    del found["secret"], found["notice"]
    return found


def _following(base: str, query: NoticesQuery | DeadQuery, before: int) -> str:
    kept = query.model_dump(exclude={"before"}, exclude_defaults=True)
    return f"{base}?{urlencode({**kept, 'before': before})}"
