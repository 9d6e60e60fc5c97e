"""Choice sets collected event by event, with the information of each moment only.

A service learns of every event at once, so what it is to be tuned on is a walk, not a single cut.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from recsys.array_types import Floats, Rows
from recsys.ranking.cold_item_ranks import (
    standing,
    unknown_share,
    unread_rows,
    waiting_share,
)
from recsys.ranking.gbdt_features import dated
from recsys.ranking.history import History
from recsys.ranking.terms.protocol import Column, ReplayContext
from recsys.ranking.terms.registry import TERMS
from recsys.ranking.user_features import ages, gap, user_features_of
from recsys.serving.live_state import LiveState
from recsys.serving.score_model import USER_FEATURES
from recsys.tuning.choice_sets import (
    AGE,
    N_SAMPLED_NEGATIVES,
    NEW,
    STANDING,
    WAITING,
    ChoiceSets,
    candidate_mask,
    joined,
    nominating,
    pack,
    sampling_log_offsets,
)
from recsys.tuning.replay_candidate_shortlist import LARGE, Shortlist
from recsys.tuning.score_model_form import LabeledPairs


@dataclass(frozen=True, slots=True)
class ReplayStep:
    """Somebody is about to act on an item; the live states know all that came before."""

    user: int
    history: History  # rows of the live states
    now: float
    candidates: Rows  # that existed, and are new to the user
    target: int  # row of the item; among the candidates unless it is brand new
    taken: bool  # a positive: where would it have stood in a list?
    liked: bool | None  # an opinion: like or dislike; None: none was stated


@dataclass(frozen=True, slots=True)
class ReplayChoiceSets:
    """What was asked on the way."""

    choice_sets: ChoiceSets
    opinions: LabeledPairs | None  # None where nobody stated one
    ended: bool = False  # before all was asked


def walk(
    moments: Iterable[ReplayStep],
    lives: Mapping[str, LiveState],
    half_lives: Iterable[float],
    seed: int,
    enough: Callable[[], bool] = lambda: False,
    large: int = LARGE,
) -> ReplayChoiceSets:
    """Gather the columns at each moment; the iterator tells the live states what happens between.

    `lives`: one per engine, all of one data set and fed alike. `enough`: whether to end the walk
    before the next question. `large`: rows from which columns are computed for a shortlist alone.
    """
    rng, half_lives, short = np.random.default_rng(seed), tuple(half_lives), Shortlist(lives, large)
    rows: list[ChoiceSets] = []
    users: list[int] = []
    judged: list[ChoiceSets] = []
    judges: list[tuple[int, bool]] = []
    ended = False
    for moment in moments:
        if rows and enough():
            ended = True
            break
        drawn = None if short.whole else _drawn(moment, rng)
        columns, places = moment_columns(moment, lives, half_lives, short, drawn)
        user_features = _user_features(moment, next(iter(lives.values())))
        if moment.taken and moment.target in moment.candidates:
            rows.append(_pooled(moment, columns, user_features, rng, places, drawn))
            users.append(moment.user)
        if moment.liked is not None:
            judged.append(_single(columns, user_features, moment.target, places))
            judges.append((moment.user, moment.liked))
    choice_sets = replace(joined(rows), user=np.array(users, np.int64))
    if not judged:
        return ReplayChoiceSets(choice_sets, None, ended)
    known = replace(joined(judged), user=np.array([user for user, _ in judges], np.int64))
    return ReplayChoiceSets(
        choice_sets, LabeledPairs(known, np.array([liked for _, liked in judges], bool)), ended
    )


def moment_columns(
    moment: ReplayStep,
    lives: Mapping[str, LiveState],
    half_lives: tuple[float, ...],
    short: Shortlist | None = None,
    drawn: Rows | None = None,
) -> tuple[dict[Column, Floats], Rows]:
    """Return every column, (1, rows) each, and the rows, ascending.

    `drawn`: rows to compute beside those of the shortlist and the target; None: all rows there are.
    """
    live = next(iter(lives.values()))
    now, times = dated(live, moment.now, moment.history.times)
    rows: Rows = np.arange(live.size, dtype=np.int32)
    context = ReplayContext(lives, half_lives, moment.history, times, moment.now, rows)
    if short is not None and drawn is not None:
        named = [short.nominated(context), drawn, np.array([moment.target], np.int32)]
        rows = np.unique(np.concatenate(named)).astype(np.int32)
        context = replace(context, rows=rows)
    found: dict[Column, Floats] = {}
    for term in TERMS:
        found |= term.replay_columns(context)
    found[AGE] = ages(live.created[rows], now)
    found[NEW] = np.where(unread_rows(live, rows), unknown_share(live, rows), np.float32(0))
    if short is None or drawn is None:
        found[STANDING] = standing(live)
    else:
        found[STANDING] = short.standing_of(rows)
    found[WAITING] = waiting_share(live, rows)
    columns = {column: np.asarray(values, np.float32)[None] for column, values in found.items()}
    return columns, rows


def _user_features(moment: ReplayStep, live: LiveState) -> dict[str, Floats]:
    now, times = dated(live, moment.now, moment.history.times)
    found = user_features_of(replace(moment.history, times=times), live.created)
    user_features = {name: np.array([found[name]], np.float32) for name in USER_FEATURES}
    user_features["gap"] = np.array([gap(times, now)], np.float32)
    return user_features


def _pooled(
    moment: ReplayStep,
    columns: dict[Column, Floats],
    user_features: dict[str, Floats],
    rng: np.random.Generator,
    rows: Rows,
    drawn: Rows | None,
) -> ChoiceSets:
    closed = np.ones(int(max(rows.max(), moment.candidates.max())) + 1, bool)
    closed[moment.candidates] = False
    closed = closed[rows][None]
    chosen = rows[None] == moment.target
    picked = candidate_mask(nominating(columns, thorough=False), closed) & ~closed
    offered = picked | chosen
    if drawn is None:
        offset = sampling_log_offsets(offered, closed, rng)
    else:
        sampled = np.isin(rows, drawn)[None] & ~offered
        others = len(moment.candidates) - int(offered.sum())
        each = np.log(max(others, 1) / max(int(sampled.sum()), 1))  # 0: nothing is sampled
        offset = np.where(offered, 0.0, np.where(sampled, each, -np.inf)).astype(np.float32)
    found = pack(columns, user_features, chosen, offset, picked, np.ones(1, np.int64))
    return replace(found, rows=np.where(found.rows >= 0, rows[found.rows], np.int32(-1)))


def _drawn(moment: ReplayStep, rng: np.random.Generator) -> Rows:
    """Return rows drawn from all candidates, `N_SAMPLED_NEGATIVES` at most."""
    most = min(N_SAMPLED_NEGATIVES, len(moment.candidates))
    if not most:
        return moment.candidates
    places = rng.choice(len(moment.candidates), most, replace=False, shuffle=False)
    return np.asarray(moment.candidates[places], np.int32)


def _single(
    columns: dict[Column, Floats], user_features: dict[str, Floats], target: int, rows: Rows
) -> ChoiceSets:
    at = [int(np.searchsorted(rows, target))]
    one = {name: values[:, at] for name, values in columns.items()}
    yes = np.ones((1, 1), bool)
    return ChoiceSets(
        one,
        user_features,
        yes,
        np.zeros((1, 1), np.float32),
        np.ones(1, np.int64),
        yes,
        np.zeros(1, int),
        np.full((1, 1), target, np.int32),
    )
