"""Lists of events: which shown list each newer event of a store came of.

An event came of the latest list that held its item and was shown to the user in the `WINDOW` before
it. Clients need not name the list: that it was shown is enough.
"""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import replace

import numpy as np
import sqlalchemy as sa

from recsys.data.event_tables import EventTable
from recsys.data.shown_lists import ShownLists
from recsys.store.database import Database
from recsys.store.exposure_reader import shown_lists
from recsys.store.pseudonyms import Pseudonyms
from recsys.store.schema import exposures

WINDOW = 86_400.0  # seconds
NEWEST = 0.2  # share of the events that are looked at; tuning and the gate use no others
MOST = 200_000  # lists that are read, the newest


def with_shown_lists(events: EventTable, db: Database, pseudonyms: Pseudonyms) -> EventTable:
    """Return events with the lists that the newest of them came of; the same where none did.

    `events`: of the store, under the outside ids of the users.
    """
    if not events.timed:
        return events
    first = int(len(events) * (1 - NEWEST))
    since = max(float(events.time[first]) - WINDOW, _oldest(db))
    acts = _acts_by_user(events, first)
    people = {pseudonyms.of(events.users[user]): user for user in acts}
    number, place = np.full(len(events), -1, np.int32), np.zeros(len(events), np.int32)
    lists: list[tuple[str, ...]] = []
    for one in shown_lists(db, since):
        own = acts.get(people.get(one.person, -1))
        if own is None:
            continue
        hit = False
        for item, position in zip(one.items, one.positions, strict=True):
            for event, time in own.get(item, ()):
                if one.time <= time <= one.time + WINDOW:
                    number[event], place[event], hit = len(lists), position, True
        if hit:
            lists.append(one.items)
    return replace(events, shown=ShownLists.of(number, place, lists)) if lists else events


def _acts_by_user(events: EventTable, first: int) -> dict[int, dict[str, list[tuple[int, float]]]]:
    """Return (number, time) of the events from one on, by user and item id."""
    found: dict[int, dict[str, list[tuple[int, float]]]] = defaultdict(dict)
    user, item, time = (part[first:].tolist() for part in (events.user, events.item, events.time))
    for number, (who, what, when) in enumerate(zip(user, item, time, strict=True), first):
        found[who].setdefault(events.items[what], []).append((number, when))
    return dict(found)


def _oldest(db: Database) -> float:
    """Return the time of the oldest of the lists that are read."""
    query = sa.select(exposures.c.time).order_by(exposures.c.time.desc()).offset(MOST).limit(1)
    with db.read() as connection:
        found = connection.execute(query).scalar()
    return -math.inf if found is None else float(found)
