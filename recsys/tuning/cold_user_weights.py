"""Weights of item features for users without a positive event, chosen by their own choices.

What the form learned of popularity among users with a history need not suit users without one.
Several weightings are compared on the choices of users without a history, by weights that other
users' choices fitted. The simplest within one paired standard error of the best is used.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from recsys.array_types import Floats
from recsys.ranking.terms.popularity import NO_UPTAKE, ONE_USER, SHARES
from recsys.ranking.terms.protocol import Column, Parameter
from recsys.ranking.terms.registry import item_linear_names
from recsys.ranking.user_features import activity
from recsys.ranking_metrics import Values
from recsys.serving.score_model import QUALITY
from recsys.tuning.choice_sets import ChoiceSets
from recsys.tuning.score_model_form import (
    LEAST_UPTAKE,
    CandidateForm,
    CrossValidator,
    as_learned,
)

FEWEST = 100  # users without a history; with fewer nothing is compared
Weights = dict[str, float]
Weighting = Callable[[Sequence[ChoiceSets], Mapping[Parameter, float]], Weights]


@dataclass(frozen=True, slots=True)
class ColdUserWeights:
    """The chosen weights and what they were chosen by."""

    name: str
    weights: Weights  # of item features, and of optional terms whose values belong to items
    users: int  # without a history, that weightings were compared on
    values: tuple[tuple[str, float, float], ...] = ()
    # name, nDCG@20 on them, standard error of the paired difference to the best

    @property
    def features(self) -> Weights:
        """The weights of item features."""
        return {n: w for n, w in self.weights.items() if n not in item_linear_names()}

    @property
    def linear(self) -> Weights:
        """The weights of optional terms."""
        return {n: w for n, w in self.weights.items() if n in item_linear_names()}

    def to_json(self) -> dict[str, object]:
        """Return it as a line of the evidence of a choice."""
        return {
            "newcomers": self.name,
            "users": self.users,
            "values": [list(value) for value in self.values],
        }


def choose_cold_user_weights(
    design: CandidateForm,
    choice_sets: ChoiceSets,
    weights: Mapping[Parameter, float],
    validator: CrossValidator | None = None,
) -> ColdUserWeights:
    """Return the weights for a form, learned from choice sets.

    `weights`: of the form, learned from the same choice sets. `validator`: their halves; None, or
    with fewer than `FEWEST` users without a history: those of the form, if they add up to enough
    and it has no term of the items themselves, else those that are learned as if nothing else
    spoke. Weights of age and of uptake mean something only beside each other.
    """
    every = _weightings(design)
    validation_sets = (
        [] if validator is None else [_cold_users(held_out) for _, held_out in validator.folds]
    )
    users = sum(len(np.unique(held_out.user)) for held_out in validation_sets)
    if validator is None or users < FEWEST:
        own = _of_form(design, weights)
        aged = not set(item_linear_names()).isdisjoint(design.linear)
        alone = aged or sum(own.values()) < LEAST_UPTAKE
        name = "of item features alone" if alone else "of the form"
        return ColdUserWeights(name, every[name]([choice_sets], weights), users)
    found: dict[str, Values] = {}
    for name, weighting in every.items():
        gains = [
            held_out.ndcg(scores(held_out, weighting(learn, own)))
            for (learn, _), held_out, own in zip(
                validator.folds, validation_sets, validator.weights(design), strict=True
            )
            if len(held_out)
        ]
        found[name] = np.concatenate(gains)
    best = max(found.values(), key=np.mean)
    errors = {n: float((best - v).std() / np.sqrt(len(v))) for n, v in found.items()}
    near = [n for n, v in found.items() if float((best - v).mean()) <= errors[n]]
    values = tuple((n, float(v.mean()), errors[n]) for n, v in found.items())
    return ColdUserWeights(near[0], every[near[0]]([choice_sets], weights), users, values)


def scores(choice_sets: ChoiceSets, weights: Mapping[str, float]) -> Floats:
    """Return the scores of users without a positive event, (users, places).

    An item with at most one user counts as not taken up, as in `UserPopularity`.
    """
    alone = choice_sets.columns[Column("popularity", "share_all")] <= ONE_USER + 1e-6
    total = np.zeros(choice_sets.chosen.shape, np.float32)
    for name, weight in weights.items():
        values = choice_sets.columns[_column(name)]
        if name in SHARES:
            values = np.where(alone, NO_UPTAKE, values)
        total += np.float32(weight) * values
    return total


def _column(name: str) -> Column:
    if name in item_linear_names():
        return Column(name)
    return Column(name if name in QUALITY else "popularity", name)


def _weightings(design: CandidateForm) -> dict[str, Weighting]:
    """Return the weightings that are compared, the simplest first."""
    finite = [name for name in design.shares if name in SHARES and name != "share_all"]
    trend = (finite or ["share_all"])[0]

    def of_trend(pools: Sequence[ChoiceSets], own: Mapping[Parameter, float]) -> Weights:
        return design.cold_user_opinions() | design.item_weights((trend,), *pools)

    def of_form(pools: Sequence[ChoiceSets], own: Mapping[Parameter, float]) -> Weights:
        return design.cold_user_opinions() | _of_form(design, own)

    def of_features(pools: Sequence[ChoiceSets], own: Mapping[Parameter, float]) -> Weights:
        return design.cold_user_weights(*pools)

    def of_cold_users(pools: Sequence[ChoiceSets], own: Mapping[Parameter, float]) -> Weights:
        lives = SHARES if finite else ("share_all",)
        cold_users = [_cold_users(one) for one in pools]
        return design.cold_user_opinions() | design.item_weights(lives, *cold_users)

    return {
        "of one trend": of_trend,
        "of the form": of_form,
        "of item features alone": of_features,
        "of users without a history": of_cold_users,
    }


def _of_form(design: CandidateForm, weights: Mapping[Parameter, float]) -> Weights:
    """Return the form's weights without a history.

    Of popularity and trend, none below 0; of optional terms whose values belong to items, none
    above 0.
    """
    learned = as_learned(design).score_model(weights)
    found = {name: max(w, 0.0) for name, w in learned.priors.items() if name in SHARES}
    names = set(item_linear_names()) & {*learned.linear}
    return found | {name: min(learned.linear[name], 0.0) for name in sorted(names)}


def _cold_users(choice_sets: ChoiceSets) -> ChoiceSets:
    if "activity" not in choice_sets.user_features:
        return choice_sets.take(np.zeros(0, np.int64))
    return choice_sets.take(np.flatnonzero(choice_sets.user_features["activity"] <= activity(0)))
