"""Update of baseline rates by the counts of a day."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from recsys.trends.baseline_rates import (
    LEVEL_LIFE,
    NOISE_LIFE,
    PATIENCE,
    SHAPE_LIFE,
    SURPRISE,
    WINDOWS,
    Expectation,
    Levels,
)
from recsys.trends.item_series_membership import KINDS
from recsys.trends.seasonality import DAY, gaps, week_seasonality
from recsys.trends.series import Counts, Series

SPARE = (
    5.0  # unique users a day that count in any case, so that rare series are not cut off at nothing
)
TELLING = 0.5  # unique users to be expected in a window from which on it informs about the noise
FIRST_DAYS = 3.0  # in which everything is news
RHYTHM_DAYS = 5.0  # after which the platform's seasonality is known well enough to differ from it
SHAPES = (0.01, 5.0)  # of the Gamma that levels come from
BLOCK = 4_096  # series made dense at a time


@dataclass(frozen=True, slots=True)
class Day:
    """A day and the one before it, hour by hour, and what was expected before either began."""

    hours: NDArray[np.int64]  # (48,)
    acts: Counts  # (n, 48)
    unique_users: Counts  # (n, 48)
    expected: Levels  # (n, 48)
    expectation: Expectation


def days_of(series: Series, start: Expectation | None = None) -> Iterator[Day]:
    """Go through the days of some series, as nights would: a day's judge knows nothing of it.

    The day before is not known either, so that a burst under way does not excuse itself.
    """
    now = start or Expectation.start(series.first, series.kind)
    acts, unique_users = series.dense()
    for at in range(DAY, series.length - DAY + 1, DAY):
        part = slice(at - DAY, at + DAY)
        hours = series.first + np.arange(part.start, part.stop)
        activity_factor = now.activity_factor_of_kind(
            hours, series.volume[:, part], unique_users[:, part]
        )
        expected = now.usual(hours) * activity_factor
        yield Day(hours, acts[:, part], unique_users[:, part], expected, now)
        now = learned(now, series, unique_users, at - DAY)


def learned(now: Expectation, series: Series, unique_users: Counts, at: int) -> Expectation:
    """Return what is expected once the day from hour `at` of the series is known."""
    part = slice(at, at + DAY)
    hours, own = series.first + np.arange(at, at + DAY), unique_users[:, part].astype(np.float64)
    activity_factor = now.global_activity_factor(hours, series.total[part], unique_users[:, part])
    plain = now.seasonality[hours % len(now.seasonality)] * activity_factor
    units = plain * now.shapes()[:, hours % DAY]
    expected = now.rate[:, None] * units
    share = _share_kept(now, own, expected)
    kept = own * share[:, None]
    age = DAY - 1 - np.arange(DAY)
    fade, fresh = 0.5 ** (DAY / LEVEL_LIFE), 0.5 ** (age / LEVEL_LIFE)
    shape_fade = 0.5 ** (DAY / SHAPE_LIFE)
    place = hours % DAY
    own_unique_users, own_exposure = (
        now.own_unique_users * shape_fade,
        now.own_exposure * shape_fade,
    )
    if (
        now.total_exposure >= RHYTHM_DAYS * DAY
    ):  # else a series would learn the platform's seasonality
        own_unique_users[:, place] += kept
        own_exposure[:, place] += now.rate[:, None] * plain
    is_covered = ~gaps(series.total[: at + DAY])[at:]
    moved = replace(
        now,
        hour=int(hours[-1]) + 1,
        surprised=np.where(share < 1, now.surprised + 1, 0.0),
        unique_users=now.unique_users * fade + kept @ fresh,
        exposure=now.exposure * fade + units @ (fresh * is_covered),
        own_unique_users=own_unique_users,
        own_exposure=own_exposure,
        total=now.total * fade + float(series.total[part] @ fresh),
        volume=now.volume * fade + series.volume[:, part] @ fresh,
        total_exposure=now.total_exposure * fade
        + float((now.seasonality[hours % len(now.seasonality)] * is_covered) @ fresh),
        seasonality=week_seasonality(series.total[: at + DAY], series.first).astype(np.float64),
    )
    return _with_prior(_with_noise(moved, now, own, expected), series.population)


def _share_kept(now: Expectation, own: Levels, expected: Levels) -> Levels:
    """Return the share of a day's unique users that updates the level: all but those of bursts.

    In the first days everything does; what stays beyond the bound day after day is a new level.
    """
    day, usual = own.sum(axis=1), expected.sum(axis=1)
    spread = np.sqrt(usual + usual**2 / now.size(len(WINDOWS) - 1))
    most = (usual + SURPRISE * spread + SPARE) * PATIENCE**now.surprised
    most[now.exposure < FIRST_DAYS * DAY] = np.inf
    return np.asarray(np.minimum(1.0, most / np.maximum(day, 1e-9)))


def _with_noise(moved: Expectation, now: Expectation, own: Levels, expected: Levels) -> Expectation:
    fade = 0.5 ** (DAY / NOISE_LIFE)
    spread, ground = moved.spread * fade, moved.ground * fade
    for number, window in enumerate(WINDOWS):
        shape = (len(own), DAY // window, window)
        count, mean = own.reshape(shape).sum(axis=2), expected.reshape(shape).sum(axis=2)
        size = now.size(number)[:, None]
        most = SURPRISE**2 * (mean + mean**2 / size)
        beyond = np.minimum((count - mean) ** 2, most) - mean - mean**2 / now.certainty[:, None]
        informative = mean >= TELLING
        for kind in range(len(KINDS)):
            mine = informative & (now.kind == kind)[:, None]
            spread[kind, number] += beyond[mine].sum()
            ground[kind, number] += (mean[mine] ** 2).sum()
    return replace(moved, spread=spread, ground=ground)


def _with_prior(moved: Expectation, population: NDArray[np.int64]) -> Expectation:
    """Return the expectation with the Gamma that levels of each kind come from, by moments.

    Series that were too quiet to be counted are there as series of rate 0.
    """
    shape, rate = moved.prior_shape.copy(), moved.prior_rate.copy()
    for kind, size in enumerate(population.tolist()):
        mine = moved.kind == kind
        if not mine.any():
            continue
        hours, size = float(moved.exposure[mine].mean()), max(size, int(mine.sum()))
        own = moved.unique_users[mine] / np.maximum(moved.exposure[mine], 1.0)
        mean = max(float(own.sum()) / size, 1e-5)
        varied = float(((own - mean) ** 2).sum() + (size - len(own)) * mean**2) / size
        excess = varied - mean / max(hours, 1.0)
        shape[kind] = np.clip(mean**2 / max(excess, 1e-12), *SHAPES)
        rate[kind] = mean
    return replace(moved, prior_shape=shape, prior_rate=rate)
