"""AccountMix: detects items whose users differ from the platform's usual mix of accounts.

A first act is one user's first positive act on an item, or their first negative one; the two have
companies of their own, so that many honest likes hide no group of accounts that dislikes, and the
other way round. Four tests look at each: is it among the account's first things ever (`first`), is
the account younger than a week (`young`), has it acted on few things (`narrow`), did it begin on
the same day as one of the item's last first acts (`together`)? None of these says anything of one
first act: on some platforms nine of ten first acts are young. Per item and test, a cumulative sum
of log-likelihood ratios (Page 1954) compares the first acts with the share that the platform itself
has; it grows where nearly all first acts have a property, and falls to zero where the mix is the
usual one. An alarm is a sum above a height that the items of all but ALARMS of the platform's own
first acts stay below, and that is -log(ALARMS / tests) at least. While the sum is above the height,
first acts with the property are an excess: they count nothing, and of those that led to the alarm
the first counts, so that the excess as a whole counts like one user. First acts without the
property always count.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recsys.array_types import Mask, Rows, Times
from recsys.data.item_account_cusum import BITS, TESTS, ItemAccountMix, Platform, Steps

ALARMS = 0.005  # share of the platform's own first acts on items with a false alarm, per test
USUAL = 0.03  # share of first acts on items that may be attacked before alarm heights move
DAY = 86_400.0
YOUNG = 7 * DAY  # seconds since an account's first act
NARROW = 25  # other items that an account has acted on, at most
BACK = 8  # first acts of an item that a later one is compared with
RUN = 128  # first acts of an item of which the highest sum is read for the alarm heights
FEWEST = 8  # first acts of an item from which it takes part in the alarm heights
ITEMS = 200  # such items from which the heights are read off them
BLOCK = 256  # first acts after which the platform's shares are looked at again
BIRTHS = 256  # groups of accounts by whose numbers the age of any other is guessed
GROUP = 5  # accounts in a group, at least
LEAST = float(-np.log(ALARMS / len(TESTS)))  # height of an alarm, at least

Figures = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class AccountMix:
    """What a table of acts says of the account mix of each item's first acts; holds no user."""

    platform: Platform
    heights: Figures  # (tests,)
    sums: NDArray[np.float32]  # (n_items, tests): of positive first acts
    against: NDArray[np.float32]  # (n_items, tests): of negative first acts
    unique_users: Rows  # (n_items,)
    excess: NDArray[np.int32]  # (n_items, tests): first acts with the property that count nothing
    span: Times  # (n_items, 2): when the first and the last of these came; NaN: none
    births: Figures = field(
        default_factory=lambda: np.zeros((0, 2))
    )  # mean number in the store and mean first act of a group

    def first_act(self, number: int) -> float | None:
        """Return when the account of a number first acted, about; None: later than the night."""
        if not number or not len(self.births) or number > self.births[-1, 0]:
            return None
        return float(np.interp(number, self.births[:, 0], self.births[:, 1]))

    @classmethod
    def empty(cls, n_items: int = 0) -> AccountMix:
        """Return what is known of a platform where nothing has happened."""
        shape = (n_items, len(TESTS))
        return cls(
            Platform(),
            np.full(len(TESTS), LEAST),
            np.zeros(shape, np.float32),
            np.zeros(shape, np.float32),
            np.zeros(n_items, np.int32),
            np.zeros(shape, np.int32),
            np.full((n_items, 2), np.nan),
        )

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return the arrays to save."""
        shares = [self.platform.flagged, self.platform.counted, self.platform.recent]
        return {
            "platform": np.array(shares),
            "heights": self.heights,
            "sums": self.sums,
            "against": self.against,
            "voices": self.unique_users,
            "excess": self.excess,
            "span": self.span,
            "births": self.births,
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]], n_items: int) -> AccountMix:
        """Read them back; without any, as in bundles of earlier versions, nothing is known."""
        if not arrays:
            return cls.empty(n_items)
        platform = Platform(*np.array(arrays["platform"], np.float64).tolist())
        names = ("heights", "sums", "against", "voices", "excess", "span", "births")
        known = {"against": np.zeros_like(arrays["sums"]), **arrays}
        return cls(platform, *(known[name] for name in names))

    def sums_of(self, row: int, sign: int) -> list[float]:
        """Return a row's sums of positive (0) or negative (1) first acts; zeros: not of the
        night.
        """
        sums = self.against if sign else self.sums
        return sums[row].tolist() if row < len(sums) else [0.0] * len(TESTS)


def count_unique_users(
    user: Rows, item: Rows, negative: Mask, time: Times | None, n_users: int, n_items: int
) -> tuple[Mask, AccountMix]:
    """Return which acts belong to a first act that counts, and what is known of each item's account
    mix.

    Acts in the order of time; None: they have no times, and every first act counts.
    """
    every = np.ones(len(user), bool)
    if time is None or not len(user):
        return every, AccountMix.empty(n_items)
    slots = 2 * n_items  # an item's positive first acts, then its negative ones
    slot = 2 * item.astype(np.int64) + negative
    key = user.astype(np.int64) * slots + slot
    _, first, user_row_of = np.unique(key, return_index=True, return_inverse=True)
    order = np.argsort(first)  # first acts in the order of time
    places = np.empty(len(order), np.int64)
    places[order] = np.arange(len(order))
    acts = first[order]
    flags = _properties(user[acts], slot[acts], time[acts], births_of(user, time, n_users))
    blocks, platform = _steps(flags)
    ups, downs = (
        np.array([getattr(steps, name) for steps in blocks])[np.arange(len(acts)) // BLOCK]
        for name in ("ups", "downs")
    )
    by_item = np.argsort(slot[acts], kind="stable")
    ends = np.concatenate([[0], np.cumsum(np.bincount(slot[acts], minlength=slots))])
    steps = np.where(flags, ups, downs)[by_item]
    sums, some = _running_sums(steps, ends), np.flatnonzero(np.diff(ends))
    most, last = np.zeros((slots, len(TESTS))), np.zeros((slots, len(TESTS)))
    most[some] = np.maximum.reduceat(sums, ends[some])
    last[some] = sums[ends[some + 1] - 1]
    heights = _heights(sums, ends)
    counts, excess = np.ones(len(acts), bool), np.zeros((n_items, len(TESTS)), np.int32)
    span = np.full((n_items, 2), np.nan)
    for place in np.flatnonzero((most >= heights).any(axis=1)).tolist():
        own = by_item[ends[place] : ends[place + 1]]
        counts[own], last[place] = _walked(own, flags, blocks, heights)
        out = own[~counts[own]]
        if len(out):
            row = place // 2
            excess[row] += flags[out].sum(axis=0, dtype=np.int32)
            span[row, 0] = np.fmin(span[row, 0], time[acts[out[0]]])
            span[row, 1] = np.fmax(span[row, 1], time[acts[out[-1]]])
    unique_users = np.diff(ends).reshape(-1, 2).sum(axis=1).astype(np.int32)
    at_end = last.astype(np.float32).reshape(n_items, 2, len(TESTS))
    account_mix = AccountMix(
        platform, heights, at_end[:, 0].copy(), at_end[:, 1].copy(), unique_users, excess, span
    )
    return np.asarray(counts[places[user_row_of]], bool), account_mix


def births_of(user: Rows, time: Times, n_users: int) -> Times:
    """Return the time of each user's first act, inf without one."""
    first_act = np.full(n_users, np.inf)
    np.minimum.at(first_act, user, time)
    return first_act


