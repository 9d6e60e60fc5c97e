"""Ingestion handlers: write validated bodies to the store and update the live state at once."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from flask import g, has_request_context, request

from recsys import request_cpu_budget
from recsys.data.api_roles import roles_with
from recsys.data.id_normalization import canonical
from recsys.data.parsing import AHEAD, FieldError, distinct, parse_extra, shown
from recsys.data.records import ITEM_COLUMNS, Event, Item, User, check_size, check_window
from recsys.safety.flags import KEY
from recsys.safety.item_screening import REVIEWED, screen
from recsys.store.exposures import Outcome
from recsys.store.item_in_any_state import look_up
from recsys.store.store import Added, Store

from ..errors import ApiError
from ..runtime.app_state import AppState
from ..schemas.field_types import WINDOW
from ..schemas.items_users_events import EventBody, ItemBody, ItemPatch, UserBody

MOST_WARNINGS = 20  # in one answer
MOST_NAMED = 100  # items without a record in one answer
BULK = 50_000  # characters of titles and texts beyond which another process analyses them


def add_events(service: AppState, rows: Sequence[EventBody]) -> Added:
    """Store events; they are durable when this returns. All or, on an error, none."""
    with service.link.use() as store:
        added = store.add_events(_event(row) for row in rows)
    service.metrics.events.inc(len(rows))
    outcomes = [
        Outcome(row.recommendation_id, row.item_id, _kind(row), time.time())
        for row in rows
        if row.recommendation_id
    ]
    if outcomes:
        service.exposures.happened(outcomes)
    return added


def unknown_kinds(service: AppState, rows: Sequence[EventBody]) -> list[dict[str, object]]:
    """Return the kinds of some events that weigh nothing, as no kind of this name is known."""
    weights = service.settings.weights
    if all([weights.meanings[kind].known for kind in {_kind(row) for row in rows}]):
        return []
    return weights.unknown_kinds(Counter(map(_kind, rows)))


def unrecorded_items(service: AppState, rows: Sequence[EventBody]) -> list[str]:
    """Return the items of some events of which there is no record, each once, in their order.

    The store is asked only about those that this worker knows no record of.
    """
    items = list(dict.fromkeys(row.item_id for row in rows))
    if (serving := service.serving_or_none) is not None:
        live = serving.live
        places = [live.row(id) for id in items]
        recorded, gone = live.listing.recorded, live.listing.gone
        items = [
            id
            for id, row in zip(items, places, strict=True)
            if row < 0 or not recorded[row] or gone[row]
        ]
    if not items:
        return []
    with service.link.use() as store:
        return store.unrecorded(items)[:MOST_NAMED]


def _kind(row: EventBody) -> str:
    return row.event or ("view" if row.value is None else "rating")


def _event(row: EventBody) -> Event:
    return Event(
        row.user_id,
        row.item_id,
        _kind(row),
        row.value,
        row.text,
        row.timestamp,
        row.shared_from or "",
    )


def add_items(service: AppState, rows: Sequence[ItemBody]) -> tuple[int, int]:
    """Store items and make them retrievable; a posted item is live, whatever it was before.

    Returns how many are new or changed, and how many lost a field that had been filled.
    """
    with service.link.use() as store:
        items = [_item(service, store, row) for row in rows]
        known = store.items_known({item.item_id for item in items})
        changed = store_items(service, store, items, True)
    service.catch_up()
    last = {item.item_id: item for item in items}
    return changed, sum(_emptied(before, last[name]) for name, before in known.items())


def metadata_warnings(rows: Sequence[ItemBody]) -> list[str]:
    """Return a sentence per field that was kept as metadata and may be meant as another one.

    Also per field that says that an item is not public, which files and not requests decide by.
    """
    # here: few workers need the names of files
    from recsys.data.header_naming import column_meant
    from recsys.data.publication_state import closed_by

    found: dict[str, str] = {}
    for row in rows:
        for name, value in (row.model_extra or {}).items():
            if len(found) >= MOST_WARNINGS:
                break
            column = column_meant("items", name)
            if column and not getattr(row, column):
                found[name] = f"{name} is kept as metadata; is {column} meant?"
            elif row.expires_at is None and (words := closed_by(name, value)):
                found[name] = (
                    f"{words} is kept as metadata, and the item is listed: "
                    "expires_at, or PUT with hidden=true, keeps it out of lists"
                )
    return list(found.values())


def _emptied(before: Item, item: Item) -> bool:
    """Whether a record loses a filled field, or metadata that are not notes of ours."""
    fields = [name for name in ITEM_COLUMNS if name != "item_id"]
    lost = any(getattr(before, name) and not getattr(item, name) for name in fields)
    return lost or not before.metadata.keys() <= item.metadata.keys() | {"language", KEY}


def store_items(
    service: AppState, store: Store, items: Sequence[Item], revive: bool = False
) -> int:
    """Store items with what is doubtful about them noted; return how many are new or changed.

    422 where an item has more labels or metadata than one item may have, 409 where it expires
    before it is available, 403 where `reviewed` changes and the caller lacks the right `operate`.
    """
    items = [_dated(item) for item in items]
    _check_reviewed(store, items)
    for place, item in enumerate(items, 1):
        _check(item)
        request_cpu_budget.check(f"the check of item {place} of {len(items)}")
    large = sum(len(item.title) + len(item.text) for item in items) > BULK
    analyser = service.texts.analyse if large else None
    found = screen(store, items, service.scorer, arrival=time.time(), analyser=analyser)
    return store.add_items(found.items, revive, found.fingerprints)


def _check_reviewed(store: Store, items: Sequence[Item]) -> None:
    """Raise 403 where an item's flags would be switched off, or on, by a caller who may not.

    A back end that sends back what it has read changes nothing and is not refused.
    """
    if "operate" in (g.get("rights") or ()):
        return
    said = {item.item_id: item.metadata[REVIEWED] for item in items if REVIEWED in item.metadata}
    known = store.items_known(said) if said else {}
    for item_id, value in said.items():
        before = known[item_id].metadata.get(REVIEWED) if item_id in known else None
        if (value is True) != (before is True):
            roles = " or ".join(roles_with("operate"))
            message = (
                f"metadata {REVIEWED!r} of the item {item_id}: setting it needs the role {roles}"
            )
            raise ApiError(403, message)


def _check(item: Item) -> None:
    for check, status, kind in ((check_size, 422, "too_long"), (check_window, 409, WINDOW)):
        try:
            check(item)
        except FieldError as error:
            message = f"{error.column} of the item {item.item_id}: {error.reason}"
            detail: dict[str, object] = {"field": error.column, "message": message, "type": kind}
            code = "invalid" if kind == "too_long" else kind
            raise ApiError(status, message, code, details=[detail]) from error


def _item(service: AppState, store: Store, row: ItemBody) -> Item:
    extra = {name: parse_extra(value, name) for name, value in (row.model_extra or {}).items()}
    metadata = {name: parse_extra(value, name) for name, value in row.metadata.items()} | extra
    return Item(
        str(row.item_id),
        row.title,
        row.text,
        distinct(row.tags),
        row.category,
        row.author_id or "",
        _created(service, store, row),
        row.url.strip(),
        {name: value for name, value in metadata.items() if value is not None},
        row.available_from,
        row.expires_at,
        row.parent_id or "",
    )


def _created(service: AppState, store: Store, row: ItemBody) -> float | None:
    """Return when an item was created: the given time, else the known one, else now."""
    if row.created_at is not None:
        return row.created_at
    serving = service.serving_or_none
    if serving is not None and serving.live.row(str(row.item_id)) < 0:
        return time.time()
    known = store.item(str(row.item_id))
    if known is not None:
        return known.created_at
    return time.time() if serving is None else None


def _dated(item: Item) -> Item:
    """Return an item whose creation, where it lies ahead by what clocks differ, is now."""
    now, created = time.time(), item.created_at
    ahead = created is not None and now < created <= now + AHEAD
    return replace(item, created_at=now) if ahead else item


def change_item(service: AppState, item_id: str, patch: ItemPatch) -> Item:
    """Change some fields of an item, or whether it is hidden; return it as it is then.

    A field that is null becomes empty; one that is absent stays.
    """
    values = patch.model_dump(exclude={"hidden"}, exclude_unset=True)
    empty = Item(item_id)
    values |= {name: getattr(empty, name) for name, value in values.items() if value is None}
    with service.link.use() as store:
        found = look_up(store, item_id)
        if found is None or found[1] == "deleted":
            raise missing("item")
        item = found[0]
        if values:
            if "tags" in values:
                values["tags"] = distinct(values["tags"])
            item = replace(item, **values)
            store_items(service, store, [item])
            item = store.items_known([item_id]).get(item_id, item)
        if patch.hidden is not None:
            (store.hide_item if patch.hidden else store.show_item)(item_id)
    service.catch_up()
    return item


def delete_item(service: AppState, item_id: str) -> None:
    """Forget an item; 404 when there is none."""
    with service.link.use() as store:
        if not store.delete_item(item_id):
            raise missing("item")
    service.catch_up()


def put_users(service: AppState, rows: Sequence[tuple[str, UserBody]]) -> int:
    """Store users; each item that a body likes becomes a like, once."""
    users = [
        User(user_id, body.name, distinct(body.interests), canonical(body.language))
        for user_id, body in rows
    ]
    with service.link.use() as store:
        likes = [like for user_id, body in rows for like in _likes(store, user_id, body.items)]
        changed = store.add_users(users)
        if likes:
            store.add_events(likes)
    service.forget_names()
    return changed


def _likes(store: Store, user_id: str, items: Sequence[str]) -> list[Event]:
    if not items:
        return []
    known = store.items_acted_on(user_id, items, "like")
    return [
        Event(user_id, item_id, "like") for item_id in dict.fromkeys(items) if item_id not in known
    ]


def missing(what: str) -> ApiError:
    """Return the failure of a request for what is not there, with the id that its path names."""
    names = (request.view_args or {}) if has_request_context() else {}
    value = next((names[name] for name in (what, f"{what}_id", "id") if name in names), None)
    shown_value = "" if value is None else f": {shown(str(value))}"
    return ApiError(404, f"there is no {what} of this id{shown_value}")
