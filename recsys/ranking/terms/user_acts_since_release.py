"""ExposureAge: number of the user's events since an item appeared, while they did not interact with
it.
"""

from __future__ import annotations

import numpy as np

from recsys.array_types import Floats, Mask, Rows, Times
from recsys.ranking.history import History
from recsys.ranking.item_feature_table import ItemFeatureTable
from recsys.ranking.item_newness import not_new
from recsys.ranking.terms.single_weight_base import LinearTerm
from recsys.ranking.user_features import exposure_age
from recsys.serving.live_state import LiveState
from recsys.serving.model import Model


class ExposureAge(LinearTerm):
    """Weight · log(1 + the user's events since the item appeared): a user passed over old items."""

    name = "exposure_age"
    kind = "fresh"
    sources = {"fresh": "fresh"}
    dated = True
    gbdt_names = ("passed",)

    def live_values(self, live: LiveState, history: History, times: Times, rows: Rows) -> Floats:
        """Return the logarithms for rows; 0 where dates are not known.

        (rows,); `times`: of the history, Unix seconds, ascending.
        """
        return exposure_age(times, live.created[rows])

    def model_values(self, model: Model, history: History) -> Floats:
        """Return the logarithms for all the model's items.

        (n_items,).
        """
        return exposure_age(history.times, model.catalogue.created)

    def quiet(self, live: LiveState, rows: Rows) -> Mask | None:
        """Return the rows that nobody would call new."""
        return not_new(live, rows)

    def bound(
        self, weight: float, live: LiveState, history: History, table: ItemFeatureTable
    ) -> Floats | float:
        """Return the greater of the values of a block's first and last items."""
        if not table.created_range.shape[1]:
            return 0.0
        ends = np.stack(
            [exposure_age(history.times, created_range) for created_range in table.created_range]
        )
        return np.asarray((np.float32(weight) * ends).max(axis=0), np.float32)
