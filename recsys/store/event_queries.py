"""Queries of events, of the table `events` or, for one user on PostgreSQL, of their copy."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, FromClause, Integer, Select, Text, func, select

from recsys.store.prepared_reads import Read, given
from recsys.store.schema import events, items, kinds, users

Query = Callable[[FromClause], Select[Any]]  # of the table that holds the events


def joined(table: FromClause) -> FromClause:
    """Return events, of one table or another, with their items and kinds."""
    return table.join(items, items.c.id == table.c.item).join(kinds, kinds.c.id == table.c.kind)


def _rest(table: FromClause) -> tuple[ColumnElement[Any], ...]:
    """Return the columns of a StoredEvent after the first two."""
    columns = table.c
    return (
        items.c.item_id,
        kinds.c.name,
        columns.value,
        func.coalesce(columns.text, ""),
        columns.timestamp,
        columns.received,
        columns.user,
    )


def stored(table: FromClause) -> Select[Any]:
    """Return the query of all events, as StoredEvent has them."""
    with_user = joined(table).join(users, users.c.id == table.c.user)
    return select(table.c.id, users.c.user_id, *_rest(table)).select_from(with_user)


STORED = stored(events)
_USER = given("user", Text)
_NUMBER_OF_USER = select(users.c.id).where(users.c.user_id == _USER).scalar_subquery()


def _later(query: Select[Any], table: FromClause) -> Select[Any]:
    later = query.where(table.c.id > given("after", BigInteger)).order_by(table.c.id)
    return later.limit(given("n", Integer))


# queries of a user's events, of `events` or, on PostgreSQL, of their copy


def between(table: FromClause) -> Select[Any]:
    """Return the query of what a user did to an item, in the order of time."""
    return (
        stored(table)
        .where(table.c.user == _NUMBER_OF_USER)
        .where(items.c.item_id == given("item", Text))
        .order_by(table.c.moment, table.c.id)
    )


def page_of_user(table: FromClause) -> Select[Any]:
    """Return the query of a page of a user's events by id."""
    return _later(stored(table).where(table.c.user == _NUMBER_OF_USER), table)


def acts(table: FromClause) -> Select[Any]:
    """Return the query of a user's events without texts, by id."""
    columns = (table.c.id, items.c.item_id, kinds.c.name, table.c.value, table.c.moment)
    return (
        select(*columns)
        .select_from(joined(table))
        .where(table.c.user == _NUMBER_OF_USER, table.c.id > given("after", BigInteger))
        .order_by(table.c.id)
    )


@cache
def latest(but: tuple[str, ...]) -> Query:
    """Return the query of one user's latest events; the id is passed on, not looked up again."""

    def query(table: FromClause) -> Select[Any]:
        return (
            select(table.c.id, _USER, *_rest(table))
            .select_from(joined(table))
            .where(table.c.user == _NUMBER_OF_USER)
            .where(kinds.c.name.not_in(but))
            .order_by(table.c.moment.desc(), table.c.id.desc())
            .limit(given("n", Integer))
        )

    return query


@cache
def read_of(query: Query) -> Read:
    """Return a query of the table `events`, put together once."""
    return Read(query(events))


KINDS = Read(select(kinds.c.name).order_by(kinds.c.id))
AFTER = Read(_later(STORED, events))


def after(condition: ColumnElement[bool]) -> Select[Any]:
    """Return the query of the end of the log, with one more condition."""
    return _later(STORED.where(condition), events)


STAMP = Read(
    select(func.count(), func.max(events.c.id), _USER).where(events.c.user == _NUMBER_OF_USER)
)
