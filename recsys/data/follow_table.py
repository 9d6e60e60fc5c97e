"""FollowTable: who follows whom, in rows of the users of an event table."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from recsys.array_types import Rows
from recsys.data.ids import IdMap
from recsys.data.records import Follow


@dataclass(frozen=True, slots=True)
class FollowTable:
    """Follows of users and of authors; those without a date hold at any time.

    Only users who occur in the event table have a row: of the others nothing is known that could
    be passed on.
    """

    follower: Rows  # (n,)
    followee: Rows  # (n,): rows of users
    reader: Rows  # (m,)
    author: Rows  # (m,): index into `authors`
    authors: tuple[str, ...]  # ids of authors
    given: int = 0  # follows that it was made of, those of unknown users among them

    def __len__(self) -> int:
        return len(self.follower) + len(self.reader)

    @classmethod
    def of(cls, follows: Iterable[Follow], users: IdMap, authors: Iterable[str]) -> FollowTable:
        """Number follows; `authors`: ids of the authors of items.

        Whoever follows a user follows what the user writes, where an author has the same id.
        """
        written = {name: number for number, name in enumerate(dict.fromkeys(authors)) if name}
        all_follows = list(dict.fromkeys(follows))
        follower = users.rows([one.user_id for one in all_follows])
        followee = users.rows([one.followed_user_id for one in all_follows])
        author = np.array(
            [written.get(one.author_id or one.followed_user_id, -1) for one in all_follows],
            np.int32,
        )
        known = (follower >= 0) & (followee >= 0) & (follower != followee)
        reads = (follower >= 0) & (author >= 0)
        return cls(
            follower[known],
            followee[known],
            follower[reads],
            author[reads],
            tuple(written),
            len(all_follows),
        )

    def renumbered(self, rows: Rows) -> FollowTable:
        """Return the follows in another numbering; `rows`: the new row of each user, -1: none."""
        follower, followee = rows[self.follower], rows[self.followee]
        reader = rows[self.reader]
        kept, reads = (follower >= 0) & (followee >= 0), reader >= 0
        return replace(
            self,
            follower=follower[kept],
            followee=followee[kept],
            reader=reader[reads],
            author=self.author[reads],
        )
