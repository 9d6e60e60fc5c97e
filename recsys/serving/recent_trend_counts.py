"""Event counts since training, per series and hour."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from recsys.array_types import Rows
from recsys.serving.hourly_counts import HourlySeriesCounts
from recsys.serving.live_item_labels import labels_of
from recsys.serving.live_state import LiveState
from recsys.trends.item_series_membership import ITEM, KINDS
from recsys.trends.series import count_distinct
from recsys.trends.trend_model import key_of

RecentSentiment = NDArray[np.float32]
_HOURS = 1 << 24  # hours since 1970 lie below this


def read_recent(live: LiveState, first: int, end: int) -> HourlySeriesCounts:
    """Return the counts of the hours from `first` until before `end`, since the night."""
    _count_the_old(live)
    fresh = counted(live, *live.recent_activity.acts(first, end))
    return HourlySeriesCounts.joined([fresh, *live.past.between(first, end)])


def _count_the_old(live: LiveState) -> None:
    """Turn the hours whose users are kept no longer into counts."""
    with live.past.lock:
        if (acts := live.recent_activity.take_old()) is not None:
            live.past.add(counted(live, *acts), live.recent_activity.last_hour + 1)


def counted(
    live: LiveState,
    row: Rows,
    actor_hash: NDArray[np.int64],
    hour: Rows,
    sentiment: RecentSentiment,
) -> HourlySeriesCounts:
    """Count acts for every series that they belong to; `row`: ~row for a posting."""
    posted, row = row < 0, np.where(row < 0, ~row, row).astype(np.int32)
    parts: list[tuple[NDArray[Any], ...]] = []
    for number, kind in enumerate(KINDS):
        some = np.flatnonzero(~posted) if kind == ITEM else np.arange(len(row))
        place, code = labels_of(live, kind, row[some])
        act = some[place]
        cells, acts, unique_users = count_distinct(
            code.astype(np.int64) * _HOURS + hour[act], actor_hash[act]
        )
        at = np.searchsorted(cells, code.astype(np.int64) * _HOURS + hour[act])
        sums = np.bincount(at, sentiment[act], len(cells)).astype(np.float32)
        with_text = np.bincount(at, sentiment[act] != 0, len(cells)).astype(np.int32)
        key = key_of(number, cells // _HOURS)
        parts.append((key, cells % _HOURS, acts, unique_users, sums, with_text))
    whole, _, unique_users = count_distinct(hour.astype(np.int64), actor_hash)
    key, at, acts, own, sums, with_text = (np.concatenate(c) for c in zip(*parts, strict=True))
    return HourlySeriesCounts(key, at, acts, own, sums, with_text, whole, unique_users)
