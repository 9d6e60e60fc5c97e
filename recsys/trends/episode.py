"""Episode: start and peak of a burst, and whether it still rises."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

RISING, PEAK, FADING = "rising", "peak", "fading"
STATES = (RISING, PEAK, FADING)
STILL = 0.7  # share of the peak down to which a burst counts as at its peak
MEMORY = 1.0  # unique users that every smoothed hour is credited with


@dataclass(frozen=True, slots=True)
class Episode:
    """Hours are counted from the first of the counts given."""

    start: int
    peak: int
    state: str


def episode(
    unique_users: NDArray[np.floating], expected: NDArray[np.floating], window: int, least: int = 1
) -> Episode:
    """Return the course of a burst that stands out at the last of some hours.

    It begins where doubled counts explain what follows best (the start of the greatest sum of
    log-likelihood ratios). State and peak are read from sums over a part of the `window` (hours)
    that the burst was seen in, of `least` hours at least, relative to the seasonality, so that a
    night's sleep is no decline.
    """
    gain = np.concatenate([[0.0], np.cumsum(unique_users * np.log(2.0) - expected)])
    lowest = np.minimum.accumulate(gain)
    end = int(np.argmax(gain - lowest))
    start = int(np.argmin(gain[: end + 1]))
    width = max(least, window // 3)
    level = _level(unique_users, expected, width)
    start = min(start, len(unique_users) - 1)
    top = start + int(np.argmax(level[start:]))
    own = unique_users[max(start, top - width + 1) : top + 1]
    peak = max(start, top - width + 1) + int(np.argmax(own))
    return Episode(start, peak, _state(unique_users, level, top, width))


def _level(
    unique_users: NDArray[np.floating], expected: NDArray[np.floating], width: int
) -> NDArray[np.float64]:
    """Return the counts of the last `width` hours over what the seasonality makes of such a
    stretch.
    """
    usual = float(expected.mean()) or 1e-9
    seasonality = np.clip(_sums(expected, width) / (usual * width), 0.3, 3.0)
    return np.asarray((_sums(unique_users, width) + MEMORY) / seasonality)


def _sums(values: NDArray[np.floating], width: int) -> NDArray[np.float64]:
    total = np.concatenate([np.zeros(width), np.cumsum(values, dtype=np.float64)])
    return np.asarray(total[width:] - total[:-width])


def _state(
    unique_users: NDArray[np.floating], level: NDArray[np.float64], top: int, width: int
) -> str:
    last = len(unique_users) - 1
    if level[last] < STILL * level[top]:
        return FADING
    recent, before = unique_users[-width:].sum(), unique_users[-2 * width : -width].sum()
    grows = recent > before + np.sqrt(recent + before)
    return RISING if grows and top >= last - width // 2 else PEAK
