"""/pins: items placed by an operator at a position of personal lists, for a period."""

from __future__ import annotations

import time
from typing import Any

from recsys.store import pins as store_pins

from ..errors import ApiError
from ..handlers.ingestion import missing
from ..http.endpoint_declaration import Routes
from ..schemas.items_users_events import Deleted
from ..schemas.pins import Pin, PinBody, Pins
from .request_context import service

routes = Routes("pins")


@routes.get("/pins", "operate", answers=Pins, audit="never", unaudited="it names no user")
def page() -> dict[str, Any]:
    """The pins of operators, oldest first."""
    with service().link.use() as store:
        found = store_pins.Pins(store.db).list()
    return {"pins": list(map(_as_json, found))}


@routes.post("/pins", "operate", body=PinBody, answers=Pin, status=201, fails=(404, 409))
def post(body: PinBody) -> dict[str, Any]:
    """Pin an item at a position of all personal lists, from `start` to `end`.

    In force within a second in every worker. Users who have muted or used the item, and requests
    whose filters leave it out, do not get it. 404 for an item that is unknown, hidden or removed.
    """
    service().see_changes()
    live = service().serving.live
    row = live.row(body.item_id)
    if row < 0:
        raise missing("item")
    if live.gone[row]:
        raise ApiError(404, f"item {body.item_id!r} is hidden or removed: it cannot be pinned")
    with service().link.use() as store:
        made = store_pins.Pins(store.db).add(body.item_id, body.position, body.start, body.end)
    service().load_pins()
    return _as_json(made)


@routes.delete("/pins/<int:pin_id>", "operate", answers=Deleted, fails=(404,))
def delete(pin_id: int) -> dict[str, Any]:
    """Remove a pin."""
    with service().link.use() as store:
        if pin_id >= 2**63 or not store_pins.Pins(store.db).remove(pin_id):
            raise missing("pin")
    service().load_pins()
    return {"deleted": {"pins": 1}}


def _as_json(one: store_pins.Pin) -> dict[str, Any]:
    return {
        "id": one.id,
        "item_id": one.item_id,
        "position": one.position,
        "start": one.starts,
        "end": one.ends,
        "created": one.created,
        "in_force": one.holds(time.time()),
    }
