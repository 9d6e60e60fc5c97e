"""UniqueUsers: users per item since training, so that each user counts once per item.

Users and pairs are salted hashes, kept in memory only, the latest MOST of each; with them goes
the mix of accounts behind each item (see `recsys.data.account_mix_anomalies`). A night computes the
same from its table. Who acts before and after a night may count twice until the next one.
"""

from __future__ import annotations

import math
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from recsys.array_types import Floats, Mask, Rows
from recsys.data.account_mix_anomalies import BACK, BLOCK, DAY, NARROW, YOUNG, AccountMix
from recsys.data.item_account_cusum import TESTS, UNKNOWN, ItemAccountMix, Platform
from recsys.serving.live_event import LiveEvent
from recsys.serving.popularity_counters import PopularityCounters

MOST = 200_000  # pairs of user and item, and users, who are remembered: 140 MB at most
ACTS = 8  # latest acts of a user on an item that can be withdrawn or weighed again
_PERSON = (1 << 62) - 1
_FIRST, _YOUNG, _NARROW, _TOGETHER = (1 << test for test in range(len(TESTS)))
_NARROW_UNKNOWN = _NARROW << UNKNOWN
NOTHING = (0.0, 0.0, 0.0, 0.0)  # weight, time, likes, dislikes of a user-item pair

State = tuple[float, float, float, float]
Done = tuple[float, float, bool]  # time, weight, whether it states an opinion


@dataclass(slots=True)
class Account:
    """What is known of somebody who has acted since the night."""

    first_act: float  # time of the first act
    known: bool  # all acts are known; False: the account is older than the night
    items: int = 0  # acted on


@dataclass(slots=True)
class PairState:
    """The state of one user's acts on one item."""

    row: int  # as it was then
    actor_hash: int
    state: State = NOTHING
    tested_signs: int = 0  # bits: positive, negative; signs for which the account mix was tested
    excess: int = 0  # bits of those that count nothing
    sign: float = 0.0  # of the last vote that was followed
    rated_at: float = -np.inf  # when that was
    rating: float = 0.0  # its weight; 0: none was followed
    base: State = NOTHING  # of the acts before `acts`
    acts: list[Done] = field(default_factory=list)  # the latest, at most ACTS

    def add(self, act: Done) -> None:
        """Let one more act count."""
        if len(self.acts) == ACTS:
            self.base = _after(self.base, self.acts.pop(0))
        self.acts.append(act)
        self.state = _after(self.state, act)

    def drop(self, sign: int) -> None:
        """Let the positive (0) or negative (1) acts count no more."""
        self.excess |= 1 << sign
        most, latest, likes, dislikes = self.base
        self.base = (most, latest, likes, 0.0) if sign else (0.0, 0.0, 0.0, dislikes)
        self.acts = [act for act in self.acts if (act[1] < 0) != sign]
        self.fold()

    def fold(self) -> None:
        """Compute the state anew from the acts that are left."""
        self.state = self.base
        for act in self.acts:
            self.state = _after(self.state, act)


@dataclass(slots=True)
class Excess:
    """First acts on an item that count nothing, since the night."""

    tests: list[int] = field(default_factory=lambda: [0] * len(TESTS))
    first: float = np.inf
    last: float = -np.inf
    unique_users: int = 0

    def join(self, account_mix: AccountMix, row: int) -> None:
        """Add what the night found of a row, of which another one is the new version."""
        counts = account_mix.excess[row].tolist()
        self.tests = [own + more for own, more in zip(self.tests, counts, strict=True)]
        self.unique_users += max(counts)
        first, last = account_mix.span[row].tolist()
        self.first, self.last = min(self.first, first), max(self.last, last)


class Taken(NamedTuple):
    """A user-item pair whose acts an alarm took back."""

    row: int
    actor_hash: int
    rating: float  # weight of the last vote that was followed, 0: none


@dataclass(frozen=True, slots=True)
class CountedEvent:
    """What became of some acts."""

    ratings: list[float]  # how far each is a vote that opinions may follow, 0 or 1
    counts: list[bool]  # whether it belongs to a user-item pair that counts
    taken: list[Taken]  # pairs that count no more


