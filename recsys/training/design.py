"""Design: which columns of a pool a blend is made of, and what their learned weights mean."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from recsys.arrays import Floats, Mask
from recsys.metrics import user_auc
from recsys.state.blend import Blend, Curve, Term
from recsys.training.logit import Choices, fit_logit
from recsys.training.pool import Pool

LIKING = 0.75  # of telling likes from dislikes, beside 1 of finding what is taken up
LEAST_UPTAKE = 0.5  # weights of uptake for newcomers add up to as much, per unit of its logarithm
LEAST_LIKED = 0.25  # weight of how well an item is liked for newcomers
# Weight of refusals where dislikes are too few to learn from; set, not learned. At 1 an item that
# 39 people refused and nobody liked loses 2.6, as if it were taken up a tenth as often.
REFUSALS = 1.0
SCALES = (0.003, 0.03, 0.3)  # of the neighbours' sum; together they bend it as the data ask


@dataclass(frozen=True, slots=True)
class Design:
    """A candidate form of the score. Its weights are learned, the form is chosen."""

    shares: tuple[str, ...]  # item features
    neighbours: str = ""  # column of the engine that the curves bend, "" for none
    lift: bool = False  # the neighbours' lift instead of the curves
    behaviour: tuple[str, ...] = ()  # columns, linear
    words: tuple[str, ...] = ()  # columns, linear
    by_trait: tuple[tuple[str, str], ...] = ()  # (trait, item feature)
    by_activity: bool = False  # let the curves depend on the length of the history
    passed: bool = False
    vote: float = 0.0  # weight of the expected vote; set, not learned: likes are not all uptake
    taste: bool = False  # the vote of this reader, not that of an average one

    @property
    def personal(self) -> bool:
        """Whether anything but popularity and trend tells items apart for a person."""
        return bool(self.neighbours or self.behaviour or self.words or self.vote)

    def votes(self, pool: Pool) -> Floats:
        """Return what the expected votes add to the scores, (people, places)."""
        expected = pool.columns["liked"] + (pool.columns["taste"] if self.taste else 0.0)
        return np.asarray(np.float32(self.vote) * expected, np.float32)

    def parts(self, pool: Pool) -> list[tuple[str, Floats]]:
        """Return (key, values) for every feature, (people, places) each."""
        columns, traits = pool.columns, pool.traits
        found = [(f"prior {name}", columns[name]) for name in self.shares]
        if self.neighbours and self.lift:
            found.append(("lift", columns[f"lift {self.neighbours}"]))
        elif self.neighbours:
            sums = np.maximum(columns[self.neighbours], 0)
            bent = [(scale, np.log1p(sums / scale)) for scale in SCALES]
            found += [(f"curve {scale}", values) for scale, values in bent]
            if self.by_activity:
                active = traits["activity"][:, None]
                found += [(f"active {scale}", values * active) for scale, values in bent[1:2]]
        found += [(f"behaviour {name}", columns[name]) for name in self.behaviour]
        found += [(f"words {name}", columns[name]) for name in self.words]
        found += [
            (f"trait {trait} {name}", columns[name] * traits[trait][:, None])
            for trait, name in self.by_trait
        ]
        if self.passed:
            found.append(("passed", columns["passed"]))
        return found

    def fit(self, *pools: Pool) -> dict[str, float]:
        """Return the feature weights by key, learned from all these pools.

        Those of popularity and trend are positive where nothing else speaks: a sample in which
        what is popular was not taken up would otherwise put first what nobody takes up.
        """
        keys = [key for key, _ in self.parts(pools[0])]
        choices = Choices.joined([self._choices(pool) for pool in pools])
        shared = np.array([key.startswith(("prior ", "trait ")) for key in keys], bool)
        weights = fit_logit(choices, positive=None if self.personal else shared)
        return {key: float(w) for key, w in zip(keys, weights, strict=True)}

    def _choices(self, pool: Pool) -> Choices:
        features = np.stack([values for _, values in self.parts(pool)], axis=2)
        offset = pool.offset + self.votes(pool) if self.vote else pool.offset
        return Choices(features, pool.chosen, offset)

    def scores(self, pool: Pool, weights: dict[str, float]) -> Floats:
        """Return the score of every place of a pool."""
        total = self.votes(pool) if self.vote else np.zeros(pool.chosen.shape, np.float32)
        for key, values in self.parts(pool):
            total += np.float32(weights[key]) * values
        return total

    def blend(self, weights: dict[str, float]) -> Blend:
        """Return the blend that these weights stand for."""
        curves = [
            Curve(s, weights[f"curve {s}"], weights.get(f"active {s}", 0.0))
            for s in (SCALES if self.neighbours and not self.lift else ())
        ]
        terms = [Term("neighbours", _half_life(self.neighbours), 1.0)] if self.neighbours else []
        for scorer, names in (("behaviour", self.behaviour), ("words", self.words)):
            terms += [Term(scorer, _half_life(n), weights[f"{scorer} {n}"]) for n in names]
        traits: dict[str, dict[str, float]] = {}
        for trait, name in self.by_trait:
            traits.setdefault(trait, {})[name] = weights[f"trait {trait} {name}"]
        return Blend(
            terms=tuple(terms),
            curves=tuple(curves),
            priors=self._priors(weights),
            traits=traits,
            lift=weights.get("lift", 0.0),
            passed=weights.get("passed", 0.0),
            taste=self.vote if self.taste else 0.0,
        )

    def newcomers(self, *pools: Pool) -> dict[str, float]:
        """Return the weights of item features for people without a positive event.

        Learned from the choices of everybody, as if nothing but the items' own features spoke, none
        below zero: for a newcomer, uptake and likes never count against an item.
        """
        shares = (*(n for n in self.shares if n != "liked"), "share_all")
        plain = Design(tuple(dict.fromkeys(shares)))
        fitted = plain.fit(*pools)
        found = {name: max(fitted[f"prior {name}"], 0.0) for name in plain.shares}
        found["share_all"] += max(LEAST_UPTAKE - sum(found.values()), 0.0)
        found["liked"], found["refusals"] = max(self.vote, LEAST_LIKED), REFUSALS
        return found

    def _priors(self, weights: dict[str, float]) -> dict[str, float]:
        found = {name: weights[f"prior {name}"] for name in self.shares}
        if self.vote:
            found["liked"] = found.get("liked", 0.0) + self.vote
        return found


def _half_life(column: str) -> float:
    return float(column.rpartition("~")[2])


@dataclass(frozen=True, slots=True)
class Opinions:
    """Items that people liked or disliked, as they stood just before; one place per row."""

    pool: Pool
    liked: Mask  # (n,)

    def auc(self, scores: Floats) -> float:
        """Return the mean over users of how often a liked item scores above a disliked one."""
        found = user_auc(self.pool.user.astype(np.int32), scores[:, 0].astype(float), self.liked)
        return float(found.mean()) if len(found) else 0.5


@dataclass(frozen=True, slots=True)
class Judge:
    """Asks people from whom a design's weights were not learned."""

    folds: tuple[tuple[tuple[Pool, ...], Pool], ...]  # (learned from, asked)
    opinions: Opinions | None = None

    @classmethod
    def halves(cls, pool: Pool, seed: int, opinions: Opinions | None = None) -> Judge:
        """Split the users of a pool at random; each half is asked once."""
        users, place = np.unique(pool.user, return_inverse=True)
        first = np.random.default_rng(seed).permutation(len(users)) % 2 == 0
        mine = first[place] if len(users) else np.zeros(0, bool)
        one, other = pool.take(np.flatnonzero(mine)), pool.take(np.flatnonzero(~mine))
        return cls((((one,), other), ((other,), one)), opinions)

    def value(self, design: Design) -> float:
        """Return nDCG@20 of the users who were not learned from, both ways round.

        Where likes and dislikes are both known, LIKING · (2 · AUC - 1) between them is added (as
        nDCG, it is 0 for chance and 1 at best): a list should hold what people take up, and of
        that what they like.
        """
        gains, order = [], []
        for learn, ask in self.folds:
            weights = design.fit(*learn)
            gains.append(ask.ndcg(design.scores(ask, weights)))
            if self.opinions is not None:
                order.append(self.opinions.auc(design.scores(self.opinions.pool, weights)))
        asked = np.concatenate(gains)
        value = float(asked.mean()) if len(asked) else 0.0
        return value + LIKING * (2 * float(np.mean(order)) - 1) if order else value
