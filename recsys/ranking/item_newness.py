"""Newness of items: their age at the present of a platform, and which of them are not new."""

from __future__ import annotations

import time

import numpy as np

from recsys.array_types import Mask, Rows, Times
from recsys.serving.item_popularity_from_events import DAY
from recsys.serving.live_state import LiveState

NEW = 14 * DAY  # seconds from its creation to the platform's newest event in which an item is new


def not_new(live: LiveState, rows: Rows) -> Mask:
    """Return which rows nobody would call new: old, without a date, or known from events alone.

    Where no event has a time, the clock of the machine says what is old.
    """
    created = live.created[rows]
    newest = live.counters.newest if has_dated_events(live) else time.time()
    recent = np.isfinite(created) & (created >= newest - NEW)
    return np.asarray(~recent | ~live.listing.recorded[rows], bool)


def has_dated_events(live: LiveState) -> bool:
    """Whether any event of a platform has a time."""
    return bool(np.isfinite(live.counters.newest))


def present(live: LiveState) -> float:
    """Return the time of the newest event; where none has one, that of the newest item."""
    if has_dated_events(live):
        return live.counters.newest
    return newest_creation(live.created[: live.size])


def newest_creation(created: Times) -> float:
    """Return the newest time of creation that is not ahead of the clock; 0 where there is none."""
    past = created[np.isfinite(created)]
    return float(past[past <= time.time()].max(initial=0.0))
