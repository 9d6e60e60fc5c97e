"""Pinned items: inserted at given positions of a finished list, outside the ranking.

A pin obeys what every other item obeys: an item that may not be shown to the user (hidden, muted,
filtered out, seen, their own, excluded) is not pinned for them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from recsys.errors import DataError
from recsys.i18n import translate
from recsys.ranking.query import Query, Reason, Recommendation
from recsys.ranking.reason_templates import sentence

SOURCE = "pinned"
DEEPEST = 100  # position
WHY = {  # why an item is not pinned, by what closes it; see `Recommender.closed`
    "unknown": "pin {item}: there is no such item",
    "gone": "pin {item}: the item is hidden or removed",
    "unavailable": "pin {item}: the item is not available yet",
    "expired": "pin {item}: the item has expired",
    "unrecorded": "pin {item}: the item is known from events alone and not listed yet",
    "seen": "pin {item}: the user has acted on the item",
    "copy": "pin {item}: the user has acted on a copy of the item",
    "muted": "pin {item}: the user has muted the item",
    "own": "pin {item}: it is the user's own item",
    "reply": "pin {item}: the item answers another one; replies=1 admits it",
    "filtered": "pin {item}: filters or exclude= leave the item out",
}


@dataclass(frozen=True, slots=True)
class PinnedPlace:
    """An item and where it is to stand, from 1."""

    item_id: str
    position: int

    @classmethod
    def parse(cls, text: str) -> PinnedPlace:
        """Read ID@POSITION; DataError for anything else. An id may hold the sign itself."""
        item_id, at, position = text.rpartition("@")
        number = int(position) if position.isascii() and position.isdecimal() else 0
        if not at or not item_id or not 1 <= number <= DEEPEST:
            raise DataError(
                f"pin {text!r} is not of the form ID@POSITION, with a position from 1 to {DEEPEST}"
            )
        return cls(item_id, number)


def why_not(item_id: str, closed: str, language: str = "en") -> str:
    """Return a sentence that says why an item is not pinned."""
    return translate(WHY[closed], language, item=item_id)


def with_pins(
    ranking: Sequence[Recommendation], places: Sequence[PinnedPlace], language: str = "en"
) -> list[Recommendation]:
    """Return a ranking from its start with items at their positions; others move down.

    `ranking`: without the pinned items, best first. Of several pins on a position the first keeps
    it and the others follow it; an item is pinned once. Where the ranking ends before a position,
    the pin stands at the end.
    """
    reason = Reason(SOURCE, 1.0, sentence(SOURCE, language=language))
    found, held = list(ranking), set[str]()
    last = 0
    for one in sorted(places, key=lambda place: place.position):
        if one.item_id in held:
            continue
        held.add(one.item_id)
        last = max(one.position, last + 1)
        pinned = Recommendation(one.item_id, 0.0, last, SOURCE, (reason,))
        found.insert(min(last - 1, len(found)), pinned)
    numbered = enumerate(found, start=1)
    return [one if one.rank == rank else one._replace(rank=rank) for rank, one in numbered]


def without_items(query: Query, places: Sequence[PinnedPlace]) -> Query:
    """Return a query whose ranking leaves the pinned items out."""
    if not places:
        return query
    return replace(query, exclude=query.exclude | {place.item_id for place in places})
