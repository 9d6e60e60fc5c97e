"""Sequential test of the sample ratio: do the arms have the shares of units that were assigned?

Lindon and Malek, "Anytime-valid inference for multinomial count data" (NeurIPS 2022): the Bayes
factor of a Dirichlet prior around the assigned shares against these shares. It may be looked at
after every unit; where the shares are right it exceeds 1 / alpha with probability of at most alpha.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from recsys.errors import DataError

ALPHA = 0.01
CONCENTRATION = 5_000.0  # of the prior: larger values find smaller deviations, later


def log_bayes_factor(
    counts: Sequence[int], shares: Sequence[float], concentration: float = CONCENTRATION
) -> float:
    """Return the logarithm of the evidence that arms have other shares of units than assigned."""
    if len(counts) != len(shares) or min(counts, default=-1) < 0 or min(shares, default=0) <= 0:
        raise DataError(f"counts {list(counts)} and shares {list(shares)} do not belong together")
    total = sum(counts)
    prior = [concentration * share for share in shares]
    found = math.lgamma(concentration) - math.lgamma(concentration + total)
    for count, weight, share in zip(counts, prior, shares, strict=True):
        found += math.lgamma(weight + count) - math.lgamma(weight) - count * math.log(share)
    return found


def mismatched(counts: Sequence[int], shares: Sequence[float], alpha: float = ALPHA) -> bool:
    """Whether the arms have other shares of units than assigned: then no result may be read."""
    return log_bayes_factor(counts, shares) >= -math.log(alpha)
