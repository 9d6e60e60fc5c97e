"""RatingScale: mean, spread and smallest step of a platform's ratings, robust to outliers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

STRAY = 10.0  # interquartile ranges from the median beyond which a value is of another scale
TOPS = (1.0, 5.0, 10.0, 100.0)  # of the usual scales; above the last one no lowest step is known
UNKNOWN = 1_000_000  # ratings that a bundle without their number is taken to have learned from


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
    def of(cls, values: NDArray[np.floating], spread: float = 0.0) -> RatingScale:
        """Learn the scale of some values; `spread`: the standard deviation to use, 0: theirs."""
        if not len(values):
            return cls()
        kept = _without_strays(values.astype(np.float64))  # float32 cannot hold a huge square
        deviation = float(spread or max(kept.std(), 1e-3))
        return cls(float(kept.mean()), deviation, _lowest(kept), len(values))

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
        """Read what `to_json` returned, or the mean and spread alone of an older bundle."""
        mean, spread, *rest = given
        if not rest:
            return cls(mean, spread, n_ratings=0 if (mean, spread) == (0.0, 1.0) else UNKNOWN)
        low, count = rest[:2]
        found = cls(mean, spread, -np.inf if low is None else low, count)
        numbers = (mean, spread, 0.0 if low is None else low, count)
        if not all(type(one) in (int, float) and np.isfinite(one) for one in numbers):
            raise ValueError(f"rating_scale is {given!r}: a number is missing")
        return found


def _without_strays(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the values near the median: a few of another scale must not stretch this one."""
    low, middle, high = np.percentile(values, (25, 50, 75))
    span = high - low
    if not span:  # three quarters are alike
        low, high = np.percentile(values, (2, 98))
        span = high - low
    if not span:
        return values
    return np.asarray(values[np.abs(values - middle) <= STRAY * span], np.float64)


def _lowest(values: NDArray[np.float64]) -> float:
    """Return the lowest step of the usual scale that values lie on; -inf where none is known."""
    least, most = float(values.min()), float(values.max())
    top = next((top for top in TOPS if most <= top), None)
    if top is None or least == most:
        return -np.inf
    if top == 1.0:
        return min(least, 0.0)
    return min(least, 1.0)
