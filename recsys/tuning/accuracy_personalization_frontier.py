"""Frontier of accuracy and personalization along one weight of the score model, with the
one-standard-error rule.

nDCG rewards what everybody takes up. Where a list that is more personal is as good within the noise
of the validation, it is chosen: of the points (place on the dial, number of personal places of ten)
within one paired standard error of the best, the one with the highest debiased nDCG; of those level
with it within one standard error, the one that shows the most items.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from recsys.array_types import Floats
from recsys.ranking.popularity_free_places import POOL, filled
from recsys.ranking.terms.protocol import Parameter
from recsys.ranking.user_features import activity
from recsys.ranking_metrics import Values, distinct_items
from recsys.serving.score_model import LEARNED, popularity_share
from recsys.tuning.choice_sets import DEPTH as LISTED
from recsys.tuning.choice_sets import ChoiceSets, mean_by_period
from recsys.tuning.score_model_form import CandidateForm, CrossValidator

DIAL = (  # places that are measured
    *(0.0, 0.25, 0.5, 0.52, 0.54, 0.56, 0.58, 0.6, 0.62, 0.64, 0.66, 0.68),
    *(0.7, 0.75, 0.8, 0.9, 1.0),
)
PLACES = (1, 2, 3)  # personal places of ten that are measured, with weights as learned
ERRORS = 1.0  # paired standard errors that the chosen place may be below the best
LOSS = 0.01  # of nDCG that it may lose at most, where few users make the error large
LISTS, DEPTH = 1_000, 10  # on which distinct items are counted, and the places of each


@dataclass(frozen=True, slots=True)
class FrontierPoint:
    """What the lists of one point are worth to users not learned from."""

    personal: float  # place on the dial, see `ScoreModel.at`
    ndcg: float  # nDCG@20
    debiased: float  # debiased nDCG@20
    distinct: int  # items in the first 10 places of 1,000 lists
    auc: float | None = None  # of likes over dislikes; None: no opinions
    error: float = 0.0  # standard error of the paired difference to the highest nDCG
    chosen: bool = False
    places: int = 0  # of every ten, filled by the personal part

    def to_json(self) -> dict[str, object]:
        """Return the point as the record of a night has it."""
        found: dict[str, object] = {
            "personal": self.personal,
            "places": self.places,
            "ndcg@20": self.ndcg,
            "debiased_ndcg@20": self.debiased,
            f"distinct@{DEPTH}": self.distinct,
            "error": self.error,
            "chosen": self.chosen,
        }
        return found if self.auc is None else found | {"auc": self.auc}


@dataclass(frozen=True, slots=True)
class Measured:
    """One point, user by user."""

    personal: float
    places: int
    ndcg: Values  # (users,)
    debiased: Values  # (users,)
    distinct: int
    aucs: Values  # (users with both,); empty without opinions
    periods: Values = field(default_factory=lambda: np.zeros(1))  # mean nDCG of each period


def frontier(
    validator: CrossValidator, design: CandidateForm, item_weights: Values
) -> tuple[FrontierPoint, ...]:
    """Return the points of a form, one of them chosen by the one-standard-error rule.

    These are all of `DIAL` without personal places, then `PLACES` at `LEARNED`.

    Below `LEARNED` nothing is chosen: these points are the price of a request's dial. Nor is
    anything but `LEARNED` where likes and dislikes are known.
    `item_weights`: of a hit on each item in debiased nDCG. Nothing is learned here but the weights
    of users without history, for the places between 0 and `LEARNED`.
    """
    found = _measured(validator, design, item_weights)
    fixed = validator.opinions is not None  # a list that is not measured by nDCG alone
    open_ = [one for one in found if one.personal >= LEARNED]
    if fixed:
        open_ = [one for one in open_ if one.personal == LEARNED and not one.places]
    best = max(open_, key=lambda one: float(one.ndcg.mean()))
    fit = [one for one in open_ if _within(one, best) and _steady(one, best)]
    top = max(fit, key=lambda one: float(one.debiased.mean()))
    chosen = max((one for one in fit if _level(one, top)), key=lambda one: one.distinct)
    return tuple(
        FrontierPoint(
            one.personal,
            float(one.ndcg.mean()),
            float(one.debiased.mean()),
            one.distinct,
            float(one.aucs.mean()) if len(one.aucs) else None,
            _error(best.ndcg - one.ndcg),
            one is chosen,
            one.places,
        )
        for one in found
    )


def described(points: Sequence[FrontierPoint]) -> str:
    """Return a sentence about the chosen point beside the weights as they were learned."""
    chosen = next(one for one in points if one.chosen)
    learned = next(one for one in points if one.personal == LEARNED and not one.places)
    return (
        f"personalisation {chosen.personal:g} of 1 (as learned: {LEARNED:g}), {chosen.places} of"
        f" ten places personal: nDCG@20 {chosen.ndcg:.4f} ({learned.ndcg:.4f}),"
        f" debiased {chosen.debiased:.4f} ({learned.debiased:.4f}),"
        f" {chosen.distinct:,} ({learned.distinct:,}) items in {LISTS:,} lists"
    )


def _level(one: Measured, top: Measured) -> bool:
    """Whether debiased nDCG is the highest, or level with it within one standard error."""
    change = top.debiased - one.debiased
    return float(change.mean()) <= ERRORS * _error(change) if len(change) else True


def _within(one: Measured, best: Measured) -> bool:
    """Whether a place loses no more than one standard error, and no more than `LOSS`.

    The error is that of users, or that of periods where these differ by more: all lists of a period
    are of one moment, so that users alone would make it too small.
    """
    values = best.ndcg - one.ndcg
    loss = float(values.mean()) if len(values) else 0.0
    most = LOSS * float(best.ndcg.mean()) if len(values) else 0.0
    error = max(_error(values), _error_of_periods(best.periods - one.periods))
    return loss <= min(ERRORS * error, most)


def _error_of_periods(change: Values) -> float:
    """Return the standard error of the mean of some periods; 0 for one."""
    n = len(change)
    return float(change.std(ddof=1) / np.sqrt(n)) if n > 1 else 0.0


def _steady(one: Measured, best: Measured) -> bool:
    """Whether a place loses no more than `LOSS` of nDCG in any period."""
    return bool((one.periods >= (1 - LOSS) * best.periods).all())


def _error(change: Values) -> float:
    return float(change.std() / np.sqrt(len(change))) if len(change) else 0.0


@dataclass(frozen=True, slots=True)
class _Scores:
    """The parts that the score of every place on the dial is made of, (users, places) each."""

    choice_sets: ChoiceSets
    own: Floats  # the score without popularity and trend
    uptake: Floats  # popularity and trend
    cold_user: Floats  # the score of a user without history

    @classmethod
    def of(
        cls,
        choice_sets: ChoiceSets,
        design: CandidateForm,
        weights: Mapping[Parameter, float],
        cold_user_weights: Mapping[str, float],
    ) -> _Scores:
        """Return the scores of all places of choice sets."""
        own, uptake = design.split_scores(choice_sets, weights)
        plain, total = CandidateForm(tuple(cold_user_weights)), np.zeros_like(own)
        for parameter, values in plain.parts(choice_sets):
            total += np.float32(cold_user_weights[parameter.name]) * values
        return cls(choice_sets, own, uptake, total)

    def at(self, personal: float) -> Floats:
        """Return the scores at a place.

        (users, places); `personal`: 0 to 1.
        """
        if personal >= LEARNED:
            return self.own + np.float32(popularity_share(personal)) * self.uptake
        share = np.float32(personal / LEARNED)
        return share * (self.own + self.uptake) + (1 - share) * self.cold_user

    def order(self, personal: float, places: int) -> NDArray[np.intp]:
        """Return the 20 best candidates of each list, (lists, 20 or fewer).

        `places`: of every ten, filled by the personal part from the best `POOL`, see
        `recsys.ranking.popularity_free_places`; none for users without history. Sampled
        candidates stand for many and fill none.
        """
        sets = self.choice_sets
        if not places:
            return sets.best(self.at(personal))
        best = sets.best(self.at(personal), POOL)
        own = np.where(sets.chosen, np.nextafter(self.own, -np.inf), self.own)
        own = np.where(sets.offset == 0, own, -np.inf)
        by_own = np.argsort(-np.take_along_axis(own, best, axis=1), axis=1, kind="stable")
        found, line = best[:, :LISTED].copy(), np.arange(best.shape[1])
        for user in np.flatnonzero(sets.user_features["activity"] > activity(0)):
            found[user] = best[user, filled(line, by_own[user], places, found.shape[1])]
        return found


def _measured(
    validator: CrossValidator, design: CandidateForm, item_weights: Values
) -> Sequence[Measured]:
    queried, opinion_scores = [], []
    for (learn, held_out), weights in zip(validator.folds, validator.weights(design), strict=True):
        cold_user_weights = design.cold_user_weights(*learn)
        queried.append(_Scores.of(held_out, design, weights, cold_user_weights))
        if validator.opinions is not None:
            opinion_scores.append(
                _Scores.of(validator.opinions.choice_sets, design, weights, cold_user_weights)
            )
    points = [(personal, 0) for personal in DIAL]
    points += [(LEARNED, count) for count in PLACES]
    return [_at(validator, queried, opinion_scores, *point, item_weights) for point in points]


def _at(
    validator: CrossValidator,
    scores: Sequence[_Scores],
    opinion_scores: Sequence[_Scores],
    personal: float,
    places: int,
    item_weights: Values,
) -> Measured:
    plain, debiased, lists = [], [], []
    each: list[Values] = []
    for one in scores:
        order = one.order(personal, places)
        each.append(one.choice_sets.list_ndcg(order))
        plain.append(one.choice_sets.by_user(each[-1]))
        debiased.append(one.choice_sets.ordered_ndcg(order, weights=item_weights))
        lists.append(one.choice_sets.lists(order[:, :DEPTH]))
    aucs = np.zeros(0)
    if validator.opinions is not None:
        aucs = np.mean(
            [validator.opinions.aucs(one.at(personal)) for one in opinion_scores], axis=0
        )
    every = np.concatenate(lists)
    shown = every[np.linspace(0, len(every) - 1, min(LISTS, len(every))).astype(int)]
    return Measured(
        personal,
        places,
        np.concatenate(plain),
        np.concatenate(debiased),
        distinct_items(shown),
        aucs,
        mean_by_period([one.choice_sets for one in scores], each),
    )
