"""Frontier of accuracy and personalization along one weight of the score model, with the
one-standard-error rule.

nDCG rewards what everybody takes up. Where a list that is more personal is as good within the noise
of the validation, it is chosen: of the points (place on the dial, discount of popularity by the
length of a history, number of personal places of ten) within one paired standard error of the best,
the one with the highest debiased nDCG; of those level with it within one standard error, the one
that shows the most items. Long histories say more than short ones: with a discount, their lists
move along the dial first, and those of short histories stay near what is popular. Forms that weigh
popularity by other features of a user, or read another engine, are points of the same frontier.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recsys.array_types import Floats
from recsys.ranking.popularity_free_places import POOL, UPTAKE, filled
from recsys.ranking.terms.protocol import Parameter
from recsys.ranking.terms.registry import item_linear_names
from recsys.ranking.user_features import activity
from recsys.ranking_metrics import Values, distinct_items
from recsys.serving.score_model import (
    LEARNED,
    popularity_factor,
    popularity_share,
)
from recsys.tuning.choice_sets import DEPTH as LISTED
from recsys.tuning.choice_sets import ChoiceSets, mean_by_period
from recsys.tuning.score_model_form import CandidateForm, CrossValidator

DIAL = (  # places that are measured
    *(0.0, 0.25, 0.5, 0.52, 0.54, 0.56, 0.58, 0.6, 0.62, 0.64, 0.66, 0.68),
    *(0.7, 0.75, 0.8, 0.9, 1.0),
)
PLACES = (1, 2, 3)  # personal places of ten that are measured, with weights as learned
# Discounts of popularity by activity that are measured, from `LEARNED` to `FURTHEST` on the dial.
DISCOUNTS = (0.1, 0.2, 0.3, 0.45)
FURTHEST = 0.75
ERRORS = 1.0  # paired standard errors that the chosen place may be below the best
LOSS = 0.01  # of nDCG that it may lose at most, where few users make the error large
# Paired standard errors of a period's lists by which it may be behind there, where `LOSS` is less.
PERIOD_ERRORS = 2.0
LISTS, DEPTH = 1_000, 10  # on which distinct items are counted, and the places of each


@dataclass(frozen=True, slots=True)
class FrontierPoint:
    """What the lists of one point are worth to users not learned from."""

    personal: float  # place on the dial, see `ScoreModel.at`
    ndcg: float  # nDCG@20
    debiased: float  # debiased nDCG@20
    distinct: int  # items in the first 10 places of 1,000 lists
    auc: float | None = None  # of likes over dislikes; None: no opinions
    error: float = 0.0  # standard error of the paired difference to the best, see `reference_of`
    chosen: bool = False
    places: int = 0  # of every ten, filled by the personal part
    discount: float = 0.0  # of popularity by activity, see `ScoreModel.activity_discount`
    loss: float = 0.0  # of nDCG to the best, see `reference_of`

    def to_json(self) -> dict[str, object]:
        """Return the point as the record of a night has it."""
        found: dict[str, object] = {
            "personal": self.personal,
            "places": self.places,
            "activity_discount": self.discount,
            "ndcg@20": self.ndcg,
            "debiased_ndcg@20": self.debiased,
            f"distinct@{DEPTH}": self.distinct,
            "loss": self.loss,
            "error": self.error,
            "chosen": self.chosen,
        }
        return found if self.auc is None else found | {"auc": self.auc}


@dataclass(frozen=True, slots=True)
class Measured:
    """One point, user by user."""

    form: CandidateForm
    personal: float
    places: int
    discount: float
    halves: tuple[Values, ...]  # nDCG of the users of each fold, (users,) each
    debiased: Values  # (users,)
    distinct: int
    aucs: Values  # (users with both,); empty without opinions
    lists: tuple[Values, ...]  # nDCG of the lists of each fold, (lists,) each

    @property
    def ndcg(self) -> Values:
        """nDCG of all users, fold by fold, (users,)."""
        return np.concatenate(self.halves)


def reference_of(points: Sequence[Measured]) -> list[Measured]:
    """Return the best point for each fold, which is the best of the users of the other folds.

    The highest of many points that differ by less than noise is high by chance: what other points
    lose to it would be too much.
    """
    return [_best_of_others(points, fold) for fold in range(len(points[0].halves))]


def _best_of_others(points: Sequence[Measured], fold: int) -> Measured:
    """Return the point with the highest nDCG of the users of all folds but one."""

    def mean(one: Measured) -> float:
        others = [half for number, half in enumerate(one.halves) if number != fold]
        values = np.concatenate([*others, np.zeros(0)])
        return float(values.mean()) if len(values) else 0.0

    return max(points, key=mean)


def frontier(
    validator: CrossValidator, forms: Sequence[CandidateForm], item_weights: Values
) -> tuple[CandidateForm, tuple[FrontierPoint, ...]]:
    """Return the form of the chosen point, and its points, one of them chosen by the
    one-standard-error rule.

    These are all of `DIAL` without personal places and discount, then `PLACES` at `LEARNED`; where
    a discount is chosen, all of `DIAL` with it, too.

    Below `LEARNED` nothing is chosen: these points are the price of a request's dial. Nor is
    anything but `LEARNED` of the first form where likes and dislikes are known.
    `forms`: the best one first. `item_weights`: of a hit on each item in debiased nDCG. Nothing is
    learned here but the weights of users without history, for the places between 0 and `LEARNED`.
    """
    fixed = validator.opinions is not None  # a list that is not measured by nDCG alone
    forms = forms[:1] if fixed else forms
    measured = {form: _measured(validator, form, item_weights) for form in forms}
    found = {form: _undiscounted(measured[form]) for form in forms}
    open_ = [one for form in forms for one in found[form] if one.personal >= LEARNED]
    if fixed:
        open_ = [one for one in open_ if one.personal == LEARNED and not one.places]
    for form in forms:
        if fixed or not form.shares:  # else there is no popularity to discount
            continue
        discounted = [one for one in DIAL if LEARNED <= one <= FURTHEST]
        open_ += [measured[form](one, 0, discount) for discount in DISCOUNTS for one in discounted]
    chosen, reference = _chosen_of(open_, [held_out for _, held_out in validator.folds])
    points = found[chosen.form]
    if chosen.discount:
        again = [one for one in DIAL if one != chosen.personal]
        own = [measured[chosen.form](one, 0, chosen.discount) for one in again]
        points += sorted([*own, chosen], key=lambda one: one.personal)
    return chosen.form, _described_points(points, chosen, reference)


def _undiscounted(measured: Callable[[float, int, float], Measured]) -> list[Measured]:
    """Return all of `DIAL` and `PLACES` of a form, without a discount."""
    found = [measured(personal, 0, 0.0) for personal in DIAL]
    return found + [measured(LEARNED, places, 0.0) for places in PLACES]


def _chosen_of(
    points: Sequence[Measured], choice_sets: Sequence[ChoiceSets]
) -> tuple[Measured, Values]:
    """Return the point that the rule chooses, and nDCG of the reference, (users,)."""
    best = max(points, key=lambda one: float(one.ndcg.mean()))
    references = reference_of(points)
    reference = np.concatenate([one.halves[n] for n, one in enumerate(references)])
    lists = [one.lists[n] for n, one in enumerate(references)]
    fit = [
        one for one in points if _close(one, best, lists, choice_sets) and _within(one, reference)
    ] or [best]
    top = max(fit, key=lambda one: float(one.debiased.mean()))
    return max((one for one in fit if _level(one, top)), key=lambda one: one.distinct), reference


def _described_points(
    points: Sequence[Measured], chosen: Measured, reference: Values
) -> tuple[FrontierPoint, ...]:
    """Return what the points of one form are worth, and lose to the reference, (users,)."""
    return tuple(
        FrontierPoint(
            one.personal,
            float(one.ndcg.mean()),
            float(one.debiased.mean()),
            one.distinct,
            float(one.aucs.mean()) if len(one.aucs) else None,
            _error(reference - one.ndcg),
            one is chosen,
            one.places,
            one.discount,
            float((reference - one.ndcg).mean()) if len(reference) else 0.0,
        )
        for one in points
    )


def described(points: Sequence[FrontierPoint]) -> str:
    """Return a sentence about the chosen point beside the weights as they were learned."""
    chosen = next(one for one in points if one.chosen)
    learned = next(one for one in points if one.personal == LEARNED and not one.places)
    discount = f", discount by activity {chosen.discount:g}" if chosen.discount else ""
    return (
        f"personalisation {chosen.personal:g} of 1 (as learned: {LEARNED:g}), {chosen.places} of"
        f" ten places personal{discount}: nDCG@20 {chosen.ndcg:.4f} ({learned.ndcg:.4f}),"
        f" debiased {chosen.debiased:.4f} ({learned.debiased:.4f}),"
        f" {chosen.distinct:,} ({learned.distinct:,}) items in {LISTS:,} lists"
    )


def _level(one: Measured, top: Measured) -> bool:
    """Whether debiased nDCG is the highest, or level with it within one standard error."""
    change = top.debiased - one.debiased
    return float(change.mean()) <= ERRORS * _error(change) if len(change) else True


def _within(one: Measured, reference: Values) -> bool:
    """Whether a place loses no more than one paired standard error to the reference."""
    loss = reference - one.ndcg
    return float(loss.mean()) <= ERRORS * _error(loss) if len(loss) else True


def _close(
    one: Measured, best: Measured, reference: Sequence[Values], choice_sets: Sequence[ChoiceSets]
) -> bool:
    """Whether a place loses no more than `LOSS` of the highest nDCG, and little in each period.

    Little is `LOSS` of the reference there, or `PERIOD_ERRORS` where these are more.
    `reference`: nDCG of its lists, fold by fold.
    """
    if not len(best.ndcg):
        return True
    if float(one.ndcg.mean()) < (1 - LOSS) * float(best.ndcg.mean()):
        return False
    periods = [sets.period for sets in choice_sets if sets.period is not None]
    if len(periods) < len(choice_sets):  # one moment: no chance but that of users
        means = [mean_by_period(choice_sets, point.lists) for point in (one, best)]
        return bool((means[0] >= (1 - LOSS) * means[1]).all())
    period, whole = np.concatenate(periods), np.concatenate(reference)
    loss = whole - np.concatenate(one.lists)
    return all(
        loss[own].mean() <= max(LOSS * whole[own].mean(), PERIOD_ERRORS * _error(loss[own]))
        for own in (period == number for number in np.unique(period))
    )


def _error(change: Values) -> float:
    return float(change.std() / np.sqrt(len(change))) if len(change) else 0.0


@dataclass(frozen=True, slots=True)
class _Scores:
    """The parts that the score of every place on the dial is made of, (users, places) each."""

    choice_sets: ChoiceSets
    own: Floats  # the score without popularity and trend
    uptake: Floats  # popularity and trend
    # the score of a user without history: popularity and trend, and everything else
    cold_user: tuple[Floats, Floats]

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
        linear = tuple(name for name in item_linear_names() if name in cold_user_weights)
        features = tuple(name for name in cold_user_weights if name not in linear)
        plain = CandidateForm(features, linear=linear)
        popular, opinions = np.zeros_like(own), np.zeros_like(own)
        for parameter, values in plain.parts(choice_sets):
            part = popular if parameter.term in UPTAKE else opinions
            part += np.float32(cold_user_weights[parameter.weight_name]) * values
        return cls(choice_sets, own, uptake, (popular, opinions))

    def at(self, personal: float, discount: float = 0.0) -> Floats:
        """Return the scores at a place, as `ScoreModel.at` does.

        (users, places); `personal`: 0 to 1; `discount`: of popularity by activity.
        """
        share = np.float32(min(personal / LEARNED, 1.0))
        factor = np.full((len(self.own), 1), popularity_share(personal), np.float32)
        if discount:
            activity = self.choice_sets.user_features["activity"][:, None]
            factor *= popularity_factor(discount * float(share), activity)
        if share == 1.0:
            return self.own + factor * self.uptake
        popular, opinions = self.cold_user
        mixed = share * self.uptake + (1 - share) * popular
        return share * self.own + factor * mixed + (1 - share) * opinions

    def order(self, personal: float, places: int, discount: float) -> NDArray[np.intp]:
        """Return the 20 best candidates of each list, (lists, 20 or fewer).

        `places`: of every ten, filled by the personal part from the best `POOL`, see
        `recsys.ranking.popularity_free_places`; none for users without history. Sampled
        candidates stand for many and fill none.
        """
        sets = self.choice_sets
        if not places:
            return sets.best(self.at(personal, discount))
        best = sets.best(self.at(personal, discount), POOL)
        own = np.where(sets.chosen, np.nextafter(self.own, -np.inf), self.own)
        own = np.where(sets.offset == 0, own, -np.inf)
        by_own = np.argsort(-np.take_along_axis(own, best, axis=1), axis=1, kind="stable")
        found, line = best[:, :LISTED].copy(), np.arange(best.shape[1])
        for user in np.flatnonzero(sets.user_features["activity"] > activity(0)):
            found[user] = best[user, filled(line, by_own[user], places, found.shape[1])]
        return found


def _measured(
    validator: CrossValidator, design: CandidateForm, item_weights: Values
) -> Callable[[float, int, float], Measured]:
    """Return a function of place, personal places and discount that measures a point."""
    queried, opinion_scores = [], []
    for (learn, held_out), weights in zip(validator.folds, validator.weights(design), strict=True):
        cold_user_weights = design.cold_user_weights(*learn)
        queried.append(_Scores.of(held_out, design, weights, cold_user_weights))
        if validator.opinions is not None:
            opinion_scores.append(
                _Scores.of(validator.opinions.choice_sets, design, weights, cold_user_weights)
            )

    def measured(personal: float, places: int, discount: float) -> Measured:
        place = (personal, places, discount)
        return _at(validator, design, queried, opinion_scores, place, item_weights)

    return measured


def _at(
    validator: CrossValidator,
    design: CandidateForm,
    scores: Sequence[_Scores],
    opinion_scores: Sequence[_Scores],
    place: tuple[float, int, float],
    item_weights: Values,
) -> Measured:
    personal, places, discount = place
    plain, debiased, lists = [], [], []
    each: list[Values] = []
    for one in scores:
        order = one.order(personal, places, discount)
        each.append(one.choice_sets.list_ndcg(order))
        plain.append(one.choice_sets.by_user(each[-1]))
        debiased.append(one.choice_sets.ordered_ndcg(order, weights=item_weights))
        lists.append(one.choice_sets.lists(order[:, :DEPTH]))
    aucs = np.zeros(0)
    if validator.opinions is not None:
        aucs = np.mean(
            [validator.opinions.aucs(one.at(personal, discount)) for one in opinion_scores], axis=0
        )
    every = np.concatenate(lists)
    shown = every[np.linspace(0, len(every) - 1, min(LISTS, len(every))).astype(int)]
    return Measured(
        design,
        personal,
        places,
        discount,
        tuple(plain),
        np.concatenate(debiased),
        distinct_items(shown),
        aucs,
        tuple(each),
    )