def births_by_number(numbers: NDArray[np.int64], first_act: Times) -> Figures:
    """Return mean number and mean first act of at most BIRTHS groups of accounts, (n, 2).

    Accounts of neighbouring numbers form a group, GROUP at least, so that no figure is of one
    user; empty with fewer accounts than that. Ascending.
    """
    known = np.flatnonzero(np.isfinite(first_act))
    known = known[np.argsort(numbers[known], kind="stable")]
    groups = np.array_split(known, max(min(BIRTHS, len(known) // GROUP), 1))
    if len(known) < GROUP:
        return np.zeros((0, 2))
    found = np.array(
        [[numbers[some].mean(), first_act[some].mean()] for some in groups], np.float64
    )
    found[-1, 0] = numbers[known[-1]]  # accounts after the newest one are new
    return found


def _properties(user: Rows, slot: NDArray[np.int64], time: Times, first_act: Times) -> Mask:
    """Return which property each of some distinct first acts in the order of time has, (n, tests).

    `slot`: the item and the sign of each first act, see `count_unique_users`.
    """
    before = _other_items(user, slot // 2)
    day = (first_act[user] // DAY).astype(np.int64)
    by_item = np.argsort(slot, kind="stable")
    rows, days = slot[by_item], day[by_item]
    same = np.zeros(len(user), bool)
    for back in range(1, min(BACK, len(user) - 1) + 1):
        same[back:] |= (rows[back:] == rows[:-back]) & (days[back:] == days[:-back])
    together = np.empty(len(user), bool)
    together[by_item] = same
    flags = (before == 0, time - first_act[user] < YOUNG, before <= NARROW, together)
    return np.stack(flags, axis=1)


def _other_items(user: Rows, item: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return on how many other items the account of each first act had acted before it, (n,)."""
    pair = user.astype(np.int64) * (int(item.max(initial=0)) + 1) + item
    fresh = np.zeros(len(user), np.int64)  # 1: the account's first event on the item
    fresh[np.unique(pair, return_index=True)[1]] = 1
    order = np.argsort(user, kind="stable")
    starts = np.flatnonzero(np.diff(user[order], prepend=-1))
    sizes = np.diff(np.append(starts, len(order)))
    total = np.cumsum(fresh[order])
    begun = total[starts] - fresh[order][starts]
    before = np.empty(len(user), np.int64)
    before[order] = total - np.repeat(begun, sizes) - 1
    return before


def _steps(flags: Mask) -> tuple[list[Steps], Platform]:
    """Return the steps of each block of first acts, and the shares at the end."""
    platform, found = Platform(), []
    bits = (flags @ np.array(BITS)).tolist()
    for start in range(0, len(bits), BLOCK):
        found.append(platform.steps())
        platform.count(bits[start : start + BLOCK])
    return found, platform


def _running_sums(steps: Figures, ends: NDArray[np.int64]) -> Figures:
    """Return each item's and test's sum at each first act, (n, tests); `steps`: item after item."""
    sizes, found = np.diff(ends), np.empty_like(steps)
    some = np.flatnonzero(sizes)
    for test in range(steps.shape[1]):
        total = np.cumsum(steps[:, test])
        begun = total[ends[some]] - steps[ends[some], test]
        own = total - np.repeat(begun, sizes[some])
        apart = np.repeat(np.arange(len(some)), sizes[some]) * (float(np.ptp(own)) + 1.0)
        lowest = np.minimum(np.minimum.accumulate(own - apart) + apart, 0.0)
        found[:, test] = np.maximum(own - lowest, 0.0)
    return found


def _heights(sums: Figures, ends: NDArray[np.int64]) -> Figures:
    """Return the height of an alarm for each test, read off the runs of first acts of each item.

    A run counts by its first acts with the highest sum in it. Whole items would not do: a group
    that acts on a few items with many first acts would lift what these first acts weigh.
    """
    unique_users = np.diff(ends)
    known = np.flatnonzero(unique_users >= FEWEST)
    if len(known) < ITEMS:
        return np.full(sums.shape[1], LEAST)
    runs = -(-unique_users[known] // RUN)
    number = np.arange(runs.sum()) - np.repeat(np.cumsum(runs) - runs, runs)
    starts = np.repeat(ends[known], runs) + RUN * number
    stops = np.minimum(starts + RUN, np.repeat(ends[known + 1], runs))
    both = np.stack([starts, stops], axis=1).ravel()
    padded = np.concatenate([sums, np.zeros((1, sums.shape[1]))])  # the last stop is an index, too
    most, weight = np.maximum.reduceat(padded, both)[::2], stops - starts
    found = np.empty(sums.shape[1])
    for test, peaks in enumerate(most.T):
        order = np.argsort(peaks, kind="stable")
        share = np.cumsum(weight[order]) / weight.sum()
        own, usual = (peaks[order[np.searchsorted(share, 1 - part)]] for part in (ALARMS, USUAL))
        found[test] = min(own, 2 * usual)
    return np.maximum(found, LEAST)


def _walked(
    unique_users: NDArray[np.int64], flags: Mask, blocks: list[Steps], heights: Figures
) -> tuple[Mask, list[float]]:
    """Return which first acts of one item count, and its sums at the end."""
    account_mix, counts = ItemAccountMix([0.0] * len(TESTS)), np.ones(len(unique_users), bool)
    bits, found = (flags[unique_users] @ np.array(BITS)).tolist(), heights.tolist()
    for number, user_row in enumerate(unique_users.tolist()):
        counts[number], taken = account_mix.observe(
            number, bits[number], blocks[user_row // BLOCK], found
        )
        counts[taken] = False
    return counts, account_mix.sums
