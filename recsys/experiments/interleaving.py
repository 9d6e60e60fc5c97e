"""Interleaving by team draft: one list of two rankings, clicks credited to the one that gave them.

Radlinski, Kurup and Joachims, "How does clickthrough data reflect retrieval quality?" (CIKM 2008).
Each user compares both rankings, so that differences between users drop out.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from recsys.experiments.arm_sums import ArmSums, Difference
from recsys.experiments.confidence_sequence import Interval, always_valid, fixed_horizon
from recsys.store.exposure_reader import ShownList

Floats = NDArray[np.floating]
Item = TypeVar("Item")
PLANNED_USERS = 1_000  # at which the interval is narrowest
CUT = 0.999  # quantile of the users' credits at which larger ones are cut
LEAST_USERS = 100  # with a credited click, below which nothing is reported


def team_draft(
    rankings: tuple[Sequence[Item], Sequence[Item]],
    n: int,
    rng: random.Random,
    key: Callable[[Item], Hashable],
) -> tuple[list[Item], list[int]]:
    """Return a list of at most n items, and for each the ranking, 0 or 1, that gave it.

    Round by round both rankings give their best item that the list does not hold yet; which one
    begins is drawn. The lists of smaller n are beginnings of those of larger ones with the same
    draws.
    """
    found, teams = list[Item](), list[int]()
    taken, places = set[Hashable](), [0, 0]
    while len(found) < n:
        first = rng.random() < 0.5
        before = len(found)
        for team in (0, 1) if first else (1, 0):
            ranking = rankings[team]
            while places[team] < len(ranking) and key(ranking[places[team]]) in taken:
                places[team] += 1
            if places[team] < len(ranking) and len(found) < n:
                item = ranking[places[team]]
                taken.add(key(item))
                found.append(item)
                teams.append(team)
        if len(found) == before:
            break
    return found, teams


@dataclass(frozen=True, slots=True)
class Preference:
    """Whether users click more of what the second ranking gave."""

    users: int  # with a click that was credited
    wins: tuple[int, int]  # users with more clicks on either ranking's items; others are even
    value: float  # credited clicks per user of the second ranking less those of the first
    interval: Interval  # holds at all looks together
    interval_of_one_look: Interval

    @property
    def decided(self) -> bool:
        """Whether one ranking is preferred."""
        return self.interval.excludes_zero


def preference(credits: Floats, alpha: float = 0.05, planned: int = PLANNED_USERS) -> Preference:
    """Return the preference of users; `credits`: (users,) clicks on the second ranking's items less
    those on the first's. Users without a credited click are left out of `credits`.

    Sums of one user are one observation, so that clicks of a user need not be independent.
    """
    size = np.abs(credits)
    most = float(np.quantile(size, CUT)) if len(size) else 0.0
    cut = np.clip(credits, -most, most)
    sums = ArmSums()
    sums.add(cut)
    variance = float(sums.covariance[0, 0]) / max(sums.units, 1)
    found = Difference(float(sums.means[0]), variance, sums.units, 0.0)
    wins = int((credits < 0).sum()), int((credits > 0).sum())
    return Preference(
        sums.units,
        wins,
        found.value,
        always_valid(found, alpha, planned),
        fixed_horizon(found, alpha),
    )


def credits_of(
    lists: Iterable[ShownList], experiment: str, arms: tuple[str, str]
) -> tuple[Floats, int]:
    """Return the credits of users with a credited click, (users,), and how many users were in it.

    `lists`: read whole. An item clicked several times in a list counts once.
    """
    found: dict[str, int] = {}
    users = set[str]()
    sign: Mapping[str | None, int] = {arms[0]: -1, arms[1]: 1}
    for one in lists:
        if experiment not in one.arms or not any(one.teams):
            continue
        users.add(one.person)
        for item, team in zip(one.items, one.teams, strict=True):
            if item in one.clicked and team in sign:
                found[one.person] = found.get(one.person, 0) + sign[team]
    return np.array(list(found.values()), float), len(users)


def as_json(found: Preference, arms: tuple[str, str]) -> dict[str, Any]:
    """Return a preference as JSON; without figures of fewer than `LEAST_USERS` users."""
    early = found.users < LEAST_USERS
    favours = None
    if found.decided and not early:
        favours = arms[1] if found.value > 0 else arms[0]
    return {
        "arms": list(arms),
        "users": found.users,
        "wins": None if early else list(found.wins),
        "value": None if early else found.value,
        "interval": None if early else [found.interval.low, found.interval.high],
        "interval_of_one_look": None
        if early
        else [found.interval_of_one_look.low, found.interval_of_one_look.high],
        "favours": favours,
    }
