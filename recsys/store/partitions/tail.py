"""Reads of the end of the log on PostgreSQL: only partitions that something was added to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Double,
    Integer,
    Select,
    exists,
    select,
)
from sqlalchemy import func as sql
from sqlalchemy.sql import true

from recsys.store.database import Database
from recsys.store.partitions.auxiliary_tables import event_batches
from recsys.store.prepared_reads import Read, given
from recsys.store.schema import events

KEPT = 2 * 86_400.0  # seconds for which it is known what was added where

Query = Callable[[ColumnElement[bool]], Select[Any]]

_AFTER, _N = given("after", BigInteger), given("n", Integer)
_ROW = event_batches.c
_LATER = (
    select(_ROW.last, _ROW.least, _ROW.most)
    .where(_ROW.last > _AFTER)
    .order_by(_ROW.last)
    .limit(_N)
    .subquery()
)
_FOUND: Any = select(
    sql.count(),
    sql.min(_LATER.c.least),
    sql.max(_LATER.c.most),
    sql.max(_LATER.c.last),
    exists(select(_ROW.last).where(_ROW.last <= _AFTER)),
).select_from(_LATER)
_BOUNDS = Read(_FOUND)


def rows_after(db: Database, query: Query, after: int, n: int) -> list[Sequence[Any]]:
    """Return the first n events with a greater id, ascending; the id is the first of a row.

    `query` takes one more condition, and the values `after` and `n`.
    """
    whole, bounded = _reads(query)
    found: list[Sequence[Any]] = []
    while len(found) < n:
        ((count, least, most, last, known),) = db.rows(_BOUNDS, after=after, n=n)
        left = n - len(found)
        if not known:  # from before what is kept: any partition may hold it
            return [*found, *db.rows(whole, after=after, n=left)]
        if not count:
            break
        found += db.rows(bounded, after=after, n=left, least=least, most=most, last=last)
        after = last
    return found


def forget_batches(connection: Connection, now: float) -> None:
    """Delete what is no longer needed; the newest row of it tells that older ones are missing."""
    old = select(sql.max(_ROW.last)).where(_ROW.at < now - KEPT).scalar_subquery()
    connection.execute(event_batches.delete().where(_ROW.last < old))


@cache
def _reads(query: Query) -> tuple[Read, Read]:
    here = events.c.moment.between(given("least", Double), given("most", Double))
    return Read(query(true())), Read(query(here & (events.c.id <= given("last", BigInteger))))
