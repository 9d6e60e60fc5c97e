"""Stored fingerprints of item texts, by which equal and nearly equal texts are found."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, delete, func, select

from recsys.store.database import Database
from recsys.store.schema import items, prints


@dataclass(slots=True)  # not frozen: seven are made of each item, at a third of the time
class Seen:
    """How many items carry a print, and the first of them to arrive."""

    count: int
    first: str  # item id
    number: int  # of the first: lower ones arrived earlier


class FingerprintStore:
    """Part of Store: prints of items. What a print stands for is the caller's affair."""

    db: Database

    def fingerprints_seen(
        self, signatures: Collection[int], without: Collection[str]
    ) -> dict[int, Seen]:
        """Return who carries these prints, leaving some items out; absent where nobody does."""
        if not signatures:
            return {}
        with self.db.read() as connection:
            query = (
                select(prints.c.print, func.count(), func.min(prints.c.item))
                .where(self.db.among(prints.c.print, signatures))
                .group_by(prints.c.print)
            )
            if without:
                out = set(self.db.known_numbers(connection, items.c.item_id, without).values())
                query = query.where(~self.db.among(prints.c.item, out))
            rows = connection.execute(query).all()
            if not rows:
                return {}
            first = {number for _, _, number in rows}
            named = select(items.c.id, items.c.item_id).where(self.db.among(items.c.id, first))
            names = {number: name for number, name in connection.execute(named)}
        return {
            one: Seen(count, names[number], number)
            for one, count, number in rows
            if number in names
        }

    def fingerprints_carried(self, item_ids: Collection[str]) -> dict[str, set[int]]:
        """Return the prints that items have by their last form; absent for those without."""
        found: dict[str, set[int]] = {}
        with self.db.read() as connection:
            numbers = self.db.known_numbers(connection, items.c.item_id, item_ids)
            names = {number: name for name, number in numbers.items()}
            query = select(prints.c.item, prints.c.print).where(
                self.db.among(prints.c.item, names.keys())
            )
            for number, one in connection.execute(query) if names else ():
                found.setdefault(names[number], set()).add(one)
        return found

    def item_numbers(self, item_ids: Collection[str]) -> dict[str, int]:
        """Return the numbers by which items arrived; absent for unknown ones."""
        with self.db.read() as connection:
            return self.db.known_numbers(connection, items.c.item_id, item_ids)


def replace_fingerprints(
    db: Database, connection: Connection, found: Mapping[int, Sequence[int]]
) -> None:
    """Give items, by number, the prints that they now have."""
    drop_fingerprints(db, connection, list(found))
    # in the order of the key, so that the insert goes through its index once
    rows = sorted((one, number) for number, own in found.items() for one in set(own))
    db.insert_new(connection, [prints.c.print, prints.c.item], rows)


def drop_fingerprints(db: Database, connection: Connection, numbers: Collection[int]) -> None:
    """Forget the prints of some items."""
    connection.execute(delete(prints).where(db.among(prints.c.item, numbers)))
