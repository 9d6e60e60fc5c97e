"""Rumour flag of an item from the stances of what answers it; evidence, and never a deletion."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recsys.social_network.stance import STANCES

LEAST_ANSWERS = 5  # answers from which an item may be flagged
FLAGGED = 0.3  # rumour score from which it is
_PRIOR = 10.0  # answers that would be comments


@dataclass(frozen=True, slots=True)
class RumourFlag:
    """Whether an item looks like a rumour, and what says so."""

    flagged: bool
    score: float  # 0 to 1
    denials: float  # expected share of answers that deny
    questions: float  # expected share of answers that ask
    answers: int


def rumour_score(chances: NDArray[np.float64]) -> float:
    """Return a score from 0 to 1 of the stances of answers, (answers, 4): denied and asked about.

    A denial counts twice a question; ten answers that only comment are assumed besides.
    """
    if not len(chances):
        return 0.0
    total = chances.sum(0)
    doubt = 2 * total[STANCES.index("deny")] + total[STANCES.index("query")]
    return float(min(1.0, doubt / (len(chances) + _PRIOR)))


def rumour_flag(chances: NDArray[np.float64]) -> RumourFlag:
    """Return the flag of an item from the stances of its answers, (answers, 4)."""
    count = len(chances)
    shares = chances.mean(0) if count else np.zeros(len(STANCES))
    score = rumour_score(chances)
    return RumourFlag(
        count >= LEAST_ANSWERS and score >= FLAGGED,
        score,
        float(shares[STANCES.index("deny")]),
        float(shares[STANCES.index("query")]),
        count,
    )
