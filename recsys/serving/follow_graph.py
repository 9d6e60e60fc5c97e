"""FollowGraph: who follows and blocks whom and what they took up lately, in numbers of the store.

    graph = FollowGraph(weights)
    graph.follow(store)           # reads all at first, then what the logs say since
    graph.following(number)       # numbers of users

One per process. It holds no id of anybody: users, authors and items stand as the numbers that the
store gave them. Edges are two CSR arrays per direction, and of each followed user the latest acts.
An erased user is gone with the next look at the log; see recsys.store.follows.
"""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recsys.data.event_kind_weights import EventWeights
from recsys.serving.updatable_csr import CsrRows
from recsys.store.acts_by_store_numbers import NumberedAct
from recsys.store.follows import KEEP, Change, FollowChange
from recsys.store.store import Store

Numbers = NDArray[np.int32]
ActReader = Callable[[Store, int, int], Sequence[NumberedAct]]
ACTS = 50  # latest acts of each followed user that are held
ACT = np.dtype([("item", "<i4"), ("kind", "<i2"), ("hour", "<i4")])  # hour: since 1970
_CHUNK = 2_000  # rows of a log read at once
_NEWER = 20_000  # rows beside a base from which on it is made anew, however large it is
_FEW, _PART = 64, 8  # of a small base: this many, or an eighth of its numbers
_HOUR = 3600.0
_NOBODY: Numbers = np.zeros(0, np.int32)


