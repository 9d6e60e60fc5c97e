"""Histories of users from events: each item once, where it came last, without what was refused."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recsys.array_types import Floats, Mask, Rows, Times
from recsys.block_runner_protocol import Arrays, BlockRunner, runner_for

EVENT_SECONDS = 6e-7  # of CPU time per event
EVENT_BYTES = 17  # of an event on its way to a user
PART_EVENTS = 1_000_000  # of a part of the input


@dataclass(frozen=True, slots=True)
class UserHistories:
    """What users took up, oldest first."""

    ends: NDArray[np.int64]  # (n_users + 1,): user u took up items[ends[u]:ends[u + 1]]
    items: Rows  # distinct within a user
    times: Times  # of the event that counts


def histories_of(
    user: Rows, item: Rows, weight: Floats, time: Times, n_users: int, n_items: int
) -> UserHistories:
    """Return the histories of all users, computed by the runner of the night if there is one.

    `user`, `item`, `weight`, `time`: of each event, in the order of time.
    """
    runner = runner_for(EVENT_SECONDS * len(user))
    if runner is None or not n_users:
        return user_histories(user, item, weight, time, n_users, n_items)
    signs = np.sign(weight).astype(np.int8)
    shared = {"users": user_bounds(user, n_users, runner), "n_items": np.array([n_items])}
    events: Arrays = {"user": user, "item": item, "sign": signs, "time": time}
    blocks = len(shared["users"]) - 1
    found = list(runner.run(HistoryWork(), event_parts(events), shared, blocks))
    counts = [one["counts"] for one in found]
    ends = np.concatenate([[0], np.cumsum(np.concatenate(counts), dtype=np.int64)])
    items = np.concatenate([one["items"] for one in found])
    return UserHistories(ends, items, np.concatenate([one["times"] for one in found]))


def user_histories(
    user: NDArray[np.integer],
    item: Rows,
    weight: NDArray[np.number],
    time: Times,
    n_users: int,
    n_items: int,
) -> UserHistories:
    """Return the histories of users numbered from 0, from events in the order of time.

    An item counts once, where it came last. What a user refused afterwards is not taken up.
    """
    good = np.flatnonzero((weight > 0) & ~_refused_later(user, item, weight, n_items))
    order = good[np.argsort(user[good], kind="stable")]
    user, item = user[order], item[order]
    key = user.astype(np.int64) * max(n_items, 1) + item
    _, from_end = np.unique(key[::-1], return_index=True)
    kept = np.sort(len(key) - 1 - from_end)
    ends = np.searchsorted(user[kept], np.arange(n_users + 1)).astype(np.int64)
    return UserHistories(ends, item[kept].astype(np.int32), time[order][kept])


@dataclass(frozen=True, slots=True)
class HistoryWork:
    """Histories as work of a runner: a block is a range of users."""

    name: str = "histories"

    def prepare(self, shared: Arrays) -> tuple[NDArray[np.int64], int]:
        """Return where the ranges of users begin, and the number of items."""
        return np.array(shared["users"]), int(shared["n_items"][0])

    def spread(self, part: Arrays, ready: tuple[NDArray[np.int64], int]) -> Iterator[Any]:
        """Yield for each range of users its events, in the order of time."""
        return events_by_range(part, part["user"], ready[0])

    def compute(
        self, block: int, parts: Sequence[Arrays], ready: tuple[NDArray[np.int64], int]
    ) -> dict[str, NDArray[Any]]:
        """Return the histories of a range of users: counts of each, items and times."""
        (first, end), n_items = ready[0][block : block + 2].tolist(), ready[1]
        one = joined_events(parts, {"user": np.int32, "item": np.int32, "sign": np.int8})
        user = one["user"] - np.int32(first)
        found = user_histories(user, one["item"], one["sign"], one["time"], end - first, n_items)
        counts = np.diff(found.ends).astype(np.int32)
        return {"counts": counts, "items": found.items, "times": found.times}


def user_bounds(user: Rows, n_users: int, runner: BlockRunner) -> NDArray[np.int64]:
    """Return ranges of users with about equally many events each, (ranges + 1,)."""
    return range_bounds(user, n_users, runner.blocks_for(EVENT_BYTES * float(len(user))))


def range_bounds(rows: Rows, size: int, most: int) -> NDArray[np.int64]:
    """Return at most `most` ranges of 0 to `size` with about equally many events, (ranges + 1,).

    `rows`: of each event.
    """
    before = np.concatenate([[0], np.cumsum(np.bincount(rows, minlength=size) + 1)])
    cuts = before[-1] * np.arange(1, most) / most
    return np.unique(np.concatenate([[0], np.searchsorted(before, cuts), [size]])).astype(np.int64)


def event_parts(events: Arrays) -> Iterator[Arrays]:
    """Yield columns of events in runs of them."""
    count = len(next(iter(events.values())))
    for start in range(0, count, PART_EVENTS):
        own = slice(start, start + PART_EVENTS)
        yield {name: column[own] for name, column in events.items()}


def events_by_range(
    part: Arrays, rows: NDArray[np.integer], bounds: NDArray[np.int64]
) -> Iterator[tuple[int, Arrays]]:
    """Yield the number of each range and the events whose row is in it, in their order."""
    owner = np.searchsorted(bounds, rows, side="right") - 1
    order = np.argsort(owner, kind="stable")
    ranges, starts = np.unique(owner[order], return_index=True)
    for number, own in zip(ranges.tolist(), np.split(order, starts[1:]), strict=True):
        yield number, {name: column[own] for name, column in part.items()}


def joined_events(
    parts: Sequence[Arrays], kinds: dict[str, type[np.generic]]
) -> dict[str, NDArray[Any]]:
    """Return the columns of parts one after the other, and a column `time`.

    `kinds`: types of the columns where there is no part.
    """
    names = {**kinds, "time": np.float64}
    return {
        name: np.concatenate([*(part[name] for part in parts), np.zeros(0, kind)])
        for name, kind in names.items()
    }


def _refused_later(
    user: NDArray[np.integer], item: Rows, weight: NDArray[np.number], n_items: int
) -> Mask:
    """Return which events the same user followed by a negative event on the same item."""
    against = np.flatnonzero(weight < 0)
    if not len(against):
        return np.zeros(len(weight), bool)
    key = user.astype(np.int64) * max(n_items, 1) + item
    refused, from_end = np.unique(key[against[::-1]], return_index=True)
    last = against[len(against) - 1 - from_end]
    place = np.minimum(np.searchsorted(refused, key), len(refused) - 1)
    return np.asarray((refused[place] == key) & (last[place] > np.arange(len(key))), bool)
