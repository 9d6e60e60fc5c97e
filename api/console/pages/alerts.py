"""Alerts and watches: notices of the service, and how their delivery goes."""

from __future__ import annotations

from flask import Response

from recsys.store.notice_destinations import MAIL, Destinations
from recsys.store.outbox import Outbox

from ...console_session import CONSOLE
from ...routes.request_context import service
from ...schemas.field_types import Kind, RowId, Strict
from ..page_routes import routes
from ..rendering import page

PAGE = 40


class AlertsQuery(Strict):
    """Which notices."""

    kind: Kind | None = None
    before: RowId | None = None


@routes.get(f"{CONSOLE}/alerts", "notices", query=AlertsQuery)
def alerts(query: AlertsQuery) -> Response:
    """Notices, the newest first, with their deliveries, and where they go."""
    with service().link.use() as store:
        outbox, destinations = Outbox(store.db), Destinations(store.db)
        found = outbox.page(kind=query.kind or "", before=query.before, n=PAGE + 1)
        shown = found[:PAGE]
        deliveries = outbox.deliveries_of([one.id for one in shown])
        counts = outbox.counts()
        webhooks, mail = destinations.list("webhook"), destinations.list(MAIL)
    return page(
        "alerts.html",
        "Alerts and watches",
        notices=shown,
        deliveries=deliveries,
        counts=counts,
        webhooks=webhooks,
        addresses=mail,
        query=query,
        older=shown[-1].id if len(found) > PAGE else None,
    )
