"""/items: the catalogue. A posted item can be recommended once its request is answered."""

from __future__ import annotations

import json
from typing import Any

from flask import Response, request

from recsys.data import records
from recsys.errors import StoreError
from recsys.serving.catalogue import document

from ..errors import ApiError
from ..handlers import list_pagination, topics_json
from ..handlers.ingestion import add_items, change_item, delete_item, metadata_warnings, missing
from ..http.endpoint_declaration import Routes
from ..http.responses import tagged
from ..schemas.items_users_events import (
    Deleted,
    Item,
    ItemBody,
    ItemPatch,
    Items,
    ItemsQuery,
    ItemValues,
    PartialQuery,
    StoredItems,
)
from .request_context import service

PAGE = 2_000_000  # characters of items on a page; the rest follows by `next`

routes = Routes("items")


@routes.get("/items", "lists", own="nobody", query=ItemsQuery, answers=Items)
def page(query: ItemsQuery) -> Response:
    """Items in the order of their ids, or those named by `item_id`; unknown ones are left out."""
    with service().link.use() as store:
        if query.item_id:
            found = [item for one in query.item_id if (item := store.item(one))]
        else:
            found = store.items_page(query.after or "", query.n + 1)
    shown = found if query.item_id else _within(found[: query.n])
    more = not query.item_id and len(found) > len(shown)
    after = list_pagination.following("/items", query, shown[-1].item_id) if more else None
    rows = [_with_topics(as_json(item)) for item in shown]
    if query.tone:
        sentiments = service().sentiment_scorer.scores(
            [f"{item.title}\n{item.text}" for item in shown]
        )
        for row, tone in zip(rows, sentiments.tolist(), strict=True):
            row["tone"] = round(tone, 3)
    return tagged(request, {"items": rows, "next": after})


@routes.get("/items/<id:item_id>", "lists", own="nobody", answers=Item, fails=(304, 404))
def one(item_id: str) -> Response:
    """An item, with an ETag; from the bundle when the store is away."""
    return tagged(request, _known(item_id))


def _known(item_id: str) -> dict[str, Any]:
    try:
        with service().link.use() as store:
            item = store.item(item_id)
        if item is not None:
            return _with_topics(as_json(item))
    except StoreError:
        if service().serving_or_none is None:
            raise
    serving = service().serving_or_none
    row = serving.live.row(item_id) if serving else -1
    if serving is None or row < 0 or serving.live.gone[row]:
        raise missing("item")
    return _with_topics(serving.live.document(row))


@routes.post(
    "/items",
    "items",
    query=PartialQuery,
    body=ItemBody,
    many="items",
    answers=StoredItems,
    status=201,
)
def post(query: PartialQuery, body: list[ItemBody]) -> dict[str, Any]:
    """Add items or replace them: one, a list, `{"items": […]}`, or one per line as JSON lines.

    A deleted item that is posted is live again. A hidden one stays hidden, and `reviewed` stays in
    its metadata, until the body says `hidden: false`, `reviewed: false`; `hidden: true` hides.
    The whole record is replaced: `emptied` counts the records that lost a field; PATCH changes
    single fields.
    """
    new, emptied = add_items(service(), body)
    found: dict[str, Any] = {"accepted": len(body), "new": new, "duplicates": len(body) - new}
    warnings = metadata_warnings(body)
    found |= {"emptied": emptied} if emptied else {}
    return found | ({"warnings": warnings} if warnings else {})


@routes.put("/items/<id:item_id>", "items", body=ItemValues, answers=Item, fails=(409,))
def put(item_id: str, body: ItemValues) -> dict[str, Any]:
    """Add an item or replace it."""
    same_id(body.item_id, item_id)
    add_items(service(), [ItemBody.model_construct(**{**dict(body), "item_id": item_id})])
    with service().link.use() as store:
        found = store.items_known([item_id]).get(item_id)  # hidden ones too
    return _known(item_id) if found is None else _with_topics(as_json(found))


@routes.patch("/items/<id:item_id>", "items", body=ItemPatch, answers=Item, fails=(404,))
def patch(item_id: str, body: ItemPatch) -> dict[str, Any]:
    """Change some fields; `hidden: true` removes the item from all lists, `false` restores it."""
    return _with_topics(as_json(change_item(service(), item_id, body)))


@routes.delete("/items/<id:item_id>", "items", answers=Deleted, fails=(404,))
def delete(item_id: str) -> dict[str, Any]:
    """Delete an item; it is removed from all lists at once."""
    delete_item(service(), item_id)
    return {"deleted": {"items": 1}}


def _within(items: list[records.Item]) -> list[records.Item]:
    """Return the first of some items whose texts and metadata fit on a page, one at least."""
    size = 0
    for place, item in enumerate(items):
        size += len(item.title) + len(item.text) + len(json.dumps(item.metadata))
        if size > PAGE and place:
            return items[:place]
    return items


def same_id(given_id: str | None, expected: str) -> None:
    """Raise 409 when a body names another id than its path."""
    if given_id is not None and given_id != expected:
        raise ApiError(409, "the id in the body is not the one in the path")


def as_json(item: records.Item) -> dict[str, Any]:
    """Return an item as JSON knows it, without what is not known."""
    return {name: list(v) if isinstance(v, tuple) else v for name, v in document(item).items()}


def _with_topics(known: dict[str, Any]) -> dict[str, Any]:
    serving = service().serving_or_none
    if serving is not None:
        live = serving.live
        if about := topics_json.of_row(live, live.row(known["item_id"])):
            known["topics"] = about
    return known
