"""Choice sets collected event by event, with the information of each moment only.

A service learns of every event at once, so what it is to be tuned on is a walk, not a single cut.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from recsys.array_types import Floats, Rows
from recsys.ranking.cold_item_ranks import (
    item_state,
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
    drawn_log_offsets,
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
    """Choice sets of the replayed queries."""

    choice_sets: ChoiceSets
    opinions: LabeledPairs | None  # None where nobody stated one
    ended: bool = False  # before all queries were made


def collect_choice_sets(
    moments: Iterable[ReplayStep],
    lives: Mapping[str, LiveState],
    half_lives: Iterable[float],
    seed: int,
    enough: Callable[[int], bool] = lambda lists: False,
    large: int = LARGE,
) -> ReplayChoiceSets:
    """Gather the columns at each moment; the iterator updates the live states in between.

    `lives`: one per engine, of one data set; the first has counted all events, the others at least
    know the same items. `enough`: whether to end the replay before the next event, given how many
    lists there are. `large`: rows from which columns are computed for a shortlist alone.
    """
    rng, half_lives, short = np.random.default_rng(seed), tuple(half_lives), Shortlist(lives, large)
    rows: list[ChoiceSets] = []
    users: list[int] = []
    opinion_sets: list[ChoiceSets] = []
    opinion_keys: list[tuple[int, bool]] = []
    ended = False
    for moment in moments:
        if rows and enough(len(rows)):
            ended = True
            break
        drawn = None if short.whole else _drawn(moment, rng)
        columns = MomentColumns.of(moment, lives, half_lives, short, drawn)
        user_features = _user_features(moment, next(iter(lives.values())))
        if moment.taken and moment.target in moment.candidates:
            rows.append(_pooled(moment, columns, user_features, rng, drawn))
            users.append(moment.user)
        if moment.liked is not None:
            opinion_sets.append(_single(columns, user_features, moment.target))
            opinion_keys.append((moment.user, moment.liked))
    choice_sets = replace(joined(rows), user=np.array(users, np.int64))
    if not opinion_sets:
        return ReplayChoiceSets(choice_sets, None, ended)
    known = replace(
        joined(opinion_sets), user=np.array([user for user, _ in opinion_keys], np.int64)
    )
    return ReplayChoiceSets(
        choice_sets,
        LabeledPairs(known, np.array([liked for _, liked in opinion_keys], bool)),
        ended,
    )


@dataclass(frozen=True, slots=True)
class MomentColumns:
    """Columns of one user at one moment of a replay.

    Those that nominate candidates are computed for all rows, the others for the candidates alone.
    """

    context: ReplayContext  # its rows: all there are, or those of a shortlist and a sample
    short: Shortlist | None  # None: the rows are all there are

    @classmethod
    def of(
        cls,
        moment: ReplayStep,
        lives: Mapping[str, LiveState],
        half_lives: tuple[float, ...],
        short: Shortlist | None = None,
        drawn: Rows | None = None,
    ) -> MomentColumns:
        """Return the columns of a moment; nothing is computed yet.

        `drawn`: rows to look at beside those of the shortlist and the target; None: all rows.
        """
        live = next(iter(lives.values()))
        _, times = dated(live, moment.now, moment.history.times)
        rows: Rows = np.arange(live.size, dtype=np.int32)
        context = ReplayContext(lives, half_lives, moment.history, times, moment.now, rows)
        if short is None or drawn is None:
            return cls(context, None)
        rows = short.nominated(context, drawn, np.array([moment.target], np.int32))
        return cls(replace(context, rows=rows), short)

    @property
    def rows(self) -> Rows:
        """Rows that columns may be computed for, ascending."""
        return self.context.rows

    def nominating(self) -> dict[Column, Floats]:
        """Return the columns that always nominate, (rows,) each."""
        return self._computed(replace(self.context, nominating=True))

    def at(
        self, places: NDArray[np.integer], known: Mapping[Column, Floats] | None = None
    ) -> dict[Column, Floats]:
        """Return all columns at some places of the rows, ascending, (1, places) each.

        `known`: the columns that nominate, (rows,) each; None: they are computed here.
        """
        live, rows = self.context.live, self.rows[places]
        now, _ = dated(live, self.context.now, self.context.history.times)
        found = {column: values[places] for column, values in (known or {}).items()}
        others = None if known is None else False
        found |= self._computed(replace(self.context, rows=rows, nominating=others), found)
        found[AGE] = ages(live.created[rows], now)
        found[NEW] = np.where(unread_rows(live, rows), unknown_share(live, rows), np.float32(0))
        found[STANDING] = (
            item_state(live)[rows] if self.short is None else self.short.standing_of(rows)
        )
        found[WAITING] = waiting_share(live, rows)
        return {column: np.asarray(values, np.float32)[None] for column, values in found.items()}

    def _computed(
        self, context: ReplayContext, known: Mapping[Column, Floats] | None = None
    ) -> dict[Column, Floats]:
        """Return the columns that a context wants, but for those that are known."""
        found: dict[Column, Floats] = {}
        for term in TERMS if self.short is None else self.short.terms:
            found |= term.replay_columns(context)
        return {
            column: values
            for column, values in found.items()
            if context.wants(column) and column not in (known or {})
        }


def _user_features(moment: ReplayStep, live: LiveState) -> dict[str, Floats]:
    now, times = dated(live, moment.now, moment.history.times)
    found = user_features_of(replace(moment.history, times=times), live.created)
    user_features = {name: np.array([found[name]], np.float32) for name in USER_FEATURES}
    user_features["gap"] = np.array([gap(times, now)], np.float32)
    return user_features


def _pooled(
    moment: ReplayStep,
    columns: MomentColumns,
    user_features: dict[str, Floats],
    rng: np.random.Generator,
    drawn: Rows | None,
) -> ChoiceSets:
    rows, known = columns.rows, columns.nominating()
    closed = np.ones(int(max(rows.max(), moment.candidates.max())) + 1, bool)
    closed[moment.candidates] = False
    closed = closed[rows][None]
    chosen = rows[None] == moment.target
    best = (values[None] for values in nominating(known, thorough=False))
    picked = candidate_mask(best, closed) & ~closed
    offered = picked | chosen
    if drawn is None:
        offset = sampling_log_offsets(offered, closed, rng)
    else:
        sampled = np.isin(rows, drawn)[None] & ~offered
        others = len(moment.candidates) - int(offered.sum())
        offset = drawn_log_offsets(offered, sampled, others)
    places = np.flatnonzero(np.isfinite(offset[0]))
    found = pack(
        columns.at(places, known),
        user_features,
        chosen[:, places],
        offset[:, places],
        picked[:, places],
        np.ones(1, np.int64),
    )
    return replace(found, rows=rows[places][found.rows])


def _drawn(moment: ReplayStep, rng: np.random.Generator) -> Rows:
    """Return rows drawn from all candidates, `N_SAMPLED_NEGATIVES` at most."""
    most = min(N_SAMPLED_NEGATIVES, len(moment.candidates))
    if not most:
        return moment.candidates
    places = rng.choice(len(moment.candidates), most, replace=False, shuffle=False)
    return np.asarray(moment.candidates[places], np.int32)


def _single(columns: MomentColumns, user_features: dict[str, Floats], target: int) -> ChoiceSets:
    at = np.searchsorted(columns.rows, [target])
    yes = np.ones((1, 1), bool)
    return ChoiceSets(
        columns.at(at),
        user_features,
        yes,
        np.zeros((1, 1), np.float32),
        np.ones(1, np.int64),
        yes,
        np.zeros(1, int),
        np.full((1, 1), target, np.int32),
    )
