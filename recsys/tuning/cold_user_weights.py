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
TERM = {name: name for name in QUALITY}  # term of a feature; all others are of popularity
Weights = dict[str, float]
Weighting = Callable[[Sequence[ChoiceSets], Mapping[Parameter, float]], Weights]


@dataclass(frozen=True, slots=True)
class ColdUserWeights:
    """The chosen weights and what they were chosen by."""

    name: str
    weights: Weights
    users: int  # without a history, that weightings were compared on
    values: tuple[tuple[str, float, float], ...] = ()
    # name, nDCG@20 on them, standard error of the paired difference to the best

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
    with fewer than `FEWEST` users without a history: those of the form, if they add up to enough,
    else those that are learned as if nothing else spoke.
    """
    every = _weightings(design)
    validation_sets = (
        [] if validator is None else [_cold_users(held_out) for _, held_out in validator.folds]
    )
    users = sum(len(np.unique(held_out.user)) for held_out in validation_sets)
    if validator is None or users < FEWEST:
        own = _of_form(design, weights)
        name = "of the form" if sum(own.values()) >= LEAST_UPTAKE else "of item features alone"
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
        values = choice_sets.columns[Column(TERM.get(name, "popularity"), name)]
        if name in SHARES:
            values = np.where(alone, NO_UPTAKE, values)
        total += np.float32(weight) * values
    return total


def _weightings(design: CandidateForm) -> dict[str, Weighting]:
    """Return the weightings that are compared, the simplest first."""
    finite = [name for name in design.shares if name in SHARES and name != "share_all"]
    trend = (finite or ["share_all"])[0]

    def of_trend(pools: Sequence[ChoiceSets], own: Mapping[Parameter, float]) -> Weights:
        return design.cold_user_opinions() | _learned((trend,), pools)

    def of_form(pools: Sequence[ChoiceSets], own: Mapping[Parameter, float]) -> Weights:
        return design.cold_user_opinions() | _of_form(design, own)

    def of_features(pools: Sequence[ChoiceSets], own: Mapping[Parameter, float]) -> Weights:
        return design.cold_user_weights(*pools)

    def of_cold_users(pools: Sequence[ChoiceSets], own: Mapping[Parameter, float]) -> Weights:
        lives = SHARES if finite else ("share_all",)
        return design.cold_user_opinions() | _learned(lives, [_cold_users(one) for one in pools])

    return {
        "of one trend": of_trend,
        "of the form": of_form,
        "of item features alone": of_features,
        "of users without a history": of_cold_users,
    }


def _learned(shares: tuple[str, ...], pools: Sequence[ChoiceSets]) -> Weights:
    found = CandidateForm(shares).fit(*pools)
    weights = {parameter.name: max(weight, 0.0) for parameter, weight in found.items()}
    if (total := sum(weights.values())) < LEAST_UPTAKE:
        weights[shares[-1]] += LEAST_UPTAKE - total
    return weights


def _of_form(design: CandidateForm, weights: Mapping[Parameter, float]) -> Weights:
    """Return the form's weights of popularity and trend without a history, none below 0."""
    priors = as_learned(design).score_model(weights).priors
    return {name: max(weight, 0.0) for name, weight in priors.items() if name in SHARES}


def _cold_users(choice_sets: ChoiceSets) -> ChoiceSets:
    if "activity" not in choice_sets.user_features:
        return choice_sets.take(np.zeros(0, np.int64))
    return choice_sets.take(np.flatnonzero(choice_sets.user_features["activity"] <= activity(0)))
