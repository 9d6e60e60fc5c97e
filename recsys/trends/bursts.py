"""Burst detection: series above their baseline by more than chance, corrected for many series.

Counts of several windows are compared with the expectation's negative binomial; the chances of
all series of an hour go through Benjamini and Hochberg (1995), so that of what is listed only a
known share is chance. A burst that the users behind it are too few for is a flood.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recsys.array_types import Mask, Rows
from recsys.trends.baseline_rates import WINDOWS, Expectation, Levels
from recsys.trends.negative_binomial import upper_tail
from recsys.trends.series import Counts

LEAST_VOICES = 5.0  # that a burst has at least, in its window
LEAST_LIFT = 1.5  # times the expected: what is sure and small is no burst
SIGNIFICANT = 3.0  # -log10 of the share of chance among what is called a burst

Actors = Callable[[int, int], float]  # (place of the series, hours back) -> effective users


@dataclass(frozen=True, slots=True)
class Bursts:
    """The series that stand out at one hour, in the order of the series."""

    place: Rows  # (m,): of the series
    window: Rows  # (m,): hours, in which it is clearest
    acts: Counts  # (m,): in that window
    actors: Counts  # (m,): users behind them
    expected: Levels  # (m,): unique users
    significance: Levels  # (m,): -log10 of the adjusted chance; of a flood that of its acts
    author_burst: Mask  # (m,): loud by few users

    def __len__(self) -> int:
        return len(self.place)


def find_bursts(
    acts: Counts,
    unique_users: Counts,
    expected: Levels,
    expectation: Expectation,
    population: NDArray[np.int64],
    actors: Actors,
) -> Bursts:
    """Return the series that stand out at the last hour of (n, hours ≥ 24) counts.

    `population`: series there are of each kind, quiet ones included; kinds are judged apart, or the
    few topics would pay for the many items. `expected`: unique users. `actors` is asked only about
    series that stand out.
    """
    sums, means = _sums(acts), _sums(expected)
    loud = _chances(sums, means, expectation)
    kind = expectation.kind
    place = np.flatnonzero(_sure(loud, kind, population) >= SIGNIFICANT)
    if not len(place):
        return _none()
    window = loud.argmin(axis=0)
    effective_users = _effective_users(_sums(unique_users), place, actors)
    real = _chances(effective_users, means, expectation)
    sure, sure_loud = (_sure(each, kind, population)[place] for each in (real, loud))
    author_burst = sure < SIGNIFICANT
    window = np.where(author_burst, window[place], real.argmin(axis=0)[place])
    return Bursts(
        place.astype(np.int32),
        np.array(WINDOWS, np.int32)[window],
        sums[window, place],
        effective_users[window, place],
        means[window, place],
        np.where(author_burst, sure_loud, sure),
        author_burst,
    )


def _sums(counts: NDArray[np.floating]) -> NDArray[np.float64]:
    return np.stack([counts[:, -w:].sum(axis=1, dtype=np.float64) for w in WINDOWS])


def _effective_users(
    unique_users: NDArray[np.float64],
    place: NDArray[np.intp],
    actors: Actors,
) -> NDArray[np.float64]:
    """Return the users per window of the queried series, at most their unique users; else 0."""
    found = np.zeros_like(unique_users)
    for at in place.tolist():
        for number, hours in enumerate(WINDOWS):
            if unique_users[number, at] >= LEAST_VOICES:
                found[number, at] = min(actors(at, hours), unique_users[number, at])
    return found


def _chances(
    sums: NDArray[np.float64], means: NDArray[np.float64], expectation: Expectation
) -> NDArray[np.float64]:
    """Return the chance of each window's count or more, (windows, n); 1 where it is not loud."""
    found = np.ones_like(sums)
    for number in range(len(WINDOWS)):
        mine = np.flatnonzero(
            (sums[number] >= LEAST_VOICES) & (sums[number] >= LEAST_LIFT * means[number])
        )
        size = expectation.size(number)[mine]
        found[number, mine] = upper_tail(sums[number, mine], means[number, mine], size)
    return found


def _sure(
    chances: NDArray[np.float64], kind: NDArray[np.int8], population: NDArray[np.int64]
) -> NDArray[np.float64]:
    least = np.minimum(chances.min(axis=0) * len(WINDOWS), 1.0)
    found = np.zeros(len(kind))
    for number in np.unique(kind).tolist():
        mine = np.flatnonzero((kind == number) & (least < 1.0))
        found[mine] = -np.log10(adjusted(least[mine], int(population[number])))
    return found


def adjusted(chance: NDArray[np.float64], population: int) -> NDArray[np.float64]:
    """Return the false discovery rate at which each would be listed; those not given have 1."""
    order = np.argsort(chance, kind="stable")
    rank = np.arange(1, len(chance) + 1)
    rates = chance[order] * max(population, len(chance)) / rank
    found = np.empty(len(chance))
    found[order] = np.minimum(np.minimum.accumulate(rates[::-1])[::-1], 1.0)
    return np.maximum(found, 1e-300)


def _none() -> Bursts:
    rows, counts = np.zeros(0, np.int32), np.zeros(0, np.float32)
    return Bursts(rows, rows, counts, counts, np.zeros(0), np.zeros(0), np.zeros(0, bool))
