"""ItemAge: logarithm of an item's age, as of the latest event on the platform."""

from __future__ import annotations

import numpy as np

from recsys.array_types import Floats, Mask, Rows, Times
from recsys.ranking.history import History
from recsys.ranking.item_feature_table import ItemFeatureTable
from recsys.ranking.item_newness import has_dated_events, newest_creation, not_new, present
from recsys.ranking.terms.protocol import Part
from recsys.ranking.terms.single_weight_base import LinearTerm
from recsys.serving.item_popularity_from_events import DAY
from recsys.serving.live_state import LiveState
from recsys.serving.model import Model

UNKNOWN = float(np.log1p(365.0))  # value of an item of unknown age: as of one of a year


class ItemAge(LinearTerm):
    """Weight · log(1 + days from the item's appearance to the latest event).

    Time ends at the latest event, as for trends: on a platform that stands still nothing grows old.
    Where no event has a time, it ends at the newest item.
    An item of unknown age counts as one of a year.
    """

    name = "item_age"
    kind = "fresh"
    sources = {"fresh": "fresh", "newest": "fresh"}
    dated = True
    of_items = True

    def live_values(self, live: LiveState, history: History, times: Times, rows: Rows) -> Floats:
        """Return the logarithms for rows."""
        return _log_days(live.created[rows], present(live))

    def model_values(self, model: Model, history: History) -> Floats:
        """Return the logarithms for all the model's items."""
        created = model.catalogue.created
        return _log_days(created, model.cutoff or newest_creation(created))

    def quiet(self, live: LiveState, rows: Rows) -> Mask | None:
        """Return the rows that nobody would call new."""
        return not_new(live, rows)

    def split(self, live: LiveState, rows: Rows, values: Floats) -> tuple[Part, ...]:
        """Return the part of age; without any dated event, one of old items by itself.

        There the newest items come first however old they are, and a reason has to say so.
        """
        if has_dated_events(live):
            return super().split(live, rows, values)
        old, none = not_new(live, rows), np.float32(0)
        undated = ~np.isfinite(live.created[rows])
        return (
            Part("fresh", np.where(old, none, values)),
            Part("newest", np.where(old, values, none), undated),
        )

    def bound(
        self, weight: float, live: LiveState, history: History, table: ItemFeatureTable
    ) -> Floats | float:
        """Return the greatest of the values of a block's first and last items.

        Where the age of one of them is unknown, an item that has just appeared may be among them.
        """
        if not table.created_range.shape[1]:
            return 0.0
        now = present(live)
        first, last = (_log_days(created, now) for created in table.created_range)
        youngest = np.where(np.isfinite(table.created_range[1]), last, np.float32(0.0))
        values = np.float32(weight) * np.stack([first, youngest, last])
        return np.asarray(values.max(axis=0), np.float32)


def _log_days(created: Times, now: float) -> Floats:
    days = np.maximum(now - np.where(np.isfinite(created), created, 0.0), 0.0) / DAY
    found: Floats = np.where(np.isfinite(created), np.log1p(days), UNKNOWN).astype(np.float32)
    return found
