"""Terms of one event: how likely a text with these terms is of it, against the background."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from recsys.monitoring.event_detection.background_frequencies import DAY, Background

OWN = 0.7
LIFE = 4 * DAY  # seconds after which a text counts half for the terms of its event
SMOOTHING = 0.5  # texts that an unseen term counts in the background
LEAST_SHARE = 0.004  # of an event's texts that a term must be in to count for it
LEAST_TEXTS = 2.5
LEAST_LIFT = 3.0  # times the background's share, of a term that is the event's


class TermProfile:
    """Decayed counts of terms, and log likelihood ratios of them."""

    def __init__(self) -> None:
        self.origin = 0.0
        self.counts: dict[str, float] = {}
        self.texts = 0.0
        self._ratios: dict[str, float] | None = None
        self._made = 0.0

    def add(self, terms: Iterable[str], at: float) -> None:
        """Add a text of the event."""
        if not self.texts:
            self.origin = at
        if at - self.origin > 8 * LIFE:
            self._move(at)
        weight = 2.0 ** ((at - self.origin) / LIFE)
        self.texts += weight
        for term in terms:
            self.counts[term] = self.counts.get(term, 0.0) + weight

    def as_json(self) -> dict[str, Any]:
        """Return what `from_json` takes back."""
        counts = {term: round(count, 4) for term, count in self.counts.items()}
        return {"origin": self.origin, "texts": self.texts, "counts": counts}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> TermProfile:
        """Return a profile as it was kept."""
        found = cls()
        found.origin, found.texts = values["origin"], values["texts"]
        found.counts = dict(values["counts"])
        return found

    def without(self, texts: Iterable[tuple[Iterable[str], float]]) -> TermProfile:
        """Return the profile without some of its texts, each of terms and time."""
        left = TermProfile()
        left.origin, left.texts, left.counts = self.origin, self.texts, dict(self.counts)
        for terms, at in texts:
            weight = 2.0 ** ((at - self.origin) / LIFE)
            left.texts -= weight
            for term in terms:
                left.counts[term] = max(left.counts.get(term, 0.0) - weight, 0.0)
        left.texts = max(left.texts, 1e-9)
        return left

    def texts_at(self, now: float) -> float:
        """Return the decayed number of texts at a moment."""
        return float(self.texts * 2.0 ** ((self.origin - now) / LIFE))

    def _move(self, now: float) -> None:
        factor = 2.0 ** ((self.origin - now) / LIFE)
        self.counts = {t: w * factor for t, w in self.counts.items() if w * factor > 0.05}
        self.texts, self.origin = self.texts * factor, now

    def ratios(self, background: Background, now: float) -> dict[str, float]:
        """Return the log likelihood ratios of the event's terms; made anew as texts come."""
        if self._ratios is None or self.texts > 1.1 * self._made or self.texts < 0.5 * self._made:
            self._ratios, self._made = self._fresh(background, now), self.texts
        return self._ratios

    def _fresh(self, background: Background, now: float) -> dict[str, float]:
        scale = 2.0 ** ((self.origin - now) / LIFE)
        least = max(LEAST_TEXTS * min(1.0, scale), LEAST_SHARE * self.texts * scale) / scale
        all_of = background.texts(now) + 1.0
        found = {}
        for term, count in self.counts.items():
            if count < least:
                continue
            usual = (background.count(term, now) + SMOOTHING) / all_of
            lift = count / self.texts / usual
            if lift >= LEAST_LIFT:
                found[term] = math.log(OWN * lift + 1.0 - OWN)
        return found

    def score(self, terms: Sequence[str], ratios: dict[str, float]) -> float:
        """Return the log likelihood ratio of a text: of the event against the background."""
        unknown = math.log(1.0 - OWN)
        return sum(ratios.get(term, unknown) for term in terms)

    def main_terms(self, ratios: Mapping[str, float], n: int) -> list[str]:
        """Return the n terms that tell the event best: by share of its texts times ratio."""
        return sorted(ratios, key=lambda term: -self.counts.get(term, 0.0) * ratios[term])[:n]


def likeness(
    one: dict[str, float], other: dict[str, float], a: TermProfile, b: TermProfile
) -> float:
    """Return the cosine of two events' terms, each weighted by share and ratio, 0 to 1."""

    def weights(ratios: dict[str, float], profile: TermProfile) -> dict[str, float]:
        return {
            t: r * math.sqrt(profile.counts.get(t, 0.0) / profile.texts) for t, r in ratios.items()
        }

    left, right = weights(one, a), weights(other, b)
    norm = math.sqrt(sum(v * v for v in left.values()) * sum(v * v for v in right.values()))
    return sum(v * right.get(t, 0.0) for t, v in left.items()) / norm if norm else 0.0
