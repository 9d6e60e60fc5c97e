"""Interleaving against an A/B test, by simulation: users until the better ranking is found.

Users have tastes for items; both rankings order by a user's tastes with noise, the second with
less. Clicks follow a position-based or a cascade model (Chuklin, Markov and de Rijke, "Click models
for web search", 2015).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from recsys.experiments.arm_sums import ArmSums, Difference, difference
from recsys.experiments.confidence_sequence import always_valid
from recsys.experiments.interleaving import PLANNED_USERS

Floats = NDArray[np.floating]
Ints = NDArray[np.integer]
ClickModel = Literal["position", "cascade"]
ITEMS, PLACES = 40, 10
NOISE = (0.65, 0.5)  # standard deviations of the errors of both rankings, beside 1 of tastes
LISTS = 1.0  # standard deviation of the logarithm of the lists of a user; their median is 3
CLICKING = 1.0  # standard deviation of the log-odds of a click between users
BATCH = 500  # users between two looks at an A/B test, a twentieth of them at interleaving
MOST_BATCHES = 2_000
SPLIT_PLANNED = 60_000  # users at which the interval of an A/B test is narrowest
LEAST = 100  # users below which nothing is decided


@dataclass(frozen=True, slots=True)
class Found:
    """Users until a decision, (simulations,), inf where there was none; share of right ones."""

    users: Floats
    right: float

    @property
    def median(self) -> float:
        """Median of the users until a decision."""
        return float(np.median(self.users))


def interleaved(
    model: ClickModel, simulations: int, seed: int, noise: tuple[float, float] = NOISE
) -> Found:
    """Return the users until interleaving prefers one ranking."""
    users, right = np.full(simulations, np.inf), 0
    step = BATCH // 20
    for number in range(simulations):
        rng, sums = np.random.default_rng([seed, number, 0]), ArmSums()
        for batch in range(1, MOST_BATCHES + 1):
            user, relevance = _lists(step, rng)
            first, second = (_ranked(relevance, one, rng) for one in noise)
            items, teams = _drafted(first, second, rng)
            clicked = _clicks(np.take_along_axis(relevance, items, 1), model, rng)
            signs = np.where(teams == 1, 1.0, -1.0)
            credit = np.bincount(user, (signs * clicked).sum(axis=1)).astype(float)
            sums.add(credit[np.bincount(user, clicked.sum(axis=1)) > 0])
            variance = float(sums.covariance[0, 0]) / max(sums.units, 1)
            found = Difference(float(sums.means[0]), variance, sums.units, 0.0)
            if sums.units < LEAST:
                continue
            if always_valid(found, planned_units=PLANNED_USERS).excludes_zero:
                users[number], right = batch * step, right + (found.value > 0)
                break
    return Found(users, right / simulations)


def split(
    model: ClickModel, simulations: int, seed: int, noise: tuple[float, float] = NOISE
) -> Found:
    """Return the users of both arms until an A/B test of the click rate decides.

    The rate is clicks per place, with the variance over users.
    """
    users, right = np.full(simulations, np.inf), 0
    for number in range(simulations):
        rng, sums = np.random.default_rng([seed, number, 1]), (ArmSums(), ArmSums())
        for batch in range(1, MOST_BATCHES + 1):
            for one, arm in zip(noise, sums, strict=True):
                user, relevance = _lists(BATCH // 2, rng)
                items = _ranked(relevance, one, rng)[:, :PLACES]
                clicked = _clicks(np.take_along_axis(relevance, items, 1), model, rng)
                clicks = np.bincount(user, clicked.sum(axis=1)).astype(float)
                arm.add(clicks, np.bincount(user) * float(PLACES))
            found = difference(sums[1], sums[0])
            if always_valid(found, planned_units=SPLIT_PLANNED).excludes_zero:
                users[number], right = batch * BATCH, right + (found.value > 0)
                break
    return Found(users, right / simulations)


def _lists(users: int, rng: np.random.Generator) -> tuple[Ints, Floats]:
    """Return the user of each list, (lists,), and (lists, ITEMS): the probability of a click on
    an item that is seen.
    """
    many = np.maximum(np.rint(3 * np.exp(rng.normal(0.0, LISTS, users))), 1).astype(int)
    user = np.repeat(np.arange(users), many)
    level = rng.normal(-2.5, CLICKING, users)[user]
    odds = level[:, None] + rng.normal(0.0, 1.0, (len(user), ITEMS))
    return user, np.asarray(1 / (1 + np.exp(-odds)))


def _ranked(relevance: Floats, noise: float, rng: np.random.Generator) -> Ints:
    """Return (lists, ITEMS): items, best first by taste with noise."""
    taste = np.log(relevance / (1 - relevance))
    return np.asarray(np.argsort(-(taste + rng.normal(0.0, noise, taste.shape)), axis=1))


def _drafted(first: Ints, second: Ints, rng: np.random.Generator) -> tuple[Ints, Ints]:
    """Return (lists, PLACES) items and teams by team draft, all users at once."""
    users = len(first)
    rows, rankings = np.arange(users), (first, second)
    taken = np.zeros((users, ITEMS), bool)
    items = np.zeros((users, PLACES), np.int64)
    teams = np.zeros((users, PLACES), np.int64)
    for place in range(PLACES):
        if place % 2 == 0:
            teams[:, place] = rng.random(users) < 0.5
        else:
            teams[:, place] = 1 - teams[:, place - 1]
        for team, ranking in enumerate(rankings):
            free = ~np.take_along_axis(taken, ranking, 1)
            best = ranking[rows, free.argmax(axis=1)]
            mine = teams[:, place] == team
            items[mine, place] = best[mine]
        taken[rows, items[:, place]] = True
    return items, teams


def _clicks(relevance: Floats, model: ClickModel, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Return (lists, PLACES): which places are clicked.

    position: a place is seen with probability 1 / log2(1 + rank). cascade: from the top until the
    first click.
    """
    attractive = rng.random(relevance.shape) < relevance
    if model == "cascade":
        return np.asarray(attractive & (attractive.cumsum(axis=1) == 1))
    seen = rng.random(relevance.shape) < 1 / np.log2(2 + np.arange(relevance.shape[1]))
    return np.asarray(attractive & seen)
