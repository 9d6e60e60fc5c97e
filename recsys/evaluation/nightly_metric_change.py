"""ChangeBetweenNights: change of a nightly figure, with an interval from neighbouring nights.

The figure of one night varies with the night's model and clicks, so one night against another says
little. The variance of a single night is half the mean square of the differences of neighbouring
nights (von Neumann, 1941): a slow rise or fall of the figure hardly adds to it, as it would to the
variance around the mean. Nights are taken to vary independently of each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import t as student_t

from recsys.ranking_metrics import Values

LEVEL = 0.95  # of the interval
LEAST_NIGHTS = 5  # below so many, the differences say too little about the variance


@dataclass(frozen=True, slots=True)
class ChangeBetweenNights:
    """Mean of the last nights less mean of the first ones, with a 95 % interval."""

    nights: int  # of each mean
    change: float
    low: float
    high: float

    @property
    def fell(self) -> bool:
        """Whether the figure is lower at the end by more than nights vary."""
        return self.high < 0

    @classmethod
    def of(cls, figures: Sequence[float], nights: int = 1) -> ChangeBetweenNights | None:
        """Compare the first and the last `nights` of a figure by night.

        None below `LEAST_NIGHTS`, and where the two means would share a night.
        """
        values: Values = np.asarray(figures, np.float64)
        if len(values) < max(LEAST_NIGHTS, 2 * nights):
            return None
        change = float(values[-nights:].mean() - values[:nights].mean())
        steps = np.diff(values)
        deviation = np.sqrt(float((steps**2).mean()) / 2)
        # The differences overlap: as many degrees of freedom as two thirds of their number.
        quantile = float(student_t.ppf((1 + LEVEL) / 2, 2 * len(steps) / 3))
        margin = quantile * float(deviation) * np.sqrt(2 / nights)
        return cls(nights, change, change - float(margin), change + float(margin))
