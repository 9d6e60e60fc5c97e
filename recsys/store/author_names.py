"""AuthorLog: display names of the authors of items."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from sqlalchemy import bindparam, func, select, update

from recsys.data.records import Author
from recsys.store.database import Database
from recsys.store.schema import authors, users


class AuthorLog:
    """Part of Store: authors and their display names."""

    db: Database

    def add_authors(self, given: Iterable[Author]) -> int:
        """Add authors, or replace their names; return how many are new or changed."""
        names = {one.author_id: one.name for one in given}
        if not names:
            return 0
        with self.db.write() as connection:
            known = self.db.known_numbers(connection, authors.c.author_id, names)
            number = self.db.numbers(connection, authors.c.author_id, names)
            query = select(authors.c.author_id, authors.c.name)
            held = dict(
                connection.execute(query.where(self.db.among(authors.c.author_id, names))).all()
            )
            changed = [
                {"number": number[id], "to_name": name}
                for id, name in names.items()
                if held[id] != name
            ]
            if changed:
                of = authors.c.id == bindparam("number")
                connection.execute(
                    update(authors).where(of).values(name=bindparam("to_name")), changed
                )
        return len({id for id in names if id not in known or held[id] != names[id]})

    def author(self, author_id: str) -> Author | None:
        """Return an author; None when only items or nothing tell of them."""
        query = select(authors.c.author_id, authors.c.name).where(authors.c.author_id == author_id)
        with self.db.read() as connection:
            row = connection.execute(query).first()
        return None if row is None else Author(*row)

    def authors_named(self, name: str, n: int = 3) -> list[tuple[str, str]]:
        """Return (id, display name) of up to n authors who are called so, in whatever case."""
        query = (
            select(authors.c.author_id, authors.c.name)
            .where(func.lower(authors.c.name) == name.lower(), authors.c.name != "")
            .order_by(authors.c.author_id)
            .limit(n)
        )
        with self.db.read() as connection:
            return [(id, called) for id, called in connection.execute(query)]

    def authors_page(self, after: str = "", n: int = 100) -> list[Author]:
        """Return the first n authors whose id sorts after `after`, by id."""
        query = select(authors.c.author_id, authors.c.name).where(authors.c.author_id > after)
        with self.db.read() as connection:
            rows = connection.execute(query.order_by(authors.c.author_id).limit(n))
            return [Author(*row) for row in rows]

    def known_user_ids(self, ids: Collection[str]) -> set[str]:
        """Return which of some ids are those of users."""
        query = select(users.c.user_id).where(self.db.among(users.c.user_id, ids))
        with self.db.read() as connection:
            return set(connection.execute(query).scalars())

    def names_of(self, ids: Collection[str]) -> dict[str, str]:
        """Return the display names of users and authors by id; absent where there is none."""
        found: dict[str, str] = {}
        with self.db.read() as connection:
            for id, name in (
                (authors.c.author_id, authors.c.name),
                (users.c.user_id, users.c.name),
            ):
                query = select(id, name).where(self.db.among(id, ids), name != "")
                found |= {one: called for one, called in connection.execute(query)}
        return found
