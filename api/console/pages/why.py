"""Why a user sees an item: when it was shown, every part of its score, and what would change it."""

from __future__ import annotations

from typing import Any

from flask import Response
from pydantic import Field

from recsys.store.exposures import Exposure, Outcome

from ...console_session import CONSOLE
from ...errors import ApiError
from ...handlers.explanation_json import explained
from ...handlers.personal_list import Recommend
from ...routes.request_context import about, service
from ...schemas.explanation import ExplainParameters
from ...schemas.field_types import Id, Moment, RowId, Share, Strict, listed
from .. import recommendation_previews
from ..browser_preferences import language
from ..counterfactual_history import WhatIf, state_of
from ..page_routes import routes
from ..rendering import page
from .users import title_of, unknown

LISTS = 200  # latest lists that are searched for an item
SHOWN = 10  # times that are listed
PARTS = 40  # listed one by one, unless all are asked for
MOST_PARTS = 1_000
SMALL = 0.005  # share of the score below which parts are summed
CLOSED = {
    "seen": "They have acted on it, so lists leave it out.",
    "copy": "It is a copy of something they have acted on.",
    "muted": "A control of the user mutes it.",
    "own": "They wrote it themselves.",
    "reply": "It answers another item: feeds of follows, threads and search hold it.",
    "filtered": "A filter leaves it out.",
    "gone": "It is hidden or deleted.",
    "unavailable": "It is not available yet.",
    "expired": "It has expired.",
    "unrecorded": "Only events tell of it; there is no record of it.",
}


class WhyQuery(Strict):
    """A user and an item, and what to leave out of what is known of the user."""

    user: Id
    item: Id
    without: listed(RowId, 50) = []  # type: ignore[valid-type]
    as_of: Moment = Field(None, description="leave out what came later than this")
    personal: Share | None = None
    every: bool = Field(False, description="list the smallest parts, too")


@routes.get(f"{CONSOLE}/why", "profile", query=WhyQuery)
def why(query: WhyQuery) -> Response:
    """Why an item has its place in a user's list, part by part."""
    at_hand, user_id = service(), about(query.user)
    with at_hand.link.use() as store:
        if store.user(user_id) is None:
            return unknown(user_id)
    what_if = WhatIf(tuple(query.without), query.as_of)
    state = state_of(at_hand, user_id, what_if)
    given = ExplainParameters.model_construct(q="", personal=query.personal, lang=None)
    try:
        maker = Recommend(at_hand, language())
        found = explained(maker, user_id, query.item, given, True, state)
    except ApiError as error:
        if error.status != 404:
            raise
        raise ApiError(404, f"there is no item {query.item!r}", "no_item") from None
    largest = max((abs(one["value"]) for one in found["parts"]), default=0.0) or 1.0
    listed_parts = _large(found["parts"], query.every)
    return page(
        "why.html",
        "Why this item?",
        found=found,
        name=recommendation_previews.name_of(found["item"], query.item),
        closed=CLOSED.get(found["closed"], ""),
        parts=[one | {"width": abs(one["value"]) / largest} for one in listed_parts],
        rest=_sum(found["parts"][len(listed_parts) :]),
        shown=_shown(user_id, query.item),
        events=_events_on(user_id, listed_parts),
        query=query,
        what_if=what_if,
        title_of=title_of,
    )


def _shown(user_id: str, item_id: str) -> dict[str, Any]:
    """Return when the user was shown the item, the latest first, and what came of it."""
    at_hand = service()
    who = at_hand.pseudonyms.of(user_id)
    with at_hand.link.use():
        log = at_hand.link.exposures()
        lists = log.latest_lists(who, LISTS)
        own = [one for one in lists if any(each.item_id == item_id for each in one.items)]
        came = log.came_of([one.recommendation_id for one in own[:SHOWN]])
    versions = {info.version for info in at_hand.bundles.versions()}
    times = [_time(one, item_id, came, versions) for one in own[:SHOWN]]
    return {"lists": len(lists), "count": len(own), "times": times}


def _time(one: Exposure, item_id: str, came: list[Outcome], versions: set[str]) -> dict[str, Any]:
    place = next(each for each in one.items if each.item_id == item_id)
    own = [
        c.event
        for c in came
        if (c.recommendation_id, c.item_id) == (one.recommendation_id, item_id)
    ]
    return {
        "at": one.time,
        "position": place.position,
        "source": place.source,
        "slot": place.slot_kind or "",
        "bundle": one.bundle,
        "kept": one.bundle in versions,
        "outcomes": ", ".join(own),
    }


def _large(parts: list[dict[str, Any]], every: bool) -> list[dict[str, Any]]:
    """Return the parts that are listed one by one, the largest first as they come.

    Two parts or fewer are not summed up for being small.
    """
    if every:
        return parts[:MOST_PARTS]
    kept = [one for one in parts[:PARTS] if abs(one["share"]) >= SMALL]
    return parts if len(parts) - len(kept) <= 2 else parts[: len(kept)]


def _sum(parts: list[dict[str, Any]]) -> dict[str, float]:
    return {
        "count": len(parts),
        "value": sum(one["value"] for one in parts),
        "share": sum(one["share"] for one in parts),
    }


def _events_on(user_id: str, parts: list[dict[str, Any]]) -> dict[str, int]:
    """Return the latest event of the user on each item that gives a part, by item."""
    giving = {one["item_id"] for one in parts if one.get("item_id")}
    ids: dict[str, int] = {}
    with service().link.use() as store:
        for act in store.acts_after(user_id):
            if act.item_id in giving:
                ids[act.item_id] = act.id
    return ids
