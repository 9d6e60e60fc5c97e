"""Baseline rates: expected count of each series and hour, learned day by day from the past.

A series' level is a decayed Gamma-Poisson rate, drawn towards what series of its kind usually have.
The rate is per hour of the platform's own seasonality and global activity: when everybody is up, or
away, that says nothing about one of them. What a burst brought counts only as far as it was to be
expected.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recsys.trends.item_series_membership import KINDS
from recsys.trends.negative_binomial import joined_size
from recsys.trends.seasonality import DAY
from recsys.trends.series import WEEK, Counts

Levels = NDArray[np.float64]

LEVEL_LIFE = 7.0 * DAY  # hours after which an hour counts half for the level
SHAPE_LIFE = 21.0 * DAY  # the same for a series' own hours of the day
SHAPE_PRIOR = 30.0  # unique users per hour of the day that speak for the platform's seasonality
TIDE_PRIOR = 10.0  # unique users that speak for usual hours
TIDE_HOURS = 3  # hours, up to the queried one, that determine the global activity factor
TIDES = (0.01, 100.0)  # beyond these the global activity factor explains nothing
SURPRISE = 4.0  # standard deviations from which on a count is cut off when it updates the level
PATIENCE = 2.0  # by which that bound grows with each day in a row that is beyond it
WINDOWS = (1, 3, 6, 24)  # hours that counts are added up over
NOISE_LIFE = 28.0 * DAY
NOISE_PRIOR = 30.0  # windows' worth of doubt about the noise
_COLUMNS = {  # array of a bundle -> field
    "voices": "unique_users",
    "exposure": "exposure",
    "own_voices": "own_unique_users",
    "own_exposure": "own_exposure",
    "rhythm": "seasonality",
    "prior_shape": "prior_shape",
    "prior_rate": "prior_rate",
    "surprised": "surprised",
    "spread": "spread",
    "ground": "ground",
    "volume": "volume",
}
EVEN = 50.0  # size of a negative binomial that is nearly a Poisson


@dataclass(frozen=True, slots=True)
class Expectation:
    """What is known of n series at one hour, from all hours before it."""

    hour: int  # hours since 1970; the first that is not known yet
    kind: NDArray[np.int8]  # (n,)
    unique_users: Levels  # (n,): decayed and cut off
    exposure: (
        Levels  # (n,): decayed hours, in units of the platform's seasonality and global activity
    )
    own_unique_users: (
        Levels  # (n, 24): the same by hour of the day, for the series' own seasonality
    )
    own_exposure: Levels  # (n, 24): unique users the platform's seasonality would have brought
    total: float  # decayed unique users of all
    total_exposure: float
    seasonality: Levels  # (168,)
    prior_shape: Levels  # (kinds,): of the Gamma that levels of a kind come from
    prior_rate: Levels  # (kinds,): mean unique users per hour of series of a kind
    surprised: Levels  # (n,): days in a row that were beyond what a level explains
    spread: Levels  # (kinds, windows): decayed squared surprise beyond Poisson
    ground: Levels  # (kinds, windows): decayed squared expectation it is measured against
    volume: Levels  # (kinds,): decayed unique users of all series of a kind

    @classmethod
    def start(cls, hour: int, kind: NDArray[np.int8]) -> Expectation:
        """Return what is known before anything happened."""
        n, kinds = len(kind), len(KINDS)
        return cls(
            hour,
            kind,
            np.zeros(n),
            np.zeros(n),
            np.zeros((n, DAY)),
            np.zeros((n, DAY)),
            0.0,
            0.0,
            np.ones(WEEK),
            np.full(kinds, 0.5),
            np.full(kinds, 0.01),
            np.zeros(n),
            np.zeros((kinds, len(WINDOWS))),
            np.zeros((kinds, len(WINDOWS))),
            np.zeros(kinds),
        )

    @property
    def rate(self) -> Levels:
        """Unique users per usual hour, (n,), drawn towards the kind's."""
        shape, mean = self.prior_shape[self.kind], self.prior_rate[self.kind]
        return np.asarray((self.unique_users + shape) / (self.exposure + shape / mean))

    @property
    def certainty(self) -> Levels:
        """The size of a negative binomial that knows the level this well, (n,)."""
        return np.asarray(self.unique_users + self.prior_shape[self.kind])

    @property
    def sizes(self) -> Levels:
        """The size of a negative binomial per kind and window, (kinds, windows), by the noise."""
        excess = (self.spread + NOISE_PRIOR / EVEN) / (self.ground + NOISE_PRIOR)
        return np.asarray(1.0 / np.maximum(excess, 1e-3))

    @property
    def usual_total(self) -> float:
        """Unique users of all per usual hour."""
        return (self.total + 1e-9) / max(self.total_exposure, 1.0)

    def shapes(self) -> Counts:
        """Return each series' own factor per hour of the day, (n, 24), beside the platform's."""
        found = (self.own_unique_users + SHAPE_PRIOR) / (self.own_exposure + SHAPE_PRIOR)
        return np.asarray(found, np.float32)

    def usual(self, hours: NDArray[np.int64], hour_share: float = 1.0) -> Levels:
        """Return the unique users to be expected at hours without a tide, (n, len(hours)).

        `hour_share`: share of the last hour that has passed.
        """
        seasonality = self._beat(hours, hour_share)
        return np.asarray(
            self.rate[:, None] * seasonality * self.shapes()[:, hours % DAY], np.float64
        )

    def _beat(self, hours: NDArray[np.int64], hour_share: float) -> Levels:
        found = self.seasonality[hours % WEEK].astype(np.float64)
        found[-1] *= hour_share
        return found

    def global_activity_factor(
        self, hours: NDArray[np.int64], total: Counts, own: Counts, hour_share: float = 1.0
    ) -> Levels:
        """Return how far all others are up or down, (n, len(hours)); 1 where little is known."""
        usual = np.full((len(own), 1), self.usual_total)
        return self._activity_factor(hours, total - own, usual, hour_share)

    def activity_factor_of_kind(
        self, hours: NDArray[np.int64], volume: Counts, own: Counts, hour_share: float = 1.0
    ) -> Levels:
        """Return the same by the unique users of each series' kind, `volume` (kinds, len(hours)).

        A dozen users who vote on a hundred statements each lift all statements a hundredfold,
        though they are a dozen: such an hour makes no statement news.
        """
        usual = (self.volume / max(self.total_exposure, 1.0))[self.kind][:, None]
        return self._activity_factor(hours, volume[self.kind] - own, usual, hour_share)

    def _activity_factor(
        self, hours: NDArray[np.int64], others: Levels | Counts, usual: Levels, hour_share: float
    ) -> Levels:
        share = np.clip(self.rate[:, None] / np.maximum(usual, 1e-9), 0.0, 1.0)
        expected = usual * self._beat(hours, hour_share) * (1 - share)
        seen = _trailing(others, TIDE_HOURS) + TIDE_PRIOR
        found = np.clip(seen / (_trailing(expected, TIDE_HOURS) + TIDE_PRIOR), *TIDES)
        return np.asarray(np.where(usual > 1e-6, found, 1.0))

    def take(
        self, place: NDArray[np.integer], kind: NDArray[np.int8], unique_users: Levels
    ) -> Expectation:
        """Return what is known of some series; -1: not among these.

        Such a series has `unique_users` and the exposure of those that are known longest, and no
        seasonality of its own.
        """
        known = place >= 0
        longest = float(self.exposure.max(initial=0.0))

        def column(values: Levels, other: Levels | float) -> Levels:
            found = np.zeros((len(place), *values.shape[1:]))
            found[:] = other
            found[known] = values[place[known]]
            return found

        return replace(
            self,
            kind=kind,
            unique_users=column(self.unique_users, unique_users),
            exposure=column(self.exposure, longest),
            surprised=column(self.surprised, 0.0),
            own_unique_users=column(self.own_unique_users, 0.0),
            own_exposure=column(self.own_exposure, 0.0),
        )

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return the arrays to save; `from_arrays` reads them back."""
        found: dict[str, NDArray[Any]] = {
            name: getattr(self, field).astype(np.float32) for name, field in _COLUMNS.items()
        }
        numbers = np.array([self.hour, self.total, self.total_exposure], np.float64)
        return {**found, "kind": self.kind, "numbers": numbers}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Expectation:
        """Give saved arrays their meaning; ValueError when their shapes do not fit together."""
        hour, total, total_exposure = arrays["numbers"].tolist()
        if "volume" not in arrays:  # of a night before volumes were kept: that of its series
            volume = np.bincount(arrays["kind"], arrays["voices"], len(KINDS))
            arrays = {**arrays, "volume": volume}
        columns = {field: arrays[name].astype(np.float64) for name, field in _COLUMNS.items()}
        needed = cls.start(0, arrays["kind"])
        for name, column in columns.items():
            if column.shape != getattr(needed, name).shape:
                raise ValueError(f"the expectation's {name} has the shape {column.shape}")
        return cls(
            hour=int(hour),
            kind=arrays["kind"],
            total=total,
            total_exposure=total_exposure,
            **columns,
        )

    def size(self, window: int) -> Levels:
        """Return the size of the negative binomial of each series' window, (n,)."""
        return np.asarray(joined_size(self.certainty, self.sizes[self.kind, window]))


def _trailing(values: NDArray[np.floating], hours: int) -> Levels:
    """Return the sums of the last `hours` columns up to each; fewer at the beginning."""
    total = np.cumsum(values, axis=1, dtype=np.float64)
    total[:, hours:] -= total[:, :-hours].copy()
    return total
