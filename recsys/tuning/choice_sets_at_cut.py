"""Choice sets of users at one cut, in catalogues of any size.

In a small catalogue every column is computed for every item. In a large one a user chooses among a
shortlist, as in a replay: the rows that each term nominates, and a sample of all others, each of
which stands for equally many. Looking for the best of some hundred thousand values by some thirty
columns would take a tenth of a second per user.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from recsys.array_types import Floats, Mask, Rows
from recsys.ranking.gbdt_features import dated
from recsys.ranking.history import History
from recsys.ranking.terms.protocol import ReplayContext
from recsys.ranking.terms.registry import TERMS
from recsys.ranking.user_features import gap, user_features_of
from recsys.serving.live_state import LiveState
from recsys.serving.model import Model
from recsys.serving.score_model import USER_FEATURES
from recsys.tuning.choice_sets import (
    N_SAMPLED_NEGATIVES,
    ChoiceSets,
    build_choice_sets,
    candidate_mask,
    drawn_log_offsets,
    joined,
    nominating,
    pack,
)
from recsys.tuning.replay_candidate_shortlist import Shortlist
from recsys.tuning.replay_choice_sets import MomentColumns
from recsys.tuning.validation_set import ValidationSet

LARGE = 20_000  # items from which users choose among a shortlist


def choice_sets_at_cut(
    check: ValidationSet,
    models: Mapping[str, Model],
    half_lives: Iterable[float],
    features: Floats,
    seed: int,
    enough: Callable[[int], bool] = lambda users: False,
    terms: Collection[str] | None = None,
    large: int = LARGE,
) -> ChoiceSets:
    """Return what the users of a check could choose among, with all columns of it.

    `features`: item features in the order of `feature_names()`, (features, n_items). `enough`:
    whether to leave out the users not queried yet, given how many were; some always are queried.
    `terms`: names of the terms whose columns are needed; None: all. `large`: items from which a
    shortlist is made; users are queried in random order there. `ChoiceSets.user` is the place in
    the check.
    """
    if len(check.data.items) < large:
        return build_choice_sets(check, models, half_lives, features, seed, True, enough, terms)
    cut = _Cut.of(check, models, half_lives, terms)
    rng, parts = np.random.default_rng(seed), list[ChoiceSets]()
    order = rng.permutation(len(check))
    for user in order.tolist():
        if parts and enough(len(parts)):
            break
        parts.append(cut.user(user, rng))
    return replace(joined(parts), user=order[: len(parts)].astype(np.int64))


@dataclass(frozen=True, slots=True)
class _Cut:
    """Live states of one moment, at which all users of a check choose."""

    check: ValidationSet
    lives: Mapping[str, LiveState]
    half_lives: tuple[float, ...]
    now: float  # Unix seconds; infinity without times
    short: Shortlist
    terms: Collection[str] | None
    open: Mask  # (n_items,): what may be shown at all
    rows: Rows  # those rows

    @classmethod
    def of(
        cls,
        check: ValidationSet,
        models: Mapping[str, Model],
        half_lives: Iterable[float],
        terms: Collection[str] | None,
    ) -> _Cut:
        lives = {name: LiveState(model) for name, model in models.items()}
        named = [term for term in TERMS if terms is None or term.name in terms]
        may = np.ones(len(check.data.items), bool)
        if check.only is not None:
            may[:] = False
            may[check.only] = True
        now = check.data.now if check.data.timed else np.inf
        short = Shortlist(lives, 0, named, steady=True)
        rows = np.flatnonzero(may).astype(np.int32)
        return cls(check, lives, tuple(half_lives), now, short, terms, may, rows)

    def user(self, user: int, rng: np.random.Generator) -> ChoiceSets:
        """Return the choice set of one user, who is named by their place in the check."""
        history, relevant = self.check.histories[user], self._relevant(user)
        open_ = self.open.copy()
        open_[history.rows] = False
        most = min(N_SAMPLED_NEGATIVES, len(self.rows))
        drawn = rng.choice(self.rows, most, replace=False, shuffle=False)
        columns = self._columns(history, drawn, relevant)
        rows, known = columns.rows, columns.nominating()
        closed = ~open_[rows][None]
        chosen = np.isin(rows, relevant)[None] & ~closed
        best = (values[None] for values in nominating(known, thorough=False))
        picked = candidate_mask(best, closed) & ~closed
        offered = picked | chosen
        sampled = np.isin(rows, drawn)[None] & ~offered & ~closed
        others = int(open_.sum()) - int(offered.sum())
        offset = drawn_log_offsets(offered, sampled, others)
        places = np.flatnonzero(np.isfinite(offset[0]))
        counts = self.check.relevant.counts[user : user + 1]
        found = pack(
            columns.at(places, known),
            self._user_features(history),
            chosen[:, places],
            offset[:, places],
            picked[:, places],
            counts,
        )
        return replace(found, rows=rows[places][found.rows])

    def _columns(self, history: History, drawn: Rows, relevant: Rows) -> MomentColumns:
        live, none = self.short.live, np.zeros(0, np.int32)
        _, times = dated(live, self.now, history.times)
        context = ReplayContext(self.lives, self.half_lives, history, times, self.now, none)
        rows = self.short.nominated(context, drawn, relevant)
        return MomentColumns(replace(context, rows=rows), self.short)

    def _relevant(self, user: int) -> Rows:
        starts = self.check.relevant.starts
        rows = self.check.relevant.items[starts[user] : starts[user + 1]]
        return np.asarray(rows[rows >= 0], np.int32)

    def _user_features(self, history: History) -> dict[str, Floats]:
        created = self.short.live.created
        found = user_features_of(history, created)
        now = self.now if self.check.data.timed else np.nan
        named = {name: np.array([found[name]], np.float32) for name in USER_FEATURES}
        return named | {"gap": np.array([gap(history.times, now)], np.float32)}
