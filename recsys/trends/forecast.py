"""Forecast: next hours of a series with a prediction interval.

The level learned from weeks meets what the last day brought: how far a series is above its level
now fades away within a day.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recsys.trends.baseline_rates import WINDOWS, Expectation, Levels
from recsys.trends.negative_binomial import interval, joined_size
from recsys.trends.series import WEEK, Counts

HORIZON = 24
SHARE = 0.8  # of outcomes that should lie within the interval
NEWS = 0.5  # hours' worth: weight of the last day's surprise, per hour ahead it fades
NEWS_LIFE = 12.0  # hours after which the surprise counts half
AWAKE = 2.0  # unique users that speak for a day like others
TIDE_KEPT = 0.9  # power of yesterday's tide that stays
NEWS_PRIOR = 3.0  # unique users that speak for no surprise


@dataclass(frozen=True, slots=True)
class Forecast:
    """Unique users per hour from `hour` on, (n, horizon) each."""

    hour: int  # hours since 1970
    mean: Levels
    size: Levels  # of the negative binomial of each hour

    def interval(self) -> tuple[Levels, Levels]:
        """Return the counts between which SHARE of all outcomes should lie, (n, horizon) each."""
        return interval(self.mean, self.size, SHARE)

    def together(self, per: int = 1) -> Forecast:
        """Return the forecast of the sum of all series, (1, …), over `per` hours at a time.

        Their noises are taken as independent, those of the hours of one series as shared.
        """
        mean = self.mean.reshape(len(self.mean), -1, per)
        inverse_size = (mean**2 / self.size.reshape(mean.shape)).sum(axis=(0, 2))
        whole = mean.sum(axis=(0, 2))
        size = whole**2 / np.maximum(inverse_size * per**0.5, 1e-12)
        return Forecast(self.hour, whole[None], size[None])


def forecast(
    expectation: Expectation,
    unique_users: Counts,
    expected: Levels,
    now: int,
    horizon: int = HORIZON,
    total: Counts | None = None,
) -> Forecast:
    """Return what is to be expected from hour `now` on.

    `unique_users`, `expected` (n, 24) and `total` (24,), the unique users of all, are those of the
    24 hours before it: a platform that is asleep or awake today mostly stays so.
    """
    hours = now + np.arange(horizon)
    mean = expectation.usual(hours) * momentum(unique_users, expected, horizon)
    if total is not None:
        before = expectation.seasonality[(now - len(total) + np.arange(len(total))) % WEEK]
        usual = expectation.usual_total * float(before.sum())
        mean = mean * ((float(total.sum()) + AWAKE) / (usual + AWAKE)) ** TIDE_KEPT
    sizes = expectation.size(WINDOWS.index(1))[:, None]
    surprise = np.abs(np.log(momentum(unique_users, expected, 1)))
    inverse_size = joined_size(sizes, 1.0 / np.maximum(surprise**2, 1e-3))
    return Forecast(now, mean, np.array(np.broadcast_to(inverse_size, mean.shape), np.float64))


def momentum(unique_users: Counts, expected: Levels, horizon: int) -> NDArray[np.float64]:
    """Return the factor on the level of each hour ahead, (n, horizon), from the last day's."""
    age = np.arange(unique_users.shape[1])[::-1]
    weight = 0.5 ** (age / NEWS_LIFE)
    above = (unique_users @ weight + NEWS_PRIOR) / (expected @ weight + NEWS_PRIOR)
    fade = NEWS * 0.5 ** (np.arange(horizon) / NEWS_LIFE)
    return np.asarray(above[:, None] ** fade)
