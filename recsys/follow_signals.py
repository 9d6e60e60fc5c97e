"""FollowSignals: whom a user follows and what those around them took up, from a follow graph.

    signals = FollowSignals(graph)
    around, ties = signals.of(store, "ann", live)

One per process, beside its follow graph. What it keeps are rows of items by the store's numbers,
and the names of followees of users who asked lately, checked against the graph with every list.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recsys.array_types import Rows
from recsys.ranking.live_ego_network import AroundUser
from recsys.ranking.social_signals import DAY, EgoNetwork, acts_each
from recsys.ranking.social_signals import Ties as SocialTies
from recsys.serving.follow_graph import FollowGraph
from recsys.serving.live_state import LiveState
from recsys.store.follows import Ties
from recsys.store.store import Store

NAMES_SECONDS = 10.0  # that display names of followees are kept
MOST_IDS = 500_000  # ids of followees and numbers of people that are kept, of all users together
_ENTRY = 10  # ids that an entry itself counts as
_UNKNOWN = -2  # row of an item that was not looked up yet
_HOURS = 24.0


@dataclass(slots=True)
class _Kept:
    """Ids of a user's followees, as of a state of the graph."""

    key: tuple[bytes, bytes, frozenset[int]]
    ties: Ties
    until: float  # monotonic seconds, when names are read again
    codes: tuple[LiveState, int, Rows] | None = None  # of authors, and of how many there were
    writers: frozenset[str] = frozenset()  # those followees of whom there may be items
    around: tuple[int, frozenset[int], SocialTies] | None = None  # of edges, without whom

    @property
    def size(self) -> int:
        """How many ids and numbers it holds."""
        people = 0 if self.around is None else len(self.around[2].people)
        return _ENTRY + len(self.ties.follows) + people


class ItemRows:
    """Rows of items in one live state by the store's numbers, looked up when they are needed."""

    def __init__(self, live: LiveState) -> None:
        self.live = live
        self._rows: Rows = np.full(1024, _UNKNOWN, np.int32)
        self._size = live.size

    def of(self, store: Store, numbers: Rows) -> Rows:
        """Return the row of each number, -1 where the live state lacks the item."""
        if not len(numbers):
            return numbers
        most = int(numbers.max())
        if most >= len(self._rows):
            room = np.full(max(most + 1, 2 * len(self._rows)), _UNKNOWN, np.int32)
            room[: len(self._rows)] = self._rows
            self._rows = room
        if self._size != self.live.size:  # what was unknown may have come
            self._rows[self._rows == -1] = _UNKNOWN
            self._size = self.live.size
        found = self._rows[numbers]
        missing = np.unique(numbers[found == _UNKNOWN]).tolist()
        if missing:
            self._look_up(store, missing)
            found = self._rows[numbers]
        if versions := self.live.versions:
            old = np.fromiter(versions, np.int32, len(versions))
            changed = np.isin(found, old)
            found[changed] = [versions[row] for row in found[changed].tolist()]
        return found

    def _look_up(self, store: Store, numbers: Sequence[int]) -> None:
        names = store.item_ids(numbers)
        rows = self.live.ids.rows(list(names.values()))
        self._rows[np.array(numbers, np.int64)] = -1
        if names:
            self._rows[np.fromiter(names, np.int64, len(names))] = rows


