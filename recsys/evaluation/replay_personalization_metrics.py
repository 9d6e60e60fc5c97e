"""Lists during a replay: their personalization, each measured at its own moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np
from scipy import sparse

from recsys.array_types import Mask, Rows, Times
from recsys.data.dataset import Dataset
from recsys.evaluation import beyond_accuracy, personalization_metrics
from recsys.evaluation.evaluation_result import with_intervals
from recsys.evaluation.metric_computation import SWAPPED_AT, WEEK, by_user, list_figures
from recsys.ranking_metrics import Interval, Values, top
from recsys.tuning.evaluation_protocols import Split, positive_steps
from recsys.tuning.prequential_replay import ReplayModel, ReplayQuery, World, drawn
from recsys.tuning.scorer_protocol import Histories

SWAPPED = 300  # queries on the way for which the lists of other users are computed


@dataclass(frozen=True, slots=True)
class ReplayPlan:
    """What the lists of every model are compared on: drawn once, the same for all of them."""

    world: World
    first_seen: (
        Times | None
    )  # (n,): when each item of the world came to be, inf: never; None: no times
    positive: Mask  # (events,): queries that ask for a ranking
    listed: Mask  # (events,): one of these per user, of 1,000 users at most
    swapped: Mask  # (events,): `SWAPPED` of them
    labels: sparse.csr_array | None  # (training items, labels)
    seed: int

    def collector(self, model: ReplayModel) -> ReplayLists:
        """Return what collects the lists of a model."""
        return ReplayLists(self, model, rng=np.random.default_rng(self.seed))

    @classmethod
    def of(cls, split: Split, data: Dataset, labels: sparse.csr_array | None) -> ReplayPlan:
        """Draw the queries of a split."""
        assert split.replay is not None
        world, seed = World.of(split, split.replay, data), split.rules.seed
        first_seen = np.full(len(world.group), np.inf) if data.timed else None
        if first_seen is not None:
            for rows, births in zip(world.by_birth, world.births, strict=True):
                first_seen[rows] = births
        positive = positive_steps(split.replay)
        places = np.random.default_rng(seed).permutation(np.flatnonzero(positive))
        first = np.unique(split.replay.events.user[places], return_index=True)[1]
        listed = np.zeros(len(positive), bool)
        listed[places[first[personalization_metrics.sampled_lists(len(first), seed)]]] = True
        return cls(
            world, first_seen, positive, listed, drawn(positive, SWAPPED, seed + 1), labels, seed
        )


@dataclass(slots=True)
class ReplayLists:
    """Collects the lists of one model on the way of a replay; called before each event."""

    plan: ReplayPlan
    model: ReplayModel
    latest: dict[int, Histories] = field(default_factory=dict)  # of each user queried so far
    user: list[int] = field(default_factory=list)  # of each list
    lists: list[Rows] = field(default_factory=list)
    group: list[int] = field(default_factory=list)
    young: list[float] = field(default_factory=list)  # share of places to items under a week old
    liked: list[Rows] = field(default_factory=list)  # items of each user's history
    gap_user: list[int] = field(default_factory=list)
    gaps: list[float] = field(default_factory=list)
    rng: np.random.Generator = field(default_factory=partial(np.random.default_rng, 0))

    def __call__(self, query: ReplayQuery, scores: Values) -> None:
        """Take note of a query and of the model's scores of its candidates."""
        if not self.plan.positive[query.place]:
            return
        user = int(query.histories.user[0])
        if self.plan.listed[query.place]:
            self._list(user, query, scores)
        if self.plan.swapped[query.place] and query.alive:
            self._swap(user, query, scores)
        self.latest[user] = query.histories

    def _list(self, user: int, query: ReplayQuery, scores: Values) -> None:
        count = len(query.rows) if query.alive else len(query.rows) - 1
        places = top(scores[None, :count].astype(np.float32), personalization_metrics.DEPTH)[0]
        found = np.full(personalization_metrics.DEPTH, -1, np.int32)
        found[: len(places)] = np.where(places >= 0, query.rows[places], -1)
        shown = found[found >= 0]
        self.user.append(user)
        self.lists.append(found)
        self.group.append(int(self.plan.world.group[query.rows[query.target]]))
        if self.plan.first_seen is not None:
            young = query.histories.now - self.plan.first_seen[shown] < WEEK
            self.young.append(float(young.mean()) if len(shown) else 0.0)
        self.liked.append(np.unique(query.histories.item[query.histories.weight > 0]))

    def _swap(self, user: int, query: ReplayQuery, scores: Values) -> None:
        others = [one for one in self.latest if one != user]
        lengths = np.array(
            [len(self.latest[one].item) for one in others] + [len(query.histories.item)]
        )
        stratum = personalization_metrics.strata(lengths)
        same_stratum = np.flatnonzero(stratum[:-1] == stratum[-1])
        if not len(same_stratum):
            return
        drawn, counts = np.unique(
            self.rng.choice(same_stratum, personalization_metrics.DRAWS), return_counts=True
        )
        gains = [self._gain(query, self.latest[others[one]]) for one in drawn.tolist()]
        own = _gain(float(query.rank(scores[None])[0]), 0)
        self.gap_user.append(user)
        self.gaps.append(own - float(np.average(gains, weights=counts)))

    def _gain(self, query: ReplayQuery, other: Histories) -> float:
        """Return the gain of the item in the list that another user would get at this moment."""
        world, item, now = self.plan.world, query.rows[query.target], query.histories.now
        group = int(world.group[item])
        alive = world.by_birth[group][: np.searchsorted(world.births[group], now, side="left")]
        seen, mine = np.zeros(len(world.group), bool), np.zeros(len(world.group), bool)
        seen[other.item], mine[query.histories.item] = True, True
        if seen[item]:
            return 0.0
        rows = alive[~seen[alive]]
        scores = self.model.score(replace(other, now=now), rows)
        own = scores[rows == item]
        better = scores > own
        rank = float(better.sum() + ((scores == own).sum() + 1) / 2)
        return _gain(rank, int((better & mine[rows]).sum()))

    def metrics(self) -> dict[str, Interval]:
        """Return the figures of the lists."""
        found, seed = dict[str, Interval](), self.plan.seed
        if self.gaps:
            gap = by_user(np.array(self.gap_user), np.array(self.gaps))
            found |= with_intervals({f"swap_gap@{SWAPPED_AT}": gap}, seed)
        if not self.lists:
            return found
        lists, depth = np.array(self.lists, np.int32), personalization_metrics.DEPTH
        columns = {f"freshness@{depth}": np.array(self.young)} if self.young else {}
        if self.plan.labels is not None:
            columns[f"calibration@{depth}"] = self._calibration(lists, self.plan.labels)
        found |= with_intervals(columns, seed)
        return found | list_figures(lists, np.array(self.group))

    def _calibration(self, lists: Rows, labels: sparse.csr_array) -> Values:
        known, n = labels.shape[0], len(lists)
        owner = np.repeat(np.arange(n), [len(one) for one in self.liked])
        item = np.concatenate(self.liked).astype(np.int64)
        old = item < known
        ones = np.ones(int(old.sum()), np.float32)
        history = sparse.csr_array((ones, (owner[old], item[old])), shape=(n, known))
        return beyond_accuracy.calibration(
            np.where(lists < known, lists, -1), personalization_metrics.DEPTH, history, labels
        )


def _gain(rank: float, removed: int) -> float:
    return float(1 / np.log2(rank - removed + 1)) if rank <= SWAPPED_AT else 0.0


def unexpected_hits(ranks: Values, trending: Values, user: Rows) -> Mapping[str, Values]:
    """Return the mean hits per query of each user that the list of trending items lacks."""
    hit = (ranks <= SWAPPED_AT) & (trending > SWAPPED_AT)
    return {f"unexpected_hits@{SWAPPED_AT}": by_user(user, hit.astype(np.float64))}
