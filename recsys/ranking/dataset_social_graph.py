"""SocialGraph: follows and acts of a data set's users, for the social signals of any of them."""

from __future__ import annotations

import numpy as np

from recsys.array_types import Floats, Mask, Rows, Times
from recsys.data.dataset import Dataset
from recsys.data.follow_table import FollowTable
from recsys.data.ids import IdMap
from recsys.ranking.social_signals import ACTS, DAY, EgoNetwork, SocialSignals, Ties
from recsys.serving.updatable_csr import CsrRows

ACT = np.dtype([("item", "<i4"), ("day", "<f4"), ("public", "?")])


class SocialGraph:
    """Follows in both directions, and the latest acts in favour of an item of each user.

    In rows of one data set. What is learned from it is parameters alone: no bundle holds it.
    """

    def __init__(self, follows: FollowTable, acts: CsrRows, authors: IdMap, now: float) -> None:
        order = np.lexsort((follows.followee, follows.follower))
        self._out = CsrRows.of_pairs(follows.follower[order], follows.followee[order])
        order = np.lexsort((follows.follower, follows.followee))
        self._in = CsrRows.of_pairs(follows.followee[order], follows.follower[order])
        codes = authors.rows(follows.authors)[follows.author]
        order = np.lexsort((codes, follows.reader))
        order = order[codes[order] >= 0]
        self._authors = CsrRows.of_pairs(follows.reader[order], codes[order])
        self._acts, self.now = acts, now
        self._followed = np.zeros(max(acts.size, self._in.size), bool)
        self._followed[np.unique(follows.followee)] = True

    @classmethod
    def of(cls, data: Dataset) -> SocialGraph | None:
        """Return the graph of a data set's users; None where no follow is known."""
        if data.follows is None or not len(data.follows):
            return None
        days = data.time / DAY if data.timed else np.full(len(data.time), np.nan)
        public = np.zeros(len(data.user), bool) if data.public is None else data.public
        followed = np.zeros(len(data.users), bool)
        followed[data.follows.followee] = True
        kept = followed[data.user]  # a service holds acts of followed users alone
        acts = _latest(
            data.user[kept], data.item[kept], days[kept], public[kept], data.weight[kept] > 0
        )
        authors = IdMap.from_ids(filter(None, data.table.author))
        return cls(data.follows, acts, authors, data.now if data.timed else np.nan)

    def followees(self, user: int) -> Rows:
        """Return whom a user follows, ascending."""
        return np.asarray(self._out.get(user))

    def signals(self, user: int, own: Rows, now: float | None = None) -> SocialSignals:
        """Return the signals of a user (-1: unknown) at a moment, Unix seconds; None: the latest.

        `own`: rows of the items that the user took up.
        """
        if user < 0:
            return SocialSignals.nothing()
        authors = np.asarray(self._authors.get(user))
        ties = Ties.of(user, self._out.get(user), self._in.get(user), self._out.gather)
        if not len(ties.people) and not len(authors):
            return SocialSignals.nothing()
        acts, counts = self._acts.gather(ties.people)
        network = EgoNetwork.of(
            ties, counts, acts["item"], acts["day"].astype(np.float64), acts["public"]
        )
        moment = self.now if now is None else now
        return network.signals(own, authors, moment / DAY)

    def add(self, user: int, item: int, now: float, public: bool, favour: bool) -> None:
        """Note an act; one that is not in favour of its item takes an earlier one back."""
        if user >= len(self._followed) or not self._followed[user]:
            return
        held = self._acts.get(user)
        held = held[held["item"] != item]
        if favour:
            day = now / DAY if np.isfinite(self.now) else np.nan
            one = np.array([(item, day, public)], ACT)
            held = np.concatenate([held, one])[-ACTS:]
        self._acts.put(user, held)


def _latest(user: Rows, item: Rows, days: Times, public: Mask, favour: Mask) -> CsrRows:
    """Return the `ACTS` latest items of each user whose last act is in favour of them.

    Events in the order of time.
    """
    width = int(item.max(initial=0)) + 1
    keys = user.astype(np.int64) * width + item
    _, from_end = np.unique(keys[::-1], return_index=True)
    last = np.sort(len(keys) - 1 - from_end)
    last = last[favour[last]]
    last = last[np.argsort(user[last], kind="stable")]
    owner = user[last]
    counts = np.bincount(owner, minlength=int(owner.max(initial=-1)) + 1)
    ends = np.cumsum(counts)
    kept = np.repeat(ends, counts) - np.arange(len(last)) <= ACTS
    last = last[kept]
    acts = np.zeros(len(last), ACT)
    acts["item"], acts["day"], acts["public"] = item[last], days[last], public[last]
    return CsrRows.of_pairs(user[last], acts)


def own_rows(rows: Rows, weights: Floats) -> Rows:
    """Return the rows of a history that the user took up."""
    return np.asarray(rows[weights > 0], np.int32)
