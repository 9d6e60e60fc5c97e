"""ReplayedUserHistory: events of one user during a replay, oldest first."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from recsys.data.dataset import Dataset
from recsys.data.event_kind_weights import EventWeights
from recsys.data.event_tables import EventTable
from recsys.tuning.scorer_protocol import Histories


@dataclass(slots=True)
class ReplayedUserHistory:
    """One user's events so far, oldest first."""

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
        """Return the trail as the history of one user."""
        return Histories(
            np.array([user], np.int32),
            np.array([0, len(self.items)]),
            np.array(self.items, np.int32),
            np.array(self.weights, np.float32),
            np.array(self.times, np.float64),
            now,
        )


class Timelines:
    """The timeline of every user, made of the training events when somebody first asks for it.

    A walk asks for those of the users who act in it; lists of all events would take gigabytes.
    """

    def __init__(self, data: Dataset, train: EventTable, rules: EventWeights) -> None:
        """`train`: the events that the data set was made of."""
        train = train.select(rules.acts(train))
        self._data, self._kind = data, train.kind
        self._names = [rules.meanings[kind].name for kind in train.kinds]
        self._order = np.argsort(data.user, kind="stable")
        count = len(data.users)
        self._ends = np.concatenate([[0], np.cumsum(np.bincount(data.user, minlength=count))])
        rated = rules.rated(train)
        user = train.user[rated]
        self._sums = np.bincount(user, train.value[rated], minlength=count)
        self._ratings = np.bincount(user, minlength=count)
        self.made: dict[int, ReplayedUserHistory] = {}

    def of(self, user: int) -> ReplayedUserHistory:
        """Return the timeline of a user, by row; an empty one for a user without events."""
        if user not in self.made:
            data, own = self._data, self._order[self._ends[user] : self._ends[user + 1]]
            self.made[user] = ReplayedUserHistory(
                data.item[own].tolist(),
                data.weight[own].tolist(),
                data.time[own].tolist(),
                float(self._sums[user]),
                int(self._ratings[user]),
                [self._names[kind] for kind in self._kind[own].tolist()],
            )
        return self.made[user]
