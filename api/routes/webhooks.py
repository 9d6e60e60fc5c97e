"""/webhooks: addresses to which notices are posted."""

from __future__ import annotations

from typing import Any

from recsys.delivery.public_addresses import check_resolvable
from recsys.errors import DataError
from recsys.store.notice_destinations import WEBHOOK, Destination, Destinations, check_url

from ..errors import ApiError
from ..handlers.ingestion import missing
from ..http.endpoint_declaration import Routes
from ..schemas.items_users_events import Deleted
from ..schemas.notices import Added, NewWebhook, WebhookBody, Webhooks
from .request_context import service

routes = Routes("webhooks")


@routes.get("/webhooks", "notices", answers=Webhooks)
def page() -> dict[str, Any]:
    """The webhooks, oldest first, without their secrets."""
    with service().link.use() as store:
        return {"webhooks": list(map(_as_json, Destinations(store.db).list(WEBHOOK)))}


@routes.post("/webhooks", "operate", body=WebhookBody, answers=NewWebhook, status=201)
def post(body: WebhookBody) -> dict[str, Any]:
    """Add a webhook; its secret is in this answer only.

    Its host must have public addresses, or such as RECSYS_WEBHOOK_NETWORKS allows.
    """
    check_url(body.url)
    check_resolvable(body.url, service().settings.webhook_networks)
    with service().link.use() as store:
        made, secret = Destinations(store.db).add_webhook(body.url, body.kinds)
    return {**_as_json(made), "secret": secret}


@routes.delete("/webhooks/<int:webhook_id>", "operate", answers=Deleted, fails=(404,))
def delete(webhook_id: int) -> dict[str, Any]:
    """Remove a webhook; what waits for it is dropped."""
    with service().link.use() as store:
        if webhook_id >= 2**63 or not Destinations(store.db).remove(WEBHOOK, webhook_id):
            raise missing("webhook")
    return {"deleted": {"webhooks": 1}}


@routes.post("/webhooks/<int:webhook_id>/test", "operate", answers=Added, status=201, fails=(404,))
def test(webhook_id: int) -> dict[str, int]:
    """Send a notice of the kind `test` to a webhook."""
    with service().link.use() as store:
        try:
            return {"notice": Destinations(store.db).test(WEBHOOK, webhook_id)}
        except DataError as error:
            raise ApiError(404, str(error)) from None


def _as_json(one: Destination) -> dict[str, Any]:
    return {
        "id": one.id,
        "url": one.address,
        "kinds": list(one.kinds),
        "created": one.created,
        "disabled": one.disabled,
    }
