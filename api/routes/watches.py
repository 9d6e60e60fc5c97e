"""/watches: saved queries over texts, their preview, timeline and opinion shares."""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import urlencode

from flask import g

from recsys.errors import DataError
from recsys.monitoring.alert_detection import Setting
from recsys.monitoring.watch_digest import as_json as shares_json
from recsys.monitoring.watch_digest import shares_of
from recsys.monitoring.watch_query import Part, conditions, parse
from recsys.monitoring.watch_worker import SECRET
from recsys.monitoring.watched_text import conditions_of, cover
from recsys.monitoring.watched_text_reader import WatchedTextReader
from recsys.store import watches as store_watches
from recsys.store.store import Store
from recsys.store.text_log import WatchedLog

from ..errors import ApiError
from ..handlers.ingestion import missing
from ..http.endpoint_declaration import Routes
from ..schemas.items_users_events import Deleted
from ..schemas.watches import (
    NewWatch,
    Opinion,
    OpinionBody,
    Preview,
    PreviewBody,
    TimelineQuery,
    Watch,
    WatchBody,
    WatchChange,
    Watches,
    WatchesQuery,
    WatchTimeline,
)
from .request_context import language, service

routes = Routes("watches")

NO_PERSON = "queries and counts of texts name no user, but one on an author, which is an entry"
MOST_ALWAYS = 100  # watches that have to be compared with every text
_HOURS = {"hour": 1, "day": 24}


@routes.get("/watches", "notices", query=WatchesQuery, answers=Watches, unaudited=NO_PERSON)
def page(query: WatchesQuery) -> dict[str, Any]:
    """Saved queries over the texts of the platform, oldest first."""
    with service().link.use() as store:
        found = store_watches.Watches(store.db).page(query.after, query.n + 1)
    shown, following = found[: query.n], None
    if len(found) > query.n:
        following = f"/watches?{urlencode({'after': shown[-1].id, 'n': query.n})}"
    return {"watches": [watch_json(one) for one in shown if is_readable(one)], "next": following}


@routes.post("/watches", "operate", body=WatchBody, answers=NewWatch, status=201, fails=(409,))
def post(body: WatchBody) -> dict[str, Any]:
    """Save a query: its texts are counted from now on, and backwards in the background.

    `warnings` say where it holds for nearly all or none of the newest texts, and which topics,
    entities, tags, categories and languages no item has; `POST /watches/preview` shows more.
    Conditions on authors need the right `profile`.
    """
    from recsys.monitoring.watch_preview import first_look  # here: few workers need it

    part = _allowed(body.query)
    with service().link.use() as store:
        known = store_watches.Watches(store.db)
        if cover(part) is None:
            _check_always(known)
        warnings = first_look(store, _reader(store), part, language(None))
        values = body.model_dump() | {"query": conditions_of(part), "created_by": caller()}
        last = WatchedLog(store.db).last_item() + 1, store.last_event_id() + 1
        try:
            made = known.add(values, *last)
        except DataError as error:
            raise ApiError(409, str(error)) from None
    return watch_json(made) | {"warnings": warnings}


@routes.post("/watches/preview", "notices", body=PreviewBody, answers=Preview, unaudited=NO_PERSON)
def preview(body: PreviewBody) -> dict[str, Any]:
    """Preview of a watch: texts that match, and the alerts of the last 30 days.

    The newest 20,000 texts are read, and the tone of the newest 4,000 of them that it holds for.
    """
    from recsys.monitoring.watch_preview import preview as previewed  # here: few workers need it

    part = _allowed(body.query)
    with service().link.use() as store:
        found = previewed(
            store,
            _reader(store),
            part,
            Setting(body.level, body.least_people),
            language=language(None),
        )
    return _named(part, found)


@routes.post("/opinion", "notices", body=OpinionBody, answers=Opinion, unaudited=NO_PERSON)
def opinion(body: OpinionBody) -> dict[str, Any]:
    """Negative, neutral and positive shares of the texts that match a query: a topic, a name.

    Shares are corrected for the errors of the classifier; fewer than 20 texts or 10 people tell
    nothing.
    """
    from recsys.monitoring.watch_preview import preview as previewed  # here: few workers need it

    part = _allowed(body.query)
    with service().link.use() as store:
        found = previewed(
            store,
            _reader(store),
            part,
            Setting(),
            replay=False,
            days=body.days,
            language=language(None),
        )
    del found["days"], found["alerts"]
    return _named(part, found)


@routes.get("/watches/<int:watch_id>", "notices", answers=Watch, fails=(404,), unaudited=NO_PERSON)
def one(watch_id: int) -> dict[str, Any]:
    """A watch."""
    with service().link.use() as store:
        return watch_json(_found(store, watch_id))


