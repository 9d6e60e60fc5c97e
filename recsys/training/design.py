"""Design: which columns of a pool a blend is made of, and what their learned weights mean."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from recsys.arrays import Floats
from recsys.state.blend import Blend, Curve, Term
from recsys.training.logit import Choices, fit_logit
from recsys.training.pool import Pool

SCALES = (0.003, 0.03, 0.3)  # of the neighbours' sum; together they bend it as the data ask


@dataclass(frozen=True, slots=True)
class Design:
    """A candidate form of the score. Its weights are learned, the form is chosen."""

    shares: tuple[str, ...]  # item features
    neighbours: str = ""  # column of the engine that the curves bend, "" for none
    behaviour: tuple[str, ...] = ()  # columns, linear
    words: tuple[str, ...] = ()  # columns, linear
    by_trait: tuple[tuple[str, str], ...] = ()  # (trait, item feature)
    by_activity: bool = False  # let the curves depend on the length of the history
    passed: bool = False

    def parts(self, pool: Pool) -> list[tuple[str, Floats]]:
        """Return (key, values) for every feature, (people, places) each."""
        columns, traits = pool.columns, pool.traits
        found = [(f"prior {name}", columns[name]) for name in self.shares]
        if self.neighbours:
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

    def fit(self, pool: Pool) -> dict[str, float]:
        """Return the learned weight of every feature by its key."""
        parts = self.parts(pool)
        features = np.stack([values for _, values in parts], axis=2)
        weights = fit_logit(Choices(features, pool.chosen, pool.offset))
        return {key: float(w) for (key, _), w in zip(parts, weights, strict=True)}

    def scores(self, pool: Pool, weights: dict[str, float]) -> Floats:
        """Return the score of every place of a pool."""
        total = np.zeros(pool.chosen.shape, np.float32)
        for key, values in self.parts(pool):
            total += np.float32(weights[key]) * values
        return total

    def blend(self, weights: dict[str, float]) -> Blend:
        """Return the blend that these weights stand for."""
        curves = [
            Curve(s, weights[f"curve {s}"], weights.get(f"active {s}", 0.0))
            for s in (SCALES if self.neighbours else ())
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
            priors={name: weights[f"prior {name}"] for name in self.shares},
            traits=traits,
            passed=weights.get("passed", 0.0),
        )


def _half_life(column: str) -> float:
    return float(column.rpartition("~")[2])


@dataclass(frozen=True, slots=True)
class Judge:
    """Learns a design's weights from one half of the people and asks the other half."""

    learn: Pool
    ask: Pool

    @classmethod
    def halves(cls, pool: Pool, seed: int) -> Judge:
        """Split the people of a pool at random."""
        order = np.random.default_rng(seed).permutation(len(pool))
        return cls(pool.take(np.sort(order[::2])), pool.take(np.sort(order[1::2])))

    def value(self, design: Design) -> float:
        """Return the mean nDCG@20 of the people who were not learned from; both ways round."""
        values = []
        for learn, ask in ((self.learn, self.ask), (self.ask, self.learn)):
            values.append(ask.ndcg(design.scores(ask, design.fit(learn))))
        return float(np.concatenate(values).mean()) if values else 0.0
