"""/alerts and /silences: bursts on watches, their evidence, and times in which none is sent."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from recsys.errors import DataError
from recsys.i18n import translate
from recsys.monitoring.alert_sentences import GONE
from recsys.monitoring.watched_text import COMMENT, ITEM, SOURCES, TONES
from recsys.store import alerts as store_alerts
from recsys.store.store import Store
from recsys.store.text_log import WatchedLog
from recsys.store.watches import Watch, Watches

from ..errors import ApiError
from ..handlers.ingestion import missing
from ..http.endpoint_declaration import Routes
from ..schemas.alerts import (
    Alert,
    Alerts,
    AlertsQuery,
    AlertWithEvidence,
    NoteBody,
    Silence,
    SilenceBody,
    Silences,
)
from ..schemas.items_users_events import Deleted
from .request_context import language, service
from .watches import NO_PERSON, caller, is_readable, readable

routes = Routes("alerts")

_PSEUDONYMS = "authors of evidence are pseudonyms"
_SHOWN = 2_000  # characters of a text


@routes.get("/alerts", "notices", query=AlertsQuery, answers=Alerts, unaudited=NO_PERSON)
def page(query: AlertsQuery) -> dict[str, Any]:
    """Bursts on watches, the newest first."""
    with service().link.use() as store:
        found = store_alerts.Alerts(store.db).page(
            query.state or "", query.watch, query.kind or "", query.before, query.n + 1
        )
        names = {one.id: one for one in Watches(store.db).every()} if found else {}
    shown, following = found[: query.n], None
    hidden = {id for id, one in names.items() if not is_readable(one)}
    if len(found) > query.n:
        kept = query.model_dump(exclude={"before"}, exclude_defaults=True)
        following = f"/alerts?{urlencode({**kept, 'before': shown[-1].id})}"
    listed = [alert_json(one, names.get(one.watch)) for one in shown if one.watch not in hidden]
    return {"alerts": listed, "next": following}


@routes.get(
    "/alerts/<int:alert_id>",
    "notices",
    answers=AlertWithEvidence,
    fails=(404,),
    unaudited=_PSEUDONYMS,
)
def one(alert_id: int) -> dict[str, Any]:
    """An alert with example texts: central negative ones, the first, a contrary one.

    Texts that were erased, removed or hidden since are counted and not shown.
    """
    with service().link.use() as store:
        found = _found(store, alert_id)
        watch = Watches(store.db).one(found.watch)
        if watch is not None:
            readable(watch)
        texts = evidence_json(store, store_alerts.Alerts(store.db).evidence(alert_id))
    erased = max(int(found.body.get("evidence", 0)) - len(texts), 0)
    warning = translate(GONE, language(None), count=erased)
    return {
        **alert_json(found, watch),
        "evidence": texts,
        "evidence_erased": erased,
        "warnings": [warning] if erased else [],
    }


@routes.post(
    "/alerts/<int:alert_id>/acknowledge",
    "operate",
    body=NoteBody,
    required=False,
    answers=Alert,
    fails=(404, 409),
)
def acknowledge(alert_id: int, body: NoteBody) -> dict[str, Any]:
    """Acknowledge an alert; it is resolved when the burst is over."""
    return _set_state(alert_id, store_alerts.ACKNOWLEDGED, body.note)


@routes.post(
    "/alerts/<int:alert_id>/resolve",
    "operate",
    body=NoteBody,
    required=False,
    answers=Alert,
    fails=(404, 409),
)
def resolve(alert_id: int, body: NoteBody) -> dict[str, Any]:
    """End an alert by hand."""
    return _set_state(alert_id, store_alerts.RESOLVED, body.note)


@routes.get("/silences", "notices", answers=Silences, unaudited=NO_PERSON)
def silences() -> dict[str, Any]:
    """Silences: periods in which alerts are not sent, oldest first."""
    with service().link.use() as store:
        found = store_alerts.Alerts(store.db).silences()
    return {"silences": list(map(_silence_json, found))}


@routes.post(
    "/silences", "operate", body=SilenceBody, answers=Silence, status=201, fails=(404, 409)
)
def silence(body: SilenceBody) -> dict[str, Any]:
    """Silence the alerts of a watch, of a group or of all, from `start` to `end`."""
    starts = time.time() if body.start is None else body.start
    with service().link.use() as store:
        if body.watch is not None and Watches(store.db).one(body.watch) is None:
            raise missing("watch")
        try:
            made = store_alerts.Alerts(store.db).add_silence(
                body.watch, body.group, starts, body.end or 0.0, body.reason, caller()
            )
        except DataError as error:
            raise ApiError(409, str(error)) from None
    return _silence_json(made)


@routes.delete("/silences/<int:silence_id>", "operate", answers=Deleted, fails=(404,))
def delete(silence_id: int) -> dict[str, Any]:
    """Remove a silence."""
    with service().link.use() as store:
        if silence_id >= 2**63 or not store_alerts.Alerts(store.db).remove_silence(silence_id):
            raise missing("silence")
    return {"deleted": {"silences": 1}}


def alert_json(one: store_alerts.Alert, watch: Watch | None) -> dict[str, Any]:
    """Return an alert as JSON knows it."""
    apart = ("memory", "terms", "entities", "evidence", "told")
    return {
        "id": one.id,
        "watch": one.watch,
        "name": watch.name if watch else "",
        "group": watch.group if watch else "",
        "kind": one.kind,
        "state": one.state,
        "began": one.began,
        "fired": one.fired,
        "acknowledged": one.acknowledged,
        "resolved": one.resolved,
        "notified": one.notified,
        "note": one.note,
        "by": one.by,
        "figures": {name: value for name, value in one.body.items() if name not in apart},
        "terms": one.body.get("terms", []),
        "entities": one.body.get("entities", []),
        "evidence_found": one.body.get("evidence", 0),
    }


def evidence_json(store: Store, found: Sequence[store_alerts.Evidence]) -> list[dict[str, Any]]:
    """Return the texts of evidence that are still there, in order."""
    log, names = WatchedLog(store.db), service().pseudonyms
    items = log.items_of([one.ref for one in found if one.source == ITEM])
    comments = log.comments_of([one.ref for one in found if one.source == COMMENT])
    shown = []
    for one in found:
        if one.source == ITEM and one.ref in items:
            item = items[one.ref]
            text, author = f"{item.title}\n{item.text}".strip(), item.author_id
            key, item_id = item.item_id, item.item_id
        elif one.source == COMMENT and one.ref in comments:
            event = comments[one.ref]
            text, author, key, item_id = event.text, event.user_id, str(event.id), event.item_id
        else:
            continue
        tone = service().sentiment_scorer.probabilities([text])[0]
        shown.append(
            {
                "role": one.role,
                "source": SOURCES[one.source],
                "id": key,
                "item_id": item_id,
                "at": one.at,
                "author": names.of(author) if author else "",
                "text": text[:_SHOWN],
                "tone": TONES[int(tone.argmax())],
            }
        )
    return shown


def _set_state(id: int, state: str, note: str) -> dict[str, Any]:
    with service().link.use() as store:
        watch = Watches(store.db).one(_found(store, id).watch)
        if watch is not None:
            readable(watch)
        try:
            found = store_alerts.Alerts(store.db).set_state(id, state, note, caller())
        except DataError as error:
            raise ApiError(409, str(error)) from None
        if found is None:
            raise missing("alert")
        return alert_json(found, watch)


def _found(store: Store, id: int) -> store_alerts.Alert:
    found = store_alerts.Alerts(store.db).one(id) if id < 2**63 else None
    if found is None:
        raise missing("alert")
    return found


def _silence_json(one: store_alerts.Silence) -> dict[str, Any]:
    return {
        "id": one.id,
        "watch": one.watch,
        "group": one.group,
        "start": one.starts,
        "end": one.ends,
        "reason": one.reason,
        "created_by": one.created_by,
        "in_force": one.starts <= time.time() < one.ends,
    }
