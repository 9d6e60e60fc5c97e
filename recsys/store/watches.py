"""Watches: saved queries over texts, with the texts of the last days and counts by the hour."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa

from recsys.errors import DataError
from recsys.store.database import Database
from recsys.store.schema import (
    alert_evidence,
    alerts,
    detected_event_texts,
    events,
    silences,
    watch_counts,
    watch_matches,
    watches,
)

ALL = 0  # the watch of all texts
MOST = 10_000  # watches of one store
LEVELS = ("quiet", "normal", "eager")
DIGESTS = ("none", "day", "week")
HOUR = 3600.0
MATCH_DAYS = 3.0  # that single texts are kept: later than this an arriving text is not counted
COUNT_DAYS = 400.0  # that counts are kept
_COUNTS = ("texts", "negative", "positive", "p_negative", "p_positive", "people", "negative_people")


@dataclass(frozen=True, slots=True)
class Watch:
    """A saved query."""

    id: int
    name: str
    query: str  # in the form of recsys.monitoring.watch_query
    group: str
    level: str  # one of LEVELS
    least_people: int  # below which nothing is reported
    digest: str  # one of DIGESTS
    created: float  # Unix seconds
    created_by: str
    items_left: int | None  # backfill: items with smaller numbers are not counted yet; None: done
    comments_left: int | None
    backfill_from: int

    @property
    def backfilled(self) -> float:
        """Share of the texts from before the watch that is counted, 0 to 1."""
        left = (self.items_left or 0) + (self.comments_left or 0)
        return 1.0 - left / self.backfill_from if self.backfill_from else 1.0


@dataclass(frozen=True, slots=True)
class Match:
    """A text that a watch holds for."""

    watch: int
    source: int  # 0 item, 1 comment
    ref: int
    at: float
    author: int
    script: int
    tone: int  # 0 negative, 1 neutral, 2 positive
    p_negative: float
    p_positive: float

    @property
    def hour(self) -> int:
        """Hours since 1970."""
        return int(self.at // HOUR)


@dataclass(frozen=True, slots=True)
class HourCount:
    """Counts of a watch, an hour and a script."""

    watch: int
    hour: int
    script: int
    texts: int
    negative: int
    positive: int
    p_negative: float
    p_positive: float
    people: int
    negative_people: int


class Watches:
    """The watches of one store."""

    def __init__(self, db: Database) -> None:
        self.db = db

    def every(self) -> list[Watch]:
        """Return all watches, oldest first."""
        with self.db.read() as connection:
            rows = connection.execute(sa.select(watches).order_by(watches.c.id)).all()
        return [Watch(*row) for row in rows]

    def page(self, after: int, n: int) -> list[Watch]:
        """Return the first n watches with a greater id, ascending."""
        query = sa.select(watches).where(watches.c.id > after).order_by(watches.c.id).limit(n)
        with self.db.read() as connection:
            return [Watch(*row) for row in connection.execute(query).all()]

    def one(self, id: int) -> Watch | None:
        """Return a watch, None when there is none."""
        with self.db.read() as connection:
            row = connection.execute(sa.select(watches).where(watches.c.id == id)).first()
        return None if row is None else Watch(*row)

    def count(self) -> int:
        """Return how many watches there are."""
        with self.db.read() as connection:
            return connection.execute(sa.select(sa.func.count()).select_from(watches)).scalar_one()

    def version(self) -> tuple[int, int]:
        """Return numbers that change when a watch is added or removed."""
        query = sa.select(sa.func.count(), sa.func.coalesce(sa.func.max(watches.c.id), 0))
        with self.db.read() as connection:
            count, newest = connection.execute(query.select_from(watches)).one()
        return count, newest

    def add(
        self, values: Mapping[str, Any], items_left: int, comments_left: int, most: int = MOST
    ) -> Watch:
        """Add a watch; DataError for a name that is taken, and where there are too many.

        `items_left`, `comments_left`: numbers up to which texts came before it.
        """
        rest = {
            "created": time.time(),
            "items_left": items_left,
            "comments_left": comments_left,
            "backfill_from": items_left + comments_left,
        }
        with self.db.write() as connection:
            query = sa.select(sa.func.count()).select_from(watches)
            if connection.execute(query).scalar_one() >= most:
                raise DataError(f"there are {most} watches, the most there may be: remove some")
            _check_name(connection, str(values["name"]), None)
            made = sa.insert(watches).values({**values, **rest}).returning(*watches.c)
            return Watch(*connection.execute(made).one())

    def change(self, id: int, values: Mapping[str, Any]) -> Watch | None:
        """Change name, group, level, least_people or digest; None when there is no such watch."""
        with self.db.write() as connection:
            if "name" in values:
                _check_name(connection, str(values["name"]), id)
            change = sa.update(watches).where(watches.c.id == id).values(dict(values))
            row = connection.execute(change.returning(*watches.c)).first()
        return None if row is None else Watch(*row)

    def remove(self, id: int) -> bool:
        """Remove a watch with its counts, alerts and silences; whether there was one."""
        with self.db.write() as connection:
            if not connection.execute(sa.delete(watches).where(watches.c.id == id)).rowcount:
                return False
            own = sa.select(alerts.c.id).where(alerts.c.watch == id)
            connection.execute(sa.delete(alert_evidence).where(alert_evidence.c.alert.in_(own)))
            for table in (alerts, watch_matches, watch_counts, silences):
                connection.execute(sa.delete(table).where(table.c.watch == id))
        return True

    def matches_since(self, moment: float, watch: int | None = None) -> list[Match]:
        """Return the texts of all watches from a moment on, or of one, in the order of time."""
        columns = [watch_matches.c[name] for name in Match.__dataclass_fields__]
        query = sa.select(*columns).where(watch_matches.c.at >= moment)
        if watch is not None:
            query = query.where(watch_matches.c.watch == watch)
        with self.db.read() as connection:
            return [Match(*row) for row in connection.execute(query.order_by(watch_matches.c.at))]

    def counts(self, watch: int, first: int, end: int) -> list[HourCount]:
        """Return the counts of a watch from an hour until before another, ascending."""
        columns = [watch_counts.c[name] for name in HourCount.__dataclass_fields__]
        query = sa.select(*columns).where(
            watch_counts.c.watch == watch, watch_counts.c.hour >= first, watch_counts.c.hour < end
        )
        with self.db.read() as connection:
            rows = connection.execute(query.order_by(watch_counts.c.hour)).all()
        return [HourCount(*row) for row in rows]

    def days(self, first: int, end: int) -> list[tuple[int, int, int, int]]:
        """Return (watch, day since 1970, people, negative people), hours from first to before end.

        People are summed over hours.
        """
        day = watch_counts.c.hour.op("/")(24)
        people, negative = (
            sa.func.sum(watch_counts.c[name]) for name in ("people", "negative_people")
        )
        query = (
            sa.select(watch_counts.c.watch, day, people, negative)
            .where(watch_counts.c.hour >= first, watch_counts.c.hour < end)
            .group_by(watch_counts.c.watch, day)
        )
        with self.db.read() as connection:
            return [(int(w), int(d), int(n), int(k)) for w, d, n, k in connection.execute(query)]

    def keep(self, connection: sa.Connection, found: Iterable[Match]) -> int:
        """Store texts in a transaction, each once, and add them to the counts; return how many.

        A comment that is gone meanwhile is left out. What the counts of an hour hold of texts that
        are not kept stays: added is by what those of the kept ones grow.
        """
        rows = self._present(connection, found)
        columns = [watch_matches.c[name] for name in (*Match.__dataclass_fields__, "hour")]
        values = [
            (*(getattr(one, name) for name in Match.__dataclass_fields__), one.hour) for one in rows
        ]
        touched: dict[int, set[int]] = {}
        for one in rows:
            touched.setdefault(one.hour, set()).add(one.watch)
        before = [self._counted(connection, hour, some) for hour, some in touched.items()]
        new = self.db.insert_new(connection, columns, values)
        if new:
            after = [self._counted(connection, hour, some) for hour, some in touched.items()]
            self.add_counts(connection, _growth(before, after))
        return new

    def _present(self, connection: sa.Connection, found: Iterable[Match]) -> list[Match]:
        """Return texts but for comments whose events are gone: erased since they were read."""
        rows = list(found)
        comments = {one.ref for one in rows if one.source == 1}
        if not comments:
            return rows
        query = sa.select(events.c.id).where(self.db.among(events.c.id, comments))
        there = set(connection.execute(query).scalars())
        return [one for one in rows if one.source != 1 or one.ref in there]

    def unkept(self, connection: sa.Connection, found: Sequence[Match]) -> list[Match]:
        """Return those texts that are not kept, and so not in the counts by `keep`."""
        if not found:
            return []
        table = watch_matches
        query = sa.select(table.c.watch, table.c.source, table.c.ref).where(
            self.db.among(table.c.ref, {one.ref for one in found})
        )
        kept = set(map(tuple, connection.execute(query)))
        return [one for one in found if (one.watch, one.source, one.ref) not in kept]

    def _counted(
        self, connection: sa.Connection, hour: int, some: Collection[int]
    ) -> list[HourCount]:
        """Return the counts of the kept texts of an hour, of some watches."""
        table = watch_matches
        mine = (table.c.hour == hour) & self.db.among(table.c.watch, some)
        total, one = sa.func.sum, sa.case
        unknown = total(one((table.c.author == -1, 1), else_=0))
        known = sa.func.count(sa.distinct(one((table.c.author != -1, table.c.author))))
        is_negative = table.c.tone == 0
        angry = total(one(((table.c.author == -1) & is_negative, 1), else_=0))
        angry_known = sa.func.count(
            sa.distinct(one(((table.c.author != -1) & is_negative, table.c.author)))
        )
        query = sa.select(
            table.c.watch,
            table.c.script,
            sa.func.count(),
            total(one((is_negative, 1), else_=0)),
            total(one((table.c.tone == 2, 1), else_=0)),
            total(table.c.p_negative),
            total(table.c.p_positive),
            known + unknown,
            angry_known + angry,
        )
        rows = connection.execute(query.where(mine).group_by(table.c.watch, table.c.script)).all()
        return [HourCount(row[0], hour, *row[1:]) for row in rows]

    def add_counts(self, connection: sa.Connection, found: Sequence[HourCount]) -> None:
        """Add to the counts of hours, in a transaction."""
        if not found:
            return
        here = self.db.among(watch_counts.c.watch, {one.watch for one in found})
        here &= self.db.among(watch_counts.c.hour, {one.hour for one in found})
        names = ("watch", "hour", "script")
        sums: dict[tuple[Any, ...], dict[str, Any]] = {
            tuple(row[name] for name in names): dict(row)
            for row in connection.execute(sa.select(watch_counts).where(here)).mappings()
        }
        for one in found:
            key = tuple(getattr(one, name) for name in names)
            row = sums.setdefault(key, dict(zip(names, key, strict=True)))
            for name in _COUNTS:
                row[name] = row.get(name, 0) + getattr(one, name)
        connection.execute(sa.delete(watch_counts).where(here))
        connection.execute(sa.insert(watch_counts), list(sums.values()))

    def begin_backfill(self, connection: sa.Connection, items: int, comments: int) -> None:
        """Let watches of which nothing is counted yet count backwards from here at least."""
        own, left = watches.c, (watches.c.items_left, watches.c.comments_left)
        untouched = left[0] + left[1] == own.backfill_from
        new = [
            sa.case((one < at, at), else_=one)
            for one, at in zip(left, (items, comments), strict=True)
        ]
        change = sa.update(watches).where(untouched, (left[0] < items) | (left[1] < comments))
        values = {"items_left": new[0], "comments_left": new[1], "backfill_from": new[0] + new[1]}
        connection.execute(change.values(values))

    def backfilled(
        self, connection: sa.Connection, some: Collection[int], items: int, comments: int
    ) -> None:
        """Note in a transaction how far back the texts of some watches are counted; 0: all."""
        change = sa.update(watches).where(self.db.among(watches.c.id, some))
        values = {"items_left": items or None, "comments_left": comments or None}
        connection.execute(change.values(values))

    def prune(self, now: float) -> None:
        """Delete texts and counts that are too old."""
        with self.db.write() as connection:
            connection.execute(
                # a day more: a text must be known as counted for as long as it may be read again
                sa.delete(watch_matches).where(
                    watch_matches.c.at < now - 86_400.0 * MATCH_DAYS - 86_400.0
                )
            )
            oldest = int((now - 86_400.0 * COUNT_DAYS) // HOUR)
            connection.execute(sa.delete(watch_counts).where(watch_counts.c.hour < oldest))


def _growth(
    before: Iterable[Sequence[HourCount]], after: Iterable[Sequence[HourCount]]
) -> list[HourCount]:
    """Return by what the counts of hours have grown; those that have not are left out."""
    was = {(one.watch, one.hour, one.script): one for some in before for one in some}
    found = []
    for one in (each for some in after for each in some):
        old = was.get((one.watch, one.hour, one.script))
        if old is None:
            found.append(one)
        elif old.texts != one.texts:
            more = {name: getattr(one, name) - getattr(old, name) for name in _COUNTS}
            found.append(replace(one, **more))
    return found


def forget_comments(connection: sa.Connection, events: sa.Select[Any]) -> int:
    """Delete what leads from watches, alerts and detected events to comments; return how many."""
    return _forget(connection, 1, events)


def forget_item(connection: sa.Connection, number: int) -> int:
    """Delete what leads from watches, alerts and detected events to an item; return how many."""
    return _forget(connection, 0, [number])


def _forget(connection: sa.Connection, source: int, refs: sa.Select[Any] | Sequence[int]) -> int:
    count = 0
    for table in (watch_matches, alert_evidence, detected_event_texts):
        gone = sa.delete(table).where(table.c.source == source, table.c.ref.in_(refs))
        count += connection.execute(gone).rowcount
    return count


def _check_name(connection: sa.Connection, name: str, but: int | None) -> None:
    query = sa.select(watches.c.id).where(watches.c.name == name)
    taken = connection.execute(query).scalar()
    if taken is not None and taken != but:
        raise DataError(f"watch {taken} has the name {name!r} already")
