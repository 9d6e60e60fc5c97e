"""Mask of items that are not new: older than 14 days, undated, or without a record."""

from __future__ import annotations

import numpy as np

from recsys.array_types import Mask, Rows
from recsys.serving.live_state import LiveState
from recsys.serving.popularity_sums import DAY

NEW = 14 * DAY  # seconds from its creation to the platform's newest event in which an item is new


def not_new(live: LiveState, rows: Rows) -> Mask:
    """Return which rows nobody would call new: old, without a date, or known from events alone."""
    created = live.created[rows]
    newest = live.counters.newest if np.isfinite(live.counters.newest) else np.inf
    recent = np.isfinite(created) & (created >= newest - NEW)
    return np.asarray(~recent | ~live.listing.recorded[rows], bool)
