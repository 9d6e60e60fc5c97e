"""Usual frequency of terms: decayed counts of texts that belong to no event."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

DAY = 86_400.0
_RARE = 0.02  # weight below which a term is forgotten


class Background:
    """Texts per term and in all, each weighing half after `half_life` seconds."""

    def __init__(self, half_life: float = 28 * DAY, most_terms: int = 200_000) -> None:
        self.half_life, self.most_terms = half_life, most_terms
        self.start: float | None = None  # time of the oldest text
        self.origin = 0.0  # moment at which a weight is 1
        self.weights: dict[str, float] = {}
        self.total = 0.0

    def add(self, terms: Iterable[str], at: float) -> None:
        """Add a text; times may come in any order within some half-lives."""
        if self.start is None:
            self.start = self.origin = at
        self.start = min(self.start, at)
        if at - self.origin > 10 * self.half_life:
            self._move(at)
        weight = 2.0 ** ((at - self.origin) / self.half_life)
        self.total += weight
        for term in terms:
            self.weights[term] = self.weights.get(term, 0.0) + weight
        if len(self.weights) > 1.2 * self.most_terms:
            self._move(at)

    def as_json(self) -> dict[str, Any]:
        """Return what `from_json` takes back."""
        weights = {term: round(weight, 4) for term, weight in self.weights.items()}
        kept = {"start": self.start, "origin": self.origin, "total": self.total}
        return {**kept, "weights": weights}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Background:
        """Return the counts as they were kept."""
        found = cls()
        found.start, found.origin = values["start"], values["origin"]
        found.total, found.weights = values["total"], dict(values["weights"])
        return found

    def _move(self, now: float) -> None:
        """Move the origin to a moment, and forget what is rare."""
        factor = 2.0 ** ((self.origin - now) / self.half_life)
        kept = {term: weight * factor for term, weight in self.weights.items()}
        rare = _RARE
        while True:
            kept = {term: weight for term, weight in kept.items() if weight > rare}
            if len(kept) <= self.most_terms:
                break
            rare *= 2
        self.weights, self.origin = kept, now
        self.total *= factor

    def seconds(self, now: float) -> float:
        """Return the decayed time that the counts stand for; 0 before there are any."""
        if self.start is None or now <= self.start:
            return 0.0
        life = self.half_life / 0.6931471805599453
        return float(life * (1.0 - 2.0 ** (-(now - self.start) / self.half_life)))

    def texts(self, now: float) -> float:
        """Return the decayed number of texts."""
        return float(self.total * 2.0 ** ((self.origin - now) / self.half_life))

    def count(self, term: str, now: float) -> float:
        """Return the decayed number of texts with a term."""
        return float(self.weights.get(term, 0.0) * 2.0 ** ((self.origin - now) / self.half_life))
