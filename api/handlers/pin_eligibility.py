"""Eligibility of pinned items: the pins that hold for a user, and why the others do not."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence

from recsys.ranking.filters import allowed
from recsys.ranking.pinned_items import PinnedPlace, why_not
from recsys.ranking.query import Filters, Query
from recsys.recommender import Recommender
from recsys.serving.live_state import LiveState

from ..runtime.app_state import AppState

Closed = Callable[[str], str]  # id of an item -> why it may not be shown, empty: it may


def of_operators(service: AppState) -> list[PinnedPlace]:
    """Return the pins of operators that are in force."""
    return [PinnedPlace(pin.item_id, pin.position) for pin in service.pins.in_force(time.time())]


def open_places(
    pinned: Sequence[str], others: Sequence[PinnedPlace], closed: Closed, language: str
) -> tuple[list[PinnedPlace], list[str]]:
    """Return the pins that hold, those of the request first, and why others of it do not.

    `pinned`: as `PinnedPlace.parse` reads them.
    """
    found, warnings = list[PinnedPlace](), list[str]()
    for place in map(PinnedPlace.parse, pinned):
        if why := closed(place.item_id):
            warnings.append(why_not(place.item_id, why, language))
        else:
            found.append(place)
    return found + [place for place in others if not closed(place.item_id)], warnings


def closed_to(recommender: Recommender, query: Query) -> Closed:
    """Return the function that says why an item may not be shown in a user's list."""
    request = recommender.request(query)

    def closed(item_id: str) -> str:
        row = recommender.live.row(item_id)
        return recommender.closed(query, request, row) if row >= 0 else "unknown"

    return closed


def closed_by(live: LiveState, filters: Filters, left_out: Collection[str]) -> Closed:
    """Return the function that says why an item may not be shown in a list for everybody."""

    def closed(item_id: str) -> str:
        row = live.row(item_id)
        if row < 0:
            return "unknown"
        if why := live.listing.why_not(row, live.clock()):
            return why
        admitted = allowed(live, filters, time.time())[row] and item_id not in left_out
        if admitted:
            return ""
        reply = live.replies.mask[row] and not live.replies.admitted(filters.replies, live.size)
        return "reply" if reply else "filtered"

    return closed
