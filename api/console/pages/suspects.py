"""Suspicious groups: accounts that act together unusually, with the evidence."""

from __future__ import annotations

from flask import Response
from pydantic import Field

from ...console_session import CONSOLE
from ...routes import suspicious_groups
from ...schemas.field_types import Id, Strict
from ...schemas.suspicious_groups import SuspectsQuery
from .. import listing
from ..page_routes import routes
from ..rendering import page

GROUPS = 10


class GroupsQuery(Strict):
    """Where the page begins."""

    after: Id | None = Field(None, description="groups after that of this item")


@routes.get(f"{CONSOLE}/suspects", "suspects", query=GroupsQuery)
def suspects(query: GroupsQuery) -> Response:
    """Groups of accounts that count like one user, the latest first."""
    given = SuspectsQuery.model_construct(n=GROUPS, after=query.after)
    found = suspicious_groups.page(given)
    groups = found["groups"]
    for group in groups:
        group["name"] = listing.name_of(group["item"], group["item_id"])
    after = groups[-1]["item_id"] if found["next"] else None
    return page("suspects.html", "Suspicious groups", groups=groups, after=after)
