"""/api: feedback routes in Gorse's wire format; an event is one feedback record."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from recsys.store.store import StoredEvent

from ..handlers import gorse_conversion
from ..http.endpoint_declaration import Routes
from ..schemas.field_types import listed
from ..schemas.gorse import FeedbackBody, PageQuery
from .request_context import about, service

routes = Routes("gorse", "gorse_feedback")
Json = dict[str, Any]
Done = dict[str, int]


def _done(rows: int) -> Done:
    return {"RowAffected": rows}


@routes.post("/api/feedback", "events", body=listed(FeedbackBody), answers=Done)
@routes.put("/api/feedback", "events", body=listed(FeedbackBody), answers=Done)
def insert_feedback(body: list[FeedbackBody]) -> Done:
    """Add feedback; the same at the same time counts once."""
    with service().link.use() as store:
        store.add_events(gorse_conversion.event(one) for one in body)
    service().metrics.events.inc(len(body))
    return _done(len(body))


@routes.get("/api/feedback", "history", query=PageQuery, answers=Json, loose=True)
def get_feedbacks(query: PageQuery) -> Json:
    """A page of all feedback, oldest first."""
    return _feedback_page(query, None)


@routes.get("/api/feedback/<kind>", "history", query=PageQuery, answers=Json, loose=True)
def get_feedbacks_of_kind(kind: str, query: PageQuery) -> Json:
    """A page of all feedback of a type, oldest first."""
    return _feedback_page(query, kind)


def _feedback_page(query: PageQuery, kind: str | None) -> Json:
    after = int(query.cursor) if query.cursor.isdigit() and len(query.cursor) < 19 else 0
    found: list[StoredEvent] = []
    with service().link.use() as store:
        while len(found) <= query.n and (some := store.events_after(after, query.n + 1)):
            found += [one for one in some if kind in (None, one.event)]
            after = some[-1].id
    page = found[: query.n]
    cursor = str(page[-1].id) if len(found) > query.n else ""
    return {"Cursor": cursor, "Feedback": [gorse_conversion.feedback(one) for one in page]}


@routes.get("/api/user/<user>/feedback", "history", answers=list[Json], loose=True)
def of_user(user: str) -> list[Json]:
    """All feedback of a user."""
    return _latest(_events(user))


@routes.get("/api/user/<user>/feedback/<kind>", "history", answers=list[Json], loose=True)
def of_user_and_kind(user: str, kind: str) -> list[Json]:
    """All feedback of a user of one type."""
    return _latest(one for one in _events(user) if one.event == kind.lower())


@routes.get("/api/feedback/<user>/<item>", "history", answers=list[Json], loose=True)
def of_user_and_item(user: str, item: str) -> list[Json]:
    """What a user did to an item."""
    return _latest(one for one in _events(user) if one.item_id == item)


@routes.delete("/api/feedback/<user>/<item>", "events", answers=Done, loose=True)
def remove_feedback(user: str, item: str) -> Done:
    """Delete what a user did to an item."""
    return _remove(one for one in _events(user) if one.item_id == item)


@routes.delete("/api/feedback/<kind>/<user>/<item>", "events", answers=Done, loose=True)
def remove_feedback_of_kind(kind: str, user: str, item: str) -> Done:
    """Delete what a user did to an item, of one type."""
    kind_and_item = (kind.lower(), item)
    return _remove(one for one in _events(user) if (one.event, one.item_id) == kind_and_item)


def _remove(events: Iterable[StoredEvent]) -> Done:
    with service().link.use() as store:
        return _done(sum(store.delete_event(one.id) for one in list(events)))


def _events(user_id: str) -> list[StoredEvent]:
    with service().link.use() as store:
        return store.events_of(about(user_id), 0, 10_000)


def _latest(events: Iterable[StoredEvent]) -> list[Json]:
    """Return feedback, one per type and item: the last, as if it had overwritten the others."""
    last = {(one.event, one.item_id): one for one in events}
    return [gorse_conversion.feedback(one) for one in last.values()]
