"""Timeline: sum of some series per hour or day, with a forecast."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from recsys.serving.live_state import LiveState
from recsys.serving.recent_trend_counts import read_recent
from recsys.serving.trend_monitor import read_now
from recsys.trends.baseline_rates import Levels
from recsys.trends.forecast import HORIZON, forecast
from recsys.trends.series import Hours

DAY = 24


@dataclass(frozen=True, slots=True)
class Timeline:
    """Stretches of `per` hours; the last one of the past may still be going on."""

    per: int
    hours: Hours  # (n,): first hour of each stretch
    acts: Levels
    unique_users: Levels
    people: Levels  # behind each stretch at least: the most unique users of one series in one hour
    sentiment: Levels  # mean of what was written, -1 to 1; NaN where nothing was
    expected: Levels  # by the level, seasonality and global activity as they are known now
    ahead: Hours  # (m,): first hour of each stretch to come
    mean: Levels  # (m,)
    low: Levels
    high: Levels


def read_timeline(
    live: LiveState, clock: float, keys: Hours, stretches: int, per: int = 1
) -> Timeline | None:
    """Return the last stretches of the sum of some series (`key_of`), up to the current one.

    Days are those of UTC. None where no night has measured anything.
    """
    now = read_now(live, clock, max(stretches * per, 3 * DAY) + DAY, np.unique(keys))
    if now is None:
        return None
    last = int(now.hours[-1])
    first = (last // per - stretches + 1) * per
    kept = np.flatnonzero(now.hours >= first)
    place = (now.hours[kept] - first) // per
    acts, unique_users, expected = (
        np.bincount(place, counts[:, kept].sum(axis=0), stretches).astype(np.float64)
        for counts in (now.acts, now.unique_users, now.usual)
    )
    people = np.zeros(stretches)
    np.maximum.at(people, place, now.unique_users[:, kept].max(axis=0, initial=0.0))
    day = slice(-DAY - 1, -1)  # the last whole hours
    coming = forecast(
        now.expectation,
        now.unique_users[:, day],
        now.usual[:, day],
        last + 1,
        HORIZON,
        now.total[day],
    ).together(min(per, HORIZON))
    low, high = coming.interval()
    return Timeline(
        per,
        first + per * np.arange(stretches),
        acts,
        unique_users,
        people,
        _sentiments(live, keys, first, stretches, per),
        expected,
        last + 1 + per * np.arange(HORIZON // per),
        coming.mean[0],
        low[0],
        high[0],
    )


def _sentiments(live: LiveState, keys: Hours, first: int, stretches: int, per: int) -> Levels:
    total, count = np.zeros(stretches * per), np.zeros(stretches * per)
    if live.model.sentiments is not None:
        total, count = live.model.sentiments.of(keys, first, stretches * per)
    recent = read_recent(live, first, first + stretches * per)
    mine = np.isin(recent.key, keys)
    np.add.at(total, recent.hour[mine] - first, recent.sentiment[mine])
    np.add.at(count, recent.hour[mine] - first, recent.with_text[mine])
    total, count = (each.reshape(stretches, per).sum(axis=1) for each in (total, count))
    found: Levels = np.full(stretches, np.nan)
    found[count > 0] = total[count > 0] / count[count > 0]
    return found
