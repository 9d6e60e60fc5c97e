"""Opinions: how each item is voted on, kept live; what the night learned of it to begin with."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from recsys.arrays import Floats
from recsys.collaborative.taste import Taste
from recsys.state.votes import votes_of


@dataclass(slots=True)
class Opinions:
    """Arrays by row, with room for more rows."""

    taste: Taste
    rated: bool  # the platform has ratings with values
    bases: Floats  # (room,): the vote of an average reader
    evidence: Floats  # (room,)
    loadings: Floats  # (room, rank)

    @classmethod
    def of(cls, taste: Taste, rated: bool) -> Opinions:
        """Begin with what the night learned; the arrays are private."""
        return cls(taste, rated, taste.base.copy(), taste.evidence.copy(), taste.loadings.copy())

    def grow(self, extra: int) -> None:
        """Make room for more rows, of items that nobody has voted on."""
        taste = self.taste
        self.bases = np.pad(self.bases, (0, extra), constant_values=taste.newcomer)
        self.evidence = np.pad(self.evidence, (0, extra))
        self.loadings = np.pad(self.loadings, ((0, extra), (0, 0)))
        self.loadings[-extra:, 0] = taste.config.agree

    def follow(self, row: int, weight: float) -> None:
        """Move an item's base by one vote; older votes fade."""
        if not weight:
            return
        votes, trust = votes_of(np.array([weight], np.float32), self.rated)
        precision = float(trust[0]) / self.taste.config.noise
        evidence = self.taste.config.keep * float(self.evidence[row]) + precision
        step = precision / (evidence + self.taste.config.tau_base)
        self.evidence[row] = evidence
        self.bases[row] += step * (float(votes[0]) - float(self.bases[row]))

    def move(self, before: int, row: int) -> None:
        """Give the votes on one row to another."""
        for votes in (self.bases, self.evidence, self.loadings):
            votes[row] = votes[before]
        self.evidence[before] = 0.0
