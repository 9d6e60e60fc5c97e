"""Probability that a user returns within a week, from the times of earlier visits.

A logistic model on a handful of features; a night fits it on everyone's pauses and keeps the
coefficients only.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recsys.array_types import Times
from recsys.serving.item_popularity_from_events import DAY

RepeatTable = NDArray[np.float64]
HORIZON = 7.0  # days within which a return counts
MOST = 500  # events of one user that count: as many as a request reads
NAMES = ("away", "days", "events", "span", "week", "month", "overdue")


@dataclass(frozen=True, slots=True)
class Returning:
    """Coefficients, and what the last back-test measured."""

    means: RepeatTable  # (features,)
    scales: RepeatTable  # (features,)
    weights: RepeatTable  # (features,), per standard deviation
    bias: float
    measured: Mapping[str, float]  # see recsys.training.user_return_model

    def chances(self, table: RepeatTable) -> RepeatTable:
        """Return the likelihood for every row of (n, features)."""
        odds = (table - self.means) / self.scales @ self.weights + self.bias
        return np.asarray(1.0 / (1.0 + np.exp(-np.clip(odds, -30.0, 30.0))))

    def chance(self, times: Times, now: float) -> float:
        """Return the likelihood for one user with at least one event until `now`."""
        return float(self.chances(one_row(times, now))[0])

    def parts(self, times: Times, now: float) -> dict[str, float]:
        """Return what each feature adds to one user's log odds, against the average user."""
        values = (one_row(times, now)[0] - self.means) / self.scales * self.weights
        return dict(zip(NAMES, values.tolist(), strict=True))

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return the arrays to save; `from_arrays` reads them back."""
        about = json.dumps({"bias": self.bias, "names": NAMES, "measured": dict(self.measured)})
        return {
            "means": self.means,
            "scales": self.scales,
            "weights": self.weights,
            "about": np.frombuffer(about.encode(), np.uint8),
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Returning | None:
        """Rebuild; None where nothing was fitted, or other features were."""
        about = json.loads(arrays["about"].tobytes()) if arrays else {}
        if tuple(about.get("names", ())) != NAMES:
            return None
        return cls(
            arrays["means"], arrays["scales"], arrays["weights"], about["bias"], about["measured"]
        )


def one_row(times: Times, now: float) -> RepeatTable:
    """Return the features of one user, (1, features)."""
    known = np.sort(times[np.isfinite(times) & (times <= now)])[-MOST:]
    return table(np.zeros(len(known), np.int64), known, now, 1)


def table(user: NDArray[np.integer], times: Times, now: float, count: int) -> RepeatTable:
    """Return the features of users 0..count-1 as of a moment, (count, features).

    `user` and `times`: one per event, none after `now`, each user's in the order of time. All
    are logarithms of 1 + a number of days or events: since the last event (away), with an event
    (days), events, from the first to the last (span), with an event among the last 7 and 28
    (week, month), and away beyond the user's usual pause (overdue). Somebody without an event
    has been away for ever, which is encoded as a hundred years.
    """
    ago = (now - times) / DAY
    first, last = np.full(count, 36_500.0), np.full(count, 36_500.0)
    last[user] = ago  # in the order of time, so that the last one stays
    first[user[::-1]] = ago[::-1]
    events = np.minimum(np.bincount(user, minlength=count), MOST)
    age = np.floor(ago).astype(np.int64)
    span = int(age.max(initial=0)) + 1
    seen = np.unique(user.astype(np.int64) * span + age)
    owner, day = seen // span, seen % span
    days, week, month = (
        np.bincount(owner[day < within], minlength=count) for within in (span, 7, 28)
    )
    length = first - last
    pause = (length + 7.0) / np.maximum(days, 1)  # one pause of a week is assumed beside their own
    overdue = last / pause
    columns = (last, days, events, length, week, month, overdue)
    return np.log1p(np.stack(columns, axis=1).astype(np.float64))
