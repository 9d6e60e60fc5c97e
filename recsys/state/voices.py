"""Voices: who has acted on what since the night, so that one person is one voice per item.

People and pairs are salted hashes, kept in memory only, the latest MOST of each; with them goes
what the company of each item's voices is (see `recsys.data.company`). A night reckons the same
from its table. Who acts before and after a night may count twice until the next one.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from recsys.arrays import Floats, Mask, Rows
from recsys.data.company import BACK, DAY, NARROW, TESTS, YOUNG, Company, ItemCompany, Platform
from recsys.state.acts import Act
from recsys.state.counters import Counters

MOST = 200_000  # pairs of person and item, and people, who are remembered: some 60 MB
_PERSON = (1 << 62) - 1
NOTHING = (0.0, 0.0, 0.0, 0.0)  # weight, time, likes, dislikes of a voice

State = tuple[float, float, float, float]


@dataclass(slots=True)
class Account:
    """What is known of somebody who has acted since the night."""

    born: float  # time of the first act
    known: bool  # all acts are known; False: the account is older than the night
    items: int = 0  # acted on


@dataclass(slots=True)
class Voice:
    """One person's voice on one item."""

    row: int  # as it was then
    state: State
    counts: bool
    voted: tuple[float, float] = (0.0, -np.inf)  # sign and time of the last vote that was followed


@dataclass(slots=True)
class Excess:
    """Voices of an item that count nothing, since the night."""

    tests: list[int] = field(default_factory=lambda: [0] * len(TESTS))
    first: float = np.inf
    last: float = -np.inf


