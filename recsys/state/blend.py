"""Blend: the linear score that the night learned, small enough to read in a manifest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from recsys.arrays import Floats

SCORERS = ("neighbours", "behaviour", "words")


@dataclass(frozen=True, slots=True)
class Term:
    """One personal part of the score: a scorer applied to the history with one recency decay."""

    scorer: str  # one of SCORERS
    half_life: float  # events back at which an event counts half; infinity: all count alike
    weight: float  # per unit of the scorer's own score


@dataclass(frozen=True, slots=True)
class Blend:
    """score(user, item) = Σ personal terms + Σ item features · (weight + Σ trait · weight).

    Personal terms are linear in the history, so every score splits exactly into what each history
    item gave and what the item itself brought along.
    """

    terms: tuple[Term, ...]
    priors: Mapping[str, float] = field(default_factory=dict)  # item feature -> weight
    traits: Mapping[str, Mapping[str, float]] = field(default_factory=dict)  # trait -> feature ->

    def history_weights(self, scorer: str, ages: Floats, weights: Floats) -> Floats:
        """Return what each history entry is multiplied with for a scorer, (n,).

        `ages`: events back, 0 for the last; `weights`: signed, from the events.
        """
        total = np.zeros(len(ages), np.float32)
        for term in self.terms:
            if term.scorer == scorer:
                total += np.float32(term.weight) * np.exp2(-ages / np.float32(term.half_life))
        return total * weights

    def uses(self, scorer: str) -> bool:
        """Whether any term reads this scorer."""
        return any(term.scorer == scorer and term.weight for term in self.terms)

    def prior_weights(self, names: tuple[str, ...], traits: Mapping[str, float]) -> Floats:
        """Return one user's weight per item feature, in the order of `names`."""
        total = np.array([self.priors.get(name, 0.0) for name in names], np.float32)
        for trait, value in traits.items():
            by_name = self.traits.get(trait, {})
            total += np.float32(value) * np.array([by_name.get(n, 0.0) for n in names], np.float32)
        return total

    def to_json(self) -> dict[str, object]:
        """Return the blend as JSON knows it; an infinite half-life is null."""
        terms = [
            [t.scorer, t.half_life if np.isfinite(t.half_life) else None, t.weight]
            for t in self.terms
        ]
        traits = {trait: dict(weights) for trait, weights in self.traits.items()}
        return {"terms": terms, "priors": dict(self.priors), "traits": traits}

    @classmethod
    def from_json(cls, found: Mapping[str, object]) -> Blend:
        """Read back what `to_json` wrote."""
        terms: list[list[object]] = found["terms"]  # type: ignore[assignment]
        return cls(
            tuple(Term(str(s), np.inf if h is None else float(h), float(w)) for s, h, w in terms),  # type: ignore[arg-type]
            found["priors"],  # type: ignore[arg-type]
            found["traits"],  # type: ignore[arg-type]
        )
