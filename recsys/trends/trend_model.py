"""Trends: hourly series of the last weeks with their baselines, continued in serving."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recsys.trends.baseline_rates import LEVEL_LIFE, Expectation, Levels
from recsys.trends.baseline_updates import days_of, learned
from recsys.trends.item_series_membership import KINDS, Labels
from recsys.trends.seasonality import DAY
from recsys.trends.series import HOUR, WEEK, Hours, Series, Stream, count, hours_of

LEARNED = 8 * WEEK  # hours that levels are learned from
AWAKE = 0.01  # of the busiest week's acts: a week with fewer at the end is left out
SHOWN = 4 * WEEK  # hours kept, for timelines
MOST = 2_000  # series of a kind that are kept hour by hour; of the rest only the level is
_SHIFT = 40  # bits of a code in a key


def key_of(kind: int | NDArray[np.integer], ref: int | NDArray[np.integer]) -> Hours:
    """Return one number per series."""
    return np.asarray(kind, np.int64) << _SHIFT | np.asarray(ref, np.int64)


def parts_of(key: Hours) -> tuple[NDArray[np.int8], NDArray[np.int32]]:
    """Return (kind, ref) of keys."""
    return (key >> _SHIFT).astype(np.int8), (key & ((1 << _SHIFT) - 1)).astype(np.int32)


@dataclass(frozen=True, slots=True)
class Trends:
    """The hours of the busiest series, what is expected of them, and the levels of the rest."""

    series: Series
    expectation: Expectation
    keys: Hours  # of the series, ascending
    rest_keys: Hours  # of series kept without hours, ascending
    rest_unique_users: Levels  # their decayed unique users

    @property
    def population(self) -> NDArray[np.int64]:
        """Series there are of each kind, quiet ones included."""
        return self.series.population

    def places(self, keys: Hours) -> NDArray[np.int64]:
        """Return the place of each key among the series, -1 where it is not."""
        return _places(self.keys, keys)

    def expecting(self, keys: Hours) -> Expectation:
        """Return what is expected of any series, known or not."""
        rest = _places(self.rest_keys, keys)
        unique_users = np.where(rest >= 0, np.append(self.rest_unique_users, 0.0)[rest], 0.0)
        return self.expectation.take(self.places(keys), parts_of(keys)[0], unique_users)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return the arrays to save; `from_arrays` reads them back."""
        found = {f"series/{k}": v for k, v in self.series.arrays().items()}
        found |= {f"expectation/{k}": v for k, v in self.expectation.arrays().items()}
        return {**found, "rest_keys": self.rest_keys, "rest_voices": self.rest_unique_users}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Trends:
        """Give saved arrays their meaning."""

        def below(prefix: str) -> dict[str, NDArray[Any]]:
            return {k[len(prefix) :]: v for k, v in arrays.items() if k.startswith(prefix)}

        series = Series.from_arrays(below("series/"))
        return cls(
            series,
            Expectation.from_arrays(below("expectation/")),
            key_of(series.kind, series.ref),
            arrays["rest_keys"],
            arrays["rest_voices"],
        )


def fit_trends(
    stream: Stream, labels: Mapping[str, Labels], population: Sequence[int], most: int = MOST
) -> Trends | None:
    """Return the trends of a stream as of its last hour; None for one of less than two days.

    The last hour is that of the last week with at least AWAKE of what the busiest one brought: a
    few acts after a pause of months say nothing of what rises. What is expected knows nothing of
    the last day, so that a burst does not excuse itself.
    """
    stream = _awake(stream)
    hours = hours_of(stream.time)
    length = int(np.ptp(hours)) + 1 if len(hours) else 0
    length = min(length, LEARNED) // DAY * DAY
    if length < 2 * DAY:
        return None
    end = int(hours.max()) + 1
    whole = count(stream, labels, end - length, length, population)
    kept = _busiest(whole, most)
    series, rest = whole.select(kept), whole.select(~kept)
    expectation = Expectation.start(series.first, series.kind)
    for day in days_of(series):
        expectation = day.expectation
    _, unique_users = series.dense()
    expectation = learned(expectation, series, unique_users, length - 2 * DAY)
    return Trends(
        series.trimmed(SHOWN),
        expectation,
        key_of(series.kind, series.ref),
        key_of(rest.kind, rest.ref),
        _decayed(rest),
    )


def _awake(stream: Stream) -> Stream:
    """Return the stream without the acts after its last week that was not nearly empty."""
    if not len(stream):
        return stream
    hours = hours_of(stream.time)
    first = int(hours.min())
    week, count = np.unique((hours - first) // WEEK, return_counts=True)
    last = int(week[count >= AWAKE * count.max()].max())
    return stream.between(-np.inf, (first + (last + 1) * WEEK) * HOUR)


def _busiest(series: Series, most: int) -> NDArray[np.bool_]:
    """Return which series have the most unique users of late, `most` of each kind."""
    owner = np.repeat(np.arange(len(series)), np.diff(series.ends))
    fading = series.unique_users * np.exp2((series.hour - float(series.length)) / WEEK)
    recent = np.bincount(owner, fading, len(series))
    kept = np.zeros(len(series), bool)
    for kind in range(len(KINDS)):
        mine = np.flatnonzero(series.kind == kind)
        kept[mine[np.argsort(-recent[mine], kind="stable")[:most]]] = True
    return kept


def _decayed(series: Series) -> Levels:
    """Return the decayed unique users of series as of a day before the end."""
    age = series.length - DAY - 1 - series.hour.astype(np.float64)
    weight = np.where(age >= 0, 0.5 ** (age / LEVEL_LIFE), 0.0)
    owner = np.repeat(np.arange(len(series)), np.diff(series.ends))
    return np.bincount(owner, series.unique_users * weight, len(series)).astype(np.float64)


def _places(known: Hours, keys: Hours) -> NDArray[np.int64]:
    place = np.minimum(np.searchsorted(known, keys), max(len(known) - 1, 0))
    hit = known[place] == keys if len(known) else np.zeros(len(keys), bool)
    return np.where(hit, place, -1).astype(np.int64)
