"""History: what a person did, as rows and signed weights, oldest first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from recsys.arrays import Floats, Rows, Times
from recsys.data.event_log import StoredEvent
from recsys.data.weights import EventWeights
from recsys.ranking.query import Interaction
from recsys.state.live import LiveState
from recsys.text.tones import Tones


@dataclass(frozen=True, slots=True)
class History:
    """One entry per item, placed by its last event.

    Weights of repeated events add up; a change of mind counts as what was said last.
    """

    rows: Rows  # (n,), distinct
    weights: Floats  # (n,), signed
    times: Times  # (n,), NaN unknown

    def __len__(self) -> int:
        return len(self.rows)

    def ages(self) -> Floats:
        """Return how many events back each entry is, 0 for the last."""
        return np.arange(len(self) - 1, -1, -1, dtype=np.float32)

    @classmethod
    def empty(cls) -> History:
        """Return the history of a person who did nothing."""
        return cls(np.zeros(0, np.int32), np.zeros(0, np.float32), np.zeros(0))

    @classmethod
    def resolve(cls, interactions: Iterable[Interaction], live: LiveState) -> History:
        """Look the items up and weigh the events.

        Items never heard of are passed over, and so are events that weigh nothing: an impression
        neither hides an item nor ages what was done before it.
        """
        entries: dict[int, tuple[float, float]] = {}  # in the order of the last event
        for row, weight, time in _weighed(tuple(interactions), live):
            before, _ = entries.pop(row, (0.0, 0.0))
            entries[row] = (before + weight if before * weight >= 0 else weight, time)
        if not entries:
            return cls.empty()
        weights, times = zip(*entries.values(), strict=True)
        return cls(
            np.fromiter(entries, np.int32, len(entries)),
            np.clip(np.array(weights, np.float32), -2.0, 2.0),
            np.array(times),
        )


def _weighed(
    interactions: tuple[Interaction, ...], live: LiveState
) -> list[tuple[int, float, float]]:
    ratings = [i.value for i in interactions if i.event == "rating" and i.value is not None]
    total, count = float(sum(ratings)), len(ratings)
    found = []
    for each in interactions:
        row = live.row(each.item_id)
        if row >= 0 and live.weights.heeds(each.event, each.value):
            weight = weigh(each, total, count, live.weights, live.model.rating_scale)
            found.append((row, weight, np.nan if each.timestamp is None else each.timestamp))
    return found


def weigh(
    each: Interaction,
    total: float,
    count: int,
    weights: EventWeights,
    scale: tuple[float, float],
) -> float:
    """Return an event's weight; `total` and `count` describe the same person's ratings."""
    if each.event == "rating" and each.value is not None:
        return weights.toned(weights.of_rating(each.value, total, count, scale), each.tone)
    return weights.toned(weights.of_kind(each.event), each.tone)


def interactions(
    events: Sequence[StoredEvent], tones: Tones | None = None
) -> tuple[Interaction, ...]:
    """Return stored events as the engine takes them, with the tone of what was written."""
    texts = [event.text for event in events]
    told = tones.scores(texts).tolist() if tones is not None else [0.0] * len(texts)
    return tuple(
        Interaction(e.item_id, e.event, e.value, e.moment, tone)
        for e, tone in zip(events, told, strict=True)
    )