class Voices:
    """Follows acts in the order of their arrival; one writer at a time."""

    def __init__(self, company: Company) -> None:
        self.company = company
        self.excess: dict[int, Excess] = {}  # by row
        self._heights = company.heights.tolist()
        told = company.platform
        self._platform = Platform(list(told.flagged), list(told.told), list(told.recent))
        self._salt = secrets.randbits(60)
        self._accounts: dict[int, Account] = {}
        self._voices: dict[int, Voice] = {}
        self._items: dict[int, ItemCompany] = {}
        self._days: dict[int, list[int]] = {}  # of the last voices of an item: when accounts began

    def move(self, before: int, row: int) -> None:
        """Let a new version of an item go on with what the one before has."""
        if before in self._items:
            self._items[row] = self._items.pop(before)
        if before in self._days:
            self._days[row] = self._days.pop(before)
        if before in self.excess:
            self.excess[row] = self.excess.pop(before)
        if row not in self._items and before < len(self.company.sums):
            self._items[row] = ItemCompany(self.company.sums[before].tolist())

    def hear(
        self, acts: Sequence[Act], rows: Rows, weights: Floats, stated: Mask, counters: Counters
    ) -> list[float]:
        """Count acts, and return how far each is a vote that opinions may follow, 0 or 1."""
        many: list[int] = []
        changed: list[tuple[State, State]] = []
        votes, counted = [], np.zeros(len(acts), bool)
        times = np.array([act.timestamp for act in acts], np.float64)
        told = zip(acts, rows.tolist(), weights.tolist(), stated.tolist(), strict=True)
        for place, (act, row, weight, opinion) in enumerate(told):
            if not weight:
                votes.append(0.0)
                continue
            vote, before, after, taken = self._one(act, row, weight, opinion)
            votes.append(vote)
            if taken:
                counters.heard(rows[: place + 1], times[: place + 1], counted[: place + 1])
                self._write(many, changed, counters)
                self._take_back(row, taken, counters)
            if before is not after:
                counted[place] = True
                many.append(row)
                changed.append((before, after))
        counters.heard(rows, times, counted)
        self._write(many, changed, counters)
        return votes

    def counts(self, act: Act) -> bool:
        """Whether the voice of an act that was heard counts."""
        voice = None if act.actor is None else self._voices.get(self._pair(act))
        return voice is None or voice.counts

    def withdraw(self, acts: Sequence[Act], rows: Rows, counters: Counters) -> Mask:
        """Let the voices of withdrawn acts count nothing; return which acts were before the night.

        What else the same person did to the item since the night counts again from the next one on.
        """
        old = np.ones(len(acts), bool)
        for place, (act, row) in enumerate(zip(acts, rows.tolist(), strict=True)):
            voice = None if act.actor is None else self._voices.get(self._pair(act))
            if voice is not None:
                old[place] = False
                if voice.counts and voice.state != NOTHING:
                    counters.take_back(row, np.array([voice.state], np.float64))
                    voice.state = NOTHING
        return old

    @staticmethod
    def _write(rows: list[int], changed: list[tuple[State, State]], counters: Counters) -> None:
        if rows:
            both = np.array(changed, np.float64)
            counters.replace(np.array(rows, np.int32), both[:, 0], both[:, 1])
            rows.clear()
            changed.clear()

    def _one(
        self, act: Act, row: int, weight: float, opinion: bool
    ) -> tuple[float, State, State, list[int]]:
        """Return whether an act is a vote, its voice before and after, and what is taken back."""
        taken: list[int] = []
        calm, pair = True, self._pair(act)
        voice = None if act.actor is None else self._voices.get(pair)
        if voice is None:
            voice = Voice(row, NOTHING, True)
            if act.actor is not None:
                voice.counts, calm, taken = self._joined(act, row)
                self._voices[pair] = voice
                if len(self._voices) > MOST:
                    del self._voices[next(iter(self._voices))]
        if not voice.counts:
            return 0.0, NOTHING, NOTHING, taken
        before = voice.state
        voice.state = _after(before, weight, opinion, act.timestamp)
        vote = float(calm and _votes(voice, weight, act.timestamp))
        return vote, before, voice.state, taken

    def _pair(self, act: Act) -> int:
        return hash((self._salt, act.actor, act.item_id)) & _PERSON

    def _joined(self, act: Act, row: int) -> tuple[bool, bool, list[int]]:
        """Return whether a voice counts, whether its company is calm, and which count no more."""
        account = self._account(act)
        day = int(account.born // DAY)
        days = self._days.setdefault(row, [])
        flags: list[bool | None] = [
            account.items == 0 and account.known,
            act.timestamp - account.born < YOUNG,
            account.items <= NARROW if account.known else None,
            day in days,
        ]
        account.items += 1
        days.append(day)
        del days[:-BACK]
        own = self._items.get(row)
        if own is None:
            known = row < len(self.company.sums)
            sums = self.company.sums[row].tolist() if known else [0.0] * len(TESTS)
            own = self._items[row] = ItemCompany(sums)
        steps = [self._platform.steps(test) for test in range(len(TESTS))]
        counts, taken = own.hear(self._pair(act), flags, steps, self._heights)
        calm = counts and all(
            not flag or total < height / 2
            for flag, total, height in zip(flags, own.sums, self._heights, strict=True)
        )
        for test, flag in enumerate(flags):
            if flag is not None:
                self._platform.hear(test, flag)
        if not counts or taken:
            self._note(row, flags, act.timestamp, not counts, len(taken))
        return counts, calm, taken

    def _account(self, act: Act) -> Account:
        person = hash((self._salt, act.actor)) & _PERSON
        account = self._accounts.get(person)
        if account is None:
            born = act.timestamp if act.born is None else act.born
            account = self._accounts[person] = Account(born, act.born is None)
            if len(self._accounts) > MOST:
                del self._accounts[next(iter(self._accounts))]
        return account

    def _note(
        self, row: int, flags: list[bool | None], time: float, excess: bool, taken: int
    ) -> None:
        found = self.excess.setdefault(row, Excess())
        for test, flag in enumerate(flags):
            if flag:
                found.tests[test] += excess + taken
        found.first, found.last = min(found.first, time), max(found.last, time)

    def _take_back(self, row: int, taken: list[int], counters: Counters) -> None:
        lost = []
        for pair in taken:
            voice = self._voices.get(pair)
            if voice is not None and voice.counts:
                lost.append(voice.state)
                voice.counts, voice.state = False, NOTHING
        if lost:
            counters.take_back(row, np.array(lost, np.float64))

    def sums(self, row: int) -> NDArray[np.float64]:
        """Return the sums of a row's company as they are now, (tests,)."""
        own = self._items.get(row)
        if own is not None:
            return np.array(own.sums)
        known = row < len(self.company.sums)
        return np.asarray(self.company.sums[row] if known else np.zeros(len(TESTS)), np.float64)


def _after(before: State, weight: float, opinion: bool, time: float) -> State:
    """Return a voice with one more act."""
    most, latest, likes, dislikes = before
    if weight > 0:
        latest = max(latest, time) if most else time
        most = max(most, min(weight, 1.0))
    if opinion:
        likes, dislikes = max(weight, 0.0), max(-weight, 0.0)
    return most, latest, likes, dislikes


def _votes(voice: Voice, weight: float, time: float) -> bool:
    """Say whether opinions follow an act: the first, and one a day that says something else."""
    sign, moment = voice.voted
    now = float(np.sign(weight))
    if now == sign or time - moment < DAY:
        return False
    voice.voted = (now, time)
    return True
