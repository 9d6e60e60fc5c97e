"""Users of the store, and the removal of a user."""

from __future__ import annotations

import itertools
import json
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, and_, bindparam, delete, or_, select, update

from recsys.data.records import User
from recsys.store.database import Database
from recsys.store.follows import log_gone
from recsys.store.schema import authors, blocks, controls, events, follows, merges, users
from recsys.store.shares import leave_gaps
from recsys.store.watches import forget_comments

BATCH = 5_000  # users per transaction

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


class People:
    """Part of Store: users."""

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
        """Add a user, or replace what is known of them."""
        self.add_users([user])

    def user(self, user_id: str) -> User | None:
        """Return a user, with the id alone when only events name them; None when unknown."""
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
    removed = {"events": 0, "follows": 0, "controls": 0, "merges": 0, "users": 0, "shares": 0}
    query = select(users.c.id).where(users.c.user_id == user_id)
    number = connection.execute(query).scalar()
    if number is None:
        return removed
    named = and_(follows.c.followed_user_id == user_id, follows.c.followed_user_id != "")
    about = and_(controls.c.kind == "user", controls.c.value == user_id)
    connection.execute(
        delete(blocks).where(or_(blocks.c.user == number, blocks.c.blocked == number))
    )
    connection.execute(update(authors).where(authors.c.author_id == user_id).values(name=""))
    forget_comments(connection, select(events.c.id).where(events.c.user == number))
    removed["shares"] = leave_gaps(connection, number)
    for table, condition in (
        (events, events.c.user == number),
        (follows, or_(follows.c.user == number, named)),
        (controls, or_(controls.c.user == number, about)),
        (merges, merges.c.user == number),
        (users, users.c.id == number),
    ):
        removed[table.name] = connection.execute(delete(table).where(condition)).rowcount
    log_gone(connection, number)
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
