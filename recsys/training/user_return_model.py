"""Fit and backtest of the return probability on past weeks.

Each past week is a training example: of the users seen by then, who came within the next seven
days. The model is judged on the last such week, fitted to the weeks before it, and then fitted to
all.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from recsys.data.dataset import Dataset
from recsys.serving.item_popularity_from_events import DAY
from recsys.serving.user_return_model import HORIZON, RepeatTable, Returning, table

WEEKS = 8  # of the past that are fitted to
PEOPLE = 50_000  # at most, drawn at random: more would change no digit
FEWEST = 30  # who came, and who did not, in the weeks that are fitted to
RIDGE = 1.0  # pulls coefficients to zero, in units of one user
BINS = 10  # of the calibration error

Labels = NDArray[np.float64]


def fit_returning(data: Dataset, seed: int = 0) -> Returning | None:
    """Return the model with its back-test; None for events without dates, or too few weeks."""
    questions = past_weeks(data, seed)
    if not questions:
        return None
    tested, earlier = questions[0], questions[1:]
    fitted = _fitted(earlier)
    final = _fitted(questions)
    if fitted is None or final is None:
        return None
    return replace(final, measured=measured(fitted, earlier, *tested))


def past_weeks(data: Dataset, seed: int = 0) -> list[tuple[RepeatTable, Labels]]:
    """Return (features, who came) for each week of the past, the last week first."""
    if not data.timed or not len(data.time):
        return []
    user, times, count = _drawn(data, seed)
    found = []
    for week in range(1, WEEKS + 2):
        start = data.now - week * HORIZON * DAY
        before = times <= start
        if start <= float(data.time[0]) or not before.any():
            break
        within = (times > start) & (times <= start + HORIZON * DAY)
        came = np.bincount(user[within], minlength=count) > 0
        there = np.bincount(user[before], minlength=count) > 0
        features = table(user[before], times[before], start, count)
        found.append((features[there], came[there].astype(np.float64)))
    return found


def _drawn(data: Dataset, seed: int) -> tuple[NDArray[np.int64], NDArray[np.float64], int]:
    """Return user and time of each event of the users who take part, in the order of time."""
    users = np.unique(data.user)
    if len(users) > PEOPLE:
        users = np.random.default_rng(seed).choice(users, PEOPLE, replace=False)
    place = np.full(int(data.user.max()) + 1, -1, np.int64)
    place[users] = np.arange(len(users))
    user = place[data.user]
    return user[user >= 0], data.time[user >= 0], len(users)


def _fitted(questions: list[tuple[RepeatTable, Labels]]) -> Returning | None:
    if not questions:
        return None
    features = np.concatenate([one for one, _ in questions])
    came = np.concatenate([one for _, one in questions])
    if not FEWEST <= came.sum() <= len(came) - FEWEST:
        return None
    means, scales = features.mean(axis=0), np.maximum(features.std(axis=0), 1e-6)
    rows = np.c_[(features - means) / scales, np.ones(len(features))]

    def loss(weights: RepeatTable) -> tuple[float, RepeatTable]:
        odds = rows @ weights
        pull = RIDGE * np.r_[weights[:-1], 0.0]
        chance = 1.0 / (1.0 + np.exp(-odds))
        value = np.logaddexp(0.0, odds).sum() - came @ odds + 0.5 * pull @ weights
        return float(value), rows.T @ (chance - came) + pull

    start = np.zeros(rows.shape[1])
    found = minimize(loss, start, jac=True, method="L-BFGS-B").x
    return Returning(means, scales, found[:-1], float(found[-1]), {})


def measured(
    model: Returning, earlier: list[tuple[RepeatTable, Labels]], features: RepeatTable, came: Labels
) -> dict[str, float]:
    """Return how a model fares in a week it has not seen, beside simpler guesses."""
    chances = model.chances(features)
    usual = float(np.concatenate([one for _, one in earlier]).mean())
    return {
        "people": float(len(came)),
        "came": float(came.mean()),
        "expected": float(chances.mean()),
        "auc": auc(chances, came),
        "auc_by_last_visit": auc(-features[:, 0], came),
        "brier": float(np.mean((chances - came) ** 2)),
        "brier_of_the_mean": float(np.mean((usual - came) ** 2)),
        "calibration_error": calibration_error(chances, came),
    }


def auc(scores: RepeatTable, came: Labels) -> float:
    """Return the chance that one who came is scored above one who did not; .5 without either."""
    yes = came.sum()
    no = len(came) - yes
    if not yes or not no:
        return 0.5
    _, value, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[value]  # equal scores share their mean rank
    return float((ranks[came > 0].sum() - yes * (yes + 1) / 2) / (yes * no))


def calibration_error(chances: RepeatTable, came: Labels) -> float:
    """Return the mean distance of expected and observed shares over ten bins of equal size."""
    bins = [part for part in np.array_split(np.argsort(chances, kind="stable"), BINS) if len(part)]
    gaps = [len(part) * abs(chances[part].mean() - came[part].mean()) for part in bins]
    return float(sum(gaps) / max(len(came), 1))
