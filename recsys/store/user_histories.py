"""User histories: events on the latest items for scores, and all items ever for `seen`.

A user with few events costs one query. Of others a compact record stays in memory and is extended
by what has come since; a count over an index shows whether it is still right, so that deletions,
erasures and merges by any process are noticed.
"""

from __future__ import annotations

import heapq
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from recsys.array_types import Rows
from recsys.data.event_kind_weights import EventWeights
from recsys.store.events import ShortEvent, StoredEvent
from recsys.store.store import Store

ITEMS = 500  # distinct items that scores are made from, the latest
ACTS = 4  # latest acts on one item that count; four views weigh as much as anything can
KEPT = 250_000  # items in the records of all users together, some 300 bytes each
_KINDS_SECONDS = 1.0  # that the kinds of event in the store are kept
_ROWS = 500  # events up to which a user costs one query and no memory


@dataclass(slots=True)
class Uses:
    """How often, when first and when last a user took an item up, since they last refused it."""

    count: int
    first: float  # Unix seconds
    last: float
    squares: float = 0.0  # sum of the squared seconds between one use and the next

    def add(self, moment: float) -> None:
        """Note a use; one that is noted late counts, but for the squares."""
        self.count += 1
        self.squares += max(moment - self.last, 0.0) ** 2
        self.first, self.last = min(self.first, moment), max(self.last, moment)


def note_use(uses: dict[str, Uses], item_id: str, moment: float, weight: float) -> None:
    """Note an act: a positive weight is a use, a negative one ends all uses before it."""
    used = uses.get(item_id)
    if weight > 0:
        if used is None:
            uses[item_id] = Uses(1, moment, moment)
        else:
            used.add(moment)
    elif weight < 0 and used is not None and moment >= used.last:
        del uses[item_id]


class RowsOf(Protocol):
    """What leads from item ids to rows of a live state."""

    def rows(self, item_ids: Sequence[str]) -> list[int]:
        """Return the row of each id, -1 where it is unknown."""
        ...


class TakenItems:
    """All items that a user ever acted on, with weight."""

    def __init__(self, ids: Sequence[str], uses: Mapping[str, Uses]) -> None:
        self.ids = ids
        self.uses = uses  # of those that were taken up, not refused
        self._rows: tuple[RowsOf, int, Rows] | None = None

    def rows(self, of: RowsOf, size: int) -> Rows:
        """Return the rows of the items that are known, ascending; not to be written to.

        Kept for as long as `of` is the same object and `size`, the number of its rows, too.
        """
        kept = self._rows
        if kept is None or kept[0] is not of or kept[1] != size:
            found = np.unique(np.array(of.rows(list(self.ids)), np.int32))
            kept = self._rows = (of, size, found[found >= 0])
        return kept[2]


@dataclass(frozen=True, slots=True)
class UserPast:
    """What one user has done."""

    events: Sequence[StoredEvent]  # oldest first: of the latest ITEMS items
    taken: TakenItems | None  # None: what is in `events` is all
    mark: tuple[int, int]  # moves whenever an event is added or deleted


@dataclass(slots=True)
class _Record:
    """A user with many events; changed by one thread at a time, under `lock`."""

    count: int = 0  # events of any kind that it was made from
    last: int = 0  # their greatest id
    latest: dict[str, list[tuple[float, int]]] = field(
        default_factory=dict
    )  # (moment, id) per item
    uses: dict[str, Uses] = field(default_factory=dict)
    kinds: dict[int, str] = field(default_factory=dict)  # of each act, as the weights name it
    past: UserPast | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, act: ShortEvent, weight: float, kind: str) -> None:
        """Note an act; what was merely shown is not passed in."""
        self.kinds[act.id] = kind
        own = self.latest.setdefault(act.item_id, [])
        own.append((act.moment, act.id))
        own.sort()
        del own[:-ACTS]
        note_use(self.uses, act.item_id, act.moment, weight)

    def withdraw(self, item_id: str, kind: str) -> None:
        """Forget the latest acts of a kind on an item; an item without any other is not taken."""
        own = [act for act in self.latest.get(item_id, ()) if self.kinds[act[1]] != kind]
        if own:
            self.latest[item_id] = own
        else:
            self.latest.pop(item_id, None)
            self.uses.pop(item_id, None)

    def clear(self) -> None:
        """Know nothing."""
        self.kinds = {}
        self.count = self.last = 0
        self.latest, self.uses = {}, {}


