"""HistoryBatch: histories of many users in four flat arrays."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from recsys.array_types import Floats, Rows, Times
from recsys.data.dataset import Dataset
from recsys.ranking.dataset_social_graph import SocialGraph, own_rows
from recsys.ranking.history import History, steps_back
from recsys.ranking.social_signals import SocialSignals


@dataclass(frozen=True, slots=True)
class HistoryBatch:
    """Histories of many users, one after the other; each as `History` has it."""

    ends: NDArray[np.int64]  # (n_people + 1,)
    rows: Rows
    weights: Floats
    times: Times
    social: tuple[SocialSignals, ...] | None = None  # (n_people,); None: no follow is known

    def __len__(self) -> int:
        return len(self.ends) - 1

    def __iter__(self) -> Iterator[History]:
        return (self[user] for user in range(len(self)))

    def __getitem__(self, user: int) -> History:
        part = slice(self.ends[user], self.ends[user + 1])
        social = None if self.social is None else self.social[user]
        return History(self.rows[part], self.weights[part], self.times[part], social)

    @classmethod
    def of_dataset(cls, data: Dataset, users: Rows) -> HistoryBatch:
        """Return the histories of some users (rows of `data.users`, -1: an empty one)."""
        order = np.argsort(data.user, kind="stable")
        starts = np.searchsorted(data.user[order], np.arange(len(data.users) + 1))
        events_by_user = [
            order[starts[user] : starts[user + 1]] if user >= 0 else order[:0]
            for user in users.tolist()
        ]
        times = data.time if data.timed else np.full(len(data.time), np.nan)
        found = cls.of_events(data.item, data.weight, times, events_by_user)
        return found.with_social(SocialGraph.of(data), users)

    @classmethod
    def of_events(
        cls, item: Rows, weight: Floats, time: Times, events_by_user: list[NDArray[np.intp]]
    ) -> HistoryBatch:
        """Gather each user's events (their numbers, in order) into one history each."""
        sizes = np.fromiter(map(len, events_by_user), np.int64, len(events_by_user))
        events = np.concatenate([*events_by_user, np.zeros(0, np.int64)]).astype(np.int64)
        user = np.repeat(np.arange(len(events_by_user)), sizes)
        key = user * (int(item.max(initial=0)) + 1) + item[events]
        last = _last_of_each(key)
        weights = _added(key, weight[events], last)
        counts = np.bincount(user[last], minlength=len(events_by_user))
        kept = events[last]
        ends = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
        return cls(ends, item[kept], np.clip(weights, -2.0, 2.0), time[kept])

    def with_social(self, graph: SocialGraph | None, users: Rows) -> HistoryBatch:
        """Return the histories with the social signals of their users, rows of the graph."""
        if graph is None:
            return self
        signals = [
            graph.signals(user, own_rows(one.rows, one.weights))
            for user, one in zip(users.tolist(), self, strict=True)
        ]
        return replace(self, social=tuple(signals))

    def ages(self) -> Floats:
        """Return how many distinct times back each entry is within its history, 0 for the last."""
        return steps_back(self.times, self.ends)

    def matrix(self, values: Floats, n_items: int) -> sparse.csr_array:
        """Return users × items holding `values`, one per entry."""
        shape = (len(self), n_items)
        return sparse.csr_array((values, self.rows, self.ends), shape=shape)

    def decayed(self, half_life: float, n_items: int, weights: Floats) -> sparse.csr_array:
        """Return users × items holding weights, halved every `half_life` distinct times back."""
        decay = np.exp2(-self.ages() / np.float32(half_life))
        return self.matrix((weights * decay).astype(np.float32), n_items)

    def take(self, events_by_user: NDArray[np.integer]) -> HistoryBatch:
        """Return some users' histories, in the order asked for."""
        parts = [np.arange(self.ends[p], self.ends[p + 1]) for p in events_by_user.tolist()]
        kept = np.concatenate([*parts, np.zeros(0, np.int64)]).astype(np.int64)
        ends = np.concatenate([[0], np.cumsum([len(p) for p in parts])]).astype(np.int64)
        social = self.social
        if social is not None:
            social = tuple(social[user] for user in events_by_user.tolist())
        return HistoryBatch(ends, self.rows[kept], self.weights[kept], self.times[kept], social)


def _last_of_each(key: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return where each key occurs last, in the order of those places."""
    _, from_end = np.unique(key[::-1], return_index=True)
    return np.sort(len(key) - 1 - from_end)


def _added(key: NDArray[np.int64], weight: Floats, last: NDArray[np.int64]) -> Floats:
    """Return the weights at the places `last`, repeats added; a change of sign starts anew."""
    if len(last) == len(key):
        return weight[last]
    total: dict[int, float] = {}
    for each, value in zip(key.tolist(), weight.tolist(), strict=True):
        before = total.get(each, 0.0)
        total[each] = before + value if before * value >= 0 else value
    return np.array([total[each] for each in key[last].tolist()], np.float32)
