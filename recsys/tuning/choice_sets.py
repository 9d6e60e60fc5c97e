"""ChoiceSets: all score columns of each validation user's candidate items.

Computed once; then any number of score models is fitted and judged on it in seconds.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recsys.array_types import Floats, Mask, Rows, Times
from recsys.ranking.cold_item_ranks import item_state, waiting_share
from recsys.ranking.terms.protocol import ALWAYS, NEVER, WHEN_CHEAP, Choices, Column, CutContext
from recsys.ranking.terms.registry import TERMS, feature_names
from recsys.ranking.user_features import ages, gap, user_features_of
from recsys.ranking_metrics import Values
from recsys.serving.history_item_lift import ItemPopularity
from recsys.serving.live_state import LiveState
from recsys.serving.model import Model
from recsys.serving.score_model import USER_FEATURES
from recsys.tuning.validation_set import ValidationSet

TOP_PER_COLUMN = 40  # items by each column that a user chooses among
N_SAMPLED_NEGATIVES = 200  # sampled from all the rest, each standing for many
AGE = Column("age", nominates=NEVER)  # of items, which the trees read
DEPTH = 20  # places of the lists that forms are compared by
NEW = Column("unread", nominates=NEVER)  # how far text stands in for users of an item, 0: not
WAITING = Column("waiting", nominates=NEVER)  # share of used items that waited longer for a user
STANDING = Column("standing", nominates=NEVER)  # see `recsys.ranking.cold_item_ranks.item_state`
BLOCK = 64  # users whose whole catalogue is scored at a time, at most
CELLS = BLOCK * 65_536  # scores of one column held at a time, unless one user has more


@dataclass(frozen=True, slots=True)
class ChoiceSets:
    """Columns of one check; users are rows, candidates are places (padded to one width)."""

    columns: Mapping[Column, Floats]  # (users, places)
    user_features: Mapping[str, Floats]  # name -> (users,)
    chosen: Mask  # (users, places)
    offset: Floats  # (users, places): log of how many items a place stands for; -inf: padding
    relevant: NDArray[np.int64]  # (users,): all that was taken up, in the choice sets or not
    inside: Mask  # (users, places): ranked high by some column, not added for being chosen
    user: NDArray[np.int64]  # (users,): whose row it is; a replay queries the same user often
    rows: Rows  # (users, places): row of the item in the model; -1: padding
    # (users,): stretch of time that the list lies in, from 0; None: all in one, or without times
    period: NDArray[np.int64] | None = None

    def __len__(self) -> int:
        return len(self.relevant)

    @property
    def choices(self) -> Choices:
        """The columns as score terms read them."""
        return Choices(self.columns, self.user_features)

    def take(self, users: NDArray[np.integer]) -> ChoiceSets:
        """Return the same choice sets for some of its users.

        `users`: rows, in the order of the result.
        """
        return replace(
            self,
            columns={name: values[users] for name, values in self.columns.items()},
            user_features={name: values[users] for name, values in self.user_features.items()},
            chosen=self.chosen[users],
            offset=self.offset[users],
            relevant=self.relevant[users],
            inside=self.inside[users],
            user=self.user[users],
            rows=self.rows[users],
            period=None if self.period is None else self.period[users],
        )

    def best(self, scores: Floats, k: int = DEPTH) -> NDArray[np.intp]:
        """Return the k best places by scores, (users, k), best first.

        What was taken up comes last among equals.
        """
        behind = np.nextafter(scores, -np.inf, dtype=np.float32)
        held = np.where(self.chosen, behind, scores)
        order = -np.where(np.isfinite(self.offset), held, -np.inf)
        if order.shape[1] <= k:
            return np.argsort(order, axis=1)
        some = np.argpartition(order, k - 1, axis=1)[:, :k]
        values = np.take_along_axis(order, some, axis=1)
        return np.take_along_axis(some, np.argsort(values, axis=1), axis=1)

    def lists(self, order: NDArray[np.intp]) -> Rows:
        """Return the items of ordered places, (users, k), -1 where there are fewer."""
        return np.take_along_axis(self.rows, order, axis=1)

    def ndcg(self, scores: Floats, k: int = DEPTH) -> Values:
        """Return each user's mean nDCG@k by scores of the places, (users, places)."""
        return self.ordered_ndcg(self.best(scores, k), k)

    def ordered_ndcg(
        self, order: NDArray[np.intp], k: int = DEPTH, weights: Values | None = None
    ) -> Values:
        """Return each user's mean nDCG@k of their best places, (users, k or fewer), see `best`."""
        return self.by_user(self.list_ndcg(order, k, weights))

    def list_ndcg(
        self, order: NDArray[np.intp], k: int = DEPTH, weights: Values | None = None
    ) -> Values:
        """Return the nDCG@k of each list by its best places, (lists, k or fewer), see `best`.

        A sampled place takes up as many ranks as the items it stands for: else a score that
        puts what no column ranks high first would seem to hit what it buries. `weights`: of a
        hit on each item of the model; items after the last weigh 1. None: all weigh 1.
        """
        hits = np.take_along_axis(self.chosen, order, axis=1).astype(np.float64)
        if weights is not None:
            hits *= np.append(weights, 1.0)[np.minimum(self.lists(order), len(weights))]
        ranks = np.exp(np.take_along_axis(self.offset, order, axis=1))  # that each place takes up
        rank = np.rint(np.cumsum(ranks, axis=1) - ranks) + 1
        gain = np.where(rank <= k, hits / np.log2(rank + 1), 0.0).sum(axis=1)
        discount = 1 / np.log2(np.arange(2, k + 2))
        ideal = np.concatenate([[1.0], np.cumsum(discount)])
        return np.asarray(gain / ideal[np.clip(self.relevant, 0, k)], np.float64)

    def by_user(self, each: Values) -> Values:
        """Return the mean of each user's lists, (users,), by ascending number of the user.

        `each`: a value of each list. Where no user has two lists, in the order of the lists.
        """
        _, user = np.unique(self.user, return_inverse=True)
        if len(user) == user.max(initial=-1) + 1:
            return np.asarray(each, np.float64)
        return np.asarray(np.bincount(user, each) / np.bincount(user), np.float64)


