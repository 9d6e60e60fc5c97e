"""Sums of popularity counters as work of a runner: a block is a range of items."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recsys.block_runner_protocol import Arrays, runner_for
from recsys.models.user_histories import event_parts, events_by_range, joined_events, range_bounds
from recsys.serving.item_popularity_from_events import EventColumns, ItemSums, Pauses, item_sums

EVENT_SECONDS = 1.5e-6  # of CPU time per event
EVENT_BYTES = 21  # of an event on its way to an item
_KINDS: dict[str, type[np.generic]] = {
    "item": np.int32,
    "weight": np.float32,
    "explicit": np.bool_,
    "actor": np.int64,
}


@dataclass(frozen=True, slots=True)
class Ready:
    """What every range of items needs."""

    bounds: NDArray[np.int64]  # (ranges + 1,)
    pauses: Pauses


@dataclass(frozen=True, slots=True)
class CounterWork:
    """Whether events have actors; the rest is shared."""

    actors: bool
    name: str = "counters"

    def prepare(self, shared: Arrays) -> Ready:
        """Return the ranges, and the pauses of the platform."""
        pauses = [(float(end), float(seconds)) for end, seconds in shared["pauses"]]
        return Ready(np.array(shared["bounds"]), pauses)

    def spread(self, part: Arrays, ready: Ready) -> Iterator[tuple[int, Arrays]]:
        """Yield for each range of items its events, in the order of time."""
        return events_by_range(part, part["item"], ready.bounds)

    def compute(self, block: int, parts: Sequence[Arrays], ready: Ready) -> dict[str, Any]:
        """Return the sums of a range of items."""
        first, end = ready.bounds[block : block + 2].tolist()
        one = joined_events(parts, _KINDS if self.actors else _without(_KINDS, "actor"))
        events = EventColumns(
            one["item"] - np.int32(first),
            one["weight"],
            one["explicit"],
            one["time"],
            one.get("actor"),
        )
        found = item_sums(end - first, events, ready.pauses)
        return {name: getattr(found, name) for name in ("level", "last", "likes", "dislikes")}


def sums_of_items(size: int, events: EventColumns, pauses: Pauses) -> ItemSums:
    """Return what `item_sums` does, computed by the runner of the night if there is one."""
    runner = runner_for(EVENT_SECONDS * len(events.item))
    if runner is None or not size:
        return item_sums(size, events, pauses)
    blocks = runner.blocks_for(EVENT_BYTES * float(len(events.item)))
    bounds = range_bounds(events.item, size, blocks)
    shared = {"bounds": bounds, "pauses": np.array(pauses, np.float64).reshape(-1, 2)}
    columns: dict[str, NDArray[Any]] = {
        "item": events.item,
        "weight": events.weight,
        "explicit": events.explicit,
        "time": events.time,
    }
    if events.actor is not None:
        columns["actor"] = events.actor
    work = CounterWork(events.actor is not None)
    found = list(runner.run(work, event_parts(columns), shared, len(bounds) - 1))
    return ItemSums(
        np.concatenate([one["level"] for one in found], axis=1),
        *(np.concatenate([one[name] for one in found]) for name in ("last", "likes", "dislikes")),
    )


def _without(kinds: dict[str, type[np.generic]], name: str) -> dict[str, type[np.generic]]:
    return {own: kind for own, kind in kinds.items() if own != name}
