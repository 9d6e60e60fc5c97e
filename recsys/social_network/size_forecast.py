"""SizeForecast: number of shares an hour from now, from the gaps between the latest ones.

    forecast = SizeForecast.default()
    forecast.predict(times, now)      # (size, lowest, highest), 80 % interval

Least absolute deviations on logarithms of gaps (seconds) and hinges of them; the target is the
logarithm of the growth. Intervals are quantiles of training residuals where the forecast was alike.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]
HOUR = 3600.0
_BACK = (1, 3, 6)  # shares back from which a gap is measured
_HINGES = (4.0, 6.0, 8.0)  # of log1p(seconds): a minute, seven minutes, fifty minutes
_BINS = (0.05, 0.2, 0.5)  # forecast growths (log) that part the intervals
_FLOOR = 1e-3  # smallest residual of the reweighting


def features(times: Values, now: float) -> Values:
    """Return what is known of n ≥ 1 shares at ascending times at a moment, (features,)."""
    count = len(times)
    gaps = [np.log1p(max(now - times[-1], 0.0))]
    for back in (*_BACK, max(count - 1, 1)):
        steps = min(back, max(count - 1, 1))
        gaps.append(np.log1p(max(now - times[max(count - 1 - steps, 0)], 0.0) / steps))
    flat = np.array(gaps)
    hinges = [np.maximum(0.0, hinge - flat[1:]) for hinge in _HINGES]
    return np.concatenate([[1.0, np.log(count)], flat, *hinges])


@dataclass(frozen=True, slots=True)
class SizeForecast:
    """Weights of the features, and residual quantiles by forecast growth."""

    weights: Values  # (features,)
    low: tuple[float, ...]  # 10 % quantile of residuals (log) in each of the bins
    high: tuple[float, ...]  # 90 %

    @classmethod
    def fit(cls, samples: Iterable[tuple[Values, float, int]]) -> SizeForecast:
        """Fit to (times of shares so far, now, size an hour later)."""
        rows = [(features(times, now), np.log(later / len(times))) for times, now, later in samples]
        table = np.array([row for row, _ in rows])
        target = np.array([growth for _, growth in rows])
        weights = np.zeros(table.shape[1])
        amounts = np.ones(len(target))
        for _ in range(60):  # iteratively reweighted least squares
            square = table.T @ (table * amounts[:, None]) + 1e-2 * np.eye(table.shape[1])
            weights = np.linalg.solve(square, table.T @ (amounts * target))
            amounts = 1 / np.maximum(np.abs(target - table @ weights), _FLOOR)
        forecast = np.maximum(table @ weights, 0.0)
        bins = np.digitize(forecast, _BINS)
        residuals = [target[bins == at] - forecast[bins == at] for at in range(len(_BINS) + 1)]
        residuals = [own if len(own) else target - forecast for own in residuals]
        return cls(
            weights,
            tuple(float(np.quantile(own, 0.1)) for own in residuals),
            tuple(float(np.quantile(own, 0.9)) for own in residuals),
        )

    @classmethod
    def default(cls) -> SizeForecast:
        """Return the forecast that ships: learned from the training part of cascades-twitter."""
        return cls(np.array(_WEIGHTS), _LOW, _HIGH)

    def growth(self, times: Values, now: float) -> float:
        """Return the forecast of log(size an hour later / size); at least 0."""
        return max(float(features(times, now) @ self.weights), 0.0)

    def predict(self, times: Values, now: float) -> tuple[float, float, float]:
        """Return the size an hour later, and an 80 % interval; no end lies below the size now."""
        growth = self.growth(times, now)
        at = int(np.digitize(growth, _BINS))
        count = len(times)
        low, high = growth + self.low[at], growth + self.high[at]
        return (
            float(count * np.exp(growth)),
            float(count * np.exp(max(low, 0.0))),
            float(count * np.exp(max(high, 0.0))),
        )


# fitted to the training part of cascades-twitter at 1 to 200 shares and up to six hours of silence;
# validation: .72 of the mean absolute error of "the size so far" (RESULTS.md, "How items spread")
_WEIGHTS = (
    0.0033,
    -0.0013,
    -0.0002,
    0.0002,
    0.0012,
    -0.0003,
    -0.0011,
    -0.1266,
    -0.1848,
    0.0152,
    -0.0408,
    0.0335,
    0.0819,
    -0.0011,
    0.1178,
    0.0542,
    0.0339,
    0.0005,
    0.0426,
)
_LOW = (-0.002, -0.146, -0.275, -1.098)
_HIGH = (0.403, 0.7, 1.133, 1.467)
