"""ScoreModel: learned form and weights of the score, small enough to read in a manifest."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from functools import cached_property
from typing import Any

import numpy as np

from recsys.array_types import Floats
from recsys.data.manifest_number_bounds import (
    DIVISOR,
    EXPONENT,
    FACTOR,
    SECONDS,
    SHARE,
    WEIGHT,
    NumberBounds,
)

log = logging.getLogger(__name__)

SCORERS = ("neighbours", "behaviour", "words")
PASSED = "exposure_age"
UNREAD = 3.0  # `unread` where it cannot be learned, and of older bundles; see DESIGN.md
USER_FEATURES = ("activity", "habit")  # see `recsys.ranking.user_features`
TEN = 10  # places of a list that hold so many personal ones, see `ScoreModel.places`
QUALITY = ("liked", "refusals")  # item features that are opinions, not uptake
LEARNED = 0.5  # place on the dial of the weights as they were learned
LEAST = 1e-4  # share that a part keeps at the ends of the dial: it orders what is equal otherwise
PLACES = NumberBounds(0, TEN - 1)
# Numbers of one value that manifests hold, by field of ScoreModel:
BOUNDS = {
    "lift": WEIGHT,
    "personal_rating": WEIGHT,
    "personal": SHARE,
    "unread": FACTOR,
    "appeal": FACTOR,
    "activity_discount": EXPONENT,
}


@dataclass(frozen=True, slots=True)
class Term:
    """A scorer applied to the history with one recency decay."""

    scorer: str  # one of SCORERS
    half_life: float  # distinct times of the history back at which an event counts half
    weight: float  # per unit of the scorer's own score


@dataclass(frozen=True, slots=True)
class LogTerm:
    """weight · log(1 + score / scale), of a score that was summed over the history.

    Probabilities multiply: what one's neighbours took up and what everybody takes up are joined as
    logarithms, so the sum over the history is bent before it meets the other parts.
    """

    scale: float
    weight: float
    by_activity: float = 0.0  # added to the weight, times the trait "activity"


# Fields of ScoreModel whose names in manifests differ: those of the first format stay.
MANIFEST_NAMES = {
    "user_features": "traits",
    "personal_rating": "taste",
    "cold_user_weights": "newcomers",
    "cold_user_linear": "newcomers_linear",
}


@dataclass(frozen=True)
class ScoreModel:
    """score(user, item) = curves of the neighbours' sum + terms + Σ item features · weights.

    The weight of an item feature may depend on features of the user. Every part is a sum over the
    history or belongs to the item, so a score is exactly the sum of contributions of both.
    """

    terms: tuple[Term, ...] = ()  # the neighbours' terms are the sum that the curves bend
    curves: tuple[LogTerm, ...] = ()
    priors: Mapping[str, float] = field(default_factory=dict)  # item feature -> weight
    # user feature -> item feature -> weight
    user_features: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    cold_user_weights: Mapping[str, float] = field(default_factory=dict)
    # item feature -> weight for users without a positive event, none below 0; empty: `priors`
    # optional term whose values belong to items -> weight for the same users, where
    # `cold_user_weights` has any; not named: 0, whatever `linear` has
    cold_user_linear: Mapping[str, float] = field(default_factory=dict)
    lift: float = 0.0  # per unit of the neighbours' lift, see `recsys.serving.history_item_lift`
    linear: Mapping[str, float] = field(default_factory=dict)  # optional term -> weight
    personal_rating: float = 0.0  # per unit of the rating expected beyond an average user's
    personal: float = LEARNED  # place of these weights on the dial, LEARNED to 1; see `at`
    unread: float = 0.0  # factor of predicted neighbour sums, see `recsys.ranking.cold_item_ranks`
    appeal: float = 1.0  # of new items, by which their ranks are divided, see the same module
    places: int = 0  # personal ones of every ten, see `recsys.ranking.popularity_free_places`
    # Popularity and trend of a user with a positive event are multiplied with exp(-x · activity):
    # the longer a history, the less they count. See `popularity_factor`.
    activity_discount: float = 0.0
    first_use: tuple[
        float, ...
    ] = ()  # seconds, see `recsys.training.first_interaction_delay`; (): not known

    def history_weights(self, scorer: str, ages: Floats, weights: Floats) -> Floats:
        """Return what each history entry is multiplied with for a scorer, (n,).

        `ages`: distinct times back, 0 for the last; `weights`: signed, from the events.
        """
        total = np.zeros(len(ages), np.float32)
        for weight, decayed in self.decayed(scorer, ages, weights):
            total += np.float32(weight) * decayed
        return total

    def decayed(self, scorer: str, ages: Floats, weights: Floats) -> Iterator[tuple[float, Floats]]:
        """Yield the weight of each term of a scorer, and the history's weights as it fades them.

        For scorers that are not linear in the weights of a history, such as the fold-in of ALS.
        """
        for term in self.terms:
            if term.scorer == scorer:
                decay = np.exp2(-ages / np.float32(term.half_life))
                yield term.weight, (decay * weights).astype(np.float32)

    def uses(self, scorer: str) -> bool:
        """Whether any term reads this scorer."""
        return any(term.scorer == scorer and term.weight for term in self.terms)

    @cached_property
    def used_features(self) -> frozenset[str]:
        """The item features that any weight other than zero refers to."""
        groups = (self.priors, self.cold_user_weights, *self.user_features.values())
        return frozenset(name for group in groups for name, weight in group.items() if weight)

    def log_transformed(self, sums: Floats, activity: Floats | float = 0.0) -> Floats:
        """Return what the curves make of the neighbours' sums; negative sums count as none."""
        positive = np.maximum(sums, 0)
        total = np.zeros_like(positive)
        for curve in self.curves:
            weight = np.asarray(curve.weight + curve.by_activity * activity, np.float32)
            total += weight * np.log1p(positive / np.float32(curve.scale))
        return total

    def prior_weights(
        self, names: tuple[str, ...], user_features: Mapping[str, float], cold_user: bool = False
    ) -> Floats:
        """Return one user's weight per item feature, in the order of `names`.

        `cold_user`: whether the user has no positive event; then no weight is below zero.
        """
        if cold_user and self.cold_user_weights:
            return np.array([self.cold_user_weights.get(name, 0.0) for name in names], np.float32)
        total = np.array([self.priors.get(name, 0.0) for name in names], np.float32)
        for trait, value in user_features.items():
            by_name = self.user_features.get(trait, {})
            total += np.float32(value) * np.array([by_name.get(n, 0.0) for n in names], np.float32)
        if cold_user:
            return np.maximum(total, 0)
        if self.activity_discount:
            factor = popularity_factor(self.activity_discount, user_features.get("activity", 0.0))
            total *= np.array([1.0 if n in QUALITY else factor for n in names], np.float32)
        return total

    def linear_weight(
        self, name: str, user_features: Mapping[str, float], cold_user: bool = False
    ) -> float:
        """Return one user's weight of an optional term of one weight; 0 without it.

        `cold_user`: whether the user has no positive event and the term's values belong to items.
        What `linear` has was learned beside histories, so that it holds for such a user only where
        there are no weights of cold users.
        """
        if cold_user and self.cold_user_weights:
            return self.cold_user_linear.get(name, 0.0)
        weight = self.linear.get(name, 0.0)
        if name != PASSED or not self.activity_discount:
            return weight
        activity = user_features.get("activity", 0.0)
        return weight * float(popularity_factor(self.activity_discount, activity))

    def at(self, personal: float) -> ScoreModel:
        """Return the score model at another place of the dial between popularity and the history.

        0 is the score of a user without history, `LEARNED` the weights as they were learned, 1 no
        popularity and trend beyond the order of what is equal otherwise. In between, popularity
        is multiplied with `popularity_share`, or the two scores are mixed linearly; what the length
        of a history takes from popularity and trend falls to nothing at 0.
        """
        if personal == self.personal:
            return self
        uptake = popularity_share(personal) / popularity_share(self.personal)
        own = 1.0 if personal >= LEARNED else max(personal / LEARNED, LEAST)
        priors = {n: w * (1.0 if n in QUALITY else uptake) for n, w in self.priors.items()}
        if own < 1.0:
            shared = self.cold_user_weights or {n: max(w, 0.0) for n, w in priors.items()}
            priors = {
                name: own * priors.get(name, 0.0) + (1.0 - own) * shared.get(name, 0.0)
                for name in {**priors, **shared}
            }
        return replace(
            self,
            personal=personal,
            places=self.places if personal >= LEARNED else 0,
            activity_discount=own * self.activity_discount,
            priors=priors,
            user_features={
                trait: {n: w * own * (1.0 if n in QUALITY else uptake) for n, w in weights.items()}
                for trait, weights in self.user_features.items()
            },
            linear={
                n: own * (uptake if n == PASSED else 1.0) * self.linear.get(n, 0.0)
                + (1.0 - own) * self.cold_user_linear.get(n, 0.0)
                for n in {**self.linear, **self.cold_user_linear}
            },
            terms=tuple(
                one if one.scorer == "neighbours" else replace(one, weight=own * one.weight)
                for one in self.terms
            ),
            curves=tuple(
                replace(one, weight=own * one.weight, by_activity=own * one.by_activity)
                for one in self.curves
            ),
            lift=own * self.lift,
            personal_rating=own * self.personal_rating,
        )

    def to_json(self) -> dict[str, object]:
        """Return the score model as JSON knows it; an infinite half-life is null."""
        terms = [
            {**asdict(t), "half_life": t.half_life if np.isfinite(t.half_life) else None}
            for t in self.terms
        ]
        given = {MANIFEST_NAMES.get(name, name): value for name, value in asdict(self).items()}
        return {
            **given,
            "terms": terms,
            "curves": [asdict(curve) for curve in self.curves],
            "first_use": list(self.first_use),
            "priors": dict(self.priors),
            "newcomers": dict(self.cold_user_weights),
            "newcomers_linear": dict(self.cold_user_linear),
            "linear": {name: weight for name, weight in self.linear.items() if name != PASSED},
            "passed": self.linear.get(PASSED, 0.0),
            "traits": {trait: dict(weights) for trait, weights in self.user_features.items()},
        }

    def without(self, scorers: Sequence[str], personal_rating: bool) -> ScoreModel:
        """Return the score model without the terms of these scorers.

        Also without the personal rating if `personal_rating` is False. For a model that lacks
        them; the score model itself where it does not use them.
        """
        terms = tuple(term for term in self.terms if term.scorer not in scorers)
        found = self if len(terms) == len(self.terms) else replace(self, terms=terms)
        if "neighbours" in scorers and (self.curves or self.lift):
            found = replace(found, curves=(), lift=0.0)
        if personal_rating or not self.personal_rating:
            return found
        return replace(found, personal_rating=0.0)

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> ScoreModel:
        """Read back what `to_json` wrote; KeyError, TypeError or ValueError when it was not that.

        What an earlier version did not write is at its default. What a later version added is
        left out, with a warning: what cannot be left out raises the major format of bundles.
        """
        fields_by_name = {name: field for field, name in MANIFEST_NAMES.items()}
        given = {fields_by_name.get(n, n): value for n, value in found.items() if n != "passed"}
        values = {"unread": UNREAD, **_known(cls, given)}
        for name in ("priors", "cold_user_weights", "cold_user_linear", "linear"):
            values[name] = _weights(name, found.get(MANIFEST_NAMES.get(name, name), {}))
        if found.get("passed"):  # the name of this term's weight since the first format
            values["linear"][PASSED] = WEIGHT.check("passed", found["passed"])
        values["user_features"] = {
            trait: _weights(f"traits.{trait}", weights)
            for trait, weights in found.get("traits", {}).items()
        }
        values["terms"] = tuple(
            Term(
                t["scorer"],
                np.inf if t["half_life"] is None else DIVISOR.check("half_life", t["half_life"]),
                WEIGHT.check("weight", t["weight"]),
            )
            for t in found.get("terms", ())
            if t["scorer"] in SCORERS
        )
        curves = [_known(LogTerm, curve) for curve in found.get("curves", ())]
        values["curves"] = tuple(
            LogTerm(
                DIVISOR.check("scale", curve.pop("scale")),
                **{name: WEIGHT.check(name, value) for name, value in curve.items()},
            )
            for curve in curves
        )
        for name, bounds in BOUNDS.items():
            if name in values:
                values[name] = bounds.check(MANIFEST_NAMES.get(name, name), values[name])
        values["places"] = PLACES.check_whole("places", values.get("places", 0))
        values["first_use"] = tuple(
            SECONDS.check("first_use", one) for one in found.get("first_use", ())
        )
        return cls(**values)


def popularity_share(personal: float) -> float:
    """Return what learned weights of popularity and trend are multiplied with at a place."""
    return max((1.0 - personal) / personal, LEAST) if personal > LEARNED else 1.0


def popularity_factor(discount: float, activity: Floats | float) -> Floats:
    """Return what popularity and trend of users are multiplied with, by `activity` of each.

    `activity`: see `recsys.ranking.user_features.activity`. 1 for a typical history, more for a
    shorter one.
    """
    return np.asarray(np.exp(-discount * np.asarray(activity)), np.float32)


def _weights(name: str, found: Mapping[str, Any]) -> dict[str, float]:
    return {feature: WEIGHT.check(f"{name}.{feature}", weight) for feature, weight in found.items()}


def _known(kind: type[Any], found: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of the fields that a dataclass has."""
    names = {field.name for field in fields(kind)}
    if later := sorted(set(found) - names):
        log.warning("score model of a later version: %s left out", ", ".join(later))
    return {name: value for name, value in found.items() if name in names}
