"""Features of the boosted trees for a user and an item, the same in requests and in tuning."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

import numpy as np

from recsys.array_types import Floats, Rows, Times
from recsys.ranking.terms.popularity import SHARES
from recsys.ranking.terms.registry import TERMS, gbdt_names
from recsys.ranking.user_features import ages, gap, preferred_item_age
from recsys.ranking.user_term_scores import UserTerms
from recsys.serving.live_state import LiveState

# The order of the first version: trees of bundles refer to it.
_FIRST = (*SHARES, "age", "neighbours", "lift", "words", "passed", "activity", "habit", "gap")


def names() -> tuple[str, ...]:
    """Return the names of all features, in their order."""
    return _ordered(gbdt_names())


@lru_cache(maxsize=4)
def _ordered(of_terms: tuple[str, ...]) -> tuple[str, ...]:
    return (*_FIRST, *(name for name in of_terms if name not in _FIRST))


def table(values: Mapping[str, Floats]) -> Floats:
    """Return the features, (…, features), from values that broadcast together; 0 if absent."""
    own = names()
    shape = np.broadcast_shapes(*(np.shape(one) for one in values.values()))
    found = np.zeros((*shape, len(own)), np.float32)
    for place, name in enumerate(own):
        if name in values:
            found[..., place] = values[name]
    return found


def of_request(learned: UserTerms, rows: Rows, now: float | None = None) -> Floats:
    """Return the features of one user and some rows, (rows, features).

    `now`: Unix seconds; None: the time of the last event. Features that no node of the model's
    trees reads are 0.
    """
    live, history, trees = learned.live, learned.history, learned.live.model.trees
    used = frozenset[str]() if trees is None else trees.used
    moment = live.counters.newest if now is None else now
    seen, times = dated(live, moment, history.times)
    found: dict[str, Floats] = {}
    for term in TERMS:
        if (bound := learned.terms.get(term.name)) is not None and not used.isdisjoint(
            term.gbdt_names
        ):
            found |= bound.gbdt_features(rows, np.inf if now is None else now, times)
    found["age"] = ages(live.created[rows], seen)
    found["activity"] = np.asarray(learned.user_features["activity"], np.float32)
    habit = learned.user_features["habit"]
    if times is not history.times:
        habit = preferred_item_age(history.rows, times, live.created)
    found["habit"] = np.asarray(habit, np.float32)
    found["gap"] = np.asarray(gap(times, seen), np.float32)
    return table(found)


def dated(live: LiveState, now: float, times: Times) -> tuple[float, Times]:
    """Return the moment and the times of a history as the trees may see them.

    NaN for a model of events without dates: it has learned nothing of time, and the times of what
    has happened since would be news to it.
    """
    return (now, times) if live.model.cutoff else (np.nan, np.full(len(times), np.nan))
