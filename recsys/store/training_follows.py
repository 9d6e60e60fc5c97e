"""TrainingFollows: follows of a store as a night learns from them."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select

from recsys.array_types import Rows
from recsys.data.event_tables import EventTable
from recsys.data.follow_table import FollowTable
from recsys.store.follows import FollowLog
from recsys.store.schema import authors, users
from recsys.store.user_controls import mutes_in_force

_AUTHOR = authors.c.author_id


class TrainingFollows(FollowLog):
    """Part of Store: follows, also in rows of an event table."""

    def follow_table(self, events: EventTable, authors: Iterable[str]) -> FollowTable | None:
        """Return the follows of the users of an event table of this store; None without any.

        `authors`: ids of the authors of items. Follows between two of whom one mutes or blocks
        the other are left out: nothing passes from one to the other in lists either.
        """
        numbers = events.numbers
        if numbers is None:
            return None
        written = list(dict.fromkeys(filter(None, authors)))
        with self.db.read() as connection:
            names = self.db.known_numbers(connection, _AUTHOR, written)
            own = self.db.known_numbers(connection, users.c.user_id, written)
        follower, followee = self._edges("users")
        reader, author = self._edges("authors")
        if not len(follower) and not len(reader):
            return None
        unseen, unread = self._unseen()
        open_ = ~np.isin(_pairs(follower, followee), unseen)
        follower, followee = follower[open_], followee[open_]
        # whoever follows a user follows what the user writes
        codes = {number: code for code, name in enumerate(written) if (number := names.get(name))}
        as_users = {number: code for code, name in enumerate(written) if (number := own.get(name))}
        code = np.concatenate([_mapped(author, codes), _mapped(followee, as_users)])
        reads = np.concatenate([_rows_of(reader, numbers), _rows_of(follower, numbers)])
        kept = (reads >= 0) & (code >= 0)
        if unread:
            who = np.concatenate([reader, follower]).tolist()
            names_of = [written[at] if at >= 0 else "" for at in code.tolist()]
            kept &= [pair not in unread for pair in zip(who, names_of, strict=True)]
        rows, others = _rows_of(follower, numbers), _rows_of(followee, numbers)
        known = (rows >= 0) & (others >= 0)
        return FollowTable(
            rows[known],
            others[known],
            reads[kept],
            code[kept],
            tuple(written),
            len(author) + len(follower),
        )

    def _unseen(self) -> tuple[NDArray[np.int64], set[tuple[int, str]]]:
        """Return pairs of users of whom one sees nothing of the other, and muted authors.

        Pairs as `_pairs` makes them; authors as (number of the user, id), users who write included.
        """
        mutes = mutes_in_force(self.db)
        unread = {(who, value) for who, _, value in mutes}
        blocker, blocked = self._edges("blocks")
        muted = [value for _, kind, value in mutes if kind == "user"]
        both = np.unique(np.concatenate([blocker, blocked])).tolist()
        named = select(users.c.id, users.c.user_id).where(self.db.among(users.c.id, both))
        with self.db.read() as connection:
            numbers = self.db.known_numbers(connection, users.c.user_id, muted)
            ids = {int(row[0]): str(row[1]) for row in connection.execute(named)}
        for one, other in zip(blocker.tolist(), blocked.tolist(), strict=True):
            unread |= {(one, ids[other]), (other, ids[one])}
        own = [(who, numbers[v]) for who, kind, v in mutes if kind == "user" and v in numbers]
        pairs = np.array(own, np.int64).reshape(-1, 2)
        first = np.concatenate([pairs[:, 0], pairs[:, 1], blocker, blocked])
        other = np.concatenate([pairs[:, 1], pairs[:, 0], blocked, blocker])
        return _pairs(first, other), unread

    def _edges(self, kind: str) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        parts = [np.zeros((0, 2), np.int64)]
        parts += [np.array(part, np.int64) for part in self.follow_edges(kind)]
        both = np.concatenate(parts)
        return both[:, 0], both[:, 1]


def _pairs(first: NDArray[np.int64], other: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return a number per pair of numbers of the store, (n,)."""
    return (first << 32) | other


def _rows_of(numbers: NDArray[np.int64], ascending: NDArray[np.int64]) -> Rows:
    """Return the place of each number among ascending ones, -1 where it is not among them."""
    if not len(ascending):
        return np.full(len(numbers), -1, np.int32)
    place = np.minimum(np.searchsorted(ascending, numbers), len(ascending) - 1)
    return np.where(ascending[place] == numbers, place, -1).astype(np.int32)


def _mapped(numbers: NDArray[np.int64], codes: dict[int, int]) -> Rows:
    """Return the code of each number, -1 without any."""
    known = np.array(sorted(codes), np.int64)
    place = _rows_of(numbers, known)
    values = np.array([codes[number] for number in known.tolist()] or [-1], np.int32)
    return np.where(place >= 0, values[np.maximum(place, 0)], -1).astype(np.int32)