class FollowGraph:
    """Follows, blocks and the latest acts of followed users; `follow` may be called by any thread.

    Until the first look nothing is known (`ready` is False).
    """

    def __init__(self, weights: EventWeights, mean_rating: float = 0.0) -> None:
        self._weights = weights
        self._lock = threading.Lock()
        self.ready = False
        self.mean_rating = (
            mean_rating  # of the model in service; ratings below it are not in favour
        )
        self.stamp: int | None = None  # the store's change stamp at the last look at follows
        self.acts_stamp: int | None = None  # the same of acts
        self.edges_version = 0  # raised after follows or blocks changed
        self._clear()

    def _clear(self) -> None:
        self._position = self._event = 0
        self._looked = 0.0  # Unix seconds
        self._kinds: dict[int, float] = {}  # weight by number of a kind
        self._ratings: set[int] = set()  # kinds whose values are ratings
        self._public: Numbers = _NOBODY  # kinds that anybody may see
        self._out, self._in = CsrRows.empty(np.int32), CsrRows.empty(np.int32)  # users
        self._written, self._readers = CsrRows.empty(np.int32), CsrRows.empty(np.int32)  # authors
        self._blocks: dict[int, set[int]] = {}
        self._blocked_by: dict[int, set[int]] = {}
        self._acts = CsrRows.empty(ACT)

    # what it knows

    @property
    def empty(self) -> bool:
        """Whether nobody follows or blocks anybody, nor did since the bases were made."""
        unused = self._out.blank and self._in.blank and self._written.blank
        return unused and not (self._blocks or self._blocked_by)

    def following(self, number: int) -> Numbers:
        """Return the users whom a user follows, ascending."""
        return self._out.get(number)

    def followers(self, number: int) -> Numbers:
        """Return the users who follow a user, ascending."""
        return self._in.get(number)

    def authors_of(self, number: int) -> Numbers:
        """Return the authors whom a user follows, ascending; numbers of authors."""
        return self._written.get(number)

    def readers_of(self, author: int) -> Numbers:
        """Return the users who follow an author, ascending."""
        return self._readers.get(author)

    def following_of(self, numbers: Numbers) -> tuple[Numbers, NDArray[np.int64]]:
        """Return whom several users follow, one after the other, and how many each does."""
        return self._out.gather(numbers)

    def followers_of(self, numbers: Numbers) -> tuple[Numbers, NDArray[np.int64]]:
        """Return who follows several users, one after the other, and how many do."""
        return self._in.gather(numbers)

    def authors_followed_by(self, numbers: Numbers) -> tuple[Numbers, NDArray[np.int64]]:
        """Return the authors whom several users follow, one after the other, and how many each."""
        return self._written.gather(numbers)

    def readers_of_authors(self, authors: Numbers) -> tuple[Numbers, NDArray[np.int64]]:
        """Return who follows several authors, one after the other, and how many do."""
        return self._readers.gather(authors)

    def degrees(self, numbers: Numbers) -> NDArray[np.int64]:
        """Return the follows by and of several users together; those of authors left out."""
        return self._out.counts(numbers) + self._in.counts(numbers)

    def reader_counts(self, authors: Numbers) -> NDArray[np.int64]:
        """Return how many users follow each of several authors."""
        return self._readers.counts(authors)

    def most_followed(self, n: int) -> tuple[Numbers, Numbers]:
        """Return the users and the authors with most followers, the most followed first."""
        users, authors = (
            _largest(rows.counts(np.arange(rows.size, dtype=np.int32)), n)
            for rows in (self._in, self._readers)
        )
        return users, authors

    def blocked(self, number: int) -> frozenset[int]:
        """Return the users whom a user blocks, and those who block the user."""
        return frozenset(self._blocks.get(number, ())) | self._blocked_by.get(number, set())

    def acts_of(self, numbers: Numbers, most: int = ACTS) -> tuple[NDArray[Any], NDArray[np.int64]]:
        """Return the latest acts in favour of an item of several users, and how many each has.

        Of dtype ACT, one user after the other, oldest first, an item once, `most` of each; users
        whom nobody follows have none.
        """
        return self._acts.gather(numbers, most)

    def in_favour(self, store: Store, act: NumberedAct) -> bool:
        """Return whether an act speaks for its item."""
        return self._favour(store, act) > 0

    def public_kinds(self) -> Numbers:
        """Return the kinds of acts that a setting calls public, of those met so far."""
        return self._public

    def figures(self) -> dict[str, int]:
        """Return edges, accounts, acts, blocks, and the bytes of the arrays."""
        rows = (self._out, self._in, self._written, self._readers)
        return {
            "edges": self._out.count + self._written.count,
            "acts": self._acts.count,
            "blocks": sum(map(len, self._blocks.values())),
            "edge_bytes": sum(one.nbytes for one in rows),
            "act_bytes": self._acts.nbytes,
        }

    # how it learns

    def follow(self, store: Store, stamp: int | None = None) -> None:
        """Read on to the end of the logs; everything at first, and after a pause of half a day."""
        with self._lock:
            now = time.time()
            if not self.ready or now - self._looked > KEEP / 2:
                self._read(store)
            while changes := store.follow_changes_after(self._position, _CHUNK):
                self._apply(store, changes)
                self._position = changes[-1].id
                self.edges_version += 1
                if len(changes) < _CHUNK:
                    break
            self._looked, self.stamp = now, stamp

    def follow_all(self, store: Store) -> None:
        """Read on to the end of all logs."""
        self.follow(store)
        self.follow_acts(store)

    def follow_acts(
        self,
        store: Store,
        stamp: int | None = None,
        read: ActReader = Store.numbered_acts_after,
    ) -> None:
        """Read on to the end of the log of events, and make bases anew that have many new rows.

        `read`: reads acts; see recsys.store.shared_log_tail.
        """
        if not self.ready:
            return
        with self._lock:
            if not self._in.size:  # nobody is followed
                self._event = store.last_event_id()
            while events := read(store, self._event, _CHUNK):
                self._add_acts(store, events)
                self._event = events[-1].id
                if len(events) < _CHUNK:
                    break
            for rows in (self._out, self._in, self._written, self._readers, self._acts):
                if rows.newer > min(_NEWER, max(_FEW, rows.size // _PART)):
                    rows.compact()
            self.acts_stamp = stamp

    def _read(self, store: Store) -> None:
        self._clear()
        self._position, self._event = store.follow_position(), store.last_event_id()
        self._out, self._in = _both_ways(store.follow_edges("users"))
        self._written, self._readers = _both_ways(store.follow_edges("authors"))
        for user, other in itertools.chain.from_iterable(store.follow_edges("blocks")):
            self._block(user, other)
        followed = [n for n in range(self._in.size) if len(self._in.get(n))]
        parts = [
            part
            for start in range(0, len(followed), _CHUNK)
            for part in self._taken(store, followed[start : start + _CHUNK])
        ]
        self._acts = CsrRows.of_parts(parts, ACT)
        self.ready = True
        self.edges_version += 1

    def _taken(self, store: Store, numbers: Sequence[int]) -> list[tuple[int, NDArray[Any]]]:
        """Return (number, latest acts) of users, ascending; of those without any nothing."""
        none = np.zeros(0, ACT)
        by_user = itertools.groupby(store.latest_acts(numbers, ACTS), lambda act: act.user)
        return [(number, self._merged(store, none, acts)) for number, acts in by_user]

    def _merged(
        self, store: Store, held: NDArray[Any], acts: Iterable[NumberedAct]
    ) -> NDArray[Any]:
        """Return the acts of a user with newer ones: the last on an item holds, if in favour."""
        found = {int(item): (item, kind, hour) for item, kind, hour in held.tolist()}
        for act in acts:
            found.pop(act.item, None)
            if self._favour(store, act) > 0:
                found[act.item] = (act.item, act.kind, int(act.moment // _HOUR))
        return np.array(list(found.values())[-ACTS:], ACT)

    def _favour(self, store: Store, act: NumberedAct) -> float:
        """Return how an act speaks for its item: the weight of its kind; of low ratings below 0."""
        if act.kind not in self._kinds:
            names = store.kind_names()
            meanings = {n: self._weights.meanings[name] for n, name in names.items()}
            self._kinds = {n: one.weight for n, one in meanings.items()}
            self._ratings = {n for n, one in meanings.items() if one.rates}
            public = [n for n, name in names.items() if self._weights.is_public(name)]
            self._public = np.array(sorted(public), np.int32)
        weight = self._kinds.get(act.kind, 0.0)
        if act.value is not None and act.value < self._middle(act.kind):
            return -abs(weight)
        return weight

    def _middle(self, kind: int) -> float:
        """Return the value from which on an act of this kind is in favour of its item."""
        return self.mean_rating if kind in self._ratings else 1e-30

    def _add_acts(self, store: Store, events: Sequence[NumberedAct]) -> None:
        by_user: dict[int, list[NumberedAct]] = {}
        for event in events:
            by_user.setdefault(event.user, []).append(event)
        for user, own in by_user.items():
            if len(self._in.get(user)):
                self._acts.put(user, self._merged(store, self._acts.get(user), own))

    def _apply(self, store: Store, changes: Sequence[FollowChange]) -> None:
        """Apply rows of the log; several on one account change its array once."""
        pending: list[FollowChange] = []
        for change in changes:
            if change.change <= Change.FOLLOW:
                pending.append(change)
                continue
            if change.change == Change.GONE:
                self._apply_follows(store, pending)
                pending = []
                self._forget(change.user)
            elif change.change == Change.BLOCK:
                self._block(change.user, change.other)
            else:
                self._blocks.get(change.user, set()).discard(change.other)
                self._blocked_by.get(change.other, set()).discard(change.user)
        self._apply_follows(store, pending)

    def _apply_follows(self, store: Store, changes: Sequence[FollowChange]) -> None:
        tables: tuple[dict[int, dict[int, bool]], ...] = ({}, {}, {}, {})
        for one in changes:
            there = one.change == Change.FOLLOW
            first, other = (2, one.author) if one.author else (0, one.other)
            tables[first].setdefault(one.user, {})[other] = there
            tables[first + 1].setdefault(other, {})[one.user] = there
        newly = [n for n in tables[1] if not len(self._in.get(n))]
        rows = (self._out, self._in, self._written, self._readers)
        for own, table in zip(rows, tables, strict=True):
            for number, changed in table.items():
                own.put(number, _changed(own.get(number), changed))
        newly = [number for number in newly if len(self._in.get(number))]
        for number, acts in self._taken(store, newly) if newly else ():
            self._acts.put(number, acts)
        for number in tables[1]:
            if not len(self._in.get(number)) and len(self._acts.get(number)):
                self._acts.put(number, np.zeros(0, ACT))

    def _block(self, user: int, other: int) -> None:
        self._blocks.setdefault(user, set()).add(other)
        self._blocked_by.setdefault(other, set()).add(user)

    def _forget(self, number: int) -> None:
        """Drop a user with all edges, blocks and acts."""
        followees = self._out.get(number).tolist()
        for ends, back in (
            (self._out, self._in),
            (self._in, self._out),
            (self._written, self._readers),
        ):
            for other in ends.get(number).tolist():
                back.put(other, _changed(back.get(other), {number: False}))
            if len(ends.get(number)):
                ends.put(number, _NOBODY)
        for held, back_held in ((self._blocks, self._blocked_by), (self._blocked_by, self._blocks)):
            for other in held.pop(number, set()):
                back_held.get(other, set()).discard(number)
        for other in (number, *followees):
            if not len(self._in.get(other)) and len(self._acts.get(other)):
                self._acts.put(other, np.zeros(0, ACT))


def _largest(counts: NDArray[np.int64], n: int) -> Numbers:
    """Return the places of the n largest counts above 0, the largest first."""
    places = np.flatnonzero(counts)
    if len(places) > n:
        places = places[np.argpartition(-counts[places], n)[:n]]
    return places[np.argsort(-counts[places], kind="stable")].astype(np.int32)


def _changed(row: Numbers, changed: dict[int, bool]) -> Numbers:
    """Return an ascending array with some numbers in it, and others not."""
    new = np.array(sorted(changed), np.int32)
    kept = row[~np.isin(row, new, kind="sort")] if len(row) else row
    added = np.array([n for n in new.tolist() if changed[n]], np.int32)
    if not len(added):
        return kept
    return np.insert(kept, np.searchsorted(kept, added), added)


def _both_ways(parts: Iterator[Sequence[tuple[int, int]]]) -> tuple[CsrRows, CsrRows]:
    """Return the rows of edges from their first ends, and from their second ends; ascending."""
    keys = [_keys(part) for part in parts]
    joined = np.concatenate(keys) if keys else np.zeros(0, np.int64)
    del keys
    joined.sort()
    there = _rows(joined)
    joined = ((joined & 0xFFFFFFFF) << 32) | (joined >> 32)
    joined.sort()
    return there, _rows(joined)


def _keys(part: Sequence[tuple[int, int]]) -> NDArray[np.int64]:
    flat = np.fromiter(itertools.chain.from_iterable(part), np.int64, 2 * len(part))
    keys: NDArray[np.int64] = (flat[::2] << 32) | flat[1::2]
    return keys


def _rows(keys: NDArray[np.int64]) -> CsrRows:
    return CsrRows.of_pairs((keys >> 32).astype(np.int32), (keys & 0xFFFFFFFF).astype(np.int32))
