"""UserTimeline: events of one user during a replay, oldest first."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from recsys.data.dataset import Dataset
from recsys.data.event_tables import EventTable
from recsys.data.event_weights import EventWeights
from recsys.tuning.scorer_protocol import Histories


@dataclass(slots=True)
class UserTimeline:
    """One person's events so far, oldest first."""

    items: list[int]
    weights: list[float]
    times: list[float]
    rating_sum: float = 0.0
    ratings: int = 0
    kinds: list[str] = field(default_factory=list)  # of each event, as the weights name them

    def add(self, item: int, weight: float, time: float, kind: str = "") -> None:
        """Append one event."""
        self.kinds.append(kind)
        self.items.append(item)
        self.weights.append(weight)
        self.times.append(time)

    def withdraw(self, item: int, kind: str) -> list[tuple[float, float]]:
        """Take out all acts of a kind on an item; return the weight and time of each."""
        both = enumerate(zip(self.items, self.kinds, strict=True))
        places = [place for place, found in both if found == (item, kind)]
        back = [(self.weights[place], self.times[place]) for place in places]
        for place in reversed(places):
            del self.items[place], self.weights[place], self.times[place], self.kinds[place]
        return back

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


def trails_of(data: Dataset, train: EventTable, rules: EventWeights) -> dict[int, UserTimeline]:
    """Return the trail of every user who has acted, by row, and what ratings add up to.

    `train`: the events that the data set was made of.
    """
    timelines: dict[int, UserTimeline] = {}
    train = train.select(rules.acts(train))
    names = [rules.meanings[kind].name for kind in train.kinds]
    columns = (data.user.tolist(), data.item.tolist(), data.weight.tolist(), data.time.tolist())
    for user, item, weight, time, kind in zip(*columns, train.kind.tolist(), strict=True):
        timelines.setdefault(user, UserTimeline([], [], [])).add(item, weight, time, names[kind])
    rated = rules.rated(train)
    for user, value in zip(train.user[rated].tolist(), train.value[rated].tolist(), strict=True):
        timelines[user].rating_sum += value
        timelines[user].ratings += 1
    return timelines
