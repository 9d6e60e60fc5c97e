"""SocialSignals: what those around one user took up, per item and kind of tie.

    ties = Ties.of(user, followees, followers, following_of)
    network = EgoNetwork.of(ties, counts, rows, days, public)
    signals = network.signals(own, authors, today)
    signals.at("followees", rows)

A graph convolution without parameters: each act is passed on along one or two follows, divided by
the square root of how many acts its owner has, as LightGCN does. The weights of the kinds of ties
are learned by tuning; see `recsys.ranking.terms.social`. Acts of kinds that are not public count
only where at least `least` people of the same kind of tie took the same item up.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from recsys.array_types import Floats, Mask, Rows, Times

LEAST_PEOPLE = 3  # who took an item up, before acts that are not public count
ACTS = 50  # latest acts of each person that count
MOST_ACTS = 8_000  # acts that one user's signals are made of; each person counts with fewer then
FEWEST_ACTS = 5  # latest acts of each person that count however many people there are
MOST_PEOPLE = 2_000  # of one kind of tie
VIA = 100  # followees whose own followees are looked at
MOST_VIA = 50  # followees of each of them
SECOND_HOP = 300  # people two steps away, those with the most ways first
DAY = 86_400.0
RECENT_DAYS = 7.0  # half-life of `recent`
FOLLOWEES, CLOSE, MUTUAL, FOLLOWERS, ALIKE, RECENT, SECOND = (
    "followees",
    "close",
    "mutual",
    "followers",
    "alike",
    "recent",
    "second",
)
SIGNALS = (FOLLOWEES, CLOSE, MUTUAL, FOLLOWERS, ALIKE, RECENT, SECOND)
_NO_ROWS: Rows = np.zeros(0, np.int32)


@dataclass(frozen=True, slots=True)
class SocialSignals:
    """Values of the items that people around a user took up; all others have 0."""

    rows: Rows  # (n,): of items, ascending, distinct
    values: Mapping[str, Floats] = field(default_factory=dict)  # signal -> (n,)
    people: NDArray[np.int32] = field(default_factory=lambda: np.zeros(0, np.int32))
    # (n,): followees who took the item up, those alone whose acts may count
    authors: Rows = field(default_factory=lambda: _NO_ROWS)  # codes of followed authors, ascending
    # Where the rows asked for last stand: several terms ask for the same ones in turn.
    _last: list[tuple[Rows, NDArray[np.intp], Mask]] = field(
        default_factory=list, init=False, compare=False, repr=False
    )

    @classmethod
    def nothing(cls) -> SocialSignals:
        """Return the signals of a user whom no follow concerns."""
        return cls(_NO_ROWS)

    def at(self, signal: str, rows: Rows) -> Floats:
        """Return the values of rows by one signal, (rows,)."""
        return self._at(self.values.get(signal), rows)

    def people_at(self, rows: Rows) -> NDArray[np.int32]:
        """Return how many followees took up each of some rows, (rows,); 0 where too few did."""
        return self._at(self.people, rows).astype(np.int32)

    def by_followed_authors(self, codes: Rows) -> Mask:
        """Return which of some codes of authors are followed."""
        if not len(self.authors):
            return np.zeros(len(codes), bool)
        place = np.minimum(np.searchsorted(self.authors, codes), len(self.authors) - 1)
        return np.asarray((self.authors[place] == codes) & (codes >= 0), bool)

    def mapped(self, rows: Rows, codes: Rows) -> SocialSignals:
        """Return the signals in another numbering of items and authors, -1 where it has none."""
        new, authors = rows[self.rows], codes[self.authors]
        order = np.argsort(new, kind="stable")
        order = order[new[order] >= 0]
        return SocialSignals(
            new[order],
            {name: values[order] for name, values in self.values.items()},
            self.people[order] if len(self.people) else self.people,
            np.sort(authors[authors >= 0]),
        )

    def _at(self, values: NDArray[np.number] | None, rows: Rows) -> Floats:
        found = np.zeros(len(rows), np.float32)
        if values is None or not len(self.rows):
            return found
        last = self._last[0] if self._last else None
        if last is not None and last[0] is rows:
            _, place, same = last
        else:
            place = np.minimum(np.searchsorted(self.rows, rows), len(self.rows) - 1)
            same = self.rows[place] == rows
            place = place[same]
            self._last[:] = [(rows, place, same)]
        found[same] = values[place]
        return found


@dataclass(frozen=True, slots=True)
class EgoNetwork:
    """The people around one user, and their latest acts.

    People are in no order that matters; acts stand one person after the other, oldest first, an
    item once per person.
    """

    follows: Mask  # (p,): the user follows the person
    followed_by: Mask  # (p,): the person follows the user
    closeness: Floats  # (p,): of followees, by whom both follow; 0 for others
    ways: Floats  # (p,): weight of the ways over followees, 0 without any
    counts: NDArray[np.int64]  # (p,): acts of each person
    rows: Rows  # (a,): items; -1: not in the catalogue
    days: Times  # (a,): when, days since 1970; NaN unknown
    public: Mask  # (a,): acts of a kind that a setting calls public

    @classmethod
    def of(
        cls, ties: Ties, counts: NDArray[np.int64], rows: Rows, days: Times, public: Mask
    ) -> EgoNetwork:
        """Return the network of these ties with the acts of their people."""
        return cls(
            ties.follows,
            ties.followed_by,
            ties.closeness,
            ties.ways,
            counts,
            rows,
            days,
            public,
        )

    def signals(
        self,
        own: Rows,
        authors: Rows,
        today: float,
        least: int = LEAST_PEOPLE,
        wanted: Collection[str] = SIGNALS,
    ) -> SocialSignals:
        """Return what passes from these people to the user.

        `own`: rows that the user took up. `authors`: codes of followed authors, ascending.
        `today`: days since 1970. `least`: people from whom on acts that are not public count.
        `wanted`: signals that are needed.
        """
        if not wanted:
            return SocialSignals(_NO_ROWS, authors=authors)
        net = self.latest(acts_each(len(self.counts)))
        owner = np.repeat(np.arange(len(net.counts)), net.counts)
        rows, days, public = net.rows, net.days, net.public
        known = rows >= 0
        if not known.all():
            owner, rows, days, public = owner[known], rows[known], days[known], public[known]
        if not len(rows):
            return SocialSignals(_NO_ROWS, authors=authors)
        distinct, item = _distinct(rows)
        hidden = np.flatnonzero(~public)  # acts that count only where enough people share them
        hidden_items = item[hidden]
        size = np.maximum(net.counts, 1).astype(np.float32)
        each = 1 / np.sqrt(size)
        shared = np.bincount(owner, np.isin(distinct, own)[item], len(size)).astype(np.float32)
        likeness = shared / np.sqrt(size * max(len(own), 1))
        out, into = net.follows, net.followed_by
        kinds = {
            FOLLOWEES: out * each,
            CLOSE: net.closeness * each,
            MUTUAL: (out & into) * each,
            FOLLOWERS: (into & ~out) * each,
            ALIKE: out * likeness * each,
            SECOND: (~out & ~into) * net.ways * each,
        }
        values: dict[str, Floats] = {}
        people = np.zeros(len(distinct), np.int32)
        for name, weights in kinds.items():
            needed = name in wanted or name == FOLLOWEES  # whose people reasons count
            if not needed or not weights.any():
                continue
            amounts = weights[owner]
            if len(hidden):
                sharers = np.bincount(item[amounts > 0], minlength=len(distinct))
                amounts[hidden[sharers[hidden_items] < least]] = 0
            if name == FOLLOWEES:
                people = np.bincount(item[amounts > 0], minlength=len(distinct)).astype(np.int32)
                if RECENT in wanted and np.isfinite(days).any():
                    age = np.maximum(today - np.where(np.isfinite(days), days, -np.inf), 0)
                    fresh = amounts * np.exp2(-age / RECENT_DAYS)
                    values[RECENT] = np.bincount(item, fresh, len(distinct)).astype(np.float32)
            values[name] = np.bincount(item, amounts, len(distinct)).astype(np.float32)
        some = np.zeros(len(distinct), bool)
        for sums in values.values():
            some |= sums > 0
        values = {name: sums[some] for name, sums in values.items()}
        return SocialSignals(distinct[some], values, people[some], authors)

    def latest(self, most: int) -> EgoNetwork:
        """Return the same people with their `most` latest acts each."""
        if most >= ACTS or not (self.counts > most).any():
            return self
        ends = np.cumsum(self.counts)
        back = np.repeat(ends, self.counts) - np.arange(len(self.rows))  # 1 for the latest
        kept = back <= most
        return EgoNetwork(
            self.follows,
            self.followed_by,
            self.closeness,
            self.ways,
            np.minimum(self.counts, most),
            self.rows[kept],
            self.days[kept],
            self.public[kept],
        )


def acts_each(people: int) -> int:
    """Return how many latest acts count of each of so many people."""
    return min(ACTS, max(FEWEST_ACTS, MOST_ACTS // max(people, 1)))


def _distinct(rows: Rows) -> tuple[Rows, NDArray[np.intp]]:
    """Return the distinct rows, ascending, and the place of each row among them."""
    most = int(rows.max()) + 1
    if most > 32 * len(rows):
        found, place = np.unique(rows, return_inverse=True)
        return found, place
    there = np.zeros(most, bool)
    there[rows] = True
    found = np.flatnonzero(there).astype(np.int32)
    places = np.zeros(most, np.intp)
    places[found] = np.arange(len(found))
    return found, places[rows]


@dataclass(frozen=True, slots=True)
class Ties:
    """Whom a user's follows lead to, in numbers."""

    people: Rows  # (p,): ascending, distinct
    follows: Mask  # (p,)
    followed_by: Mask  # (p,)
    closeness: Floats  # (p,)
    ways: Floats  # (p,)

    @classmethod
    def nobody(cls) -> Ties:
        """Return the ties of a user whom no follow concerns."""
        none, no = np.zeros(0, np.float32), np.zeros(0, bool)
        return cls(_NO_ROWS, no, no, none, none)

    @classmethod
    def of(
        cls,
        ego: int,
        followees: Rows,
        followers: Rows,
        following_of: Callable[[Rows], tuple[Rows, NDArray[np.int64]]],
        left_out: Collection[int] = (),
    ) -> Ties:
        """Choose the people around a user.

        `followees`, `followers`: ascending numbers. `following_of`: whom several users follow, one
        after the other, and how many each does. `left_out`: who is muted or blocked, or blocks. Of
        more than `MOST_PEOPLE` followees those count who follow back, then those with the highest
        numbers, the newest accounts; the same of followers.
        """
        if left_out:
            out = np.array(sorted(left_out), np.int32)
            followees, followers = np.setdiff1d(followees, out), np.setdiff1d(followers, out)
        if not len(followees) and not len(followers):
            return cls.nobody()
        mutual = np.intersect1d(followees, followers, assume_unique=True)
        own, into = _at_most(followees, mutual), _at_most(followers, mutual)
        second, ways, close = _second_hop(own, followees, following_of)
        kept = second != ego
        if left_out:
            kept &= ~np.isin(second, out)
        second, ways = second[kept], ways[kept]
        people = np.unique(np.concatenate([own, into, second])).astype(np.int32)
        weights, closeness = np.zeros((2, len(people)), np.float32)
        weights[np.searchsorted(people, second)] = ways
        closeness[np.searchsorted(people, own)] = close
        return cls(
            people,
            np.isin(people, own, assume_unique=True),
            np.isin(people, into, assume_unique=True),
            closeness,
            weights,
        )