@routes.patch(
    "/watches/<int:watch_id>", "operate", body=WatchChange, answers=Watch, fails=(404, 409)
)
def patch(watch_id: int, body: WatchChange) -> dict[str, Any]:
    """Change name, group, level, least people or digest of a watch."""
    values = {name: value for name, value in body.model_dump().items() if value is not None}
    with service().link.use() as store:
        found = _found(store, watch_id)
        if values:
            try:
                found = store_watches.Watches(store.db).change(watch_id, values) or found
            except DataError as error:
                raise ApiError(409, str(error)) from None
    return watch_json(found)


@routes.delete("/watches/<int:watch_id>", "operate", answers=Deleted, fails=(404,))
def delete(watch_id: int) -> dict[str, Any]:
    """Remove a watch with its counts and alerts."""
    with service().link.use() as store:
        if watch_id >= 2**63 or not store_watches.Watches(store.db).remove(watch_id):
            raise missing("watch")
    return {"deleted": {"watches": 1}}


@routes.get(
    "/watches/<int:watch_id>/timeline",
    "notices",
    query=TimelineQuery,
    answers=WatchTimeline,
    fails=(404,),
    unaudited=NO_PERSON,
)
def timeline(watch_id: int, query: TimelineQuery) -> dict[str, Any]:
    """Texts, people and corrected opinion shares of a watch, by hour or day."""
    step = _HOURS[query.resolution]
    last = int(time.time() // store_watches.HOUR) // step
    first = last - query.last + 1
    with service().link.use() as store:
        found = _found(store, watch_id)
        counts = store_watches.Watches(store.db).counts(watch_id, first * step, (last + 1) * step)
    cells: dict[int, list[store_watches.HourCount]] = {at: [] for at in range(first, last + 1)}
    for row in counts:
        cells[row.hour // step].append(row)
    return {
        "watch": found.id,
        "name": found.name,
        "resolution": query.resolution,
        "backfilled": found.backfilled,
        "shares": shares_json(shares_of(counts)),
        "points": [
            {
                "time": at * step * store_watches.HOUR,
                "texts": sum(row.texts for row in rows),
                "people": sum(row.people for row in rows),
                "shares": shares_json(shares_of(rows)),
            }
            for at, rows in cells.items()
        ],
    }


def watch_json(one: store_watches.Watch) -> dict[str, Any]:
    """Return a watch as JSON knows it."""
    return {
        "id": one.id,
        "name": one.name,
        "query": one.query,
        "group": one.group,
        "level": one.level,
        "least_people": one.least_people,
        "digest": one.digest,
        "created": one.created,
        "created_by": one.created_by,
        "backfilled": one.backfilled,
    }


def _allowed(query: str) -> Part:
    """Return a query that the caller may ask with; 403 as in `readable`."""
    part = parse(query)
    _allow(part)
    return part


def _allow(part: Part | None) -> None:
    if authors := _authors(part):
        if "profile" not in g.rights:
            message = "a watch on an author observes a person: it needs the right 'profile'"
            raise ApiError(403, message)
        g.audited.look_at(authors)


def _authors(part: Part | None) -> list[str]:
    if part is None:
        return []
    return list(dict.fromkeys(one.value for one in conditions(part) if one.field == "author"))


def is_readable(one: store_watches.Watch) -> bool:
    """Whether the caller may see a watch: one on an author needs the right 'profile'."""
    return "profile" in g.rights or not _authors(_stored(one))


def readable(one: store_watches.Watch) -> store_watches.Watch:
    """Return a watch that the caller may see; 403 where it names an author and they may not.

    Such a look at a user is an entry of the audit log.
    """
    _allow(_stored(one))
    return one


def _stored(one: store_watches.Watch) -> Part | None:
    """Return the query of a watch; None where it cannot be read, so that it counts nothing."""
    try:
        return parse(one.query, is_stored=True)
    except DataError:
        return None


def _check_always(known: store_watches.Watches) -> None:
    stored = map(_stored, known.every())
    count = sum(part is not None and cover(part) is None for part in stored)
    if count >= MOST_ALWAYS:
        raise ApiError(
            409,
            f"{count} watches only exclude, or ask for a number of tone alone: each is compared"
            " with every text. Add a condition that holds: a word, a topic, a language",
        )


def _reader(store: Store) -> WatchedTextReader:
    at_hand = service()
    serving = at_hand.serving_or_none
    live = serving.live if serving is not None else None
    return WatchedTextReader(live, at_hand.sentiment_scorer, store.get_note(SECRET) or "preview")


def caller() -> str:
    """Return how alerts and watches name who is calling: by the key."""
    return str(g.get("key_id") or ("loopback" if g.get("loopback") else ""))


def _found(store: Store, id: int) -> store_watches.Watch:
    found = store_watches.Watches(store.db).one(id) if id < 2**63 else None
    if found is None:
        raise missing("watch")
    return readable(found)


def _named(part: Part, found: dict[str, Any]) -> dict[str, Any]:
    return {
        "query": conditions_of(part),
        "start": found.pop("from"),
        "end": found.pop("to"),
        **found,
    }
