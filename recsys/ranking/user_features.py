"""User features from the history alone; they adjust the weights of item features."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from recsys.array_types import Floats, Rows, Times
from recsys.ranking.history import History
from recsys.serving.item_popularity_from_events import DAY

HABIT_EVENTS = 10  # last events that make a habit
TYPICAL = 3.0  # log-days that a user without a history is taken to prefer


def activity(count: int | NDArray[np.integer]) -> Floats:
    """Return log(1 + items in the history), less that of a typical reader."""
    value: Floats = np.asarray(np.log1p(count) - 2.0, np.float32)
    return value


def preferred_item_age(rows: Rows, times: Times, created: Times) -> float:
    """Return how old things are when this reader takes them up, in log-days around TYPICAL.

    The mean over the last events of log(1 + days since the item appeared), shrunk by one typical
    event. 0 where no event or no item has a date.
    """
    rows, times = rows[-HABIT_EVENTS:], times[-HABIT_EVENTS:]
    days = np.maximum(times - created[rows], 0.0) / DAY
    days = days[np.isfinite(days)]
    return float((np.log1p(days) - TYPICAL).sum() / (len(days) + 1))


def exposure_age(times: Times, created: Times) -> Floats:
    """Return log(1 + the user's events since each item appeared), one per item.

    Somebody who has been around since an item appeared, and has not taken it up, has passed it
    over. 0 where dates are not known. `times` ascending.
    """
    if not len(times) or not np.isfinite(times).all():
        return np.zeros(len(created), np.float32)
    since = len(times) - np.searchsorted(times, np.where(np.isfinite(created), created, np.inf))
    logs: Floats = np.log1p(since).astype(np.float32)
    return logs


def ages(created: Times, now: float) -> Floats:
    """Return log(1 + days since each item appeared); -1 where that is not known."""
    days = np.maximum(now - created, 0.0) / DAY
    logs: Floats = np.where(np.isfinite(days), np.log1p(days), -1.0).astype(np.float32)
    return logs


def gap(times: Times, now: float) -> float:
    """Return log(1 + days since the user's last event); -1 where that is not known."""
    if not len(times) or not np.isfinite(now - times[-1]):
        return -1.0
    return float(np.log1p(max(now - float(times[-1]), 0.0) / DAY))


def user_features_of(history: History, created: Times) -> dict[str, float]:
    """Return the user features that the weights of a score model may depend on."""
    return {
        "activity": float(activity(len(history))),
        "habit": preferred_item_age(history.rows, history.times, created),
    }
