"""Popularity lift: how much more popular the items of lists are than those that users take up.

Abdollahpouri et al., "The connection between popularity bias, calibration, and fairness in
recommendation" (RecSys 2020), over all users instead of groups of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recsys.array_types import Rows
from recsys.data.ids import IdMap


@dataclass(frozen=True, slots=True)
class Popularity:
    """Users of each item, and of the items in the histories of users."""

    ids: IdMap
    users: NDArray[np.integer]  # (n_items,): different users who took an item up
    taken: float  # mean over users of the mean over their items; 0 without a history

    @classmethod
    def of(cls, ids: IdMap, user: Rows, item: Rows) -> Popularity:
        """Count acts in favour, (n,) each; an item counts once for a user."""
        if not len(user):
            return cls(ids, np.zeros(len(ids), np.int64), 0.0)
        pairs = np.unique(user.astype(np.int64) * max(len(ids), 1) + item)
        who, what = np.divmod(pairs, max(len(ids), 1))
        users = np.bincount(what, minlength=len(ids))
        sums, counts = np.bincount(who, users[what]), np.bincount(who)
        some = counts > 0
        return cls(ids, users, float((sums[some] / counts[some]).mean()))

    def lift(self, exposure: Mapping[str, float]) -> dict[str, float] | None:
        """Return what is shown, weighted by exposure, beside what is taken up, as JSON.

        `lift` 0: alike; 1: items of lists have twice the users. Items that came since have none.
        None where nothing was shown or taken up.
        """
        total = sum(exposure.values())
        if not total or not self.taken:
            return None
        rows = self.ids.rows(list(exposure))
        known = rows >= 0
        weights = np.array(list(exposure.values()))[known]
        shown = float(weights @ self.users[rows[known]]) / total
        return {"shown": shown, "taken": self.taken, "lift": shown / self.taken - 1}
