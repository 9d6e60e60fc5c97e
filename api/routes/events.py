"""/events: interactions of users. An event is stored before its request is answered."""

from __future__ import annotations

from typing import Any

from ..handlers import list_pagination
from ..handlers.event_kinds_json import known_kinds
from ..handlers.ingestion import add_events, missing, unknown_kinds, unrecorded_items
from ..http.endpoint_declaration import Routes
from ..schemas.health_errors_stats import Nothing
from ..schemas.items_users_events import (
    Deleted,
    EventBody,
    EventKinds,
    Events,
    EventsQuery,
    PartialQuery,
    StoredEvents,
)
from .request_context import about, service

routes = Routes("events")


@routes.post(
    "/events",
    "events",
    own="body.user_id",
    query=PartialQuery,
    body=EventBody,
    many="events",
    answers=StoredEvents,
    status=201,
)
def post(query: PartialQuery, body: list[EventBody]) -> dict[str, Any]:
    """Store events: one, a list, `{"events": […]}`, or one per line as JSON lines.

    All are stored or, when one is wrong, none; with `partial=1` the right ones are stored and the
    others are listed in `rejected`. The same event (user, item, kind, time, value,
    text) counts once; an event without a timestamp happens now, so sent twice it counts twice.
    A kind that `GET /event-kinds` does not list is stored, weighs nothing and is reported. So are
    items without a record, which `RECSYS_UNRECORDED_ITEMS` lets into lists or keeps out of them.
    """
    if len(body) == 1:
        about(body[0].user_id)
    unrecorded = unrecorded_items(service(), body)  # before: a failure of it stores nothing
    added = add_events(service(), body)
    return {
        "accepted": len(body),
        "new": added.new,
        "duplicates": added.duplicates,
        "unknown_kinds": unknown_kinds(service(), body),
        "unrecorded_items": unrecorded,
    }


@routes.get("/event-kinds", "lists", query=Nothing, answers=EventKinds)
def kinds(query: Nothing) -> dict[str, Any]:
    """Kinds of event with weight and meaning, and kinds in the store that have no weight."""
    at_hand = service()
    with at_hand.link.use() as store:
        unknown = at_hand.kind_counts.unknown(store, at_hand.settings.weights)
    return {"kinds": known_kinds(at_hand.settings.weights), "unknown": unknown}


@routes.get("/events", "history", own="query.user_id", query=EventsQuery, answers=Events)
def of_user(query: EventsQuery) -> dict[str, Any]:
    """Events of a user in the order they arrived."""
    with service().link.use() as store:
        found = store.events_of(about(query.user_id), query.after or 0, query.n + 1)
    page = found[: query.n]
    more = len(found) > query.n
    return {
        "events": [
            {
                "id": e.id,
                "user_id": e.user_id,
                "item_id": e.item_id,
                "event": e.event,
                "value": e.value,
                "text": e.text,
                "timestamp": e.timestamp,
            }
            for e in page
        ],
        "next": list_pagination.following("/events", query, page[-1].id) if more else None,
    }


@routes.delete("/events/<int:event_id>", "events", answers=Deleted, fails=(404,))
def delete(event_id: int) -> dict[str, Any]:
    """Delete one event for good."""
    if event_id >= 2**63:
        raise missing("event")
    with service().link.use() as store:
        if not store.delete_event(event_id):
            raise missing("event")
    return {"deleted": {"events": 1}}
