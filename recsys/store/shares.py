"""ShareLog: acts that spread an item, and the items that answer one another.

    store.shares_of("story", 20_000)     # shares of an item, the first first
    store.answers_to(["story"], 20_000)  # items below others, of any depth

An event is a share where its kind says so, or where it names the user from whose act it came. The
table `shares` holds numbers only. An erasure leaves a share as a gap: a negative number of its own
in place of the user, so that the tree stays and nobody is named.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import Connection, delete, exists, func, select, text, update

from recsys.data.event_kinds import TABLE
from recsys.data.records import Event
from recsys.store.database import Database
from recsys.store.schema import LIVE, events, items, shares, users

LONGEST = 500  # characters of the title, and of the text, of an answer that are read
_NAMES = ("share", "repost", "forward")
SHARE_KINDS = frozenset(
    name for kind in TABLE if kind.name in _NAMES for name in (kind.name, *kind.synonyms)
)
# a new event gets a row; one that is known without its source gets the source
_ADD = text(
    'INSERT INTO shares (event, item, "user", shared_from, moment)'
    ' SELECT id, item, "user", :source, moment FROM events WHERE "user" = :owner AND key = :key'
    " ON CONFLICT (event) DO UPDATE SET shared_from = excluded.shared_from"
    " WHERE shares.shared_from = 0 AND excluded.shared_from <> 0"
)


class Share(NamedTuple):
    """A share of an item, in numbers of the store."""

    user: int  # below 0: erased
    shared_from: int  # 0: not known; below 0: erased
    moment: float  # Unix seconds


class Answer(NamedTuple):
    """An item that answers another one."""

    item_id: str
    parent_id: str
    author_id: str
    text: str  # the beginnings of title and text; empty where the item is deleted
    created: float | None  # Unix seconds
    deleted: bool  # or hidden


class ShareLog:
    """Part of Store: shares and answers."""

    db: Database

    def shares_of(self, item_id: str, n: int) -> list[Share]:
        """Return the first n shares of an item, by time."""
        number = select(items.c.id).where(items.c.item_id == item_id).scalar_subquery()
        row = shares.c
        query = select(row.user, row.shared_from, row.moment).where(row.item == number)
        with self.db.read() as connection:
            rows = connection.execute(query.order_by(row.moment, row.id).limit(n))
            return [Share(*one) for one in rows]

    def answers_to(self, item_ids: Sequence[str], n: int) -> list[Answer]:
        """Return at most n items below some items, level by level; each once, cycles or not."""
        found: dict[str, Answer] = {}
        level, seen = list(item_ids), set(item_ids)
        columns = (items.c.item_id, items.c.parent_id, items.c.author_id)
        begun = [func.substr(one, 1, LONGEST) for one in (items.c.title, items.c.text)]
        query = select(*columns, begun[0], begun[1], items.c.created_at, items.c.state)
        with self.db.read() as connection:
            while level and len(found) < n:
                below = query.where(
                    self.db.among(items.c.parent_id, level), items.c.parent_id != ""
                )
                level = []
                for id, parent, author, title, words, created, state in connection.execute(
                    below.order_by(items.c.id).limit(n)
                ):
                    if id in seen or len(found) >= n:
                        continue
                    seen.add(id)
                    level.append(id)
                    body = f"{title}\n{words}".strip()
                    found[id] = Answer(id, parent, author, body, created, state != LIVE)
        return list(found.values())

    def shares_by(self, user_id: str) -> list[dict[str, object]]:
        """Return the shares of a user with their sources, for the export; by arrival."""
        other = users.alias()
        query = (
            select(items.c.item_id, shares.c.moment, func.coalesce(other.c.user_id, ""))
            .select_from(shares)
            .join(users, users.c.id == shares.c.user)
            .join(items, items.c.id == shares.c.item)
            .outerjoin(other, other.c.id == shares.c.shared_from)
            .where(users.c.user_id == user_id)
            .order_by(shares.c.id)
        )
        with self.db.read() as connection:
            return [
                {"item_id": item, "at": at, "shared_from": source or None}
                for item, at, source in connection.execute(query)
            ]


def is_share(event: Event) -> bool:
    """Whether an event spreads its item."""
    return event.event in SHARE_KINDS or bool(event.shared_from)


def add_shares(
    connection: Connection,
    batch: Sequence[Event],
    keys: Sequence[int],
    numbers: dict[str, int],
) -> None:
    """Add the shares among some events that are stored; `numbers`: of users by id."""
    rows = [
        {
            "owner": numbers[event.user_id],
            "key": key,
            "source": numbers[event.shared_from]
            if event.shared_from and event.shared_from != event.user_id
            else 0,
        }
        for event, key in zip(batch, keys, strict=True)
        if is_share(event)
    ]
    if rows:
        connection.execute(_ADD, rows)


def leave_gaps(connection: Connection, number: int) -> int:
    """Take a user out of all shares: their own stay as gaps that name nobody; return how many."""
    own = shares.alias()
    # per item the negative number of one share of the user; other shares refer to it
    gap = (
        select(-func.min(own.c.id))
        .where(own.c.user == number, own.c.item == shares.c.item)
        .scalar_subquery()
    )
    connection.execute(
        update(shares)
        .where(shares.c.shared_from == number)
        .values(shared_from=func.coalesce(gap, 0))
    )
    return connection.execute(
        update(shares).where(shares.c.user == number).values(user=gap, event=None)
    ).rowcount


def move_shares(connection: Connection, source: int, target: int) -> None:
    """Give the shares of one user to another one, and drop those whose events are gone."""
    gone = ~exists(select(events.c.id).where(events.c.id == shares.c.event))
    connection.execute(delete(shares).where(shares.c.user == source, gone))
    connection.execute(update(shares).where(shares.c.user == source).values(user=target))
    changed = update(shares).where(shares.c.shared_from == source)
    connection.execute(changed.values(shared_from=target))
    itself = shares.c.shared_from == shares.c.user
    connection.execute(update(shares).where(shares.c.user == target, itself).values(shared_from=0))
