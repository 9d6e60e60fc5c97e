"""Audit log: who looked at whom and changed what."""

from __future__ import annotations

from flask import Response

from ...console_session import CONSOLE
from ...routes import audit_log
from ...routes.request_context import service
from ...schemas.audit import AuditQuery
from ...schemas.field_types import Id, Label, Moment, RowId, Strict
from ..page_routes import routes
from ..rendering import page

PAGE = 50


class EntriesQuery(Strict):
    """Which entries."""

    actor: Label | None = None
    subject: Id | None = None
    route: Label | None = None
    since: Moment = None
    before: RowId | None = None


@routes.get(f"{CONSOLE}/audit", "audit", query=EntriesQuery)
def audit(query: EntriesQuery) -> Response:
    """Looks at users and changes by operators, the newest first; reading them is one itself."""
    given = AuditQuery.model_construct(
        actor=query.actor,
        subject=query.subject,
        route=query.route,
        since=query.since,
        until=None,
        before=query.before,
        n=PAGE,
    )
    found = audit_log.page(given)
    with service().link.use():
        names = {key.key_id: key.name for key in service().link.keys().list()}
    entries = found["entries"]
    older = entries[-1]["id"] if found["next"] else None
    return page("audit.html", "Audit log", entries=entries, names=names, query=query, older=older)
