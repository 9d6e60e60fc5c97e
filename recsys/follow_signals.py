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
MOST_IDS = 500_000  # ids of followees that are kept, of all users together
_UNKNOWN = -2  # row of an item that was not looked up yet
_HOURS = 24.0


@dataclass(slots=True)
class _Kept:
    """Ids of a user's followees, as of a state of the graph."""

    key: tuple[bytes, bytes, frozenset[int]]
    ties: Ties
    until: float  # monotonic seconds
    codes: tuple[LiveState, int, Rows] | None = None  # of authors, and of how many there were


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
        followees, authors = graph.following(number), graph.authors_of(number)
        followers, blocked = graph.followers(number), graph.blocked(number)
        if not (len(followees) or len(authors) or len(followers) or blocked):
            return None, Ties((), (), ())
        unseen = blocked | store.muted_users(user_id)  # their acts are passed on to nobody
        with self._lock:
            key = (followees.tobytes(), authors.tobytes(), blocked)
            kept = self._of(store, user_id, key)
            codes = self._codes(kept, live)
            ties = SocialTies.of(number, followees, followers, graph.following_of, unseen)
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
        now = time.monotonic()
        kept = self._kept.get(user_id)
        if kept is not None and kept.key == key and now < kept.until:
            self._kept.move_to_end(user_id)
            return kept
        codes = kept.codes if kept is not None and kept.key == key else None  # names alone are old
        if kept is not None:
            self._ids -= len(self._kept.pop(user_id).ties.follows)
        kept = _Kept(key, store.ties_of(user_id), now + NAMES_SECONDS, codes)
        self._kept[user_id] = kept
        self._ids += len(kept.ties.follows)
        while self._ids > MOST_IDS and len(self._kept) > 1:
            _, oldest = self._kept.popitem(last=False)
            self._ids -= len(oldest.ties.follows)
        return kept

    def _codes(self, kept: _Kept, live: LiveState) -> Rows:
        """Return the codes of followed authors, ascending; looked up when new authors came."""
        count = live.label_count("author")
        if kept.codes is not None and kept.codes[0] is live and kept.codes[1] == count:
            return kept.codes[2]
        found = [live.code("author", name) for name in kept.ties.follows]
        codes: Rows = np.unique(np.array([c for c in found if c >= 0], np.int32))
        kept.codes = (live, count, codes)
        return codes


def _until(
    acts: NDArray[Any], counts: NDArray[np.int64], until: float
) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """Return the acts of hours that began by a moment, and how many each person has of them."""
    early = acts["hour"] * (DAY / _HOURS) <= until
    person = np.repeat(np.arange(len(counts)), counts)
    return acts[early], np.bincount(person[early], minlength=len(counts))
