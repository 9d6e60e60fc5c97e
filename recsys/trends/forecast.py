"""Forecast: the next hours of a series, with an interval that knows its own doubt.

The level learned from weeks meets what the last day brought: how far a series is above its level
now fades away within a day.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recsys.trends.expectation import WINDOWS, Expectation, Levels
from recsys.trends.series import Counts
from recsys.trends.tail import interval, joined_size

HORIZON = 24
SHARE = 0.8  # of outcomes that should lie within the interval
NEWS = 0.5  # hours' worth: weight of the last day's surprise, per hour ahead it fades
NEWS_LIFE = 12.0  # hours after which the surprise counts half
NEWS_PRIOR = 3.0  # voices that speak for no surprise


@dataclass(frozen=True, slots=True)
class Forecast:
    """Voices per hour from `hour` on, (n, horizon) each."""

    hour: int  # hours since 1970
    mean: Levels
    low: Levels
    high: Levels


def forecast(
    expectation: Expectation, voices: Counts, expected: Levels, now: int, horizon: int = HORIZON
) -> Forecast:
    """Return what is to be expected from hour `now` on.

    `voices` and `expected` are those of the 24 hours before it, (n, 24).
    """
    hours = now + np.arange(horizon)
    mean = expectation.usual(hours) * momentum(voices, expected, horizon)
    sizes = expectation.size(WINDOWS.index(1))[:, None]
    surprise = np.abs(np.log(momentum(voices, expected, 1)))
    doubt = joined_size(sizes, 1.0 / np.maximum(surprise**2, 1e-3))
    low, high = interval(mean, np.broadcast_to(doubt, mean.shape), SHARE)
    return Forecast(now, mean, low, high)


def momentum(voices: Counts, expected: Levels, horizon: int) -> NDArray[np.float64]:
    """Return the factor on the level of each hour ahead, (n, horizon), from the last day's."""
    age = np.arange(voices.shape[1])[::-1]
    weight = 0.5 ** (age / NEWS_LIFE)
    above = (voices @ weight + NEWS_PRIOR) / (expected @ weight + NEWS_PRIOR)
    fade = NEWS * 0.5 ** (np.arange(horizon) / NEWS_LIFE)
    return np.asarray(above[:, None] ** fade)