def _second_hop(
    own: Rows, followees: Rows, following_of: Callable[[Rows], tuple[Rows, NDArray[np.int64]]]
) -> tuple[Rows, Floats, Floats]:
    """Return whom followees follow, the weights of the ways to them, and how close followees are.

    Closeness is (1 + followees in common) / sqrt of the product of both numbers of followees, the
    user counted in each; of followees beyond `VIA` it is what it is without any in common.
    """
    via = own[-VIA:]
    reached, counts = following_of(via)
    owner = np.repeat(np.arange(len(via)), counts)
    sizes = np.maximum(counts, 1).astype(np.float32)
    if (counts > MOST_VIA).any():
        place = np.arange(len(reached)) - np.repeat(np.cumsum(counts) - counts, counts)
        kept = place < MOST_VIA
        reached, owner = reached[kept], owner[kept]
    common = np.isin(reached, followees)
    shared = np.bincount(owner, common, len(via))
    usual = float(sizes.mean()) if len(sizes) else 0.0
    close = np.full(len(own), 1 / np.sqrt((1 + len(followees)) * (1 + usual)))
    if len(via):
        close[-len(via) :] = (1 + shared) / np.sqrt((1 + sizes) * (1 + len(followees)))
    second, owner = reached[~common], owner[~common]
    second, place = np.unique(second, return_inverse=True)
    ways = np.bincount(place, 1 / np.sqrt(sizes[owner]), len(second))
    if len(second) > SECOND_HOP:
        best = np.sort(np.argpartition(-ways, SECOND_HOP)[:SECOND_HOP])
        second, ways = second[best], ways[best]
    return second.astype(np.int32), ways.astype(np.float32), close.astype(np.float32)


def _at_most(numbers: Rows, first: Rows) -> Rows:
    """Return at most `MOST_PEOPLE` of some ascending numbers, ascending; `first` come first."""
    if len(numbers) <= MOST_PEOPLE:
        return numbers
    kept = first[-MOST_PEOPLE:]
    rest = np.setdiff1d(numbers, first, assume_unique=True)
    return np.sort(np.concatenate([rest[len(rest) - (MOST_PEOPLE - len(kept)) :], kept]))