class FollowSignals:
    """Signals of any user, for any thread."""

    def __init__(self, graph: FollowGraph) -> None:
        self.graph = graph
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._ids = 0  # of followees that are kept
        self._items: ItemRows | None = None

    def of(
        self, store: Store, user_id: str, live: LiveState, until: float | None = None
    ) -> tuple[AroundUser | None, Ties]:
        """Return the people around a user, and whom they follow; None where there is nobody.

        The graph has to be as of now. `until`: Unix seconds, acts of later hours are left out; of
        each person the latest acts are known alone, so that an early time knows of few.
        StoreError when the store is unreachable.
        """
        graph = self.graph
        number = 0 if graph.empty else store.user_number(user_id)
        if not number:
            return None, Ties((), (), ())
        version = graph.edges_version  # before the edges, which may change meanwhile
        followees, authors = graph.following(number), graph.authors_of(number)
        followers, blocked = graph.followers(number), graph.blocked(number)
        if not (len(followees) or len(authors) or len(followers) or blocked):
            return None, Ties((), (), ())
        unseen = blocked | store.muted_users(user_id)  # their acts are passed on to nobody
        with self._lock:
            key = (followees.tobytes(), authors.tobytes(), blocked)
            kept = self._of(store, user_id, key)
            codes = self._codes(store, kept, live)
            ties = _around(kept, version, unseen)
            if ties is None:
                ties = SocialTies.of(number, followees, followers, graph.following_of, unseen)
                self._ids -= kept.size
                kept.around = (version, unseen, ties)
                self._ids += kept.size
            acts, counts = graph.acts_of(ties.people, acts_each(len(ties.people)))
            if until is not None:
                acts, counts = _until(acts, counts, until)
            if self._items is None or self._items.live is not live:
                self._items = ItemRows(live)
            rows = self._items.of(store, acts["item"])
        public = np.isin(acts["kind"], graph.public_kinds())
        days = acts["hour"] / _HOURS
        network = EgoNetwork.of(ties, counts, rows, days, public)
        mark = (hash(acts.tobytes()), hash(ties.people.tobytes()), hash(codes.tobytes()))
        return AroundUser(live, network, codes, mark), kept.ties

    def forget(self) -> None:
        """Drop what is kept of users."""
        with self._lock:
            self._kept.clear()
            self._ids = 0

    def _of(self, store: Store, user_id: str, key: tuple[bytes, bytes, frozenset[int]]) -> _Kept:
        kept = self._kept.get(user_id)
        if kept is not None and kept.key == key:
            self._kept.move_to_end(user_id)
            return kept
        if kept is not None:
            self._ids -= self._kept.pop(user_id).size
        kept = _Kept(key, store.ties_of(user_id), 0.0)
        self._kept[user_id] = kept
        self._ids += kept.size
        while self._ids > MOST_IDS and len(self._kept) > 1:
            self._ids -= self._kept.popitem(last=False)[1].size
        return kept

    def _codes(self, store: Store, kept: _Kept, live: LiveState) -> Rows:
        """Return the codes of followed authors, ascending; looked up when new authors came.

        Names are read after a while, and of authors alone: a list names nobody else.
        """
        count, now = live.label_count("author"), time.monotonic()
        codes = (
            kept.codes[2] if kept.codes is not None and kept.codes[:2] == (live, count) else None
        )
        if codes is None:
            found = {name: live.code("author", name) for name in kept.ties.follows}
            codes = np.unique(np.array([c for c in found.values() if c >= 0], np.int32))
            kept.writers = frozenset(name for name, code in found.items() if code >= 0)
            kept.codes = (live, count, codes)
            kept.until = 0.0
        if now >= kept.until:
            names = store.names_of(kept.writers) if kept.writers else {}
            kept.ties = kept.ties._replace(names=tuple(sorted(names.items())))
            kept.until = now + NAMES_SECONDS
        return codes


def _around(kept: _Kept, version: int, unseen: frozenset[int]) -> SocialTies | None:
    """Return the people around a user that are kept; None where edges or the unseen changed."""
    if kept.around is None or kept.around[:2] != (version, unseen):
        return None
    return kept.around[2]


def _until(
    acts: NDArray[Any], counts: NDArray[np.int64], until: float
) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """Return the acts of hours that began by a moment, and how many each person has of them."""
    early = acts["hour"] * (DAY / _HOURS) <= until
    person = np.repeat(np.arange(len(counts)), counts)
    return acts[early], np.bincount(person[early], minlength=len(counts))
