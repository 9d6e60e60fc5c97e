"""Users and follows of the store, and the removal of a user."""

from __future__ import annotations

import itertools
import json
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, Text, bindparam, delete, or_, select, update

from recsys.data.records import Follow, User
from recsys.store.database import Database
from recsys.store.prepared_reads import Read, given
from recsys.store.schema import controls, events, follows, merges, users

BATCH = 5_000  # users or follows per transaction

_COLUMNS = (users.c.user_id, users.c.name, users.c.interests, users.c.language)
_STORE = (
    update(users)
    .where(users.c.id == bindparam("number"))
    .values(
        known=1,
        name=bindparam("to_name"),
        interests=bindparam("to_interests"),
        language=bindparam("to_language"),
    )
)
_FOLLOWED = Read(
    select(follows.c.author_id, follows.c.followed_user_id)
    .join(users, users.c.id == follows.c.user)
    .where(users.c.user_id == given("user", Text))
    .order_by(follows.c.author_id, follows.c.followed_user_id)
)


class People:
    """Part of Store: users and follows."""

    db: Database

    def add_users(self, users: Iterable[User]) -> int:
        """Add users, or replace what is known of them; return how many are new or changed."""
        waiting, changed = iter(users), 0
        while batch := {user.user_id: user for user in itertools.islice(waiting, BATCH)}:
            changed += self._add_users(batch)
        return changed

    def _add_users(self, batch: dict[str, User]) -> int:
        query = select(users.c.id, users.c.known, *_COLUMNS)
        with self.db.write() as connection:
            self.db.numbers(connection, users.c.user_id, batch)
            query = query.where(self.db.among(users.c.user_id, batch))
            values = [
                {"number": number, **_values(batch[row[0]])}
                for number, known, *row in connection.execute(query)
                if not known or _user(row) != batch[row[0]]
            ]
            if values:
                connection.execute(_STORE, values)
        return len(values)

    def put_user(self, user: User) -> None:
        """Add a user, or replace what is known of him."""
        self.add_users([user])

    def user(self, user_id: str) -> User | None:
        """Return a user, with the id alone when only events tell of him; None when unknown."""
        with self.db.read() as connection:
            row = connection.execute(select(*_COLUMNS).where(users.c.user_id == user_id)).first()
        return None if row is None else _user(row)

    def users_known(self, user_ids: Collection[str]) -> dict[str, User]:
        """Return what is known of some users; absent where only events tell of them."""
        query = select(*_COLUMNS).where(self.db.among(users.c.user_id, user_ids))
        with self.db.read() as connection:
            found = connection.execute(query.where(users.c.known == 1)).all()
        return {row[0]: _user(row) for row in found}

    def users_page(self, after: str = "", n: int = 100) -> list[User]:
        """Return the first n users whose id sorts after `after`, by id."""
        query = select(*_COLUMNS).where(users.c.user_id > after).order_by(users.c.user_id).limit(n)
        with self.db.read() as connection:
            return [_user(row) for row in connection.execute(query)]

    def add_follows(self, follows: Iterable[Follow]) -> int:
        """Add follows that are not there yet; return how many are new."""
        waiting, new = iter(follows), 0
        while batch := list(itertools.islice(waiting, BATCH)):
            new += self._add_follows(batch)
        return new

    def _add_follows(self, batch: Sequence[Follow]) -> int:
        with self.db.write() as connection:
            user_ids = dict.fromkeys(follow.user_id for follow in batch)
            number = self.db.numbers(connection, users.c.user_id, user_ids)
            columns = (follows.c.user, follows.c.author_id, follows.c.followed_user_id)
            rows = [(number[f.user_id], f.author_id, f.followed_user_id) for f in batch]
            return self.db.insert_new(connection, columns, rows)

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

    def followed(self, user_id: str) -> tuple[str, ...]:
        """Return the ids of the authors and users whom a user follows; read with every list."""
        return tuple([author or other for author, other in self.db.rows(_FOLLOWED, user=user_id)])

    def delete_user(self, user_id: str) -> dict[str, int]:
        """Remove a user with all events, follows and controls for good; return rows per table.

        On SQLite nothing of it remains readable in the files. PostgreSQL reuses the space at its
        next vacuum. What was shown, and files beside the store: see recsys.store.erasure.
        """
        with self.db.write() as connection:
            removed = remove_rows(connection, user_id)
        self.db.forget_deleted()
        return removed


def remove_rows(connection: Connection, user_id: str) -> dict[str, int]:
    """Delete a user's rows; return how many went, per table."""
    removed = {"events": 0, "follows": 0, "controls": 0, "merges": 0, "users": 0}
    query = select(users.c.id).where(users.c.user_id == user_id)
    number = connection.execute(query).scalar()
    if number is None:
        return removed
    followed = or_(follows.c.user == number, follows.c.followed_user_id == user_id)
    for table, condition in (
        (events, events.c.user == number),
        (follows, followed),
        (controls, controls.c.user == number),
        (merges, merges.c.user == number),
        (users, users.c.id == number),
    ):
        removed[table.name] = connection.execute(delete(table).where(condition)).rowcount
    return removed


def _values(user: User) -> dict[str, Any]:
    return {
        "to_name": user.name,
        "to_interests": json.dumps(user.interests) if user.interests else "",
        "to_language": user.language,
    }


def _user(row: Sequence[Any]) -> User:
    user_id, name, interests, language = row
    return User(user_id, name, tuple(json.loads(interests)) if interests else (), language)
