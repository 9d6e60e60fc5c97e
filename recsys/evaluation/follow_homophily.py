"""How much likelier users who follow one another share taste than random pairs of equal degree.

The random pairs are the follows with their ends exchanged, so that every user is in as many pairs
on either side as before.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from scipy import sparse

from recsys.array_types import Rows
from recsys.data.dataset import Dataset

MOST_PAIRS = 200_000  # follows that are looked at
DRAWS = 5  # exchanges
NOTHING = 1.2  # ratio below which the graph is said to tell nothing


@dataclass(frozen=True, slots=True)
class FollowHomophily:
    """Mean cosine of what two users took up, of linked users and of random pairs."""

    follows: int  # between users with events
    given: int  # follows that were given
    linked: float
    random: float
    low: float  # 95 % interval of the ratio
    high: float

    @property
    def ratio(self) -> float:
        """How much likelier linked users share taste; 1 where nobody shares any."""
        return self.linked / self.random if self.random > 0 else 1.0

    @property
    def telling(self) -> bool:
        """Whether the graph tells anything about taste."""
        return self.follows > 0 and self.low > 1.0 and self.ratio >= NOTHING

    @property
    def sentence(self) -> str:
        """Return the finding in a sentence."""
        if not self.follows:
            return (
                f"follows: none of the {self.given:,} follows is between users with training events"
            )
        found = (
            f"follows: {self.follows:,} between users with training events; linked users share"
            f" taste {self.ratio:.2f} times as much as random pairs of equal degree"
            f" ({self.low:.2f} to {self.high:.2f})"
        )
        if self.telling:
            return found
        return f"{found}: near 1, so the graph tells nothing about what users take up"

    def to_json(self) -> dict[str, Any]:
        """Return the finding as JSON knows it."""
        return {**asdict(self), "ratio": self.ratio, "telling": self.telling}


def follow_homophily(data: Dataset, seed: int) -> FollowHomophily | None:
    """Compare the users of follows by what they took up in training; None without follows."""
    if data.follows is None:
        return None
    there = np.zeros(len(data.users), bool)
    there[data.user] = True
    first, second = data.follows.follower, data.follows.followee
    kept = there[first] & there[second]
    first, second = first[kept], second[kept]
    count = len(first)
    if not count:
        return FollowHomophily(0, data.follows.given, 0.0, 0.0, 0.0, 0.0)
    rng = np.random.default_rng(seed)
    if count > MOST_PAIRS:
        some = rng.choice(count, MOST_PAIRS, replace=False)
        first, second = first[some], second[some]
    unit = _unit_rows(data)
    own = _cosines(unit, first, second)
    means, draws = [], []
    for _ in range(DRAWS):
        other = rng.permutation(second)
        draws.append(_cosines(unit, first, other)[first != other])
        means.append(draws[-1].mean())
    random = float(np.mean(means))
    ratios = [
        rng.choice(own, len(own)).mean() / max(rng.choice(one, len(one)).mean(), 1e-12)
        for one in draws
        for _ in range(40)
    ]
    low, high = np.percentile(ratios, [2.5, 97.5])
    return FollowHomophily(
        count, data.follows.given, float(own.mean()), random, float(low), float(high)
    )


def _unit_rows(data: Dataset) -> sparse.csr_array:
    """Return users × items, 1 for what was taken up, in rows of length 1."""
    found = data.matrix().astype(np.float32)
    lengths = np.sqrt(np.maximum(np.diff(found.indptr), 1))
    found.data = 1 / np.repeat(lengths, np.diff(found.indptr)).astype(np.float32)
    return found


def _cosines(unit: sparse.csr_array, first: Rows, second: Rows) -> np.ndarray[Any, Any]:
    parts = [np.zeros(0)]
    for start in range(0, len(first), 20_000):
        part = slice(start, start + 20_000)
        product = unit[first[part]].multiply(unit[second[part]])
        parts.append(np.asarray(product.sum(axis=1)).ravel())
    return np.concatenate(parts)
