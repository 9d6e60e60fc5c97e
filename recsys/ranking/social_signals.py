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
_SPARSE = 32  # times as many rows of the catalogue as are asked for: then they are searched
_NO_ROWS: Rows = np.zeros(0, np.int32)


@dataclass(frozen=True, slots=True)
class SocialSignals:
    """Values of the items that people around a user took up; all others have 0."""

    rows: Rows  # (n,): of items, ascending, distinct
    values: Mapping[str, Floats] = field(default_factory=dict)  # signal -> (n,)
    people: NDArray[np.int32] = field(default_factory=lambda: np.zeros(0, np.int32))
    # (n,): followees who took the item up, those alone whose acts may count
    authors: Rows = field(default_factory=lambda: _NO_ROWS)  # codes of followed authors, ascending
    # Several terms ask for the same rows in turn: where the rows asked for last stand.
    _last: list[tuple[Rows, NDArray[np.integer]]] = field(
        default_factory=list, init=False, compare=False, repr=False
    )
    _place: list[Rows] = field(default_factory=list, init=False, compare=False, repr=False)
    # By signal, with 0 at the end for all other rows: its values, and their logarithms by scale.
    _padded: dict[object, Floats] = field(
        default_factory=dict, init=False, compare=False, repr=False
    )

    @classmethod
    def nothing(cls) -> SocialSignals:
        """Return the signals of a user whom no follow concerns."""
        return cls(_NO_ROWS)

    def at(self, signal: str, rows: Rows) -> Floats:
        """Return the values of rows by one signal, (rows,)."""
        return self._at(signal, self.values.get(signal), rows)

    def logs_at(self, signal: str, scale: float, rows: Rows) -> Floats:
        """Return log(1 + value / scale) of rows by one signal, (rows,)."""
        values = self.values.get(signal)
        key = (signal, scale)
        if values is not None and key not in self._padded:
            values = np.log1p(values / np.float32(scale))
        return self._at(key, values, rows)

    def people_at(self, rows: Rows) -> NDArray[np.int32]:
        """Return how many followees took up each of some rows, (rows,); 0 where too few did."""
        return self._at(None, self.people, rows).astype(np.int32)

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

    def _at(self, key: object, values: NDArray[np.number] | None, rows: Rows) -> Floats:
        if values is None or not len(self.rows) or not len(values):
            return np.zeros(len(rows), np.float32)
        padded = self._padded.get(key)
        if padded is None:
            padded = self._padded[key] = np.zeros(len(values) + 1, np.float32)
            padded[:-1] = values
        last = self._last[0] if self._last else None
        if last is None or last[0] is not rows:
            last = (rows, self._places_of(rows))
            self._last[:] = [last]
        return padded.take(last[1])

    def _places_of(self, rows: Rows) -> NDArray[np.integer]:
        """Return where rows stand among those of the signals; their number for all others."""
        own = self.rows
        most = int(own[-1]) + 1
        if most > _SPARSE * max(len(rows), len(own)):  # a table of all rows would take longer
            place = np.minimum(np.searchsorted(own, rows), len(own) - 1)
            return np.where(own[place] == rows, place, len(own))
        if not self._place:
            table = np.full(most + 1, len(own), np.int32)  # the last one for all rows beyond
            table[own] = np.arange(len(own), dtype=np.int32)
            self._place.append(table)
        return self._place[0].take(np.minimum(rows, most))


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
        shared = np.bincount(owner, _marked(distinct, own)[item], len(size)).astype(np.float32)
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
            amounts = weights.astype(np.float64).take(owner)  # as bincount adds them up
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


def _marked(ascending: Rows, some: Rows) -> Mask:
    """Return which of ascending distinct rows, of which there are any, are among some rows."""
    found = np.zeros(len(ascending), bool)
    place = np.minimum(ascending.searchsorted(some), len(ascending) - 1)
    found[place[ascending[place] == some]] = True
    return found


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
            followees = followees[~_among(followees, out)]
            followers = followers[~_among(followers, out)]
        if not len(followees) and not len(followers):
            return cls.nobody()
        mutual = followees[_among(followees, followers)]
        own, into = _at_most(followees, mutual), _at_most(followers, mutual)
        second, ways, close = _second_hop(own, followees, following_of)
        kept = second != ego
        if left_out:
            kept &= ~_among(second, out)
        second, ways = second[kept], ways[kept]
        people = _ascending(np.concatenate([own, into, second]))
        weights, closeness = np.zeros((2, len(people)), np.float32)
        follows, followed_by = np.zeros((2, len(people)), bool)
        weights[people.searchsorted(second)] = ways
        place = people.searchsorted(own)
        closeness[place], follows[place] = close, True
        followed_by[people.searchsorted(into)] = True
        return cls(people, follows, followed_by, closeness, weights)


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
    common = _among(reached, followees)
    shared = np.bincount(owner, common, len(via))
    usual = float(sizes.mean()) if len(sizes) else 0.0
    close = np.full(len(own), 1 / np.sqrt((1 + len(followees)) * (1 + usual)))
    if len(via):
        close[-len(via) :] = (1 + shared) / np.sqrt((1 + sizes) * (1 + len(followees)))
    beyond, owner = reached[~common], owner[~common]
    second = _ascending(beyond)
    ways = np.bincount(second.searchsorted(beyond), (1 / np.sqrt(sizes))[owner], len(second))
    if len(second) > SECOND_HOP:
        best = np.sort(np.argpartition(-ways, SECOND_HOP)[:SECOND_HOP])
        second, ways = second[best], ways[best]
    return second, ways.astype(np.float32), close.astype(np.float32)


def _among(numbers: Rows, ascending: Rows) -> Mask:
    """Return which numbers are among some ascending ones; of few numbers faster than isin."""
    if not len(ascending):
        return np.zeros(len(numbers), bool)
    place = np.minimum(ascending.searchsorted(numbers), len(ascending) - 1)
    return np.asarray(ascending.take(place) == numbers, bool)


def _ascending(numbers: Rows) -> Rows:
    """Return the distinct numbers, ascending."""
    found = np.sort(numbers)
    new = np.ones(len(found), bool)
    np.not_equal(found[1:], found[:-1], out=new[1:])
    return np.asarray(found[new], np.int32)


def _at_most(numbers: Rows, first: Rows) -> Rows:
    """Return at most `MOST_PEOPLE` of some ascending numbers, ascending; `first` come first."""
    if len(numbers) <= MOST_PEOPLE:
        return numbers
    kept = first[-MOST_PEOPLE:]
    rest = np.setdiff1d(numbers, first, assume_unique=True)
    return np.sort(np.concatenate([rest[len(rest) - (MOST_PEOPLE - len(kept)) :], kept]))
