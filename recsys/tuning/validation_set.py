"""ValidationSet: users whose next events are known, cut inside the training data."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from recsys.array_types import Rows
from recsys.data.dataset import Dataset
from recsys.ranking.history_batch import HistoryBatch
from recsys.ranking_metrics import Positives
from recsys.tuning.stable_sampling import sample


@dataclass(frozen=True, slots=True)
class ValidationSet:
    """What may be learned from, and what users took up next."""

    data: Dataset  # without the relevant events
    histories: HistoryBatch  # of the validation users
    relevant: Positives  # item rows of `data`, none in the user's history; -1: not there
    only: Rows | None = None  # the items that may be recommended; None: all
    users: Rows | None = None  # (n,): rows of `data.users`; None: not known

    def __len__(self) -> int:
        return len(self.histories)

    @classmethod
    def of_users(
        cls, data: Dataset, users: Rows, relevant: Positives, only: Rows | None = None
    ) -> ValidationSet:
        """Ask about users of `data`, with the histories they have in it."""
        return cls(data, HistoryBatch.of_dataset(data, users), relevant, only, users)

    def take(self, people: NDArray[np.integer]) -> ValidationSet:
        """Return the same check for some of its users."""
        lists = [
            self.relevant.items[self.relevant.starts[p] : self.relevant.starts[p + 1]].tolist()
            for p in people.tolist()
        ]
        return replace(
            self,
            histories=self.histories.take(people),
            relevant=Positives.from_lists(lists),
            users=None if self.users is None else self.users[people],
        )

    def sample(self, most: int, seed: int) -> ValidationSet:
        """Return at most so many users, drawn without replacement, in their order.

        Who is drawn depends on the number of each user, see `stable_sampling`.
        """
        if len(self) <= most:
            return self
        return self.take(
            sample(np.arange(len(self)) if self.users is None else self.users, most, seed)
        )
