"""RatingScale: mean, spread and smallest step of a platform's ratings, robust to outliers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from recsys.data.manifest_number_bounds import COUNT, RATING, SPREAD

STRAY = 10.0  # interquartile ranges from the median beyond which a value is of another scale
TOPS = (1.0, 5.0, 10.0, 100.0)  # of the usual scales; above the last one no lowest step is known
UNKNOWN = 1_000_000  # ratings that a bundle without their number is taken to have learned from
# One user's ratings beyond both of these teach nothing about the scale of the platform:
MOST_OF_USER = 50
SHARE_OF_USER = 0.01  # of all ratings
FEW_USERS = 20  # below so many, one user's lowest and highest rating are ends of the scale


class RatingScale(NamedTuple):
    """One scale for all ratings of a platform; the default: no rating is known.

    Values of several scales have to be brought to one before they come here; some strays among
    many values do no harm.
    """

    mean: float = 0.0
    spread: float = 1.0
    low: float = -np.inf  # the lowest step: a rating of it is a dislike; -inf: none is known
    n_ratings: int = 0  # ratings it was learned from

    @classmethod
    def of(
        cls,
        values: NDArray[np.floating],
        spread: float = 0.0,
        users: NDArray[np.integer] | None = None,
    ) -> RatingScale:
        """Learn the scale of some values; `spread`: the standard deviation to use, 0: theirs.

        `users`: whose each value is. Then the first ratings of a user count, `MOST_OF_USER` or
        `SHARE_OF_USER` of all, and from `FEW_USERS` on values count between ends that more than
        1 % of the users have reached: no single user moves the scale of a platform.
        """
        if not len(values):
            return cls()
        numbers = values.astype(np.float64)  # float32 cannot hold a huge square
        if users is not None:
            some = _first_of_each(users)
            numbers, users = numbers[some], users[some]
        near = _near_the_median(numbers)
        kept = numbers[near]
        least, most = (kept.min(), kept.max()) if users is None else _ends(kept, users[near])
        kept = kept[(kept >= least) & (kept <= most)]
        deviation = float(spread or max(kept.std(), 1e-3))
        return cls(float(kept.mean()), deviation, _lowest(float(least), float(most)), len(numbers))

    @property
    def known(self) -> bool:
        """Whether any rating was seen."""
        return self.n_ratings > 0

    def weights(
        self, values: NDArray[np.float64], own: NDArray[np.float64] | float
    ) -> NDArray[np.float64]:
        """Return the weights of ratings by users whose (shrunk) means are `own`.

        A rating at the user's mean weighs 1, one spread below it 0; the lowest step always -1,
        and no value of 0 or below is a yes.
        """
        found = np.clip(1.0 + (values - own) / self.spread, -1.0, 2.0)
        found = np.where(values <= 0, np.minimum(found, 0.0), found)
        return np.asarray(np.where(values <= self.low, -1.0, found), np.float64)

    def to_json(self) -> list[float | None]:
        """Return the form that manifests hold."""
        low = float(self.low) if np.isfinite(self.low) else None
        return [self.mean, self.spread, low, self.n_ratings]

    @classmethod
    def from_json(cls, given: Sequence[Any]) -> RatingScale:
        """Read what `to_json` returned, or the mean and spread alone of an older bundle.

        TypeError or ValueError where a number is missing or no scale can have it.
        """
        mean, spread, *rest = given
        checked = RATING.check("mean rating", mean), SPREAD.check("spread of ratings", spread)
        if not rest:
            return cls(*checked, n_ratings=0 if checked == (0.0, 1.0) else UNKNOWN)
        low, count = rest[:2]
        lowest = -np.inf if low is None else RATING.check("lowest rating", low)
        return cls(*checked, lowest, COUNT.check_whole("number of ratings", count))


def _first_of_each(users: NDArray[np.integer]) -> NDArray[np.bool_]:
    """Say which ratings are among the first ones of their user that count."""
    most = max(MOST_OF_USER, int(SHARE_OF_USER * len(users)))
    order = np.argsort(users, kind="stable")
    ordered = users[order]
    starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
    sizes = np.diff(np.r_[starts, len(users)])
    found = np.empty(len(users), bool)
    found[order] = np.arange(len(users)) - np.repeat(starts, sizes) < most
    return found


def _near_the_median(values: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Say which values are near the median: a few of another scale must not stretch this one."""
    low, middle, high = np.percentile(values, (25, 50, 75))
    span = high - low
    if not span:  # three quarters are alike
        low, high = np.percentile(values, (2, 98))
        span = high - low
    if not span:
        return np.ones(len(values), bool)
    return np.asarray(np.abs(values - middle) <= STRAY * span)


def _ends(values: NDArray[np.float64], users: NDArray[np.integer]) -> tuple[float, float]:
    """Return the lowest and the highest value, each without those that 1 % of the users gave."""
    _, number = np.unique(users, return_inverse=True)
    count = int(number.max()) + 1
    left_out = math.ceil(0.01 * count) if count >= FEW_USERS else 0
    lowest, highest = np.full(count, np.inf), np.full(count, -np.inf)
    np.minimum.at(lowest, number, values)
    np.maximum.at(highest, number, values)
    return float(np.sort(lowest)[left_out]), float(np.sort(highest)[-1 - left_out])


def _lowest(least: float, most: float) -> float:
    """Return the lowest step of the usual scale between two ends; -inf where none is known."""
    top = next((top for top in TOPS if most <= top), None)
    if top is None or least == most:
        return -np.inf
    if top == 1.0:
        return min(least, 0.0)
    return min(least, 1.0)
