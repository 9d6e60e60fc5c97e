"""Streams whose seasonality, levels and bursts are known."""

from __future__ import annotations

import numpy as np

from recsys.trends.item_series_membership import KINDS, Labels
from recsys.trends.series import HOUR, Series, Stream, count

MONDAY = 1_699_833_600  # 2023-11-13 00:00 UTC
FIRST = MONDAY // 3600


def poisson(rates, days=28, seed=0, rhythm=None, start=MONDAY):
    """Return acts of new users on items at so many an hour each, times the hour's seasonality."""
    rng = np.random.default_rng(seed)
    factor = np.ones(24) if rhythm is None else np.asarray(rhythm)
    times, rows = [], []
    for row, rate in enumerate(rates):
        for hour in range(24 * days):
            n = rng.poisson(rate * factor[hour % 24])
            times.append(start + HOUR * (hour + rng.random(n)))
            rows.append(np.full(n, row, np.int32))
    return stream(np.concatenate(times), np.concatenate(rows))


def stream(time, row, actor=None):
    """Return a stream in the order of time; everybody is somebody else unless told."""
    order = np.argsort(time, kind="stable")
    actor = np.arange(len(time)) if actor is None else np.asarray(actor)
    return Stream.of_acts(np.asarray(time)[order], np.asarray(row, np.int32)[order], actor[order])


def joined(*streams):
    """Return streams as one; users of each are others."""
    actors = [one.actor + number * 10**9 for number, one in enumerate(streams)]
    time, row = (np.concatenate([getattr(s, name) for s in streams]) for name in ("time", "row"))
    return stream(time, row, np.concatenate(actors))


def burst(row, hour, length, acts, people=None, start=MONDAY):
    """Return acts evenly over some hours, by so many users."""
    time = start + HOUR * (hour + length * (np.arange(acts) + 0.5) / acts)
    return stream(time, np.full(acts, row), np.arange(acts) % (people or acts))


def counted(found, days=28, labels=None, items=10, least=1, **sizes) -> Series:
    """Count a stream from MONDAY on."""
    population = [items if kind == "item" else sizes.get(kind, 0) for kind in KINDS]
    return count(found, labels or {}, FIRST, 24 * days, population, least)


def two_tags(items=10) -> Labels:
    """Return tag 0 for even rows and tag 1 for rows below 4; others have none, some have both."""
    own = [[c for c, has in ((0, row % 2 == 0), (1, row < 4)) if has] for row in range(items)]
    ends = np.concatenate([[0], np.cumsum([len(codes) for codes in own])]).astype(np.int64)
    return Labels(ends, np.array(sum(own, []), np.int32))
