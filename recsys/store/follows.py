"""FollowLog: follows of authors and users, blocks, and the log by which workers learn of them.

    store.add_follows([Follow("ann", author_id="writer")])
    store.follow_changes_after(0)    # (id, user, author, other, change) in numbers of the store

The table `follows` is the state and `follow_changes` says what changed lately, in numbers only. A
reader of the log takes `follow_position` first and then the state; see recsys.serving.follow_graph.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterable, Iterator, Sequence
from enum import IntEnum
from typing import Any, NamedTuple

from sqlalchemy import (
    Connection,
    Select,
    Text,
    and_,
    bindparam,
    delete,
    exists,
    func,
    insert,
    literal,
    or_,
    select,
    tuple_,
    union_all,
)

from recsys.data.records import Follow
from recsys.store.database import Database
from recsys.store.partitions.auxiliary_tables import recent_events
from recsys.store.prepared_reads import Read, given
from recsys.store.schema import authors, blocks, events, follow_changes, follows, items, users

BATCH = 5_000  # follows per transaction
KEEP = 86_400.0  # seconds that the log of changes is kept; a reader that is older reads all anew
_CHUNK = 50_000  # rows of the state fetched at a time


class Change(IntEnum):
    """What a row of the log of follows says."""

    UNFOLLOW = 0
    FOLLOW = 1
    UNBLOCK = 2
    BLOCK = 3
    GONE = 4  # the user was erased, or merged into another one


class FollowChange(NamedTuple):
    """A row of the log of follows, in numbers of the store."""

    id: int
    user: int
    author: int  # 0: none
    other: int  # the user who is followed or blocked; 0: none
    change: int  # a Change


class NamedFollow(NamedTuple):
    """A follow with the display name of the followee."""

    user_id: str
    author_id: str  # empty when a user is followed
    followed_user_id: str
    name: str  # empty where none is known


class Ties(NamedTuple):
    """Whom a user follows, and who blocks them."""

    follows: tuple[str, ...]  # ids of authors and users, by id
    names: tuple[tuple[str, str], ...]  # (id, display name) of those of them that have one
    blocked_by: tuple[str, ...]  # ids of users


_AUTHOR = authors.c.author_id
_other = users.alias("other")
_NAME = func.coalesce(func.nullif(authors.c.name, ""), _other.c.name, "")


def _named(*columns: Any) -> Select[Any]:
    """Return a query of follows with the display name of the followee as the last column."""
    return (
        select(*columns, _NAME.label("name"))
        .select_from(follows)
        .join(users, users.c.id == follows.c.user)
        .outerjoin(authors, authors.c.author_id == func.nullif(follows.c.author_id, ""))
        .outerjoin(_other, _other.c.user_id == func.nullif(follows.c.followed_user_id, ""))
    )


_TIES = Read(
    union_all(
        _named(
            literal(0).label("blocks"),
            follows.c.author_id.label("author_id"),
            follows.c.followed_user_id.label("other_id"),
        ).where(users.c.user_id == given("user", Text)),
        select(literal(1), literal(""), _other.c.user_id, literal(""))
        .select_from(blocks)
        .join(users, users.c.id == blocks.c.blocked)
        .join(_other, _other.c.id == blocks.c.user)
        .where(users.c.user_id == given("user", Text)),
    )
)


_EDGES = {  # by the index of the followees, so that their numbers are looked up in order
    "users": 'SELECT f."user", u.id FROM follows f JOIN users u ON u.user_id = f.followed_user_id'
    " WHERE f.followed_user_id <> ''",
    "authors": 'SELECT f."user", a.id FROM follows f JOIN authors a ON a.author_id = f.author_id'
    " WHERE f.author_id <> ''",
    "blocks": 'SELECT "user", blocked FROM blocks',
}


class FollowLog:
    """Part of Store: follows, blocks, and the log of both."""

    db: Database

    def add_follows(self, follows: Iterable[Follow]) -> int:
        """Add follows that are not there yet; return how many are new.

        Users and authors who were unknown are made, with the id alone.
        """
        waiting, new = iter(follows), 0
        while batch := list(itertools.islice(waiting, BATCH)):
            new += self._add_follows(batch)
        return new

    def _add_follows(self, batch: Sequence[Follow]) -> int:
        with self.db.write() as connection:
            number = self._follow_numbers(connection, batch)
            columns = (follows.c.user, follows.c.author_id, follows.c.followed_user_id)
            rows = [(number[0][f.user_id], f.author_id, f.followed_user_id) for f in batch]
            new = self.db.insert_new(connection, columns, rows)
            if new:  # a follow that was there already may be in the log again: the same state
                log_changes(self.db, connection, _numbered(batch, *number, Change.FOLLOW))
        return new

    def _follow_numbers(
        self, connection: Connection, batch: Sequence[Follow]
    ) -> tuple[dict[str, int], dict[str, int]]:
        """Return the numbers of the users, followees among them, and of the authors of follows."""
        people = dict.fromkeys(name for f in batch for name in (f.user_id, f.followed_user_id))
        writers = dict.fromkeys(f.author_id for f in batch)
        people.pop("", None)
        writers.pop("", None)
        return (
            self.db.numbers(connection, users.c.user_id, people),
            self.db.numbers(connection, authors.c.author_id, writers),
        )

    def remove_follows(self, removed: Iterable[Follow]) -> int:
        """Remove follows; return how many were there."""
        waiting, count = iter(dict.fromkeys(removed)), 0
        while batch := list(itertools.islice(waiting, BATCH)):
            count += self._remove_follows(batch)
        return count

    def _remove_follows(self, batch: Sequence[Follow]) -> int:
        gone = delete(follows).where(
            follows.c.user == bindparam("of"),
            follows.c.author_id == bindparam("author"),
            follows.c.followed_user_id == bindparam("other"),
        )
        with self.db.write() as connection:
            people = dict.fromkeys(n for f in batch for n in (f.user_id, f.followed_user_id) if n)
            known = self.db.known_numbers(connection, users.c.user_id, people)
            writers = dict.fromkeys(f.author_id for f in batch if f.author_id)
            written = self.db.known_numbers(connection, authors.c.author_id, writers)
            batch = [
                f
                for f in batch
                if f.user_id in known and (f.author_id in written or f.followed_user_id in known)
            ]
            if not batch:
                return 0
            rows = [
                {"of": known[f.user_id], "author": f.author_id, "other": f.followed_user_id}
                for f in batch
            ]
            count = sum(connection.execute(gone, row).rowcount for row in rows)
            if count:
                changes = _numbered(batch, known, written, Change.UNFOLLOW)
                log_changes(self.db, connection, changes)
        return count

    def follows_of(self, user_id: str) -> list[Follow]:
        """Return whom a user follows, by id."""
        query = (
            select(users.c.user_id, follows.c.author_id, follows.c.followed_user_id)
            .join(users, users.c.id == follows.c.user)
            .where(users.c.user_id == user_id)
            .order_by(follows.c.author_id, follows.c.followed_user_id)
        )
        with self.db.read() as connection:
            return [Follow(*row) for row in connection.execute(query)]

    def follow_count(self, user_id: str) -> int:
        """Return how many follows a user has."""
        query = select(func.count()).select_from(follows)
        query = query.join(users, users.c.id == follows.c.user).where(users.c.user_id == user_id)
        with self.db.read() as connection:
            return int(connection.execute(query).scalar_one())

    def follows_page(
        self, user_id: str, followers: bool = False, after: tuple[str, str] = ("", ""), n: int = 100
    ) -> list[NamedFollow]:
        """Return the first n follows by a user, or by `followers` of them as a user or an author.

        Whom a user follows comes by (author_id, followed_user_id), who follows by (user_id,
        author_id), each after `after`.
        """
        author, other = follows.c.author_id, follows.c.followed_user_id
        query = _named(users.c.user_id, author, other)
        if followers:
            key = (users.c.user_id, author)
            as_author = and_(author == user_id, author != "")
            query = query.where(or_(as_author, and_(other == user_id, other != "")))
        else:
            key = (author, other)
            query = query.where(users.c.user_id == user_id)
        if any(after):
            query = query.where(tuple_(*key) > tuple_(*map(literal, after)))
        with self.db.read() as connection:
            return [NamedFollow(*row) for row in connection.execute(query.order_by(*key).limit(n))]

    def ties_of(self, user_id: str) -> Ties:
        """Return whom a user follows and who blocks them; read with every list."""
        followed: dict[str, str] = {}
        blocked_by = []
        for blocks_them, author, other, name in self.db.rows(_TIES, user=user_id):
            if blocks_them:
                blocked_by.append(other)
            else:
                followed[author or other] = name
        names = tuple(sorted((id, name) for id, name in followed.items() if name))
        return Ties(tuple(sorted(followed)), names, tuple(sorted(blocked_by)))

    def followed(self, user_id: str) -> tuple[str, ...]:
        """Return the ids of the authors and users whom a user follows, by id."""
        return self.ties_of(user_id).follows

    def unknown_followees(self, given: Sequence[Follow]) -> list[Follow]:
        """Return the follows of authors and users of whom nothing but follows and blocks tells."""
        writers = {f.author_id for f in given if f.author_id}
        others = {f.followed_user_id for f in given if f.followed_user_id}
        author = items.c.author_id
        with self.db.read() as connection:
            known = set(
                connection.execute(
                    select(author).where(self.db.among(author, writers)).distinct()
                ).scalars()
            )
            acts = events if self.db.on_sqlite else recent_events
            acting = exists(select(acts.c.id).where(acts.c.user == users.c.id))
            seen = set(
                connection.execute(
                    select(users.c.user_id).where(
                        self.db.among(users.c.user_id, others), or_(users.c.known == 1, acting)
                    )
                ).scalars()
            )
        return [
            f
            for f in given
            if (f.author_id and f.author_id not in known)
            or (f.followed_user_id and f.followed_user_id not in seen)
        ]

    def follow_position(self) -> int:
        """Return the id of the last row of the log of follows, 0 without any."""
        with self.db.read() as connection:
            return connection.execute(select(func.max(follow_changes.c.id))).scalar() or 0

    def follow_changes_after(self, id: int, n: int = 2_000) -> list[FollowChange]:
        """Return the first n rows of the log with a greater id, ascending."""
        row = follow_changes.c
        query = select(row.id, row.user, row.author, row.other, row.change)
        query = query.where(row.id > id).order_by(row.id).limit(n)
        with self.db.read() as connection:
            return [FollowChange(*row) for row in connection.execute(query)]

    def follow_edges(self, kind: str) -> Iterator[Sequence[tuple[int, int]]]:
        """Yield all (user, followee) in numbers, in pieces: of `users`, `authors` or `blocks`."""
        text = _EDGES[kind]
        with self.db.snapshot() as connection:
            if self.db.on_sqlite:  # straight from the driver, at a third of the time
                cursor = connection.exec_driver_sql(text).cursor
                while rows := cursor.fetchmany(_CHUNK):
                    yield rows
                return
            result = connection.execution_options(yield_per=_CHUNK).exec_driver_sql(text)
            while rows := result.fetchmany(_CHUNK):
                yield [(user, other) for user, other in rows]


def log_changes(
    db: Database, connection: Connection, rows: Sequence[tuple[int, int, int, int]]
) -> None:
    """Add (user, author, other, change) to the log of follows, and drop rows older than a day."""
    log, now = follow_changes.c, time.time()
    columns = (log.user, log.author, log.other, log.change, log.at)
    db.insert_new(connection, columns, [(*row, now) for row in rows])
    connection.execute(delete(follow_changes).where(log.at < now - KEEP))


def log_gone(connection: Connection, number: int) -> None:
    """Remove what the log says of a user, and tell its readers to forget them."""
    log = follow_changes.c
    connection.execute(delete(follow_changes).where(or_(log.user == number, log.other == number)))
    row = {"user": number, "author": 0, "other": 0, "change": int(Change.GONE), "at": time.time()}
    connection.execute(insert(follow_changes).values(**row))


def log_all_of(db: Database, connection: Connection, number: int, user_id: str) -> None:
    """Add all follows and blocks by and of a user to the log, as they are after a merge."""
    f, b = follows.c, blocks.c
    rows: list[tuple[int, int, int, int]] = []
    for query, change in (
        (
            select(f.user, authors.c.id, literal(0))
            .join(authors, authors.c.author_id == f.author_id)
            .where(f.user == number, f.author_id != ""),
            Change.FOLLOW,
        ),
        (
            select(f.user, literal(0), users.c.id)
            .join(users, users.c.user_id == f.followed_user_id)
            .where(f.user == number, f.followed_user_id != ""),
            Change.FOLLOW,
        ),
        (
            select(f.user, literal(0), literal(number)).where(
                f.followed_user_id == user_id, f.followed_user_id != ""
            ),
            Change.FOLLOW,
        ),
        (
            select(b.user, literal(0), b.blocked).where(or_(b.user == number, b.blocked == number)),
            Change.BLOCK,
        ),
    ):
        rows += [
            (user, author, other, int(change)) for user, author, other in connection.execute(query)
        ]
    if rows:
        log_changes(db, connection, rows)


def set_blocks(db: Database, connection: Connection, number: int, blocked: set[str]) -> None:
    """Make the blocks of a user those of these ids, and add the difference to the log."""
    query = select(blocks.c.blocked).where(blocks.c.user == number)
    before = set(connection.execute(query).scalars())
    if not before and not blocked:
        return
    after = set(db.numbers(connection, users.c.user_id, blocked).values()) if blocked else set()
    if gone := before - after:
        ended = delete(blocks).where(blocks.c.user == number, blocks.c.blocked.in_(gone))
        connection.execute(ended)
    new = after - before
    columns = (blocks.c.user, blocks.c.blocked)
    db.insert_new(connection, columns, [(number, other) for other in sorted(new)])
    changes = [(number, 0, other, int(Change.UNBLOCK)) for other in sorted(gone)]
    changes += [(number, 0, other, int(Change.BLOCK)) for other in sorted(new)]
    if changes:
        log_changes(db, connection, changes)


def _numbered(
    batch: Sequence[Follow], users: dict[str, int], authors: dict[str, int], change: Change
) -> list[tuple[int, int, int, int]]:
    return [
        (
            users[f.user_id],
            authors.get(f.author_id, 0),
            users.get(f.followed_user_id, 0),
            int(change),
        )
        for f in batch
    ]
