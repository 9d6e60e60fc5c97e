"""Exposures: shown lists and their outcomes, in two append-only tables.

A list is one row: its items with position and source, the arms of the experiments that the user is
in, and per place the propensity (the probability of this placement, for off-policy evaluation) and
the kind of slot. Users appear as keyed pseudonyms only.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import repeat
from typing import Any

import sqlalchemy as sa

from recsys.store.database import Database
from recsys.store.schema import erasures, merges
from recsys.store.schema import exposures as _lists
from recsys.store.schema import outcomes as _outcomes

SLOT_KINDS = {  # of a place; readers must accept others, which later versions may add
    "ranked": "the item with the best score that was left",
    "repeat": "the same, of an item that the person has taken up before",
    "explore": "an item drawn at random among new ones",
    "reserved": "a new item with few users, in a place reserved for such",
    "new_voice": "an item of a new creator, at a place that the creator floor gives",
    "pinned": "an item that the operator or the request put at this place",
}
_PART = 100  # lists that are read at once
GRACE = 5.0  # seconds after an erasure in which a request begun before it may still end


@dataclass(frozen=True, slots=True)
class Shown:
    """One item of a shown list."""

    item_id: str
    position: int  # from 1
    source: str
    # that this item was put at this place, given the places above; 1.0 where nothing was drawn.
    # None: not logged
    propensity: float | None = 1.0
    slot_kind: str | None = "ranked"  # one of SLOT_KINDS; None: not logged
    row: str | None = None  # key of the row of a home page; None: of no home page
    team: str | None = None  # arm that gave the item to an interleaved list; None: of none


@dataclass(frozen=True, slots=True)
class Exposure:
    """One shown list."""

    recommendation_id: str
    time: float
    bundle: str
    person: str
    kind: str
    items: tuple[Shown, ...]
    # arm by experiment, A/A and holdouts included; rows of versions before experiments have none
    arms: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Outcome:
    """An event that names the list in which the item was seen."""

    recommendation_id: str
    item_id: str
    event: str
    time: float


@dataclass(slots=True)
class Rate:
    """How many items were shown, and how many of them acted on."""

    shown: int = 0
    clicked: int = 0

    @property
    def ctr(self) -> float:
        """Return clicked per shown, 0 when nothing was shown."""
        return self.clicked / self.shown if self.shown else 0.0


class Exposures:
    """The exposure log of one store."""

    def __init__(self, db: Database) -> None:
        self.db = db

    def write(self, lists: Sequence[Exposure], outcomes: Sequence[Outcome]) -> None:
        """Append both in one transaction; lists that are there already are passed over.

        So are lists that another worker was making, or had in memory, when their reader was erased.
        """
        with self.db.write() as connection:
            if lists:
                known = self._known(connection, [one.recommendation_id for one in lists])
                merged = self._merged(connection, {one.person for one in lists})
                lists = [_moved(one, merged) for one in lists]
                erased = self._erased(connection, {one.person for one in lists})
                rows = {
                    one.recommendation_id: _row(one)
                    for one in lists
                    if one.recommendation_id not in known
                    and one.time > erased.get(one.person, -math.inf) + GRACE
                }
                if rows:
                    connection.execute(sa.insert(_lists), list(rows.values()))
            if outcomes:
                rows_ = [
                    {
                        "recommendation_id": o.recommendation_id,
                        "item_id": o.item_id,
                        "event": o.event,
                        "time": o.time,
                    }
                    for o in outcomes
                ]
                connection.execute(sa.insert(_outcomes), rows_)

    @staticmethod
    def _known(connection: sa.Connection, ids: list[str]) -> set[str]:
        found: set[str] = set()
        for start in range(0, len(ids), 500):
            column = _lists.c.recommendation_id
            query = sa.select(column).where(column.in_(ids[start : start + 500]))
            found.update(connection.execute(query).scalars())
        return found

    def _erased(self, connection: sa.Connection, people: set[str]) -> dict[str, float]:
        """Return when those of some users who were erased were, the last time."""
        query = sa.select(erasures.c.person, sa.func.max(erasures.c.at)).group_by(erasures.c.person)
        query = query.where(self.db.among(erasures.c.person, people))
        return {person: at for person, at in connection.execute(query)}

    def _merged(self, connection: sa.Connection, people: set[str]) -> dict[str, tuple[str, float]]:
        """Return whom those of some users who were merged belong to now, and since when."""
        query = sa.select(merges.c.from_person, merges.c.person, merges.c.at)
        query = query.where(self.db.among(merges.c.from_person, people)).order_by(merges.c.id)
        return {old: (new, at) for old, new, at in connection.execute(query)}

    def shown_to(self, person: str, since: float, limit: int = 200) -> list[tuple[str, float]]:
        """Return (item id, time) of what one user was shown, newest lists first."""
        query = (
            sa.select(_lists.c["items"], _lists.c.time)
            .where(_lists.c.person == person, _lists.c.time >= since)
            .order_by(_lists.c.time.desc())
            .limit(limit)
        )
        with self.db.read() as connection:
            rows = connection.execute(query).all()
        return [(entry[0], float(time)) for items, time in rows for entry in json.loads(items)]

    def shown_items(self, person: str, since: float, places: int) -> set[str]:
        """Return the items that one user was shown, of the newest `places` places.

        The log is read in parts, so that what a user asks for makes no worker large.
        """
        query = (
            sa.select(_lists.c["items"])
            .where(_lists.c.person == person, _lists.c.time >= since)
            .order_by(_lists.c.time.desc())
            .execution_options(yield_per=_PART)
        )
        found, read = set[str](), 0
        with self.db.read() as connection:
            for items in connection.execute(query).scalars():
                shown = json.loads(items)
                found.update(entry[0] for entry in shown)
                read += len(shown)
                if read >= places:
                    break
        return found

    def shown_lists(self, person: str, after: str = "", n: int = 200) -> list[Exposure]:
        """Return a page of the lists that one user was shown, by id, the first past `after`."""
        column = _lists.c.recommendation_id
        query = sa.select(_lists).where(_lists.c.person == person, column > after)
        with self.db.read() as connection:
            rows = connection.execute(query.order_by(column).limit(n)).mappings().all()
        return [_exposure(dict(row)) for row in rows]

    def latest_lists(self, person: str, n: int = 200) -> list[Exposure]:
        """Return the latest lists that one user was shown, the newest first."""
        query = sa.select(_lists).where(_lists.c.person == person)
        with self.db.read() as connection:
            rows = connection.execute(query.order_by(_lists.c.time.desc()).limit(n)).mappings()
            return [_exposure(dict(row)) for row in rows]

    def came_of(self, lists: Sequence[str]) -> list[Outcome]:
        """Return what came of some lists, by their ids, in the order of time."""
        query = sa.select(
            _outcomes.c.recommendation_id, _outcomes.c.item_id, _outcomes.c.event, _outcomes.c.time
        ).where(_outcomes.c.recommendation_id.in_(list(lists)))
        with self.db.read() as connection:
            rows = connection.execute(query.order_by(_outcomes.c.time, _outcomes.c.id))
            return [Outcome(*row) for row in rows]

    def prune(self, before: float) -> int:
        """Delete lists and outcomes from before a time; return the number of lists."""
        with self.db.write() as connection:
            connection.execute(sa.delete(_outcomes).where(_outcomes.c.time < before))
            return connection.execute(sa.delete(_lists).where(_lists.c.time < before)).rowcount

    def rates(self, since: float, limit: int = 100_000) -> dict[str, dict[str, Rate]]:
        """Return click rates by source, position, bundle, kind of user and kind of slot.

        An item of a list counts as clicked once, whatever happened to it how often; an outcome
        for an item that the list did not hold counts for nothing. The newest `limit` lists count.
        """
        shown, hits = Counter[_Keys](), Counter[_Keys]()
        left, last = limit, (math.inf, "")
        while left > 0:
            page = self._older(since, last, min(left, _PAGE))
            if not page:
                break
            with self.db.read() as connection:
                clicked = self._clicked(connection, [row.recommendation_id for row in page])
            for row in page:
                _count(row, clicked.get(row.recommendation_id, ()), shown, hits)
            left, last = left - len(page), (page[-1].time, page[-1].recommendation_id)
        return _rates(shown, hits)

    def _older(self, since: float, last: tuple[float, str], n: int) -> Sequence[sa.Row[Any]]:
        """Return the newest n lists since a time that are older than one of (time, id)."""
        columns, (time, id) = _lists.c, last
        query: sa.Select[Any] = sa.select(
            columns.recommendation_id,
            columns.time,
            columns.bundle,
            columns.kind,
            columns["items"].label("places"),
            columns.slot_kind,
        ).where(columns.time >= since)
        if time < math.inf:
            same = (columns.time == time) & (columns.recommendation_id < id)
            query = query.where(columns.time <= time, (columns.time < time) | same)
        query = query.order_by(columns.time.desc(), columns.recommendation_id.desc()).limit(n)
        with self.db.read() as connection:
            return connection.execute(query).all()

    def _clicked(self, connection: sa.Connection, lists: Sequence[str]) -> dict[str, set[str]]:
        """Return the items of some lists that something came of, by the lists' ids."""
        query = sa.select(_outcomes.c.recommendation_id, _outcomes.c.item_id).where(
            self.db.among(_outcomes.c.recommendation_id, lists),
            _outcomes.c.event.notin_(NOT_CLICKS),
        )
        found: dict[str, set[str]] = {}
        for id, item_id in connection.execute(query):
            found.setdefault(id, set()).add(item_id)
        return found


