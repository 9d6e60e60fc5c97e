"""Baselines of watches: usual negative share and usual people per hour, from counts by day."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from recsys.monitoring.negative_share import Baseline, baseline, learned_prior
from recsys.store.watches import ALL
from recsys.trends.seasonality import week_seasonality
from recsys.trends.series import WEEK, Counts

HOUR, DAY = 3_600.0, 86_400.0
SHARE_LIFE = 28.0  # days after which a voice counts half for the usual share
LEVEL_LIFE = 14.0  # the same for the number of people
SPAN = 120  # days that are read
NOISE = 0.25  # inverse size of the negative binomial, besides what is unknown of a level
BUSY = 3.0  # times the usual people of a day: a day beyond that has a burst
BUSY_PRIOR = 10.0  # people of a day that count in any case
TIDE_PRIOR = 10.0  # people that speak for a usual hour
TIDES = (0.1, 10.0)

DayCount = tuple[int, int, int, int]  # watch, day since 1970, people, negative people


@dataclass(frozen=True, slots=True)
class Usual:
    """What is usual of one watch."""

    negative: float  # decayed voices
    people: float
    level: float  # people per hour of a usual hour
    size: float  # of the negative binomial


class Baselines:
    """The baselines of all watches at one hour; the last day does not count."""

    def __init__(
        self, days: Iterable[DayCount], hourly: Sequence[float], first: int, now: float
    ) -> None:
        """`hourly`: people of all texts per hour from hour `first` on, of whole weeks at best."""
        last = int((now - DAY) // DAY)  # this day and later ones are too new
        rows = np.array([one for one in days if one[1] < last], np.int64).reshape(-1, 4)
        age = last - rows[:, 1]
        share, level = 0.5 ** (age / SHARE_LIFE), 0.5 ** (age / LEVEL_LIFE)
        begin = int(rows[:, 1].min(initial=last))
        ages = np.arange(1, last - begin + 1)
        exposure = 24.0 * float((0.5 ** (ages / LEVEL_LIFE)).sum())
        self._usual: dict[int, Usual] = {}
        watches, place = np.unique(rows[:, 0], return_inverse=True)
        people = rows[:, 2].astype(np.float64)
        usual = np.bincount(place, np.sqrt(people), len(watches)) / max(last - begin, 1)
        kept = np.minimum(people, BUSY * (usual**2)[place] + BUSY_PRIOR)
        ordinary = people <= kept  # a day with a burst says nothing about the usual share
        sums = [
            np.bincount(place, weights * values, len(watches))
            for weights, values in (
                (share * ordinary, rows[:, 3]),
                (share * ordinary, people),
                (level, kept),
            )
        ]
        for at, watch in enumerate(watches.tolist()):
            angry, all_of, near = (float(one[at]) for one in sums)
            rate = (near + 0.5) / (exposure + 24.0)
            size = 1.0 / (1.0 / (near + 1.0) + NOISE)
            self._usual[watch] = Usual(angry, all_of, rate, size)
        mine = watches != ALL
        self._prior = learned_prior(sums[0][mine], sums[1][mine], self.platform_share)
        self._never = Usual(0.0, 0.0, 0.5 / (exposure + 24.0), 1.0)
        counts: Counts = np.asarray(hourly, np.float32)
        self._season = (
            week_seasonality(counts, first) if len(counts) >= WEEK else np.ones(WEEK, np.float32)
        )

    def usual(self, watch: int) -> Usual:
        """Return what is usual of a watch; of one without a past, nothing."""
        return self._usual.get(watch, self._never)

    @property
    def platform_share(self) -> float:
        """The usual negative share of all texts; .3 before there are any."""
        own = self._usual.get(ALL, Usual(0.0, 0.0, 0.0, 1.0))
        return (own.negative + 3.0) / (own.people + 10.0)

    @property
    def known(self) -> float:
        """Voices that the platform's share is known from."""
        return self.usual(ALL).people

    def share(self, watch: int) -> Baseline:
        """Return the baseline of the negative share of a watch."""
        own = self.usual(watch)
        return baseline(own.negative, own.people, self.platform_share, self._prior)

    def expected(self, watch: int, windows: Sequence[int], now: float) -> tuple[float, ...]:
        """Return the people to be expected in the windows up to a moment."""
        level = self.usual(watch).level
        return tuple(level * self._season_sum(window, now) for window in windows)

    def _season_sum(self, window: int, now: float) -> float:
        end = now / HOUR
        hours = np.arange(int(end) - window, int(end) + 1)
        parts = np.clip(np.minimum(hours + 1, end) - np.maximum(hours, end - window), 0.0, 1.0)
        return float((self._season[hours % WEEK] * parts).sum())

    def tides(
        self, people: Sequence[int], own: Sequence[int], windows: Sequence[int], now: float
    ) -> list[float]:
        """Return how awake the platform is per window, without one watch's own people."""
        usual = self.expected(ALL, windows, now)
        found = [
            (max(all_of - mine, 0) + TIDE_PRIOR) / (expected + TIDE_PRIOR)
            for all_of, mine, expected in zip(people, own, usual, strict=True)
        ]
        return [float(np.clip(one, *TIDES)) for one in found]
