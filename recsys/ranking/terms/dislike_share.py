"""DislikeShare: logarithm of the share of opinions on an item that are not dislikes."""

from __future__ import annotations

import numpy as np

from recsys.array_types import Floats, Rows
from recsys.ranking.terms.item_feature_base import ItemFeatureTerm
from recsys.serving.live_state import LiveState


class DislikeShare(ItemFeatureTerm):
    """Weight · log(share of opinions that are no dislikes); 0 for an item without dislikes.

    Its weight is set where dislikes are too few to learn from, see
    `recsys.tuning.score_model_form`.
    """

    name = "refusals"
    kinds = {"refusals": "liked"}
    sources = {"liked": "popular"}
    nominating = False

    def values(
        self, live: LiveState, rows: Rows | slice, names: tuple[str, ...], now: float
    ) -> Floats:
        """Return the logarithm of the share.

        (1, rows); 0 for an item without dislikes, below 0 else.
        """
        return np.asarray(live.counters.kept_share(rows)[None][: len(names)], np.float32)
