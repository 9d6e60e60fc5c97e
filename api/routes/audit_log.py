"""/audit: entries of the audit log (reads of user data, changes by operators)."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from recsys.store.audit_log import StoredEntry

from ..http.endpoint_declaration import Routes
from ..schemas.audit import Audit, AuditQuery
from .request_context import about, service

routes = Routes("audit")


@routes.get("/audit", "audit", query=AuditQuery, answers=Audit)
def page(query: AuditQuery) -> dict[str, Any]:
    """Looks at users and changes by operators, the newest first; reading them is one itself."""
    at_hand = service()
    subject = query.subject or ""
    person = at_hand.pseudonyms.of(about(subject)) if subject else ""
    with at_hand.link.use():
        found = at_hand.link.audit_log().page(
            actor=query.actor or "",
            person=person,
            subject=subject,
            action=query.route or "",
            since=query.since,
            until=query.until,
            before=query.before,
            n=query.n + 1,
        )
    shown = found[: query.n]
    following = None
    if len(found) > query.n:
        kept = query.model_dump(exclude={"before"}, exclude_defaults=True)
        following = f"/audit?{urlencode({**kept, 'before': shown[-1].id})}"
    return {"entries": [as_json(one) for one in shown], "next": following}


def as_json(one: StoredEntry) -> dict[str, Any]:
    """Return an entry as JSON knows it."""
    entry = one.entry
    return {
        "id": one.id,
        "at": one.at,
        "actor": entry.actor,
        "roles": [role for role in entry.roles.split(",") if role],
        "action": entry.action,
        "right": entry.right,
        "subject": entry.subject,
        "object": entry.object,
        "outcome": entry.outcome,
        "request": entry.request,
        "hash": one.hash,
    }
