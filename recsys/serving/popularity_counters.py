"""Popularity counters: decayed interactions per item at several half-lives, updated live."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recsys.array_types import Floats, Mask, Rows, Times
from recsys.serving.item_popularity_from_events import (
    HALF_LIVES,
    PAUSE,
    EventColumns,
    SumOf,
    item_sums,
    log_sums_by_item,
    pauses_between,
    placed,
)

_HALF_LIVES = np.array(HALF_LIVES)
LEFT = 1e-6  # share of a sum below which nothing is left of it but the error of rounding
PSEUDO = 0.3  # events that an item is credited with; chosen on MovieTweetings' validation slices
# Users of all time with whom half of what an item is taken up in a half-life counts: a hundredth of
# the users that the most used items have, for where these have 50, five users are a trend.
FEW, FEW_SHARE, MOST_USED = 5.0, 0.01, 50
_EVER = len(HALF_LIVES) - 1  # place of the half-life that is not finite
_LONGEST = _EVER - 1  # and of the longest finite one
_MOST = 60.0  # log2 of the highest count that is distinguished


@dataclass(slots=True)
class PopularityCounters:
    """Decayed sums of uptake per half-life and item. One event is one uptake at most.

    Where acts have actors, a user counts once per item: like one act of the greatest weight, at the
    time of the latest; what they stated last is their opinion.

    Events without a date count as a second apart; the first event that has one sets their clock,
    as if it came next (`newest` is -inf until then).

    Sums are kept as logarithms to base 2 of what they would be at time 0: a sample from 2013 ranks
    today as it did then, a late event counts as if it had come in order, and nothing underflows.

    Time is the platform's: a pause of all events counts as PAUSE at most, whether it lasted a week
    or years, so that the first event after it does not make all others equally old.
    """

    level: NDArray[np.float64]  # (half-lives, n): -inf where nothing was taken up
    newest: float  # time of the last event seen; -inf: none had a date
    last: Times  # (n,): time of each item's last event, -inf when none
    likes: Floats  # (n,): explicit positive weight
    dislikes: Floats  # (n,): explicit negative weight
    pauses: list[tuple[float, float]] = field(default_factory=list)  # (end, seconds left out)
    few: float = 0.0  # users that are few here, see `few_users`; later acts do not change it

    @classmethod
    def empty(cls, size: int) -> PopularityCounters:
        """Return counters that have seen nothing."""
        none = np.zeros(size, np.float32)
        level = np.full((len(HALF_LIVES), size), -np.inf)
        return cls(level, -np.inf, np.full(size, -np.inf), none, none.copy())

    @classmethod
    def from_events(
        cls,
        size: int,
        item: Rows,
        weight: Floats,
        explicit: NDArray[np.bool_],
        time: Times | None,
        actor: NDArray[np.integer] | None = None,
        sums: SumOf = item_sums,
    ) -> PopularityCounters:
        """Count a table of events at once; events in the order of time, None: without dates.

        `actor`: a number per user; None: each event is of another. `sums`: computes the sums.
        """
        counters = cls.empty(size)
        if not len(item):
            return counters
        when = np.arange(1.0 - len(item), 1.0) if time is None else time
        if time is not None:
            counted = time if actor is None or not weight.any() else time[weight != 0]
            counters.newest = float(counted[-1])
            counters.pauses = pauses_between(counted)
        events = EventColumns(item, weight, explicit, when, actor)
        found = sums(size, events, counters.pauses)
        counters.level, counters.likes, counters.dislikes = found.level, found.likes, found.dislikes
        if time is not None:
            counters.last = found.last
        counters.few = few_users(counters.level[-1])
        return counters

    def __len__(self) -> int:
        return len(self.last)

    def grow(self, size: int) -> None:
        """Make room for items up to `size`; their counts are zero."""
        extra = size - len(self)
        if extra > 0:
            self.level = np.pad(self.level, ((0, 0), (0, extra)), constant_values=-np.inf)
            self.last = np.pad(self.last, (0, extra), constant_values=-np.inf)
            self.likes = np.pad(self.likes, (0, extra))
            self.dislikes = np.pad(self.dislikes, (0, extra))

    def add(self, item: int, weight: float, explicit: bool, time: float) -> None:
        """Count one event."""
        if np.isneginf(self.newest):
            self.level += time / _HALF_LIVES[:, None]
        elif time - self.newest > PAUSE:
            self._leave_out(time)
        if weight > 0:
            one = np.log2(min(weight, 1.0)) + self._placed(time) / _HALF_LIVES
            self.level[:, item] = np.logaddexp2(self.level[:, item], one)
        if explicit and weight > 0:
            self.likes[item] += weight
        elif explicit:
            self.dislikes[item] -= weight
        self.last[item] = max(self.last[item], time)
        self.newest = max(self.newest, time)

    def add_many(
        self, item: Rows, weight: Floats, explicit: NDArray[np.bool_], time: Times
    ) -> None:
        """Count many events at once, in any order; the same sums as one after the other."""
        if not len(item):
            return
        if np.isneginf(self.newest):
            self.level += time[0] / _HALF_LIVES[:, None]
            self.newest = float(time[0])
        self._notice_pauses(time)
        taken = np.clip(weight, 0.0, 1.0).astype(np.float64)
        kept = taken > 0
        rows, levels = log_sums_by_item(item[kept], taken[kept], self._placed(time[kept]))
        for life, more in enumerate(levels):
            self.level[life, rows] = np.logaddexp2(self.level[life, rows], more)
        stated = np.where(explicit, weight, np.float32(0))
        np.add.at(self.likes, item, np.maximum(stated, 0))
        np.add.at(self.dislikes, item, np.maximum(-stated, 0))
        np.maximum.at(self.last, item, time)
        self.newest = max(self.newest, float(time.max()))

    def withdraw(
        self, item: Rows, weight: Floats, explicit: NDArray[np.bool_], time: Times
    ) -> None:
        """Take events that were counted out again; no sum falls below zero."""
        taken = np.clip(weight, 0.0, 1.0).astype(np.float64)
        kept = taken > 0
        rows, levels = log_sums_by_item(item[kept], taken[kept], time[kept])
        for life, level in enumerate(levels):
            less = level - self.level[life, rows]
            left = 1.0 - np.exp2(np.minimum(less, 0.0))
            gone = np.full(len(rows), -np.inf)
            self.level[life, rows] += np.log2(left, where=left > LEFT, out=gone)
        stated = np.where(explicit, weight, np.float32(0))
        for counts, part in ((self.likes, stated), (self.dislikes, -stated)):
            np.subtract.at(counts, item, np.maximum(part, 0))
            counts[item] = np.maximum(counts[item], 0)

    def note_times(self, item: Rows, time: Times, counts: Mask) -> None:
        """Note when something was done last; what counts nothing does not move time on.

        To be called before `replace`.
        """
        np.maximum.at(self.last, item, time)
        if not counts.any():
            return
        event_times = time[counts]
        if np.isneginf(self.newest):
            self.level += event_times[0] / _HALF_LIVES[:, None]
            self.newest = float(event_times[0])
        self._notice_pauses(event_times)
        self.newest = max(self.newest, float(event_times.max()))

    def replace(self, item: Rows, before: NDArray[np.float64], after: NDArray[np.float64]) -> None:
        """Let first acts count anew: (n, 4) of weight, time, likes and dislikes each.

        A weight of 0: nothing. The weight and the time of a first act never become less.
        """
        more = np.flatnonzero((after[:, :2] != before[:, :2]).any(axis=1) & (after[:, 0] > 0))
        rows = item[more]
        new, old = self._logs(after[more]), self._logs(before[more])
        with np.errstate(divide="ignore", invalid="ignore"):
            rest = np.where(np.isneginf(old), 0.0, np.log2(-np.expm1((old - new) * np.log(2))))
        gained = new + rest
        some, place = np.unique(rows, return_inverse=True)
        most = np.full((len(HALF_LIVES), len(some)), -np.inf)
        np.maximum.at(most.T, place, gained.T)
        floor = np.where(np.isneginf(most), 0.0, most)
        for life in range(len(HALF_LIVES)):
            mass = np.bincount(place, np.exp2(gained[life] - floor[life, place]), len(some))
            with np.errstate(divide="ignore"):
                more = np.log2(mass) + floor[life]
            self.level[life, some] = np.logaddexp2(self.level[life, some], more)
        np.add.at(self.likes, item, (after[:, 2] - before[:, 2]).astype(np.float32))
        np.add.at(self.dislikes, item, (after[:, 3] - before[:, 3]).astype(np.float32))

    def take_back(self, item: int, unique_users: NDArray[np.float64]) -> None:
        """Let some first acts of an item, (n, 4) as in `replace`, count no more."""
        lost = self._logs(unique_users[unique_users[:, 0] > 0])
        left = 1.0 - np.exp2(lost - self.level[:, item, None]).sum(axis=1)
        some = left > LEFT
        self.level[some, item] += np.log2(left[some])
        self.level[~some, item] = -np.inf
        self.likes[item] = max(self.likes[item] - unique_users[:, 2].sum(), 0.0)
        self.dislikes[item] = max(self.dislikes[item] - unique_users[:, 3].sum(), 0.0)

    def _logs(self, unique_users: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the logarithm to base 2 of what first acts add to each level, (lives, n)."""
        some = unique_users[:, 0] > 0
        with np.errstate(divide="ignore"):
            weight = np.log2(unique_users[:, 0])
        time = np.where(some, self._placed(unique_users[:, 1]), 0.0)
        return np.asarray(weight + time / _HALF_LIVES[:, None])

    def move(self, before: int, row: int) -> None:
        """Give all that was counted for one row to another."""
        self.level[:, row] = np.logaddexp2(self.level[:, row], self.level[:, before])
        self.level[:, before] = -np.inf
        for counts in (self.likes, self.dislikes):
            counts[row] += counts[before]
            counts[before] = 0
        self.last[row] = max(self.last[row], self.last[before])

    def uptake(self, life: int, size: int) -> NDArray[np.float64]:
        """Return the decayed sums of the first rows at one half-life, as of the last event."""
        moment = self._moment(np.inf)
        found: NDArray[np.float64] = np.exp2(self.level[life, :size] - moment / _HALF_LIVES[life])
        return found

    def without_newest_act(self, life: int, uptake: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return what is left of `uptake(life, size)` without the newest act on each item.

        An act counts 1 at most, less by its age; the newest is the most that one user can be.
        """
        last = self.last[: len(uptake)]
        gone = (self._moment(np.inf) - self._placed(last)) / _HALF_LIVES[life]
        left: NDArray[np.float64] = np.maximum(uptake - np.exp2(-np.maximum(gone, 0.0)), 0.0)
        return left

    def by_one_user(self, rows: Rows | slice) -> Mask:
        """Return which rows somebody took up, and perhaps no more than one user, (rows,)."""
        level = self.level[-1, rows]
        return np.asarray((level <= 1e-6) & (level > -np.inf))

    def mass(self, life: int, rows: Rows) -> NDArray[np.float64]:
        """Return the decayed sums of some rows at one half-life, as of the last event.

        A user adds at most 1 to the sum of an item, so that more than `k - 1` tell of at least
        `k` users.
        """
        return self._mass(life, rows, self._moment(np.inf))

    def log_shares(
        self,
        rows: Rows | slice = slice(None),
        now: float = np.inf,
        lives: Sequence[int] = range(len(HALF_LIVES)),
    ) -> Floats:
        """Return the log of each item's smoothed uptake as of `now`, (lives, len(rows)).

        `lives`: which of HALF_LIVES. Decay runs to the last event, not to the clock: while nothing
        happens, nothing changes. An item nobody takes up counts as if it had PSEUDO events. So that
        a few accounts that come together make no trend (see `few_users`), what n users have taken
        up in all counts n / (n + few) at most of its uptake at a finite half-life, and an uptake
        that exceeds the item's own rate of 30 days by x counts x² / (x + few) of it at most.
        """
        moment, own = self._moment(now), list(lives)
        mass = np.empty((len(own), *self.last[rows].shape))
        for place, life in enumerate(own):
            mass[place] = self._mass(life, rows, moment)
        if self.few and any(life != _EVER for life in own):
            self._discount_few_users(mass, own, rows, moment)
        logs: Floats = np.log(mass + PSEUDO).astype(np.float32)
        return logs

    def _discount_few_users(
        self, mass: NDArray[np.float64], lives: Sequence[int], rows: Rows | slice, moment: float
    ) -> None:
        """Lower decayed sums, (lives, rows), to what they count where few users made them."""
        users = self._mass(_EVER, rows, moment)
        trust = users / (users + self.few)
        usual = self._mass(_LONGEST, rows, moment) / HALF_LIVES[_LONGEST]  # uptake a second
        for place, life in enumerate(lives):
            if life == _EVER:
                continue
            expected = np.minimum(mass[place], usual * HALF_LIVES[life])
            excess = mass[place] - expected
            beyond = expected + excess**2 / (excess + self.few)
            mass[place] = np.minimum(mass[place] * trust, beyond)

    def _mass(self, life: int, rows: Rows | slice, moment: float) -> NDArray[np.float64]:
        """Return the decayed sums at one half-life as of a moment, as it counts, (len(rows),)."""
        gone = self.level[life, rows] - moment / HALF_LIVES[life]
        return np.asarray(np.exp2(np.minimum(gone, _MOST)))

    def _moment(self, now: float) -> float:
        moment = min(now, self.newest)
        return 0.0 if np.isneginf(moment) else float(self._placed(moment))

    def _placed(self, time: Any) -> Any:
        """Return times as they count: those before a pause moved up to PAUSE before its end."""
        return placed(time, self.pauses)

    def _notice_pauses(self, time: Times) -> None:
        if float(time.max()) - self.newest > PAUSE:
            later = np.sort(time[time > self.newest])
            for end in later[np.diff(later, prepend=self.newest) > PAUSE].tolist():
                self.newest = max(self.newest, float(later[later < end].max(initial=-np.inf)))
                self._leave_out(end)

    def _leave_out(self, end: float) -> None:
        """Let the pause from `newest` to `end` count as PAUSE."""
        seconds = end - self.newest - PAUSE
        self.level += seconds / _HALF_LIVES[:, None]
        self.pauses.append((end, seconds))

    def like_rate(self, rows: Rows | slice = slice(None), prior: float = 3.0) -> Floats:
        """Return the log odds of a like against a dislike, shrunk to those of all items."""
        likes, dislikes = float(self.likes.sum()), float(self.dislikes.sum())
        mean = (likes + 1.0) / (likes + dislikes + 2.0)
        up = self.likes[rows] + prior * mean
        down = self.dislikes[rows] + prior * (1.0 - mean)
        odds: Floats = np.log(up / down).astype(np.float32)
        return odds

    def kept_share(self, rows: Rows | slice = slice(None), prior: float = 3.0) -> Floats:
        """Return the log of the share of opinions on each item that are no dislikes, (rows,).

        0 without dislikes; `prior` opinions in its favour are added.
        """
        likes = self.likes[rows] + np.float32(prior)
        logs: Floats = np.log(likes / (likes + self.dislikes[rows])).astype(np.float32)
        return logs

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return the arrays to save; `from_arrays` copies them, for counting goes on."""
        newest = np.array([self.newest])
        return {
            "level": self.level,
            "newest": newest,
            "last": self.last,
            "likes": self.likes,
            "dislikes": self.dislikes,
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> PopularityCounters:
        """Rebuild private, writable counters from saved arrays.

        `few`: (1,), in place of the number that follows from the counts; see `few_users`.
        """
        return cls(
            level=np.array(arrays["level"], np.float64),
            newest=float(arrays["newest"][0]),
            last=np.array(arrays["last"], np.float64),
            likes=np.array(arrays["likes"], np.float32),
            dislikes=np.array(arrays["dislikes"], np.float32),
            few=float(arrays["few"][0]) if "few" in arrays else few_users(arrays["level"][-1]),
        )


def few_users(level: NDArray[np.float64]) -> float:
    """Return how many users are few: `FEW_SHARE` of those of the most used items, at most FEW.

    `level`: (n,), logarithm to base 2 of each item's number of users, -inf: none.
    """
    used = level[np.isfinite(level)]
    if not len(used):
        return 0.0
    most = min(MOST_USED, len(used))
    top = np.partition(used, len(used) - most)[len(used) - most :]
    return min(FEW, FEW_SHARE * float(np.exp2(min(float(np.median(top)), _MOST))))


def complete(arrays: Mapping[str, NDArray[Any]], size: int) -> dict[str, NDArray[Any]]:
    """Return saved counters of `size` items with what an earlier version did not save.

    Versions before logarithms saved `mass`, decayed sums as of the times in `base`.
    """
    found = PopularityCounters.empty(size).arrays() | dict(arrays)
    if "level" not in arrays and "mass" in arrays:
        mass = np.asarray(arrays["mass"], np.float64)
        level = np.log2(mass, where=mass > 0, out=np.full(mass.shape, -np.inf))
        found["level"] = level + (arrays["base"] / _HALF_LIVES)[:, None]
    if "newest" not in arrays:
        found["newest"] = np.array([found["last"].max(initial=-np.inf)])
    shapes = {name: array.shape for name, array in PopularityCounters.empty(size).arrays().items()}
    wrong = [name for name, shape in shapes.items() if found[name].shape != shape]
    if wrong:
        raise ValueError(f"{', '.join(wrong)} have another shape than {size} items need")
    return found
