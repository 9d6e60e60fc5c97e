"""Popularity: logarithm of an item's decayed interaction counts at several half-lives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from recsys.array_types import Floats, Mask, Rows
from recsys.ranking.item_feature_table import ItemFeatureTable
from recsys.ranking.terms.item_feature_base import ItemFeatureTerm, UserItemFeatures
from recsys.ranking.terms.protocol import BatchContext, Choices, ModelForm, Parameter, UserContext
from recsys.serving.item_popularity_from_events import DAY, HALF_LIVES, HOUR
from recsys.serving.live_state import LiveState
from recsys.serving.popularity_counters import PSEUDO
from recsys.serving.score_model import ScoreModel

SHARES = tuple(
    "share_all"
    if h == float("inf")
    else f"share_{h / HOUR:.0f}h"
    if h < DAY
    else f"share_{h / DAY:.0f}d"
    for h in HALF_LIVES
)
HALF_LIFE = dict(zip(SHARES, HALF_LIVES, strict=True))  # seconds
NO_UPTAKE = np.float32(np.log(PSEUDO))  # feature of an item that nobody took up
ONE_USER = float(np.log(1.0 + PSEUDO))  # feature of all time of an item of one user at most
TIE_BREAK = 1e-4  # weight of popularity where one engine alone gives the order
RECENT = 2 * DAY  # seconds since an item was taken up last within which it may be trending


@dataclass(frozen=True, slots=True)
class UserPopularity(UserItemFeatures):
    """Popularity as a user without positive events is answered.

    What one user alone took up counts as not taken up: it says nothing to others yet, and nobody
    can bring an item into their lists by opening it again and again.
    """

    @property
    def scores_rows(self) -> bool:
        """Whether any weight is not zero."""
        return bool(self.weights.any())

    def _less(self, rows: Rows) -> tuple[Mask, Floats]:
        """Return the rows of one user, and how far their features are from no uptake."""
        alone = np.asarray(self.live.counters.by_one_user(rows))
        own = self.term.values(self.live, rows[alone], self.names, np.inf)
        return alone, NO_UPTAKE - own

    def score(self, rows: Rows) -> Floats:
        """Return what rows of one user lose."""
        found = np.zeros(len(rows), np.float32)
        alone, less = self._less(rows)
        if len(less):
            found[alone] = self.weights @ less
        return found

    def bound(self, table: ItemFeatureTable) -> float:
        """Return 0: no weight is below zero, and no feature below that of no uptake."""
        return 0.0

    def shifts(self, rows: Rows) -> Floats:
        """Return how far the features of rows are moved, (names, rows)."""
        found = np.zeros((len(self.names), len(rows)), np.float32)
        alone, less = self._less(rows)
        found[:, alone] = less
        return found


class Popularity(ItemFeatureTerm):
    """Σ over half-lives of weight · log(decayed uptake): "popular" and "trending"."""

    name = "popularity"
    kinds = {
        name: "trending" if life <= 10 * DAY else "popular" for name, life in HALF_LIFE.items()
    }
    sources = {"popular": "popular", "trending": "trending"}
    gbdt_names = SHARES

    def values(
        self, live: LiveState, rows: Rows | slice, names: tuple[str, ...], now: float
    ) -> Floats:
        """Return the logarithms of the smoothed uptake.

        (names, rows): one row per half-life in `names`; `now`: Unix seconds.
        """
        return live.counters.log_shares(rows, now, [SHARES.index(name) for name in names])

    def bind(self, context: UserContext) -> UserItemFeatures | None:
        """Weigh the features for one user; None where neither score nor trees read any."""
        found = ItemFeatureTerm.bind(self, context)
        if found is None or not context.history.cold_user:
            return found
        return UserPopularity(found.term, found.live, found.names, found.weights)

    def batch(self, context: BatchContext) -> Floats | None:
        """Return the term's scores of many users."""
        found = ItemFeatureTerm.batch(self, context)
        new = [place for place, one in enumerate(context.histories) if one.cold_user]
        names = self.used_names(context.score_model)
        if found is None or not new:
            return found
        alone = context.features["share_all"] <= ONE_USER + 1e-6
        none = np.full(len(names), NO_UPTAKE)
        for place in new:
            weights = context.score_model.prior_weights(
                names, context.user_features[place], cold_user=True
            )
            found[place, alone] = weights @ none
        return found

    def fixed(self, form: ModelForm, choices: Choices) -> Floats | None:
        """Return what orders the items that one engine alone gives the same score."""
        if not form.plain:
            return None
        return np.float32(TIE_BREAK) * choices.columns[self.column("share_all")]

    def learned(
        self, form: ModelForm, weights: Mapping[Parameter, float], score_model: ScoreModel
    ) -> ScoreModel:
        """Return the score model with the weights of the features."""
        found = ItemFeatureTerm.learned(self, form, weights, score_model)
        if not form.plain:
            return found
        priors = dict(found.priors)
        priors["share_all"] = priors.get("share_all", 0.0) + TIE_BREAK
        return replace(found, priors=priors)

    def quiet(self, live: LiveState, rows: Rows, kind: str, below: Mask) -> Mask:
        """Return `below`, and what was not taken up lately where the reason is a trend."""
        if kind != "trending":
            return below
        return below | (live.counters.last[rows] < live.counters.newest - RECENT)
