"""CUSUM of account properties: per item, log-likelihood ratios of its users against the platform.

The cumulative sum of an item and test (Page 1954) grows where nearly all users have the property
and falls to zero where the mix is the platform's. See `recsys.data.account_mix_anomalies`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

TESTS = ("first", "young", "narrow", "together")
ODDS = 0.99  # share of first acts with a property in what the sum looks for
PRIOR = 50.0  # first acts with every property that a platform begins with: a new one alarms nobody
RECENT = 1 / 10_000  # weight of the latest first act in the platform's recent share, at least
YOUTH = 2_500  # first acts; on a small platform the latest weighs 1 / (YOUTH + first acts)
PENDING = 1_000  # first acts that an alarm can take back
BITS = tuple(
    1 << test for test in range(len(TESTS))
)  # of the properties of a first act, in one number
EVERY = sum(BITS)
UNKNOWN = len(TESTS)  # places by which the bit of a test that cannot be made stands higher


class Steps(NamedTuple):
    """What a first act with and one without each property add to an item's sum, (tests,) each."""

    ups: list[float]
    downs: list[float]
    odds: list[float]  # first acts with the property for each one without it


@dataclass(slots=True)
class Platform:
    """How often first acts of the platform have each property; grows by blocks of first acts."""

    flagged: list[float] = field(default_factory=lambda: [0.0] * len(TESTS))
    counted: list[float] = field(default_factory=lambda: [0.0] * len(TESTS))  # first acts looked at
    recent: list[float] = field(default_factory=lambda: [1.0] * len(TESTS))

    def steps(self) -> Steps:
        """Return what first acts add to an item's sums as the shares are now."""
        ups, downs, odds = [], [], []
        for flagged, result, recent in zip(self.flagged, self.counted, self.recent, strict=True):
            usual = (flagged + PRIOR) / (result + PRIOR)
            share = min(max(usual, recent, 0.02), 0.999)
            alternative = max(ODDS, (1.0 + share) / 2)
            ups.append(math.log(alternative / share))
            downs.append(math.log((1 - alternative) / (1 - share)))
            odds.append(share / (1 - share))
        return Steps(ups, downs, odds)

    def count(self, flags: Sequence[int]) -> None:
        """Count first acts, each as the bits of its properties; see `UNKNOWN`."""
        bits = np.array(flags, np.int64)
        for test in range(len(TESTS)):
            known = bits[(bits >> (test + UNKNOWN) & 1) == 0]
            found = (known >> test & 1).astype(np.float64)
            rates = np.maximum(RECENT, 1.0 / (YOUTH + self.counted[test] + np.arange(len(found))))
            left = np.append(
                np.cumprod((1.0 - rates)[::-1])[::-1], 1.0
            )  # of each first act, at the end
            self.recent[test] = float(left[0] * self.recent[test] + (rates * left[1:]) @ found)
            self.flagged[test] += float(found.sum())
            self.counted[test] += float(len(found))


@dataclass(slots=True)
class ItemAccountMix:
    """The sums of one item, and the first acts that an alarm would take back.

    Of the first acts since one without the property last left a sum below half its height, as many
    with it count as the platform's share lets expect beside those without it, one at least; an
    alarm takes back the latest, no more than build such a sum. So an attack on an item that others
    take up as well takes little from these.
    """

    sums: list[float]
    pending: list[tuple[int, int, int]] = field(
        default_factory=list
    )  # number, first act, properties
    cleared: list[int] = field(default_factory=lambda: [0] * len(TESTS))  # number of the next one
    number: int = 0  # of the next pending first act
    having: list[int] = field(default_factory=lambda: [0] * len(TESTS))  # that count, since then
    lacking: list[int] = field(default_factory=lambda: [0] * len(TESTS))  # since then

    def observe(
        self, user_row: int, flags: int, steps: Steps, heights: list[float]
    ) -> tuple[bool, list[int]]:
        """Return whether a first act counts, and earlier ones that count no more, in their order.

        `flags`: a bit for each test; of a test that cannot be made (`UNKNOWN`) the sum stays.
        """
        sums, held = self.sums, flags & EVERY
        if not held and not (sums[0] or sums[1] or sums[2] or sums[3]):
            return True, []
        crossed, alarms, counts = [], 0, True
        for test, bit in enumerate(BITS):
            if flags & bit and sums[test] + steps.ups[test] >= heights[test]:
                alarms |= bit
                counts &= self.having[test] < self.usual(test, steps)
        for test, bit in enumerate(BITS):
            before, height = sums[test], heights[test]
            if flags & bit:
                if alarms & bit:
                    if before < height:
                        crossed.append(test)
                    sums[test] = min(before + steps.ups[test], 2 * height)
                elif counts:  # an excess by one test is no evidence for another one
                    sums[test] = before + steps.ups[test]
            elif before and not flags & (bit << UNKNOWN):
                after = before + steps.downs[test]
                self.lacking[test] += 1
                if after <= height / 2:
                    after, self.cleared[test] = max(after, 0.0), self.number
                    self.having[test] = self.lacking[test] = 0
                sums[test] = after
        taken = self._taken(crossed, steps) if crossed else []
        if counts and held:
            self.pending.append((self.number, user_row, held))
            self.number += 1
            for test, bit in enumerate(BITS):
                if held & bit:
                    self.having[test] += 1
            if len(self.pending) >= 2 * PENDING:
                self._forget()
        return counts, taken

    def usual(self, test: int, steps: Steps) -> float:
        """Return how many first acts with a property count beside those without it."""
        return max(self.lacking[test] * steps.odds[test], 1.0)

    def _taken(self, crossed: list[int], steps: Steps) -> list[int]:
        taken: dict[int, tuple[int, int, int]] = {}
        for test in crossed:
            first, bit = self.cleared[test], BITS[test]
            own = [entry for entry in self.pending if entry[2] & bit and entry[0] >= first]
            most = int(self.usual(test, steps))
            built = math.ceil(self.sums[test] / steps.ups[test])  # first acts that the sum takes
            more = min(max(self.having[test] - most, 0), built, len(own))
            taken.update({entry[1]: entry for entry in own[len(own) - more :]})
        if taken:
            self.pending = [entry for entry in self.pending if entry[1] not in taken]
        for number, _, held in taken.values():
            for test, bit in enumerate(BITS):
                if held & bit and number >= self.cleared[test]:
                    self.having[test] -= 1
                    if test not in crossed:
                        self.sums[test] = max(self.sums[test] - steps.ups[test], 0.0)
        return [user_row for _, user_row, _ in sorted(taken.values())]

    def _forget(self) -> None:
        """Leave PENDING first acts at most, none whose every sum fell to zero since."""
        last = list(zip(BITS, self.cleared, strict=True))
        kept = [
            entry
            for entry in self.pending
            if any(entry[2] & bit and entry[0] >= first for bit, first in last)
        ]
        self.pending = kept[-PENDING:]
