"""Suspicious groups: accounts that act together unusually, with the evidence."""

from __future__ import annotations

from typing import Any

from flask import Response
from pydantic import Field

from recsys.serving.suspicious_groups import expected_shares, suspicious_groups

from ...console_session import CONSOLE
from ...errors import ApiError
from ...handlers import list_pagination
from ...routes.request_context import service
from ...routes.suspicious_groups import described
from ...schemas.field_types import Id, Strict
from .. import recommendation_previews
from ..page_routes import routes
from ..rendering import page

GROUPS = 20


class GroupsQuery(Strict):
    """Which groups."""

    item: Id | None = Field(None, description="the group on this item alone, with its accounts")
    after: Id | None = Field(None, description="groups after that of this item")


@routes.get(f"{CONSOLE}/suspects", "suspects", query=GroupsQuery)
def suspects(query: GroupsQuery) -> Response:
    """Groups of accounts that count like one user, the latest first; or one with its accounts."""
    service().see_changes()
    live = service().serving.live
    found = suspicious_groups(live)
    keys = [live.item_id(group.row) for group in found]
    if query.item is not None:
        if query.item not in keys:
            raise ApiError(404, f"no group stands out on the item {query.item!r}")
        one = described(live, found[keys.index(query.item)])
        one["name"] = recommendation_previews.name_of(one["item"], one["item_id"])
        return page("suspects.html", "Suspicious groups", groups=[one], one=True, after=None)
    places, more = list_pagination.part(keys, query.after, GROUPS, "group")
    expected = expected_shares(live)
    groups: list[dict[str, Any]] = [
        {
            "item_id": live.item_id(group.row),
            "name": recommendation_previews.name_of(
                live.document(group.row), live.item_id(group.row)
            ),
            "voices": group.unique_users,
            "first": group.first,
            "last": group.last,
            "evidence": [
                {"name": name, "voices": count, "expected_share": expected[name]}
                for name, count in group.tests
            ],
        }
        for group in found[places]
    ]
    after = keys[places][-1] if more else None
    return page("suspects.html", "Suspicious groups", groups=groups, one=False, after=after)
