"""LikeRate: rating by an average user, or shrunk log odds of a like where dislikes are unknown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from recsys.array_types import Floats, Rows
from recsys.ranking.terms.item_feature_base import ItemFeatureTerm
from recsys.ranking.terms.protocol import Choices, ModelForm, Parameter
from recsys.serving.live_state import LiveState
from recsys.serving.score_model import ScoreModel


class LikeRate(ItemFeatureTerm):
    """Weight · the rating that an average user would give.

    That is the base of explicit feedback where likes and dislikes are both known, otherwise the
    shrunk log odds of a like.
    """

    name = "liked"
    kinds = {"liked": "liked"}
    sources = {"liked": "popular"}
    adds = ("liked",)

    def values(
        self, live: LiveState, rows: Rows | slice, names: tuple[str, ...], now: float
    ) -> Floats:
        """Return the rating of an average user, or the log odds of a like.

        (1, rows).
        """
        opinions = live.opinions
        found = live.counters.like_rate(rows) if opinions is None else opinions.bases[rows]
        return np.asarray(found[None][: len(names)], np.float32)

    def fixed(self, form: ModelForm, choices: Choices) -> Floats | None:
        """Return the expected rating times its weight."""
        if not form.rating_weight:
            return None
        return np.float32(form.rating_weight) * choices.columns[self.column("liked")]

    def learned(
        self, form: ModelForm, weights: Mapping[Parameter, float], score_model: ScoreModel
    ) -> ScoreModel:
        """Return the score model with the learned weight and that of the expected rating."""
        found = super().learned(form, weights, score_model)
        if not form.rating_weight:
            return found
        priors = dict(found.priors)
        priors["liked"] = priors.get("liked", 0.0) + form.rating_weight
        return replace(found, priors=priors)
