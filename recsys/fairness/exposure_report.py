"""Exposure report: how exposure falls on creators and groups of items, against their uptake.

A place of rank r weighs 1 / log2(1 + r). Uptake is clicks per click that is usual at the same
positions, so that what stands higher is not taken for better; it is shrunk to 1.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from recsys.fairness.creators import DAY, LEAST_CREATORS, OTHERS, Creators
from recsys.fairness.popularity_lift import Popularity
from recsys.store.database import Database
from recsys.store.exposure_reader import ShownList, shown_lists

REPORT = "exposure_report"  # note of the store: JSON of the last night's report
DAYS = 7  # of lists
SHRINKAGE = 20.0  # usual clicks that an uptake of 1 is worth
DEEPEST = 200  # positions whose click rates are kept apart
LEAST_LISTS = 100
Z = 1.96


@dataclass(slots=True)
class Tally:
    """Sums over lists, by item and by position."""

    lists: int = 0
    exposure: dict[str, float] = field(default_factory=dict)  # by item
    shown: dict[int, int] = field(default_factory=dict)  # by position
    clicked: dict[int, int] = field(default_factory=dict)
    places: dict[tuple[str, int], int] = field(default_factory=dict)  # (item, position)
    clicks: dict[str, int] = field(default_factory=dict)  # by item

    @classmethod
    def of(cls, lists: Iterable[ShownList]) -> Tally:
        """Count lists; pinned places are no choice of the ranking and count for nothing."""
        found = cls()
        for one in lists:
            found.lists += 1
            for item, at, source in zip(one.items, one.positions, one.sources, strict=True):
                if source == "pinned":
                    continue
                place = min(at, DEEPEST)
                weight = 1 / math.log2(1 + at)
                found.exposure[item] = found.exposure.get(item, 0.0) + weight
                found.shown[place] = found.shown.get(place, 0) + 1
                found.places[item, place] = found.places.get((item, place), 0) + 1
                if item in one.clicked:
                    found.clicked[place] = found.clicked.get(place, 0) + 1
                    found.clicks[item] = found.clicks.get(item, 0) + 1
        return found

    def usual(self) -> dict[str, float]:
        """Return the clicks that are usual at the places of each item."""
        rate = {at: self.clicked.get(at, 0) / count for at, count in self.shown.items()}
        found: dict[str, float] = {}
        for (item, at), count in self.places.items():
            found[item] = found.get(item, 0.0) + rate[at] * count
        return found


def exposure_report(
    db: Database,
    fields: Sequence[str] = (),
    now: float | None = None,
    days: int = DAYS,
    popularity: Popularity | None = None,
) -> dict[str, Any]:
    """Return the report of the last days as JSON; `groups` is empty with too few lists.

    `fields`: of the metadata of items, which divide them in groups beside language and category.
    `popularity`: of the items and of what users take up; None: no popularity lift is told.
    """
    moment = time.time() if now is None else now
    creators = Creators.read(db, fields)
    lists = shown_lists(db, moment - days * DAY, moment, with_users=False)
    tally = Tally.of(lists)
    return report_of(tally, creators, moment, ("age", "size", *creators.groups)) | {
        "days": days,
        "popularity": None if popularity is None else popularity.lift(tally.exposure),
    }


def report_of(
    tally: Tally, creators: Creators, now: float, dimensions: Sequence[str]
) -> dict[str, Any]:
    """Return the report of a tally as JSON."""
    by_creator = dict.fromkeys(creators.items, 0.0)
    for item, weight in tally.exposure.items():
        if item in creators.of_item:
            by_creator[creators.of_item[item]] += weight
    shares = np.sort(np.array(list(by_creator.values())))
    total = float(shares.sum())
    new = creators.new(now)
    groups: list[dict[str, Any]] = []
    if tally.lists >= LEAST_LISTS and total > 0:
        usual = tally.usual()
        for name in dimensions:
            groups += _groups(name, creators.dimension(name, now), tally, usual, creators)
    eligible = [
        one for one in groups if one["group"] != OTHERS and one["exposure_by_merit"] is not None
    ]
    return {
        "at": now,
        "lists": tally.lists,
        "creators": len(by_creator),
        "gini": gini(shares),
        "top_share": float(shares[-max(len(shares) // 100, 1) :].sum()) / total if total else 0.0,
        "unseen": float((shares == 0).mean()) if len(shares) else 0.0,
        "new_creators": len(new),
        "new_share": sum(by_creator[who] for who in new) / total if total else 0.0,
        "groups": groups,
        "worst": min(eligible, key=lambda one: one["exposure_by_merit"], default=None),
    }


def _groups(
    dimension: str,
    group_of: Mapping[str, str],
    tally: Tally,
    usual: Mapping[str, float],
    creators: Creators,
) -> list[dict[str, Any]]:
    """Return what falls on each group of a dimension, the largest exposure first."""
    sums: dict[str, list[float]] = {}
    people: dict[str, set[str]] = {}
    for item, group in group_of.items():
        own = sums.setdefault(group, [0.0, 0.0, 0.0, 0.0])
        own[0] += 1
        own[1] += tally.exposure.get(item, 0.0)
        own[2] += tally.clicks.get(item, 0)
        own[3] += usual.get(item, 0.0)
        people.setdefault(group, set()).add(creators.of_item[item])
    items = sum(own[0] for own in sums.values())
    exposure = sum(own[1] for own in sums.values()) or 1.0
    uptake = {g: (own[2] + SHRINKAGE) / (own[3] + SHRINKAGE) for g, own in sums.items()}
    merit = sum(sums[group][0] * uptake[group] for group in sums)
    found = []
    for group, (count, weight, clicks, expected) in sums.items():
        few = len(people[group]) < LEAST_CREATORS
        # of a Poisson count; one click more, so that no click is no proof of none to come
        reach = Z * math.sqrt(clicks + 1) / (expected + SHRINKAGE)
        due = count * uptake[group] / merit
        found.append(
            {
                "dimension": dimension,
                "group": group,
                "creators": None if few else len(people[group]),
                "item_share": count / items,
                "exposure_share": weight / exposure,
                "uptake": None if few else uptake[group],
                "uptake_interval": None
                if few
                else [max(uptake[group] - reach, 0.0), uptake[group] + reach],
                "exposure_by_merit": None if few else weight / exposure / due,
            }
        )
    return sorted(found, key=lambda one: -float(str(one["exposure_share"])))


def gini(sorted_values: np.typing.NDArray[np.floating]) -> float:
    """Return how unequal values are, ascending: 0 all alike, towards 1 one has all."""
    n, total = len(sorted_values), float(sorted_values.sum())
    if not n or total <= 0:
        return 0.0
    share = float(np.arange(1, n + 1) @ sorted_values) / total
    return (2 * share - n - 1) / n