def forget_shown(connection: sa.Connection, person: str) -> dict[str, int]:
    """Delete what one user was shown and what came of it; return rows per table."""
    own = sa.select(_lists.c.recommendation_id).where(_lists.c.person == person)
    changes = {
        "outcomes": sa.delete(_outcomes).where(_outcomes.c.recommendation_id.in_(own)),
        "exposures": sa.delete(_lists).where(_lists.c.person == person),
    }
    return {name: connection.execute(change).rowcount for name, change in changes.items()}


def _moved(one: Exposure, merged: Mapping[str, tuple[str, float]]) -> Exposure:
    """Return a list as the one of whom its reader was merged into while it waited."""
    person, at = merged.get(one.person, ("", -math.inf))
    return replace(one, person=person) if one.time <= at + GRACE else one


_BY = ("source", "position", "bundle", "user", "slot_kind")
_Keys = tuple[str, int, str, str, str | None]  # of a place, in the order of _BY
_PAGE = 500  # lists that are read at once
NOT_CLICKS = ("impression", "hide", "dislike", "report")


def _count(
    row: sa.Row[Any], clicked: Collection[str], shown: Counter[_Keys], hits: Counter[_Keys]
) -> None:
    """Count the places of one list, and those of items that something came of."""
    entries, bundle, kind = json.loads(row.places), row.bundle, row.kind
    kinds = repeat(None) if row.slot_kind is None else json.loads(row.slot_kind)
    keys = [
        (entry[2], entry[1], bundle, kind, slot_kind)
        for entry, slot_kind in zip(entries, kinds, strict=row.slot_kind is not None)
    ]
    shown.update(keys)
    if clicked:
        hits.update(k for entry, k in zip(entries, keys, strict=True) if entry[0] in clicked)