class UserHistories:
    """The pasts of users, for one process; any thread may ask."""

    def __init__(self, weights: EventWeights, kept: int = KEPT) -> None:
        self._weights, self._kept = weights, kept
        self._records: OrderedDict[str, _Record] = OrderedDict()
        self._kinds: tuple[tuple[str, ...], float] = (), 0.0  # unheeded; monotonic seconds
        self._lock = threading.Lock()

    def of(self, store: Store, user_id: str) -> UserPast:
        """Return what a user has done, as the store has it now; StoreError when it is away."""
        with self._lock:
            record = self._records.get(user_id)
        if record is None:
            events = store.history(user_id, _ROWS, self._unheeded(store))
            if len(events) < _ROWS:
                return UserPast(events, None, (len(events), sum([event.id for event in events])))
            record = _Record()
        with record.lock:
            past = self._extended(store, user_id, record)
        self._keep(user_id, record)
        return past

    def _unheeded(self, store: Store) -> tuple[str, ...]:
        """Return the kinds of event that are no acts, of those that came until a second ago.

        Those that have come since are left out of histories later, and crowd out little till then.
        """
        now = time.monotonic()
        kept, until = self._kinds
        if now >= until:
            kept = self._weights.unheeded(store.kinds())
            self._kinds = kept, now + _KINDS_SECONDS
        return kept

    def hypothetical(
        self, store: Store, user_id: str, happened: Callable[[ShortEvent], bool]
    ) -> UserPast:
        """Return what a user would have done, had only some of their events happened.

        Read from the store in full, and not kept.
        """
        record = _Record()
        self._note(record, filter(happened, store.acts_after(user_id)))
        return self._past(store, record)

    def forget(self) -> None:
        """Drop all records, as after an erasure."""
        with self._lock:
            self._records.clear()

    def _extended(self, store: Store, user_id: str, record: _Record) -> UserPast:
        stamp = store.act_stamp(user_id)
        if record.past is not None and record.past.mark == stamp:
            return record.past
        added = store.acts_after(user_id, record.last)
        if record.count + sum(act.id <= stamp[1] for act in added) != stamp[0]:
            record.clear()  # something was deleted, or moved here from another user
            added = store.acts_after(user_id)
        self._note(record, added)
        record.past = self._past(store, record)
        return record.past

    def _note(self, record: _Record, acts: Iterable[ShortEvent]) -> None:
        for act in acts:
            record.count, record.last = record.count + 1, act.id
            meaning = self._weights.meanings[act.event]
            if meaning.withdraws:
                record.withdraw(act.item_id, meaning.withdraws)
            elif self._weights.heeds(act.event, act.value):
                record.add(act, self._weights.of_event(act.event, act.value), meaning.name)

    def _past(self, store: Store, record: _Record) -> UserPast:
        known = record.past.events if record.past is not None else ()
        before = {event.id: event for event in known}
        newest = heapq.nlargest(ITEMS, record.latest.values(), key=lambda acts: acts[-1])
        sorted_acts = sorted(act for acts in newest for act in acts)
        missing = [id for _, id in sorted_acts if id not in before]
        found = {**before, **store.events_by_id(missing)} if missing else before
        events = [found[id] for _, id in sorted_acts if id in found]
        taken = TakenItems(tuple(record.latest), record.uses)
        return UserPast(events, taken, (record.count, record.last))

    def _keep(self, user_id: str, record: _Record) -> None:
        with self._lock:
            self._records[user_id] = record
            self._records.move_to_end(user_id)
            total = sum([len(one.latest) for one in self._records.values()])
            while total > self._kept and len(self._records) > 1:
                _, dropped = self._records.popitem(last=False)
                total -= len(dropped.latest)
