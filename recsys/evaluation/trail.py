"""Trail: one person's acts during a walk, oldest first."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from recsys.data.dataset import Dataset
from recsys.data.tables import EventTable
from recsys.data.weights import EventWeights
from recsys.evaluation.scorer import Histories


@dataclass(slots=True)
class Trail:
    """One person's events so far, oldest first."""

    items: list[int]
    weights: list[float]
    times: list[float]
    rating_sum: float = 0.0
    ratings: int = 0

    def add(self, item: int, weight: float, time: float) -> None:
        """Append one event."""
        self.items.append(item)
        self.weights.append(weight)
        self.times.append(time)

    def histories(self, user: int, now: float) -> Histories:
        """Return the trail as the history of one person."""
        return Histories(
            np.array([user], np.int32),
            np.array([0, len(self.items)]),
            np.array(self.items, np.int32),
            np.array(self.weights, np.float32),
            np.array(self.times, np.float64),
            now,
        )


def trails_of(data: Dataset, train: EventTable) -> dict[int, Trail]:
    """Return the trail of every user who has acted, by row, and what ratings add up to."""
    trails: dict[int, Trail] = {}
    columns = (data.user.tolist(), data.item.tolist(), data.weight.tolist(), data.time.tolist())
    for user, *event in zip(*columns, strict=True):
        trails.setdefault(user, Trail([], [], [])).add(*event)
    rated = EventWeights().rated(train)
    for user, value in zip(train.user[rated].tolist(), train.value[rated].tolist(), strict=True):
        trails[user].rating_sum += value
        trails[user].ratings += 1
    return trails