class UniqueUsers:
    """Follows acts in the order of their arrival; one writer at a time."""

    def __init__(self, account_mix: AccountMix, salt: int | None = None) -> None:
        self.account_mix = account_mix
        self.excess: dict[int, Excess] = {}  # by row
        self._heights = account_mix.heights.tolist()
        platform = account_mix.platform
        self.platform = Platform(
            list(platform.flagged), list(platform.counted), list(platform.recent)
        )
        self._steps = self.platform.steps()
        self._block: list[int] = []  # properties of the first acts since the steps were computed
        self._due = BLOCK - int(platform.counted[0]) % BLOCK
        self._salt = secrets.randbits(60) if salt is None else salt
        self._accounts: dict[int, Account] = {}
        self._pair_states: dict[int, PairState] = {}
        # by 2 · row, and 1 more for negative first acts:
        self._items: dict[int, ItemAccountMix] = {}
        self._days: dict[int, list[int]] = {}  # when the accounts of the last first acts began

    def move(self, before: int, row: int) -> None:
        """Let a new version of an item go on with what the one before has."""
        for sign in (0, 1):
            old, new = 2 * before + sign, 2 * row + sign
            if old in self._items:
                self._items[new] = self._items.pop(old)
            elif before < len(self.account_mix.sums):
                self._items[new] = ItemAccountMix(self.account_mix.sums_of(before, sign))
            if old in self._days:
                self._days[new] = self._days.pop(old)
        if before in self.excess:
            self.excess[row] = self.excess.pop(before)
        if before < len(self.account_mix.excess) and self.account_mix.excess[before].any():
            self.excess.setdefault(row, Excess()).join(self.account_mix, before)

    def observe(
        self,
        acts: Sequence[LiveEvent],
        rows: Rows,
        weights: Floats,
        stated: Mask,
        counters: PopularityCounters,
    ) -> CountedEvent:
        """Count acts, and return what became of them."""
        many: list[int] = []
        before: list[State] = []
        after: list[State] = []
        counted_events = CountedEvent([0.0] * len(acts), [True] * len(acts), [])
        ratings: dict[int, int] = {}  # pair -> its latest act here that is a vote
        counted = np.zeros(len(acts), bool)
        times = np.array([act.timestamp for act in acts], np.float64)
        salt, known = self._salt, self._pair_states
        counted_acts = zip(acts, rows.tolist(), weights.tolist(), stated.tolist(), strict=True)
        for place, (act, row, weight, opinion) in enumerate(counted_acts):
            if not weight:
                continue
            calm, time, sign = True, act.timestamp, int(weight < 0)
            if act.actor is None:
                pair_state = PairState(row, -1)
            else:
                pair = hash((salt, act.actor, act.item_id)) & _PERSON
                found = known.get(pair)
                if found is None:
                    pair_state = known[pair] = PairState(row, hash((salt, act.actor)) & _PERSON)
                    if len(known) > MOST:
                        del known[next(iter(known))]
                else:
                    pair_state = found
                if not pair_state.tested_signs >> sign & 1:
                    counts, calm, taken = self._joined(act, row, sign, pair, pair_state)
                    if not counts:
                        pair_state.excess |= 1 << sign
                    if taken:
                        counters.note_times(
                            rows[: place + 1], times[: place + 1], counted[: place + 1]
                        )
                        self._write(many, before, after, counters)
                        self._take_back(row, sign, taken, counters, counted_events, ratings)
            if pair_state.excess >> sign & 1:
                counted_events.counts[place] = False
                continue
            counted[place] = True
            many.append(row)
            before.append(pair_state.state)
            pair_state.add((time, weight, opinion))
            after.append(pair_state.state)
            if weight * pair_state.sign <= 0 and time - pair_state.rated_at >= DAY:
                pair_state.sign, pair_state.rated_at = math.copysign(1.0, weight), time
                counted_events.ratings[place] = float(calm)
                if pair_state.actor_hash >= 0 and calm:
                    ratings[pair], pair_state.rating = place, weight
        counters.note_times(rows, times, counted)
        self._write(many, before, after, counters)
        return counted_events

    def pair(self, actor: str | None, item_id: str) -> int:
        """Return the number of a pair of user and item; -1 for somebody unknown."""
        return -1 if actor is None else hash((self._salt, actor, item_id)) & _PERSON

    def withdraw(self, acts: Sequence[LiveEvent], rows: Rows, counters: PopularityCounters) -> Mask:
        """Let withdrawn acts count nothing; return which acts were before the night.

        What else the same user did to the item goes on counting.
        """
        old = np.ones(len(acts), bool)
        for place, (act, row) in enumerate(zip(acts, rows.tolist(), strict=True)):
            pair_state = self._pair_states.get(self.pair(act.actor, act.item_id))
            if pair_state is None:
                continue
            old[place] = False
            own = [at for at, done in enumerate(pair_state.acts) if done[0] == act.timestamp]
            if own:
                del pair_state.acts[own[-1]]
                self._state_of(pair_state, row, counters)
        return old

    def weigh_again(
        self,
        pairs: Sequence[int],
        rows: Rows,
        times: Sequence[float],
        weights: Sequence[float],
        counters: PopularityCounters,
    ) -> None:
        """Give ratings that were counted another weight; first acts that count nothing stay so."""
        touched: dict[int, int] = {}
        for pair, row, time, weight in zip(pairs, rows.tolist(), times, weights, strict=True):
            pair_state = self._pair_states.get(pair)
            if pair_state is None:
                continue
            for at, done in enumerate(pair_state.acts):
                if done[2] and done[0] == time:
                    pair_state.acts[at] = (time, weight, True)
                    touched[pair] = row
        for pair, row in touched.items():
            self._state_of(self._pair_states[pair], row, counters)

    @staticmethod
    def _state_of(pair_state: PairState, row: int, counters: PopularityCounters) -> None:
        """Count a user-item pair as its acts are now instead of as they were."""
        if pair_state.state != NOTHING:
            counters.take_back(row, np.array([pair_state.state], np.float64))
        pair_state.fold()
        if pair_state.state != NOTHING:
            both = np.array([NOTHING, pair_state.state], np.float64)
            counters.replace(np.array([row], np.int32), both[:1], both[1:])

    @staticmethod
    def _write(
        rows: list[int], before: list[State], after: list[State], counters: PopularityCounters
    ) -> None:
        if rows:
            both = np.array(before, np.float64), np.array(after, np.float64)
            counters.replace(np.array(rows, np.int32), *both)
            for each in (rows, before, after):
                each.clear()

    def _joined(
        self, act: LiveEvent, row: int, sign: int, pair: int, pair_state: PairState
    ) -> tuple[bool, bool, list[int]]:
        """Return whether a first act counts, whether its company is calm, and which count no
        more.
        """
        actor_hash, new = pair_state.actor_hash, not pair_state.tested_signs
        pair_state.tested_signs |= 1 << sign
        account = self._accounts.get(actor_hash)
        if account is None:
            first_act = act.timestamp if act.first_act is None else act.first_act
            account = self._accounts[actor_hash] = Account(first_act, act.first_act is None)
            if len(self._accounts) > MOST:
                del self._accounts[next(iter(self._accounts))]
        first_act, items = account.first_act, account.items
        if new:
            account.items = items + 1
        else:  # the item itself is none of the others
            items = max(items - 1, 0)
        day, slot = int(first_act // DAY), 2 * row + sign
        days = self._days.get(slot)
        if days is None:
            days = self._days[slot] = []
        flags = _TOGETHER if day in days else 0
        days.append(day)
        if len(days) > BACK:
            del days[0]
        if act.timestamp - first_act < YOUNG:
            flags |= _YOUNG
        if not account.known:
            flags |= _NARROW_UNKNOWN
        elif items <= NARROW:
            flags |= _NARROW if items else _NARROW | _FIRST
        own = self._items.get(slot)
        if own is None:
            own = self._items[slot] = ItemAccountMix(self.account_mix.sums_of(row, sign))
        counts, taken = own.observe(pair, flags, self._steps, self._heights)
        calm = counts
        if calm:
            for test, height in enumerate(self._heights):
                if flags >> test & 1 and own.sums[test] >= height / 2:
                    calm = False
        self._block.append(flags)
        if len(self._block) >= self._due:
            self.platform.count(self._block)
            self._steps, self._due = self.platform.steps(), BLOCK
            self._block.clear()
        if not counts or taken:
            self._note(row, flags, act.timestamp, not counts, len(taken))
        return counts, calm, taken

    def _note(self, row: int, flags: int, time: float, excess: bool, taken: int) -> None:
        found = self.excess.setdefault(row, Excess())
        found.unique_users += excess + taken
        for test in range(len(TESTS)):
            if flags >> test & 1:
                found.tests[test] += excess + taken
        found.first, found.last = min(found.first, time), max(found.last, time)

    def _take_back(
        self,
        row: int,
        sign: int,
        taken: list[int],
        counters: PopularityCounters,
        counted_events: CountedEvent,
        ratings: dict[int, int],
    ) -> None:
        lost, left = [], []
        for pair in taken:
            pair_state = self._pair_states.get(pair)
            if pair_state is not None and not pair_state.excess >> sign & 1:
                before = pair_state.state
                rating = pair_state.rating if (pair_state.rating < 0) == sign else 0.0
                if rating and pair in ratings:  # it has not been followed yet
                    counted_events.ratings[ratings[pair]] = rating = 0.0
                pair_state.drop(sign)
                if before != NOTHING:
                    lost.append(before)
                if pair_state.state != NOTHING:
                    left.append(pair_state.state)
                counted_events.taken.append(Taken(row, pair_state.actor_hash, rating))
                pair_state.rating = pair_state.rating if (pair_state.rating < 0) != sign else 0.0
        if lost:
            counters.take_back(row, np.array(lost, np.float64))
        if left:
            again = np.array(left, np.float64)
            counters.replace(np.full(len(left), row, np.int32), np.zeros_like(again), again)

    def sums(self, row: int, sign: int = 0) -> NDArray[np.float64]:
        """Return the sums of a row's positive (0) or negative (1) first acts of now, (tests,)."""
        own = self._items.get(2 * row + sign)
        return np.array(
            self.account_mix.sums_of(row, sign) if own is None else own.sums, np.float64
        )


def _after(before: State, act: Done) -> State:
    """Return the state of a pair with one more act."""
    most, latest, likes, dislikes = before
    time, weight, opinion = act
    if weight > 0:
        latest = max(latest, time) if most else time
        most = max(most, min(weight, 1.0))
    if opinion:
        likes, dislikes = max(weight, 0.0), max(-weight, 0.0)
    return most, latest, likes, dislikes
