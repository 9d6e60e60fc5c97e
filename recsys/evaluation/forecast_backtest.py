"""Backtest of forecasts: 24 hours of each day, against the same hours a week before."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from recsys.trends.baseline_updates import days_of
from recsys.trends.forecast import HORIZON, SHARE, forecast
from recsys.trends.seasonality import DAY
from recsys.trends.series import WEEK, Series

LEAST_RATE = 0.1  # unique users per hour in the four weeks before, from which on a series is judged


def forecast_figures(series: Series, warm_up: int = 28) -> dict[str, object]:
    """Return errors and coverage of the forecasts of every day after `warm_up` days.

    The seasonal naive forecast is what the same hour brought a week before. Ratios are the sums of
    errors over all hours and series, ours over those of the naive forecast.
    """
    _, unique_users = series.dense()
    rows: list[NDArray[np.float64]] = []
    n_series, days = 0, 0
    for number, day in enumerate(days_of(series), start=1):
        if number < warm_up:
            continue
        at = number * DAY
        enough = unique_users[:, max(at - 4 * WEEK, 0) : at].mean(axis=1) >= LEAST_RATE
        hours, own, total = day.hours[:DAY], day.unique_users[:, :DAY], series.total[at - DAY : at]
        usual = day.expectation.usual(hours) * day.expectation.global_activity_factor(
            hours, total, own
        )
        found = forecast(day.expectation, own, usual, at + series.first, HORIZON, total)
        truth, before = (
            unique_users[:, at : at + HORIZON],
            unique_users[:, at - WEEK : at - WEEK + HORIZON],
        )
        columns = (truth, found.mean, before, *found.interval())
        rows.append(np.stack([column[enough] for column in columns]).astype(np.float64))
        n_series, days = max(n_series, int(enough.sum())), days + 1
    if not n_series:
        return {"series": 0, "days": days}
    return {"series": n_series, "days": days, **_figures(np.concatenate(rows, axis=1))}


def _figures(rows: NDArray[np.float64]) -> dict[str, object]:
    truth, mean, before, low, high = rows
    ours, theirs = np.abs(truth - mean), np.abs(truth - before)
    day, day_before = np.abs((truth - mean).sum(1)), np.abs((truth - before).sum(1))
    return {
        "mae_ratio": _ratio(ours.sum(), theirs.sum()),
        "rmse_ratio": _ratio(np.sqrt((ours**2).sum()), np.sqrt((theirs**2).sum())),
        "day_total_mae_ratio": _ratio(day.sum(), day_before.sum()),
        "interval": SHARE,
        "coverage": float(((truth >= low) & (truth <= high)).mean()),
        "bias": float((mean - truth).sum() / max(truth.sum(), 1.0)),
    }


def _ratio(ours: np.floating, theirs: np.floating) -> float | None:
    """Return our error over theirs; None where last week was no error at all."""
    return float(ours / theirs) if theirs else None
