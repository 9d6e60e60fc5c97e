"""Score form: columns of the choice sets that a score model uses, and the meaning of their
weights.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from recsys.array_types import Floats, Mask, Rows
from recsys.ranking.popularity_free_places import UPTAKE
from recsys.ranking.terms.protocol import ModelForm, Parameter
from recsys.ranking.terms.registry import TERMS, item_linear_names
from recsys.ranking_metrics import Values, user_auc
from recsys.serving.score_model import (
    LEARNED,
    ScoreModel,
    popularity_factor,
    popularity_share,
)
from recsys.tuning.choice_sets import ChoiceSets
from recsys.tuning.conditional_logit import Choices as LogitChoices
from recsys.tuning.conditional_logit import fit_logit
from recsys.tuning.stable_sampling import half

LIKING = 7.0  # what telling likes from dislikes without error adds to the value of a form at most,
# as a multiple of the nDCG@20 of the best single column
RARE, COMMON = 0.05, 0.1  # shares of dislikes up to which it does not count, and counts in full
FEWEST_OPINIONS = 10  # users who stated both; with fewer it does not count
SURE_OPINIONS = 25  # as many users count half
OPINION_ERRORS = 3.0  # standard deviations by chance up to which an AUC of opinions says nothing
LEAST_UPTAKE = 0.5  # weights of uptake for cold users add up to as much, per unit of its logarithm
LEAST_LIKED = 0.25  # weight of how well an item is liked for cold users
# Weight of refusals where dislikes are too few to learn from; set, not learned. At 1 an item that
# 39 users refused and nobody liked loses 2.6, as if it were taken up a tenth as often.
REFUSALS = 1.0


@dataclass(frozen=True, slots=True)
class CandidateForm(ModelForm):
    """A candidate form of the score. Its weights are learned, the form is chosen."""

    dial: float = LEARNED  # LEARNED to 1: place of the scores, see `ScoreModel.at`
    places: int = 0  # of every ten, filled by the personal part; `scores` leaves them out
    discount: float = 0.0  # of popularity by activity, see `ScoreModel.activity_discount`

    def fixed(self, choice_sets: ChoiceSets) -> Floats:
        """Return what the parts of set weight add to the scores, (users, places)."""
        total = np.zeros(choice_sets.chosen.shape, np.float32)
        for term in TERMS:
            if (values := term.fixed(self, choice_sets.choices)) is not None:
                total += values
        return total

    def parts(self, choice_sets: ChoiceSets) -> list[tuple[Parameter, Floats]]:
        """Return each parameter and what its weight multiplies, (users, places)."""
        return [part for term in TERMS for part in term.design(self, choice_sets.choices)]

    def fit(
        self, *pools: ChoiceSets, start: Mapping[Parameter, float] | None = None
    ) -> dict[Parameter, float]:
        """Return the weights, learned from all these pools; `start`: weights to begin with.

        Those of popularity and trend are positive where nothing else differs between users: a
        sample in which what is popular was not taken up would otherwise put first what nobody takes
        up.
        """
        parameters = [parameter for parameter, _ in self.parts(pools[0])]
        choices = LogitChoices.joined([self._choices(choice_sets) for choice_sets in pools])
        shared = np.array([parameter.shared for parameter in parameters], bool)
        begin = np.array([(start or {}).get(parameter, 0.0) for parameter in parameters])
        weights = fit_logit(choices, positive=None if self.personal else shared, start=begin)
        return {key: float(w) for key, w in zip(parameters, weights, strict=True)}

    def _choices(self, choice_sets: ChoiceSets) -> LogitChoices:
        features = np.stack([values for _, values in self.parts(choice_sets)], axis=2)
        offset = (
            choice_sets.offset + self.fixed(choice_sets)
            if self.rating_weight
            else choice_sets.offset
        )
        return LogitChoices(features, choice_sets.chosen, offset)

    def scores(self, choice_sets: ChoiceSets, weights: Mapping[Parameter, float]) -> Floats:
        """Return the score of every place of choice sets.

        (users, places).
        """
        own, uptake = self.split_scores(choice_sets, weights)
        share = np.float32(popularity_share(self.dial))
        if self.discount:
            activity = choice_sets.user_features["activity"][:, None]
            uptake *= popularity_factor(self.discount, activity)
        return own + share * uptake

    def split_scores(
        self, choice_sets: ChoiceSets, weights: Mapping[Parameter, float]
    ) -> tuple[Floats, Floats]:
        """Return the score of every place without popularity and trend, and that of these two.

        (users, places) each.
        """
        own = self.fixed(choice_sets)
        uptake = np.zeros_like(own)
        for parameter, values in self.parts(choice_sets):
            part = uptake if parameter.term in UPTAKE else own
            part += np.float32(weights[parameter]) * values
        return own, uptake

    def score_model(self, weights: Mapping[Parameter, float]) -> ScoreModel:
        """Return the score model that these weights stand for."""
        found = ScoreModel()
        for term in TERMS:
            found = term.learned(self, weights, found)
        return replace(found.at(self.dial), places=self.places, activity_discount=self.discount)

    def cold_user_weights(self, *pools: ChoiceSets) -> dict[str, float]:
        """Return the weights of item features for users without a positive event.

        Learned from the choices of everybody, as if nothing but the items' own features spoke, none
        below zero: for a cold user, uptake and likes never count against an item.
        """
        shares = (*(n for n in self.shares if n != "liked"), "share_all")
        return self.cold_user_opinions() | self.item_weights(tuple(dict.fromkeys(shares)), *pools)

    def item_weights(self, shares: tuple[str, ...], *pools: ChoiceSets) -> dict[str, float]:
        """Return weights of shares, and of the form's optional terms whose values belong to items.

        Learned together, as if nothing else spoke. No weight of a share is below zero, and what is
        missing to `LEAST_UPTAKE` is added to the last one. The weight of an optional term is not
        above zero: what is older never comes first for its age alone.
        """
        linear = tuple(name for name in item_linear_names() if name in self.linear)
        plain = CandidateForm(shares, linear=linear)
        fitted = {parameter.weight_name: w for parameter, w in plain.fit(*pools).items()}
        if any(fitted[name] > 0 for name in linear):
            return replace(self, linear=()).item_weights(shares, *pools)
        found = {name: max(fitted[name], 0.0) for name in shares}
        found[shares[-1]] += max(LEAST_UPTAKE - sum(found.values()), 0.0)
        return found | {name: fitted[name] for name in linear}

    def cold_user_opinions(self) -> dict[str, float]:
        """Return the weights of likes and refusals for users without a positive event; set."""
        return {"liked": max(self.rating_weight, LEAST_LIKED), "refusals": REFUSALS}


def as_learned(form: CandidateForm) -> CandidateForm:
    """Return a form with its weights as they are learned, which the place on the dial changes."""
    return replace(form, dial=LEARNED, places=0, discount=0.0)


@dataclass(frozen=True, slots=True)
class LabeledPairs:
    """Items that users liked or disliked, as they stood just before; one place per row."""

    choice_sets: ChoiceSets
    liked: Mask  # (n,)

    def auc(self, scores: Floats) -> float:
        """Return the mean over users of how often a liked item scores above a disliked one.

        .5 without such a user.
        """
        found = self.aucs(scores)
        return float(found.mean()) if len(found) else 0.5

    def users(self) -> int:
        """Return how many users stated both."""
        user = self.choice_sets.user
        return len(np.intersect1d(user[self.liked], user[~self.liked]))

    def error_by_chance(self) -> float:
        """Return the standard deviation of `auc` for scores that say nothing.

        The variance of one user's AUC is then (likes + dislikes + 1) / (12 · likes · dislikes), see
        Mann and Whitney 1947. Infinity without users who stated both.
        """
        _, user = np.unique(self.choice_sets.user, return_inverse=True)
        likes = np.bincount(user[self.liked], minlength=len(user))
        dislikes = np.bincount(user[~self.liked], minlength=len(user))
        both = (likes > 0) & (dislikes > 0)
        n, m = likes[both].astype(np.float64), dislikes[both].astype(np.float64)
        if not len(n):
            return math.inf
        return math.sqrt(float(((n + m + 1) / (12 * n * m)).sum())) / len(n)

    def certainty(self) -> float:
        """Return how much of what the best column tells of likes and dislikes is not chance.

        0 to 1, for 2 · AUC - 1 by positive-part James-Stein: of dozens of columns one always tells
        the likes of a few users by chance. 0 within `OPINION_ERRORS` standard deviations.
        """
        columns = self.choice_sets.columns.values()
        best = max((2 * self.auc(values) - 1 for values in columns), default=0.0)
        chance = 2 * OPINION_ERRORS * self.error_by_chance()
        return max(0.0, 1.0 - (chance / best) ** 2) if best > 0 else 0.0

    def dislikes(self) -> int:
        """Return how many of the places are dislikes."""
        return int(np.count_nonzero(~self.liked))

    def aucs(self, scores: Floats) -> Values:
        """Return the same for each user who stated both.

        (users with both,), by ascending number of the user.
        """
        return user_auc(
            self.choice_sets.user.astype(np.int32), scores[:, 0].astype(float), self.liked
        )


@dataclass(frozen=True, slots=True)
class CrossValidator:
    """Cross-validation: each fold's weights are tested on users they were not fitted to."""

    folds: tuple[
        tuple[tuple[ChoiceSets, ...], ChoiceSets], ...
    ]  # (training parts, validation part)
    opinions: LabeledPairs | None = None  # None: too few users stated likes and dislikes
    liking: float = 0.0  # weight of telling likes from dislikes; 0 without opinions
    fitted: dict[CandidateForm, list[dict[Parameter, float]]] = field(
        default_factory=dict, compare=False, repr=False
    )
    listed: dict[CandidateForm, list[Values]] = field(
        default_factory=dict, compare=False, repr=False
    )

    @classmethod
    def halves(
        cls,
        choice_sets: ChoiceSets,
        seed: int,
        opinions: LabeledPairs | None = None,
        users: Rows | None = None,
    ) -> CrossValidator:
        """Split the users of choice sets at random; each half is tested once.

        `users`: the number of each user, by their place in `ChoiceSets.user`; None: these are
        numbers. The half of a user depends on their number alone.

        The AUC of opinions weighs by the level that nDCG has on this platform, by the number of
        users who stated likes and dislikes, since a mean over few of them differs between forms by
        chance, by how far the best column exceeds chance, and by the share of dislikes, since a
        list is rarely spoilt where they are rare. Opinions without weight are left out.
        """
        numbers = choice_sets.user if users is None else users[choice_sets.user]
        mine = half(numbers, seed)
        one, other = choice_sets.take(np.flatnonzero(mine)), choice_sets.take(np.flatnonzero(~mine))
        folds = (((one,), other), ((other,), one))
        if opinions is None:
            return cls(folds)
        known, dislikes = opinions.users(), opinions.dislikes()
        share = dislikes / max(dislikes + len(choice_sets), 1)
        counted = min(max((share - RARE) / (COMMON - RARE), 0.0), 1.0)
        if known < FEWEST_OPINIONS or not counted:
            return cls(folds)
        weight = LIKING * counted * known / (known + SURE_OPINIONS)
        weight *= _best_column(choice_sets) * opinions.certainty()
        return cls(folds, opinions, weight) if weight else cls(folds)

    def gains(self, design: CandidateForm) -> Values:
        """Return nDCG@20 of each user, by weights fitted to other users' choices; in a fixed order.

        (users,).
        """
        found = [
            held_out.by_user(each)
            for (_, held_out), each in zip(self.folds, self.list_gains(design), strict=True)
        ]
        return np.concatenate(found)

    def list_gains(self, design: CandidateForm) -> list[Values]:
        """Return the same of each list of each fold, (lists,) per fold."""
        if design not in self.listed:
            self.listed[design] = [
                held_out.list_ndcg(held_out.best(design.scores(held_out, weights)))
                for (_, held_out), weights in zip(self.folds, self.weights(design), strict=True)
            ]
        return self.listed[design]

    def debiased(self, design: CandidateForm, item_weights: Values) -> Values:
        """Return debiased nDCG@20 of each user in the same way and order, (users,).

        `item_weights`: of a hit on each item.
        """
        folds = zip(self.folds, self.weights(design), strict=True)
        found = [
            held_out.ordered_ndcg(
                held_out.best(design.scores(held_out, weights)), weights=item_weights
            )
            for (_, held_out), weights in folds
        ]
        return np.concatenate(found)

    def steady(self, design: CandidateForm, other: CandidateForm) -> bool:
        """Return whether a form loses to another one in no period, beyond one standard error.

        All lists of a period choose among items that are hot, or new, at one time: what differs
        between periods is no chance of single users, and their number says nothing of it. The
        standard error is that of the paired differences of a period's lists. Always where opinions
        count besides: there nDCG alone is not what forms are compared by.
        """
        held_out = [one for _, one in self.folds]
        if self.opinions is not None or any(one.period is None for one in held_out):
            return True
        gain = np.concatenate(self.list_gains(design)) - np.concatenate(self.list_gains(other))
        period = np.concatenate([one.period for one in held_out if one.period is not None])
        for number in np.unique(period):
            own = gain[period == number]
            if own.mean() < -own.std() / math.sqrt(len(own)):
                return False
        return True

    def surely_better(self, design: CandidateForm, other: CandidateForm) -> bool:
        """Return whether a form gains more than one standard error of the paired difference.

        And loses in no period, see `steady`. Never where opinions count besides.
        """
        if self.opinions is not None:
            return False
        gain = self.gains(design) - self.gains(other)
        error = float(gain.std()) / math.sqrt(max(len(gain), 1))
        mean = float(gain.mean()) if len(gain) else 0.0
        return mean > error and self.steady(design, other)

    def weights(self, design: CandidateForm) -> list[dict[Parameter, float]]:
        """Return the weights learned for each fold; they do not depend on the dial."""
        known = as_learned(design)
        if known not in self.fitted:
            starts = self._nearest(known)
            self.fitted[known] = [
                known.fit(*learn, start=start)
                for (learn, _), start in zip(self.folds, starts, strict=True)
            ]
        return self.fitted[known]

    def _nearest(self, design: CandidateForm) -> Sequence[Mapping[Parameter, float] | None]:
        """Return the weights of the fitted form that shares most parameters, one set per fold."""
        if not self.fitted or not len(self.folds[0][1]):
            return [None for _ in self.folds]
        one_list = self.folds[0][1].take(np.arange(1))
        own = {parameter for parameter, _ in design.parts(one_list)}

        def shared(fitted: Sequence[Mapping[Parameter, float]]) -> tuple[int, int]:
            return len(own & {*fitted[0]}), -len(fitted[0])

        return max(self.fitted.values(), key=shared)

    def value(self, design: CandidateForm) -> float:
        """Return nDCG@20 of the users who were not learned from, both ways round.

        Where likes and dislikes are both known, liking · (2 · AUC - 1) between them is added (it is
        0 for chance and `liking` at best): a list should hold what users take up, and of that
        what they like.
        """
        order = []
        if self.opinions is not None:
            sets = self.opinions.choice_sets
            order = [self.opinions.auc(design.scores(sets, own)) for own in self.weights(design)]
        gains = self.gains(design)
        value = float(gains.mean()) if len(gains) else 0.0
        return value + self.liking * (2 * float(np.mean(order)) - 1) if order else value


def _best_column(choice_sets: ChoiceSets) -> float:
    """Return the highest mean nDCG@20 of a ranking by one column alone."""
    found = [float(choice_sets.ndcg(values).mean()) for values in choice_sets.columns.values()]
    return max(found, default=0.0)
