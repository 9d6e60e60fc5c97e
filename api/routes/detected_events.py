"""/detected-events: new events in the texts of the platform, with time line, terms and texts."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any
from urllib.parse import urlencode

from recsys.monitoring.watched_text import COMMENT, ITEM, SOURCES
from recsys.store import detected_events as stored
from recsys.store.store import Store
from recsys.store.text_log import WatchedLog

from ..handlers.ingestion import missing
from ..http.endpoint_declaration import Routes
from ..schemas.detected_events import (
    DetectedEvents,
    DetectedEventsQuery,
    DetectedEventWithTexts,
)
from .request_context import language, service
from .watches import NO_PERSON

routes = Routes("detected_events")

FIRST, NEWEST = 3, 10  # texts that are shown
_SHOWN = 2_000  # characters of a text


@routes.get(
    "/detected-events",
    "notices",
    query=DetectedEventsQuery,
    answers=DetectedEvents,
    unaudited=NO_PERSON,
)
def page(query: DetectedEventsQuery) -> dict[str, Any]:
    """Events that were found in items and comments, the newest first.

    An event is a burst of terms that many more people use than usual, in texts about several items.
    """
    over = None if query.state is None else query.state == "over"
    with service().link.use() as store:
        known = stored.DetectedEvents(store.db)
        found = known.page(over, query.before, query.n + 1)
        counts = known.counts([one.id for one in found[: query.n]])
    shown, following = found[: query.n], None
    if len(found) > query.n:
        kept = query.model_dump(exclude={"before"}, exclude_defaults=True)
        following = f"/detected-events?{urlencode({**kept, 'before': shown[-1].id})}"
    return {
        "events": [event_json(one, counts.get(one.id, (0, 0))) for one in shown],
        "next": following,
    }


@routes.get(
    "/detected-events/<int:event_id>",
    "notices",
    answers=DetectedEventWithTexts,
    fails=(404,),
    unaudited=NO_PERSON,
)
def one(event_id: int) -> dict[str, Any]:
    """An event with its time line by hour, and its first and newest texts.

    Texts that were erased, removed or hidden since are not shown and not counted.
    """
    with service().link.use() as store:
        known = stored.DetectedEvents(store.db)
        found = known.one(event_id) if event_id < 2**63 else None
        if found is None:
            raise missing("event")
        hours = known.hours(event_id)
        some = [("first", each) for each in known.texts(event_id, FIRST, newest=False)]
        some += [("newest", each) for each in known.texts(event_id, NEWEST)]
        examples = _texts(store, some)
        counts = known.counts([event_id]).get(event_id, (0, 0))
    line = [{"start": hour * 3600.0, "texts": n, "people": people} for hour, n, people in hours]
    return {**event_json(found, counts), "timeline": line, "examples": examples}


def event_json(event: stored.StoredDetectedEvent, counts: tuple[int, int]) -> dict[str, Any]:
    """Return the body of an event."""
    from recsys.writing.topic_and_event_descriptions import (
        event_description,  # here: few workers need it
    )

    terms, entities = list(event.body.get("terms", [])), list(event.body.get("entities", []))
    last = event.last if event.over else None
    description = event_description(
        terms, entities, *counts, began=event.began, last=last, language=language(None)
    )
    return {
        "id": event.id,
        "name": event.name,
        "state": "over" if event.over else "active",
        "began": event.began,
        "detected": event.detected,
        "last": event.last,
        "texts": counts[0],
        "people": counts[1],
        "terms": terms,
        "entities": entities,
        "description": asdict(description),
    }


def _texts(store: Store, some: list[tuple[str, stored.EventText]]) -> list[dict[str, Any]]:
    log = WatchedLog(store.db)
    items = log.items_of([one.ref for _, one in some if one.source == ITEM])
    comments = log.comments_of([one.ref for _, one in some if one.source == COMMENT])
    found, seen = [], set[tuple[int, int]]()
    for role, one in some:
        if (one.source, one.ref) in seen:
            continue
        seen.add((one.source, one.ref))
        if one.source == ITEM and one.ref in items:
            item = items[one.ref]
            item_id, text = item.item_id, f"{item.title}\n{item.text}".strip()
        elif one.source == COMMENT and one.ref in comments:
            item_id, text = comments[one.ref].item_id, comments[one.ref].text
        else:
            continue
        found.append(
            {
                "role": role,
                "source": SOURCES[one.source],
                "item_id": item_id,
                "at": one.at,
                "text": text[:_SHOWN],
            }
        )
    return found