def _rates(shown: Counter[_Keys], hits: Counter[_Keys]) -> dict[str, dict[str, Rate]]:
    """Return the rates by each of `_BY`, from counts by all of them together."""
    found: dict[str, dict[str, Rate]] = {name: {} for name in _BY}
    for keys, count in shown.items():
        pinned = keys[-1] == "pinned"  # says nothing of positions, bundles and users
        for name, key in zip(_BY, keys, strict=True):
            if key is not None and not (pinned and name in ("position", "bundle", "user")):
                rate = found[name].setdefault(str(key), Rate())
                rate.shown += count
                rate.clicked += hits[keys]
    return found


def _row(one: Exposure) -> dict[str, object]:
    rows, teams = [s.row for s in one.items], [s.team for s in one.items]
    return {
        "recommendation_id": one.recommendation_id,
        "time": one.time,
        "bundle": one.bundle,
        "person": one.person,
        "kind": one.kind,
        "items": json.dumps([[s.item_id, s.position, s.source] for s in one.items]),
        "arm": json.dumps(dict(one.arms)) if one.arms else None,
        "propensity": json.dumps([s.propensity for s in one.items]),
        "slot_kind": json.dumps([s.slot_kind for s in one.items]),
        "home_row": json.dumps(rows) if any(rows) else None,
        "team": json.dumps(teams) if any(teams) else None,
    }


def _exposure(row: Mapping[str, object]) -> Exposure:
    return Exposure(
        str(row["recommendation_id"]),
        float(str(row["time"])),
        str(row["bundle"]),
        str(row["person"]),
        str(row["kind"]),
        _shown(row),
        {} if row["arm"] is None else json.loads(str(row["arm"])),
    )


def _shown(row: Mapping[str, object]) -> tuple[Shown, ...]:
    """Return the places of a list; rows before revision 0005 hold the propensity as a value."""
    entries = json.loads(str(row["items"]))
    columns = [
        [None] * len(entries) if row[name] is None else json.loads(str(row[name]))
        for name in ("propensity", "slot_kind", "home_row", "team")
    ]
    return tuple(
        Shown(entry[0], entry[1], entry[2], entry[3] if len(entry) > 3 else propensity, *rest)
        for entry, propensity, *rest in zip(entries, *columns, strict=True)
    )
