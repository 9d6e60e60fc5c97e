"""Exposures: which lists were shown, and what came of them; two append-only tables of the store.

A list is one row: its items with position, source and the probability that each was put there,
for off-policy evaluation later. Users appear as keyed pseudonyms only.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import sqlalchemy as sa

from recsys.data.database import Database
from recsys.data.sql import erasures, merges
from recsys.data.sql import exposures as _lists
from recsys.data.sql import outcomes as _outcomes

GRACE = 5.0  # seconds after an erasure in which a request begun before it may still end


@dataclass(frozen=True, slots=True)
class Shown:
    """One item of a shown list."""

    item_id: str
    position: int  # from 1
    source: str
    probability: float  # that this item was put at this place


@dataclass(frozen=True, slots=True)
class Exposure:
    """One shown list."""

    recommendation_id: str
    time: float
    bundle: str
    person: str
    kind: str
    items: tuple[Shown, ...]


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
                    {"recommendation_id": o.recommendation_id, "item_id": o.item_id,
                     "event": o.event, "time": o.time}
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
        """Return when those of some people who were erased were, the last time."""
        query = sa.select(erasures.c.person, sa.func.max(erasures.c.at)).group_by(erasures.c.person)
        query = query.where(self.db.among(erasures.c.person, people))
        return {person: at for person, at in connection.execute(query)}

    def _merged(
        self, connection: sa.Connection, people: set[str]
    ) -> dict[str, tuple[str, float]]:
        """Return whom those of some people who were merged belong to now, and since when."""
        query = sa.select(merges.c.from_person, merges.c.person, merges.c.at)
        query = query.where(self.db.among(merges.c.from_person, people)).order_by(merges.c.id)
        return {old: (new, at) for old, new, at in connection.execute(query)}

    def shown_to(self, person: str, since: float, limit: int = 200) -> list[tuple[str, float]]:
        """Return (item id, time) of what one person was shown, newest lists first."""
        query = (
            sa.select(_lists.c["items"], _lists.c.time)
            .where(_lists.c.person == person, _lists.c.time >= since)
            .order_by(_lists.c.time.desc())
            .limit(limit)
        )
        with self.db.read() as connection:
            rows = connection.execute(query).all()
        return [(entry[0], float(time)) for items, time in rows for entry in json.loads(items)]

    def shown_lists(self, person: str, after: str = "", n: int = 200) -> list[Exposure]:
        """Return a page of the lists that one person was shown, by id, the first past `after`."""
        column = _lists.c.recommendation_id
        query = sa.select(_lists).where(_lists.c.person == person, column > after)
        with self.db.read() as connection:
            rows = connection.execute(query.order_by(column).limit(n)).mappings().all()
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
        """Return click rates by source, position, bundle and kind of user.

        An item of a list counts as clicked once, whatever happened to it how often; an outcome
        for an item that the list did not hold counts for nothing. The newest `limit` lists count.
        """
        lists = (
            sa.select(_lists).where(_lists.c.time >= since)
            .order_by(_lists.c.time.desc()).limit(limit)
        )
        acted = sa.select(_outcomes.c.recommendation_id, _outcomes.c.item_id).where(
            _outcomes.c.time >= since, _outcomes.c.event.notin_(NOT_CLICKS)
        )
        with self.db.read() as connection:
            clicked = {(row[0], row[1]) for row in connection.execute(acted)}
            rows = connection.execute(lists).mappings().all()
        return _tally(map(dict, rows), clicked)


def forget_shown(connection: sa.Connection, person: str) -> dict[str, int]:
    """Delete what one person was shown and what came of it; return rows per table."""
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


NOT_CLICKS = ("impression", "hide", "dislike", "report")


def _tally(
    rows: Iterable[Mapping[str, object]], clicked: set[tuple[str, str]]
) -> dict[str, dict[str, Rate]]:
    found: dict[str, dict[str, Rate]] = {"source": {}, "position": {}, "bundle": {}, "user": {}}
    for row in rows:
        for item_id, position, source, _ in json.loads(str(row["items"])):
            hit = (str(row["recommendation_id"]), item_id) in clicked
            keys = (source, str(position), str(row["bundle"]), str(row["kind"]))
            for name, key in zip(found, keys, strict=True):
                rate = found[name].setdefault(key, Rate())
                rate.shown += 1
                rate.clicked += hit
    return found


def _row(one: Exposure) -> dict[str, object]:
    items = [[s.item_id, s.position, s.source, round(s.probability, 6)] for s in one.items]
    return {
        "recommendation_id": one.recommendation_id, "time": one.time, "bundle": one.bundle,
        "person": one.person, "kind": one.kind, "items": json.dumps(items),
    }


def _exposure(row: Mapping[str, object]) -> Exposure:
    shown = tuple(Shown(*one) for one in json.loads(str(row["items"])))
    return Exposure(
        str(row["recommendation_id"]), float(str(row["time"])), str(row["bundle"]),
        str(row["person"]), str(row["kind"]), shown,
    )
