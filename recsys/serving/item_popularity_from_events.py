"""Decayed sums of uptake of each item from a table of events; pure functions of arrays."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recsys.array_types import Floats, Mask, Rows, Times

HOUR = 3600.0
DAY = 24 * HOUR
# From a news feed's hours to a film catalogue's seasons; their weights are learned.
HALF_LIVES = (HOUR, 6 * HOUR, DAY, 3 * DAY, 10 * DAY, 30 * DAY, np.inf)
PAUSE = 7 * DAY  # without an event of anybody, after which time stands still
Pauses = Sequence[tuple[float, float]]  # (end, seconds left out)


@dataclass(frozen=True, slots=True)
class ItemSums:
    """What was done with each item."""

    level: NDArray[np.float64]  # (half-lives, n): -inf where nothing was taken up
    last: Times  # (n,): time of each item's last event, -inf when none
    likes: Floats  # (n,): explicit positive weight
    dislikes: Floats  # (n,): explicit negative weight


@dataclass(frozen=True, slots=True)
class EventColumns:
    """Events in the order of time."""

    item: Rows
    weight: Floats
    explicit: Mask
    time: Times
    actor: NDArray[np.integer] | None = None  # a number per user; None: each is of another


SumOf = Callable[[int, EventColumns, Pauses], ItemSums]


def item_sums(size: int, events: EventColumns, pauses: Pauses) -> ItemSums:
    """Return the sums of items 0 to `size`; an item's depend on its own events alone.

    `pauses`: of all events of the platform, see `PopularityCounters`.
    """
    item, weight, when, explicit = events.item, events.weight, events.time, events.explicit
    last = np.full(size, -np.inf)
    np.maximum.at(last, item, when)
    taken = np.clip(weight, 0.0, 1.0).astype(np.float64)
    if events.actor is not None:
        explicit = _last(item, events.actor, explicit & (weight != 0))
        stated = np.where(explicit, weight, np.float32(0))
        item, taken, when, weight = _joined(item, events.actor, taken, when, stated)
        explicit = weight != 0
    when = placed(when, pauses)
    own = np.where(np.isfinite(last), placed(last, pauses), 0.0)
    level = np.full((len(HALF_LIVES), size), -np.inf)
    for row, half_life in enumerate(HALF_LIVES):
        mass = np.bincount(item, taken * np.exp2((when - own[item]) / half_life), size)
        level[row] = np.log2(mass, where=mass > 0, out=level[row])
        level[row] += own / half_life
    stated = np.where(explicit, weight, 0.0)
    likes = np.bincount(item, np.maximum(stated, 0), size).astype(np.float32)
    dislikes = np.bincount(item, np.maximum(-stated, 0), size).astype(np.float32)
    return ItemSums(level, last, likes, dislikes)


def placed(time: Any, pauses: Pauses) -> Any:
    """Return times as they count: those before a pause moved up to its end, less what is kept.

    A time within a pause, of an event that came late, counts as its end at most.
    """
    for end, seconds in pauses:
        time = np.where(time < end, np.minimum(time + seconds, end), time)
    return time


def log_sums_by_item(
    item: Rows, taken: NDArray[np.float64], when: Times
) -> tuple[Rows, list[NDArray[np.float64]]]:
    """Return the items of some events, and per half-life the logarithm of their decayed sums.

    (items,) each: to the base 2, as of the time 0, as `PopularityCounters.level` has it.
    """
    rows, place = np.unique(item, return_inverse=True)
    own = np.full(len(rows), -np.inf)
    np.maximum.at(own, place, when)
    levels = []
    for half_life in HALF_LIVES:
        mass = np.bincount(place, taken * np.exp2((when - own[place]) / half_life), len(rows))
        levels.append(np.log2(mass) + own / half_life)
    return rows, levels


def pauses_between(time: Times) -> list[tuple[float, float]]:
    """Return (end, seconds beyond PAUSE) of each pause between times in ascending order."""
    gaps = np.diff(time)
    at = np.flatnonzero(gaps > PAUSE)
    return list(zip(time[at + 1].tolist(), (gaps[at] - PAUSE).tolist(), strict=True))


def _keys(item: Rows, actor: NDArray[np.integer]) -> NDArray[np.int64]:
    return actor.astype(np.int64) * (int(item.max(initial=0)) + 1) + item


def _last(item: Rows, actor: NDArray[np.integer], some: Mask) -> Mask:
    """Return which of some events are a user's last of them on an item."""
    places = np.flatnonzero(some)
    keys = _keys(item[places], actor[places])
    _, from_end = np.unique(keys[::-1], return_index=True)
    found = np.zeros(len(item), bool)
    found[places[len(keys) - 1 - from_end]] = True
    return found


def _joined(
    item: Rows, actor: NDArray[np.integer], taken: NDArray[np.float64], when: Times, stated: Floats
) -> tuple[Rows, NDArray[np.float64], Times, Floats]:
    """Return item, uptake, time and opinion of each user-item pair."""
    _, first, place = np.unique(_keys(item, actor), return_index=True, return_inverse=True)
    most, latest = np.zeros(len(first)), np.full(len(first), -np.inf)
    np.maximum.at(most, place, taken)
    np.maximum.at(latest, place[taken > 0], when[taken > 0])
    latest = np.where(most > 0, latest, when[first])
    opinion = np.bincount(place, stated, len(first)).astype(np.float32)
    return item[first], most, latest, opinion
