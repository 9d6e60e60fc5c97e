"""Replay of the exposure log under another configuration of lists: a policy.

*Recomputed*: which items the policy would have put at the places of logged lists; exact but for the
counts of popularity, which are those of now. *Estimated*: how often these places would have been
clicked, by weights of the logged draws (recsys.experiments.off_policy), position by position. Both
are kept apart: the first says nothing of users, the second nothing of single lists.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recsys.errors import DataError
from recsys.experiments.assignment import point
from recsys.experiments.definition import OVERRIDES as CHECKS
from recsys.experiments.list_estimates import ListLog, cascade_doubly_robust, cascade_ips
from recsys.experiments.off_policy import (
    LEAST_ESS,
    LEAST_PROPENSITY,
    Estimate,
    Log,
    doubly_robust,
    ips,
    shrunk_doubly_robust,
    snips,
    switch,
)
from recsys.exploration import Method, Pool, pool_of
from recsys.personal_list import OVERRIDES, ListRequest, UserState, query_of, ranked
from recsys.ranking.query import Filters
from recsys.recommender import Recommender
from recsys.store.exposure_reader import ShownList

Floats = NDArray[np.floating]
POSITIONS = 10  # the first places of lists, which are estimated
FOLDS = 10  # of users, for the model of the reward
SHRINKAGE = 20.0  # showings at the mean rate that each item's rate begins with
LIST_COLUMNS = ("reward", "logged", "target", "support", "predicted", "expected")
KEYS = (*OVERRIDES, "explore", "explore_by")


@dataclass(frozen=True, slots=True)
class Policy:
    """A configuration of lists with its exploration."""

    name: str = "policy"
    overrides: Mapping[str, Any] = field(default_factory=dict)
    explore: float = 0.0
    explore_by: Method = "uniform"

    @classmethod
    def read(cls, path: Path) -> Policy:
        """Read a TOML file of settings: personal, diversity, explore, …; DataError for others."""
        try:
            given = tomllib.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise DataError(f"{path}: is no policy file ({error})") from None
        name = str(given.pop("name", path.stem))
        for key, value in given.items():
            if key not in KEYS:
                raise DataError(f"{path}: {key!r} is none of {', '.join(KEYS)}")
            check, what = CHECKS[key]
            if not check(value):
                raise DataError(f"{path}: {key} = {value!r} is not {what}")
        explore, by = float(given.pop("explore", 0.0)), given.pop("explore_by", "uniform")
        return cls(name, given, explore, by)


@dataclass(frozen=True, slots=True)
class Recomputed:
    """Ranking and pool of one policy at the places of a logged list."""

    ranking: tuple[str, ...]
    pool: Pool

    def chances(
        self, place: int, above: Sequence[str], share: float, by: Method
    ) -> dict[str, float]:
        """Return the probability of each item at a place (from 0), given the items above it."""
        left = self.pool.without({*self.ranking, *above})
        found: dict[str, float] = {}
        if share > 0 and left.items:
            chances = left.chances(by)
            found = {
                one.item_id: share * chance for one, chance in zip(left.items, chances, strict=True)
            }
        if place < len(self.ranking):
            own = self.ranking[place]
            found[own] = found.get(own, 0.0) + (1.0 - share if found else 1.0)
        return found


@dataclass(slots=True)
class Decision:
    """One place of a logged list under a policy."""

    position: int
    item_id: str
    user: str
    reward: float
    logged: float
    target: Mapping[str, float]  # item -> probability by the policy
    supported: float  # share of the policy on items that the log may show here
    list_id: str = ""


def check_propensities(one: ShownList) -> None:
    """Raise DataError for a list with a probability that is none; missing ones are left out."""
    for place, value in enumerate(one.propensities, start=1):
        if value is not None and not 0 < value <= 1 + 1e-9:
            raise DataError(
                f"list {one.id}: the propensity {value!r} at place {place} is not above 0 and at"
                " most 1: correct or delete this row of the exposure log"
            )


def decisions(
    one: ShownList, logging: Recomputed, policy: Recomputed, chosen: Policy
) -> Iterator[Decision]:
    """Yield the first places of a logged list as decisions of a policy; pins are left out, and
    places without a propensity.
    """
    check_propensities(one)
    share = _logged_share(one)
    for place, item_id in enumerate(one.items[:POSITIONS]):
        logged = one.propensities[place]
        if logged is None or one.slot_kinds[place] == "pinned":
            continue
        above = one.items[:place]
        known = logging.chances(place, above, share, "uniform")
        known[item_id] = float(logged)
        target = policy.chances(place, above, chosen.explore, chosen.explore_by)
        supported = sum(
            chance for name, chance in target.items() if known.get(name, 0.0) >= LEAST_PROPENSITY
        )
        reward = float(item_id in one.clicked)
        at = place + 1
        yield Decision(at, item_id, one.person, reward, float(logged), target, supported, one.id)


def _logged_share(one: ShownList) -> float:
    """Return the share of places that a list explored, by its propensities; 0 where none did."""
    rest = [
        1.0 - value
        for value, kind in zip(one.propensities, one.slot_kinds, strict=True)
        if value is not None and kind in ("ranked", "repeat", "reserved")
    ]
    return max(rest, default=0.0)


def recomputed(
    recommender: Recommender,
    state: UserState,
    policy: Policy,
    one: ShownList,
    now: float,
    repeat_categories: frozenset[str] = frozenset(),
) -> Recomputed:
    """Return the ranking and the pool of a policy for a user, at the time of a list.

    `state`: as of that time. Reserved places are left out.
    """
    filters = replace(Filters(), min_age=max(now - one.time, 0.0))
    request = ListRequest(filters=filters, now=now, **policy.overrides)
    query = replace(query_of(state, request, repeat_categories), reasons=False)
    found = ranked(recommender, query, len(one.items))[: len(one.items)]
    pool = pool_of(recommender, query, {})
    return Recomputed(tuple(each.item_id for each in found), pool)


def estimates(found: Iterable[Decision]) -> list[dict[str, Any]]:
    """Return the estimates of each position as JSON, ascending; without values where the log
    cannot carry them.
    """
    by_position: dict[int, list[Decision]] = {}
    for one in found:
        by_position.setdefault(one.position, []).append(one)
    return [_of_position(at, by_position[at]) for at in sorted(by_position)]


def list_estimates(found: Sequence[Decision]) -> dict[str, Any] | None:
    """Return the estimates of the clicks of a whole list as JSON; None without a list.

    The places above a place are those of the policy here, see
    `recsys.experiments.list_estimates`.
    """
    rows: dict[str, int] = {}
    for one in found:
        rows.setdefault(one.list_id, len(rows))
    if not rows:
        return None
    places = max(one.position for one in found)
    arrays = {name: np.zeros((len(rows), places)) for name in LIST_COLUMNS}
    held = np.zeros((len(rows), places), bool)
    for position in range(1, places + 1):
        own = [one for one in found if one.position == position]
        at = [rows[one.list_id] for one in own]
        held[at, position - 1] = True
        predicted, expected = _reward_model(own)
        columns: dict[str, Any] = {
            "reward": [one.reward for one in own],
            "logged": [one.logged for one in own],
            "target": [min(one.target.get(one.item_id, 0.0), 1.0) for one in own],
            "support": [min(one.supported, 1.0) for one in own],
            "predicted": predicted,
            "expected": expected,
        }
        for name, values in columns.items():
            arrays[name][at, position - 1] = values
    log = ListLog(held, **arrays)
    by_name = {"ips": cascade_ips(log), "dr": cascade_doubly_robust(log)}
    return {"lists": len(rows), "places": places, **_answer(log.log, by_name)}


def _answer(log: Log, by_name: Mapping[str, Estimate]) -> dict[str, Any]:
    """Return estimates as JSON, without values where the log cannot carry them."""
    any_ = by_name["ips"]
    return {
        "logged_rate": float(log.reward.mean()),
        "effective_size": any_.effective_size,
        "support": any_.support,
        "largest_weight": any_.largest_weight,
        "refused": _refused(any_, len(log.reward)),
        **{name: None if any_.refused else _estimate_json(one) for name, one in by_name.items()},
    }


def _of_position(position: int, rows: Sequence[Decision]) -> dict[str, Any]:
    reward = np.array([one.reward for one in rows])
    log = Log(
        reward,
        np.array([one.logged for one in rows]),
        np.array([min(one.target.get(one.item_id, 0.0), 1.0) for one in rows]),
        np.array([min(one.supported, 1.0) for one in rows]),
    )
    predicted, expected = _reward_model(rows)
    by_name = {
        "ips": ips(log),
        "snips": snips(log),
        "dr": doubly_robust(log, predicted, expected),
        "switch": switch(log, predicted, expected),
        "dros": shrunk_doubly_robust(log, predicted, expected),
    }
    return {"position": position, "decisions": len(rows), **_answer(log, by_name)}


def _estimate_json(one: Estimate) -> dict[str, float]:
    return {"value": one.value, "low": one.low, "high": one.high}


def _refused(one: Estimate, decisions: int) -> str | None:
    """Return why there is no value, and what would have to be logged; None where there is one."""
    if not one.refused:
        return None
    if 0 < one.effective_size < LEAST_ESS:
        lists = math.ceil(decisions * LEAST_ESS / one.effective_size)
        return f"{one.refused}; about {lists:,} lists like these would do"
    return one.refused


def _reward_model(rows: Sequence[Decision]) -> tuple[Floats, Floats]:
    """Return (n,) the predicted rewards of the logged items, and the mean ones of the policy.

    Click rates by item, shrunk to the mean, of other users than the row's (cross-fitting).
    """
    fold = np.array([int(point(one.user, "folds") * FOLDS) for one in rows])
    predicted, expected = np.zeros(len(rows)), np.zeros(len(rows))
    for number in range(FOLDS):
        learned = [one for one, at in zip(rows, fold.tolist(), strict=True) if at != number]
        mean = float(np.mean([one.reward for one in learned])) if learned else 0.0
        sums: dict[str, tuple[float, float]] = {}
        for one in learned:
            shown, clicked = sums.get(one.item_id, (0.0, 0.0))
            sums[one.item_id] = shown + 1, clicked + one.reward

        def rate(item_id: str, sums: Any = sums, mean: float = mean) -> float:
            shown, clicked = sums.get(item_id, (0.0, 0.0))
            return float((clicked + SHRINKAGE * mean) / (shown + SHRINKAGE))

        for at in np.flatnonzero(fold == number).tolist():
            predicted[at] = rate(rows[at].item_id)
            expected[at] = sum(c * rate(name) for name, c in rows[at].target.items())
    return predicted, expected


@dataclass(slots=True)
class Agreement:
    """How recomputed lists compare with logged ones and with each other."""

    lists: int = 0
    places: int = 0  # ranked ones of the log
    reproduced: int = 0  # of them: at which the recomputed logging policy has the same item
    same: int = 0  # lists that both policies make alike
    overlap: float = 0.0  # sum over lists of the share of items that both have

    def add(self, one: ShownList, logging: Recomputed, policy: Recomputed) -> None:
        """Count a list."""
        self.lists += 1
        for place, kind in enumerate(one.slot_kinds):
            if kind == "ranked" and place < len(logging.ranking):
                self.places += 1
                self.reproduced += logging.ranking[place] == one.items[place]
        self.same += logging.ranking == policy.ranking
        both = set(logging.ranking) | set(policy.ranking)
        shared = set(logging.ranking) & set(policy.ranking)
        self.overlap += len(shared) / len(both) if both else 1.0

    def as_json(self) -> dict[str, Any]:
        """Return the shares as JSON."""
        lists, places = max(self.lists, 1), max(self.places, 1)
        return {
            "lists": self.lists,
            "reproduced_places": self.reproduced / places,
            "unchanged_lists": self.same / lists,
            "common_items": self.overlap / lists,
        }
