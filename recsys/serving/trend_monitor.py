"""TrendMonitor: series that rise, peak or fade now, from training data and live events."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from recsys.array_types import Rows
from recsys.serving.live_item_labels import labels_of
from recsys.serving.live_state import LiveState
from recsys.serving.recent_trend_counts import read_recent
from recsys.trends.baseline_rates import Expectation, Levels
from recsys.trends.bursts import Bursts, find_bursts
from recsys.trends.effective_users import effective
from recsys.trends.episode import episode
from recsys.trends.item_series_membership import KINDS
from recsys.trends.series import HOUR, Counts, Hours
from recsys.trends.trend_model import Trends, parts_of

LOOK = 72  # hours that the course of a burst is read from
DAY = 24
SECONDS = 2.0  # between two looks while something is going on
SLOW = 60.0  # and while nothing is: hours pass, and what rose fades
STALE = DAY * HOUR  # seconds without an act after which time stands still
ASLEEP = 0.03  # of a usual day's unique users: with fewer in a day, time stands at the night's end


@dataclass(frozen=True, slots=True)
class Trend:
    """A series that stands out now."""

    kind: str
    ref: int  # item row (the item's first) or code
    significance: float  # -log10 of the share of chance among what is listed at this level
    author_burst: bool  # loud by few users
    window: int  # hours in which it is clearest
    acts: float  # in the window
    effective_users: float
    expected: float
    start: int  # hours since 1970
    peak: int
    state: str
    unique_users: tuple[float, ...]  # of the last 24 hours, the last one so far

    @property
    def lift(self) -> float:
        """Users over those expected."""
        return self.effective_users / max(self.expected, 0.01)


@dataclass(frozen=True)
class Now:
    """The last hours of some series, the current one so far."""

    live: LiveState
    trends: Trends
    hours: Hours  # (h,)
    hour_share: float  # share of the last hour
    keys: Hours  # (n,), ascending
    acts: Counts  # (n, h)
    unique_users: Counts
    total: Counts  # (h,)
    volume: Counts  # (kinds, h)

    @cached_property
    def expectation(self) -> Expectation:
        """What is known of these series."""
        return self.trends.expecting(self.keys)

    @cached_property
    def usual(self) -> Levels:
        """Unique users to be expected as the platform as a whole is awake, (n, h): for
        timelines.
        """
        activity_factor = self.expectation.global_activity_factor(
            self.hours, self.total, self.unique_users, self.hour_share
        )
        return self.expectation.usual(self.hours, self.hour_share) * activity_factor

    @cached_property
    def expected(self) -> Levels:
        """Unique users to be expected as all others of a kind are up or down, (n, h): for
        bursts.
        """
        activity_factor = self.expectation.activity_factor_of_kind(
            self.hours, self.volume, self.unique_users, self.hour_share
        )
        return self.expectation.usual(self.hours, self.hour_share) * activity_factor


def moment(live: LiveState, clock: float) -> float:
    """Return what time it is for trends.

    The clock's, or that of the last act when it is more than a day old. Where the last day brought
    hardly anything of what is usual on this platform, as after a pause of weeks, it is the time at
    which the night ended: a single act does not make all that was measured before it old.
    """
    newest = live.recent_activity.newest
    now = max(clock, newest) if clock - newest < STALE else newest
    trends = live.model.trends
    if trends is None:
        return now
    night = min(live.model.cutoff, trends.series.end * HOUR - 1.0)
    if now - night < STALE:
        return now
    last = int(now // HOUR)
    day = read_recent(live, last - DAY + 1, last + 1)
    usual = DAY * float(np.mean(trends.series.total))
    return night if day.total_unique_users.sum() < ASLEEP * usual else now


def read_now(
    live: LiveState, clock: float, look: int = LOOK, keys: Hours | None = None
) -> Now | None:
    """Return the last hours of what was active in the last day, or of the given series.

    None where no night has measured anything.
    """
    trends = live.model.trends
    if trends is None:
        return None
    now = moment(live, clock)
    last = int(now // HOUR)
    hours = np.arange(last - look + 1, last + 1, dtype=np.int64)
    day = read_recent(live, int(hours[0]), last + 1)
    if keys is None:
        keys = np.union1d(_active(trends, last), day.key[day.hour > last - DAY])
    found = np.zeros((2, len(keys), look), np.float32)
    place, at = trends.places(keys), hours - trends.series.first
    inside = (at >= 0) & (at < trends.series.length)
    known = np.flatnonzero(place >= 0)
    for counts, whole in zip(found, trends.series.dense(place[known]), strict=True):
        counts[np.ix_(known, np.flatnonzero(inside))] = whole[:, at[inside]]
    selected = np.isin(day.key, keys)
    where = np.searchsorted(keys, day.key[selected]), day.hour[selected] - hours[0]
    for counts, more in zip(found, (day.acts, day.unique_users), strict=True):
        np.add.at(counts, where, more[selected])
    total = np.bincount(day.whole_hour - hours[0], day.total_unique_users, look).astype(np.float32)
    total[inside] += trends.series.total[at[inside]]
    volume = np.zeros((len(KINDS), look), np.float32)
    np.add.at(volume, (parts_of(day.key)[0], day.hour - hours[0]), day.unique_users)
    volume[:, inside] += trends.series.volume[:, at[inside]]
    hour_share = float(np.clip((now - last * HOUR) / HOUR, 1 / 60, 1.0))
    return Now(live, trends, hours, hour_share, keys, found[0], found[1], total, volume)


def _active(trends: Trends, last: int) -> Hours:
    series = trends.series
    owner = np.repeat(np.arange(len(series)), np.diff(series.ends))
    recent = series.hour > last - DAY - series.first
    return trends.keys[np.unique(owner[recent])]


def find_trends(live: LiveState, clock: float) -> tuple[Trend, ...]:
    """Return what stands out now, bursts and floods, the most significant first."""
    now = read_now(live, clock)
    if now is None or not len(now.keys):
        return ()
    part = slice(-DAY, None)
    found = find_bursts(
        now.acts[:, part],
        now.unique_users[:, part],
        now.expected[:, part],
        now.expectation,
        now.trends.population,
        _effective_users(now),
    )
    trends = [_trend(now, found, at) for at in range(len(found))]
    return tuple(sorted(trends, key=lambda trend: (-trend.significance, trend.kind, trend.ref)))


def _effective_users(now: Now) -> Callable[[int, int], float]:
    """Return what counts the users of a series: those of the day exactly, the night's unique
    users.
    """
    last, end = int(now.hours[-1]), now.trends.series.end
    row, actor_hash, hour, _ = now.live.recent_activity.acts(last - DAY + 1, last + 1)
    plain = np.where(row < 0, ~row, row).astype(np.int32)
    kinds, refs = parts_of(now.keys)
    expanded: dict[int, tuple[NDArray[np.int64], Rows]] = {}

    def effective_users(place: int, hours: int) -> float:
        kind = int(kinds[place])
        if kind not in expanded:
            expanded[kind] = labels_of(now.live, KINDS[kind], plain)
        acts, codes = expanded[kind]
        mine = acts[codes == refs[place]]
        mine = mine[(hour[mine] > last - hours) & ((row[mine] >= 0) | (kind > 0))]
        before = now.unique_users[place, (now.hours > last - hours) & (now.hours < end)].sum()
        counted = hour[mine] < end  # in both: the hour in which the night began
        return effective(actor_hash[mine]) + float(max(before - counted.sum(), 0.0))

    return effective_users


def _trend(now: Now, found: Bursts, at: int) -> Trend:
    place, window = int(found.place[at]), int(found.window[at])
    kinds, refs = parts_of(now.keys[place : place + 1])
    counts = (now.acts if found.author_burst[at] else now.unique_users)[place]
    # of an hour that has just begun alone, nothing can be said
    found_episode = episode(counts, now.expected[place], window, 2 if now.hour_share < 0.5 else 1)
    first = int(now.hours[0])
    return Trend(
        KINDS[int(kinds[0])],
        int(refs[0]),
        float(found.significance[at]),
        bool(found.author_burst[at]),
        window,
        float(found.acts[at]),
        float(found.actors[at]),
        float(found.expected[at]),
        first + found_episode.start,
        first + found_episode.peak,
        found_episode.state,
        tuple(now.unique_users[place, -DAY:].tolist()),
    )


class TrendMonitor:
    """Keeps what stands out, looked up again when something was done and some seconds are over."""

    def __init__(self, live: LiveState, seconds: float = SECONDS) -> None:
        self.live = live
        self.seconds = seconds
        self.seen: tuple[Trend, ...] = ()
        self._looked = (-1, -np.inf)  # acts there were, and the clock

    def trends(self, clock: float) -> tuple[Trend, ...]:
        """Return what stands out now; what is a few seconds old will do."""
        count, looked = self._looked
        acts = self.live.recent_activity.count
        if clock - looked >= SLOW or (acts != count and clock - looked >= self.seconds):
            self.seen = find_trends(self.live, clock)
            self._looked = (acts, clock)
        return self.seen
