"""Reads of a user's events on PostgreSQL: from `recent_events`, as far as that holds them all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Text, func, select, text

from recsys.store.database import Database
from recsys.store.event_queries import Query
from recsys.store.partitions.auxiliary_tables import recent_events, recent_floors
from recsys.store.prepared_reads import Read, given
from recsys.store.schema import events, users

KEPT = 500  # latest events of a user that a trim leaves
SLACK = 500  # events beyond these before a user is trimmed
_USERS = 1_000  # users trimmed in one transaction

_USER = given("user", Text)
_NUMBER = select(users.c.id).where(users.c.user_id == _USER).scalar_subquery()
_FLOOR = Read(select(recent_floors.c.moment).where(recent_floors.c.user == _NUMBER))
_COUNTED = (
    select(func.count().label("n"), func.coalesce(func.max(recent_events.c.id), 0).label("last"))
    .where(recent_events.c.user == _NUMBER)
    .subquery()
)
_STAMP = Read(
    select(
        _COUNTED.c.n + func.coalesce(recent_floors.c.older, 0),
        func.greatest(_COUNTED.c.last, recent_floors.c.last),
        _USER,
    )
    .select_from(_COUNTED)
    .join(recent_floors, recent_floors.c.user == _NUMBER, isouter=True)
)
# of each of some users all but the latest go, and what went is added to what was gone
_LONG = text(
    'SELECT "user" FROM recent_events GROUP BY "user" HAVING count(*) > :most ORDER BY "user"'
)
_TRIM = text(
    """
WITH ranked AS (
    SELECT "user", moment, id,
        row_number() OVER (PARTITION BY "user" ORDER BY moment DESC, id DESC) AS place
    FROM recent_events WHERE "user" = ANY (:users)
), gone AS (
    DELETE FROM recent_events r USING ranked o
    WHERE o.place > :kept AND r."user" = o."user" AND r.moment = o.moment AND r.id = o.id
    RETURNING r."user", r.moment, r.id
)
INSERT INTO recent_floors ("user", moment, older, last)
    SELECT "user", max(moment), count(*), max(id) FROM gone GROUP BY "user"
    ON CONFLICT ("user") DO UPDATE SET
        moment = greatest(recent_floors.moment, excluded.moment),
        older = recent_floors.older + excluded.older,
        last = greatest(recent_floors.last, excluded.last)
"""
)


def rows_of_user(db: Database, query: Query, user: str, **values: Any) -> Sequence[Sequence[Any]]:
    """Return the rows of a query of all events of a user, given as a function of their table."""
    recent, whole = _reads(query)
    read = whole if db.rows(_FLOOR, user=user) else recent
    return db.rows(read, user=user, **values)


def latest_rows(
    db: Database, query: Query, user: str, n: int, moment: Callable[[Sequence[Any]], float]
) -> Sequence[Sequence[Any]]:
    """Return the rows of a query of the n latest events of a user, the latest first.

    `moment`: of a row.
    """
    recent, whole = _latest_reads(query)
    found = db.rows(recent, user=user, n=n)
    if found:
        floor = found[-1][-1]
        found = [row[:-1] for row in found]
    else:
        floor = next((row[0] for row in db.rows(_FLOOR, user=user)), None)
    if floor is None or (len(found) == n and moment(found[-1]) > floor):
        return found
    return db.rows(whole, user=user, n=n)


def stamp_of(db: Database, user: str) -> tuple[int, int]:
    """Return the number of a user's events and their greatest id."""
    count, last, _ = db.rows(_STAMP, user=user)[0]
    return int(count), int(last)


def trim(db: Database) -> int:
    """Leave the latest `KEPT` events of users who have far more; return how many such there are."""
    with db.read() as connection:
        long = list(connection.execute(_LONG, {"most": KEPT + SLACK}).scalars())
    for start in range(0, len(long), _USERS):
        with db.write() as connection:
            connection.execute(_TRIM, {"users": long[start : start + _USERS], "kept": KEPT})
    return len(long)


@cache
def _latest_reads(query: Query) -> tuple[Read, Read]:
    """Return the reads of the copy, each row with the user's floor at its end, and of `events`."""
    floor = select(recent_floors.c.moment).where(recent_floors.c.user == _NUMBER)
    with_floor = query(recent_events).add_columns(floor.scalar_subquery())
    return Read(with_floor), Read(query(events))


@cache
def _reads(query: Query) -> tuple[Read, Read]:
    return Read(query(recent_events)), Read(query(events))