def mean_by_period(parts: Sequence[ChoiceSets], each: Sequence[Values]) -> Values:
    """Return the mean of the lists of each period, (periods,); of all where one has no period.

    `each`: a value of each list of each part. A period without a list has 0.
    """
    values = np.concatenate([*each, np.zeros(0)])
    periods = [part.period for part in parts if part.period is not None]
    if len(periods) < len(parts) or not parts:
        return np.full(1, float(values.mean()) if len(values) else 0.0)
    period = np.concatenate(periods)
    count = np.maximum(np.bincount(period), 1)
    return np.asarray(np.bincount(period, values) / count, np.float64)


def nominating(columns: Mapping[Column, Floats], thorough: bool) -> Iterator[Floats]:
    """Yield the columns whose best items are offered to choose from.

    `thorough`: also those whose like at other half-lives hardly point at other items.
    """
    roles = (ALWAYS, WHEN_CHEAP) if thorough else (ALWAYS,)
    return (v for column, v in columns.items() if column.nominates in roles and v.any())


def build_choice_sets(
    check: ValidationSet,
    models: Mapping[str, Model],
    half_lives: Iterable[float],
    features: Floats,
    seed: int,
    thorough: bool = True,
    enough: Callable[[int], bool] = lambda users: False,
    terms: Collection[str] | None = None,
) -> ChoiceSets:
    """Score everything for the users of a check and keep what each could choose among.

    `features`: item features in the order of `feature_names()`, (features, n_items). `thorough`:
    see `nominating`. `enough`: whether to leave out the users not queried yet, given how many were;
    some always are queried. `terms`: names of the terms whose columns are needed; None: all.
    """
    rng = np.random.default_rng(seed)
    lives, named = tuple(half_lives), dict(zip(feature_names(), features, strict=True))
    parts: list[ChoiceSets] = []
    live = LiveState(next(iter(models.values())))
    block = min(BLOCK, max(1, CELLS // max(len(check.data.items), 1)))
    for start in range(0, len(check), block):
        if parts and enough(start):
            break
        part = check.take(np.arange(start, min(start + block, len(check))))
        context = CutContext(models, lives, part.histories, named, check.data.created())
        parts.append(_block(part, context, live, rng, thorough, terms))
    return joined(parts)


def _block(
    check: ValidationSet,
    context: CutContext,
    live: LiveState,
    rng: np.random.Generator,
    thorough: bool,
    terms: Collection[str] | None,
) -> ChoiceSets:
    created, n_items = context.created, len(context.created)
    full: dict[Column, Floats] = {}
    for term in TERMS:
        if terms is None or term.name in terms:
            full |= term.columns(context)
    closed = masked_items(check, n_items)
    picked = candidate_mask(nominating(full, thorough), closed)
    now = check.data.now if check.data.timed else np.nan
    full[AGE] = np.broadcast_to(ages(created, now), (len(check), n_items))
    full[NEW] = np.broadcast_to(_unread(context), (len(check), n_items))
    every: Rows = np.arange(n_items, dtype=np.int32)
    full[WAITING] = np.broadcast_to(waiting_share(live, every), (len(check), n_items))
    full[STANDING] = np.broadcast_to(item_state(live), (len(check), n_items))
    chosen = np.zeros(closed.shape, bool)
    known = check.relevant.items >= 0
    chosen[check.relevant.owner[known], check.relevant.items[known]] = True
    offset = sampling_log_offsets((picked | chosen) & ~closed, closed, rng)
    user_features = _user_features(check, created, now)
    return pack(
        full, user_features, chosen & ~closed, offset, picked & ~closed, check.relevant.counts
    )


def _unread(context: CutContext) -> Floats:
    """Return 1 for the items that nobody had taken up at the cut, (n_items,), 0 for the others."""
    counters = next(iter(context.models.values())).counters
    unread = ItemPopularity.of_counters(counters).trust == 0
    return np.asarray(unread, np.float32)


def _user_features(check: ValidationSet, created: Times, now: float) -> dict[str, Floats]:
    users = [check.histories[user] for user in range(len(check))]
    found = [user_features_of(history, created) for history in users]
    last = np.array([gap(history.times, now) for history in users], np.float32)
    return {
        **{t: np.array([one[t] for one in found], np.float32) for t in USER_FEATURES},
        "gap": last,
    }


def masked_items(check: ValidationSet, n_items: int) -> Mask:
    """Return (users, n_items): what may not be recommended to whom."""
    closed = np.zeros((len(check), n_items), bool)
    if check.only is not None:
        closed[:] = True
        closed[:, check.only] = False
    owner = np.repeat(np.arange(len(check)), np.diff(check.histories.ends))
    closed[owner, check.histories.rows] = True
    return closed


def candidate_mask(columns: Iterable[Floats], closed: Mask) -> Mask:
    """Return the best places of each user by each column.

    `columns`: (users, n_items) each; `closed` (users, n_items): items that may not be shown.
    """
    picked = np.zeros(closed.shape, bool)
    users = np.arange(len(closed))[:, None]
    for values in columns:
        if closed.shape[1] <= TOP_PER_COLUMN:
            return np.ones(closed.shape, bool)
        if not values.strides[0]:  # the same for all users
            picked |= _best_of_one_order(values[0], closed)
            continue
        order = np.where(closed, -np.inf, values)
        picked[users, np.argpartition(-order, TOP_PER_COLUMN, axis=1)[:, :TOP_PER_COLUMN]] = True
    return picked


def _best_of_one_order(values: Floats, closed: Mask) -> Mask:
    """Return the `TOP_PER_COLUMN` best open places of each user by values that all users share."""
    most = min(TOP_PER_COLUMN + int(closed.sum(axis=1).max(initial=0)), len(values))
    best = np.argpartition(-values, most - 1)[:most]
    best = best[np.argsort(-values[best], kind="stable")]
    open_ = ~closed[:, best]
    found = np.zeros(closed.shape, bool)
    found[:, best] = open_ & (np.cumsum(open_, axis=1) <= TOP_PER_COLUMN)
    return found


def sampling_log_offsets(picked: Mask, closed: Mask, rng: np.random.Generator) -> Floats:
    """Return 0 for candidates, the log of how many items each sampled other represents, or -inf.

    Without the others, a chosen item that no column ranks high would look like a virtue of low
    scores, for nothing else with low scores would be a candidate. All arrays: (users, n_items).
    """
    others = ~picked & ~closed
    share = np.minimum(1.0, N_SAMPLED_NEGATIVES / np.maximum(others.sum(axis=1, keepdims=True), 1))
    sampled = others & (rng.random(others.shape, np.float32) < share)
    return np.where(picked, 0.0, np.where(sampled, -np.log(share), -np.inf)).astype(np.float32)


def drawn_log_offsets(offered: Mask, sampled: Mask, others: int) -> Floats:
    """Return the same for others that were drawn: each represents as many of the `others`.

    `sampled`: those drawn, none of them offered; both (1, n_items). Where none was drawn, none
    counts.
    """
    each = np.log(max(others, 1) / max(int(sampled.sum()), 1))
    return np.where(offered, 0.0, np.where(sampled, each, -np.inf)).astype(np.float32)


def pack(
    full: Mapping[Column, Floats],
    user_features: Mapping[str, Floats],
    chosen: Mask,
    offset: Floats,
    inside: Mask,
    relevant: NDArray[np.int64],
) -> ChoiceSets:
    """Return whole-catalogue columns with what is not offered left out.

    `full`: (users, n_items) each; the result has as many places as the user with most offers.
    """
    kept = np.isfinite(offset)
    width = int(kept.sum(axis=1).max(initial=0))
    order = np.argsort(~kept, axis=1, kind="stable")[:, :width]

    def packed(values: NDArray[Any]) -> NDArray[Any]:
        return np.take_along_axis(values, order, axis=1)

    columns = {name: packed(values) for name, values in full.items()}
    own = np.arange(len(relevant))
    rows = np.where(packed(kept), order, -1).astype(np.int32)
    return ChoiceSets(
        columns, user_features, packed(chosen), packed(offset), relevant, packed(inside), own, rows
    )


def joined(parts: list[ChoiceSets]) -> ChoiceSets:
    """Return several pools as one; their users are taken to be different users."""
    width = max((part.offset.shape[1] for part in parts), default=0)

    def padded(values: Iterator[NDArray[Any]], fill: float = 0.0) -> NDArray[Any]:
        room = [np.pad(v, ((0, 0), (0, width - v.shape[1])), constant_values=fill) for v in values]
        return np.concatenate(room) if room else np.zeros((0, 0))

    names, user_features = (parts[0].columns, parts[0].user_features) if parts else ({}, {})
    return ChoiceSets(
        {name: padded(part.columns[name] for part in parts) for name in names},
        {
            name: np.concatenate([part.user_features[name] for part in parts])
            for name in user_features
        },
        padded(part.chosen for part in parts),
        padded((part.offset for part in parts), -np.inf),
        np.concatenate([part.relevant for part in parts]) if parts else np.zeros(0, np.int64),
        padded(part.inside for part in parts),
        np.arange(sum(map(len, parts))),
        padded((part.rows for part in parts), -1),
    )
