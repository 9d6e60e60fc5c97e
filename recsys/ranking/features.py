"""Features: what the trees are told of a person and an item; one function for night and day."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from recsys.arrays import Floats, Rows, Times
from recsys.ranking import priors
from recsys.ranking.scoring import Profile, words_of
from recsys.ranking.traits import activity, ages, gap, habit, passed
from recsys.state.live import LiveState

SHARES = priors.LIVES
NAMES = (*SHARES, "age", "neighbours", "lift", "words", "passed", "activity", "habit", "gap")
SCALE = 0.03  # of the neighbours' sum, where its logarithm bends
WORD_LIFE = 6.0  # events back at which the words of a history count half


def table(raw: Mapping[str, Floats], names: tuple[str, ...] = NAMES) -> Floats:
    """Return the features named, (…, features), of ingredients that broadcast together.

    `raw["neighbours"]` is the neighbours' sum as it is; everything else is a feature already.
    """
    bent = {**raw, "neighbours": np.log1p(np.maximum(raw["neighbours"], 0) / np.float32(SCALE))}
    shape = np.broadcast_shapes(*(np.shape(bent[name]) for name in names))
    found = np.empty((*shape, len(names)), np.float32)
    for place, name in enumerate(names):
        found[..., place] = bent[name]
    return found


def of_request(live: LiveState, profile: Profile, rows: Rows, now: float | None = None) -> Floats:
    """Return the features of one person and some rows, (rows, features)."""
    history, created = profile.history, live.created
    shares = priors.of_rows(live, rows, SHARES, np.inf if now is None else now)
    raw: dict[str, Floats] = dict(zip(SHARES, shares, strict=True))
    now = live.counters.newest if now is None else now
    now, times = dated(live, now, history.times)
    raw["age"] = ages(created[rows], now)
    raw["neighbours"] = sums = profile.sums[rows]
    raw["lift"] = live.commonness.of_rows(sums, rows, profile.mass)
    decay = np.exp2(-history.ages() / np.float32(WORD_LIFE)) * history.weights
    raw["words"] = words_of(live, rows) @ (decay @ profile.vectors)
    raw["passed"] = passed(times, created[rows])
    raw["activity"] = activity(len(history))
    raw["habit"] = np.asarray(habit(history.rows, times, created), np.float32)
    raw["gap"] = np.asarray(gap(times, now), np.float32)
    return table(raw)


def dated(live: LiveState, now: float, times: Times) -> tuple[float, Times]:
    """Return the moment and a history's times as the trees may see them.

    NaN for a model of events without dates: it has learned nothing of time, and the times of what
    has happened since would be news to it.
    """
    return (now, times) if live.model.cutoff else (np.nan, np.full(len(times), np.nan))
