"""Report of one creator: how often their items were shown, to how many people, with what uptake.

Nothing is reported of fewer than `LEAST_PEOPLE` people, and no other creator is named.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from recsys.experiments.unit_counts import checked
from recsys.fairness.creators import DAY
from recsys.fairness.exposure_report import Tally
from recsys.store.database import Database
from recsys.store.exposure_reader import ShownList, shown_lists

LEAST_PEOPLE = 20
DAYS = 28


def creator_report(db: Database, own_items: dict[str, str], now: float) -> dict[str, Any]:
    """Return the report of a creator as JSON; `own_items`: topic of each of their items, or "".

    A topic is reported where its items were shown to enough people.
    """
    lists = list_of(db, now)
    people: dict[str, set[str]] = {}
    tally = Tally()

    def counted() -> Iterable[ShownList]:
        for one in lists:
            for item in one.items:
                if item in own_items:
                    people.setdefault(own_items[item], set()).add(one.person)
            yield one

    tally = Tally.of(counted())
    every = set[str]().union(*people.values()) - {""} if people else set()
    usual = tally.usual()
    enough = len(every) >= LEAST_PEOPLE
    found: dict[str, Any] = {
        "days": DAYS,
        "items": len(own_items),
        "people": len(every) if enough else None,
        "shown": None,
        "uptake": None,
        "topics": [],
    }
    if not enough:
        return found
    found |= _sums(own_items, tally, usual)
    for topic in sorted(people):
        some = {item: topic for item, own in own_items.items() if own == topic}
        if topic and len(people[topic] - {""}) >= LEAST_PEOPLE:
            found["topics"].append({"topic": topic, **_sums(some, tally, usual)})
    return found


def list_of(db: Database, now: float) -> Iterable[ShownList]:
    """Return the lists of the last days, within the CPU time of the request."""
    return checked(shown_lists(db, now - DAYS * DAY, now, with_users=False))


def _sums(items: dict[str, str], tally: Tally, usual: dict[str, float]) -> dict[str, Any]:
    shown = sum(count for (item, _), count in tally.places.items() if item in items)
    expected = sum(usual.get(item, 0.0) for item in items)
    clicks = sum(tally.clicks.get(item, 0) for item in items)
    return {"shown": shown, "uptake": clicks / expected if expected else None}
