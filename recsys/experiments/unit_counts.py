"""Counts of each user in an experiment, from the exposure log: lists, places, clicks, refusals."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from recsys import request_cpu_budget
from recsys.experiments.arm_sums import ArmSums, winsorised
from recsys.experiments.definition import AA, AA_SPLIT, Experiment
from recsys.experiments.metrics import COUNTS, METRICS
from recsys.store.database import Database
from recsys.store.exposure_reader import ShownList, shown_lists

Floats = NDArray[np.floating]
DAY = 86_400.0
DAYS_BEFORE = 14  # whose values adjust those of the experiment (CUPED)
AA_DAYS = 14  # of the A/A experiment that a report reads
ROBOT_LISTS = 500  # in a day, from which a user is taken for a robot
_CHECKED = 1_000  # lists between looks at the CPU time of a request


@dataclass(frozen=True, slots=True)
class Window:
    """An experiment's id, the time of its lists, and its groups with their shares of units."""

    experiment: str
    begins: float  # Unix seconds
    ends: float  # Unix seconds, not included
    groups: Mapping[str, float]

    @classmethod
    def of(cls, one: Experiment, now: float) -> Window:
        """Return the window of an experiment up to a moment."""
        return cls(one.id, min(one.begins, now), min(one.ends, now), one.split.groups)

    @classmethod
    def of_aa(cls, now: float) -> Window:
        """Return the last days of the A/A experiment."""
        return cls(AA, now - AA_DAYS * DAY, now, AA_SPLIT.groups)


@dataclass(slots=True)
class UnitCounts:
    """Counts by user; rows of `counts` and `before` are (users, counts), in the order of COUNTS."""

    arms: list[str] = field(default_factory=list)  # of each user
    counts: Floats = field(default_factory=lambda: np.zeros((0, len(COUNTS))))
    before: Floats = field(default_factory=lambda: np.zeros((0, len(COUNTS))))
    robots: int = 0  # users who were left out
    in_two_arms: int = 0  # the same: of merged accounts

    def of_arm(self, name: str) -> NDArray[np.bool_]:
        """Return which users are in an arm, (users,)."""
        return np.array([arm == name for arm in self.arms], bool)

    def sums(self, metric: str, groups: Iterable[str]) -> dict[str, ArmSums]:
        """Return the sums of a metric by arm, winsorised over all users together."""
        known = METRICS[metric]
        column = COUNTS.index(known.value)
        base = COUNTS.index(known.base) if known.base else None
        value, before = winsorised(self.counts[:, column]), winsorised(self.before[:, column])
        found = {}
        for name in groups:
            mine, one = self.of_arm(name), ArmSums()
            bases = None if base is None else self.counts[mine, base]
            one.add(value[mine], bases, before[mine])
            found[name] = one
        return found


def unit_counts(db: Database, window: Window) -> UnitCounts:
    """Return the counts of the users of a window, with those of the days before it.

    Users in two arms (merged accounts) and robots are left out, and counted.
    """
    arms: dict[str, str] = {}
    counts: dict[str, list[int]] = {}
    several, days = set[str](), Counter[tuple[str, int]]()
    for one in checked(shown_lists(db, window.begins, window.ends)):
        arm = one.arms.get(window.experiment)
        if arm is None:
            continue
        if arms.setdefault(one.person, arm) != arm:
            several.add(one.person)
        _add(counts.setdefault(one.person, [0] * len(COUNTS)), one)
        days[one.person, int(one.time // DAY)] += 1
    robots = {person for (person, _), lists in days.items() if lists > ROBOT_LISTS}
    kept = [who for who in arms if who not in several and who not in robots]
    place = {person: number for number, person in enumerate(kept)}
    before = np.zeros((len(kept), len(COUNTS)))
    if kept:
        since = window.begins - DAYS_BEFORE * DAY
        for one in checked(shown_lists(db, since, window.begins)):
            if (row := place.get(one.person)) is not None:
                _add(before[row], one)
    found = np.array([counts[who] for who in kept], float).reshape(len(kept), len(COUNTS))
    robots -= several
    return UnitCounts([arms[who] for who in kept], found, before, len(robots), len(several))


def _add(counts: list[int] | Floats, one: ShownList) -> None:
    """Add a list to a user's counts."""
    values = (1, len(one.items), len(one.clicked), bool(one.clicked), len(one.refused))
    for place, value in enumerate(values):
        counts[place] += value


def checked(lists: Iterable[ShownList]) -> Iterator[ShownList]:
    """Yield lists, within the CPU time of the request; CpuLimit beyond it."""
    for number, one in enumerate(lists):
        if number % _CHECKED == 0:
            request_cpu_budget.check("reading the exposure log")
        yield one


def usual_counts(db: Database, days: int = DAYS_BEFORE, now: float | None = None) -> UnitCounts:
    """Return the counts of all users in the last days, for plans; those before are twice as old."""
    until = time.time() if now is None else now
    counts: dict[str, list[int]] = {}
    before: dict[str, list[int]] = {}
    since = until - days * DAY
    for one in checked(shown_lists(db, since - days * DAY, until)):
        target = counts if one.time >= since else before
        _add(target.setdefault(one.person, [0] * len(COUNTS)), one)
    none = [0] * len(COUNTS)
    people = list(counts)
    shape = (len(people), len(COUNTS))
    return UnitCounts(
        [""] * len(people),
        np.array([counts[who] for who in people], float).reshape(shape),
        np.array([before.get(who, none) for who in people], float).reshape(shape),
    )
