"""Baselines in a replay: live popularity and like rate, and any fitted model."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from recsys.array_types import Rows
from recsys.data.dataset import Dataset
from recsys.evaluation.baseline_registry import counted_as
from recsys.evaluation.baseline_tuning import K, Tuned, smoothed
from recsys.evaluation.baselines import DecayedCounts, Options, half_lives
from recsys.ranking_metrics import Values
from recsys.tuning.evaluation_protocols import Split, positive_steps
from recsys.tuning.prequential_replay import ReplayEvent, drawn, replay_queries
from recsys.tuning.scorer_protocol import Histories, Scorer

MOST_STEPS = 2000  # of the validation replay that are evaluated; all are observed


def follow(decayed_counts: DecayedCounts, step: ReplayEvent) -> None:
    """Count an event of a walk, and count what it withdraws no more."""
    for act in step.withdrawn:
        decayed_counts.withdraw(step.item, act.counted or 0.0, act.timestamp)
    decayed_counts.add(step.item, step.weight, step.time)


class DecayedCountsReplay:
    """Trending, live: what is taken up most just now. Without decay it is `popular`."""

    def __init__(self, data: Dataset, half_life: float, counts: str) -> None:
        self.decayed_counts = DecayedCounts.of(data, [half_life], counts)

    def observe(self, step: ReplayEvent) -> None:
        """Count the event, and count what it withdraws no more."""
        follow(self.decayed_counts, step)

    def score(self, histories: Histories, rows: Rows) -> Values:
        """Return the log of each item's heat."""
        scores: Values = self.decayed_counts.scores(histories.now, rows)[0]
        return scores


class LikeRateWalker:
    """The share of an item's opinions that are likes, live, shrunk to that of all items."""

    def __init__(self, data: Dataset, prior: float = 3.0) -> None:
        self.prior = prior
        self.likes = np.zeros(len(data.items))
        self.dislikes = np.zeros(len(data.items))
        stated = np.where(data.explicit, data.weight, 0.0)
        np.add.at(self.likes, data.item[stated > 0], 1.0)
        np.add.at(self.dislikes, data.item[stated < 0], 1.0)

    def observe(self, step: ReplayEvent) -> None:
        """Count the event if it states an opinion, and count what it withdraws no more."""
        self._reach(step.item)
        if step.withdraws_opinion:
            for act in step.withdrawn:
                self.likes[step.item] -= (act.counted or 0.0) > 0
                self.dislikes[step.item] -= (act.counted or 0.0) < 0
        if step.explicit:
            self.likes[step.item] += step.weight > 0
            self.dislikes[step.item] += step.weight < 0

    def score(self, histories: Histories, rows: Rows) -> Values:
        """Return each item's rate."""
        self._reach(int(rows.max(initial=0)))
        likes, dislikes = self.likes.sum(), self.dislikes.sum()
        mean = (likes + 1) / (likes + dislikes + 2)
        up, down = self.likes[rows], self.dislikes[rows]
        return np.asarray((up + self.prior * mean) / (up + down + self.prior), np.float64)

    def _reach(self, item: int) -> None:
        extra = item + 1 - len(self.likes)
        if extra > 0:
            self.likes = np.append(self.likes, np.zeros(extra))
            self.dislikes = np.append(self.dislikes, np.zeros(extra))


@dataclass(frozen=True, slots=True)
class ScorerWalker:
    """A row that was fitted once: it sees the user's latest events, and learns nothing more."""

    scorer: Scorer
    n_items: int  # it knows

    def observe(self, step: ReplayEvent) -> None:
        """Nothing is learned on the way."""

    def score(self, histories: Histories, rows: Rows) -> Values:
        """Return its scores; items it does not know share the last place."""
        known = histories.item < self.n_items
        seen = Histories(
            histories.user,
            np.array([0, known.sum()]),
            histories.item[known],
            histories.weight[known],
            histories.time[known],
            histories.now,
        )
        scores = self.scorer.score(seen)[0].astype(np.float64)
        found = np.full(len(rows), scores.min(initial=0.0) - 1.0)
        found[rows < self.n_items] = scores[rows[rows < self.n_items]]
        return found


def tune_trending(split: Split, seed: int) -> Tuned:
    """Choose the half-life of live trending on a walk through the validation slice."""
    assert split.replay is not None
    data = split.dataset()
    lives, ways = half_lives(data)[::-1], counted_as(data)
    heats = [DecayedCounts.of(data, lives, how) for how in ways]

    def observe(step: ReplayEvent) -> None:
        for decayed_counts in heats:
            follow(decayed_counts, step)

    gains = np.zeros((len(ways), len(lives)))
    queried = drawn(positive_steps(split.replay), MOST_STEPS, seed)
    for one in replay_queries(split, data, observe, queried):
        for way, decayed_counts in enumerate(heats):
            ranks = one.rank(decayed_counts.scores(one.histories.now, one.rows))
            gains[way] += np.where(ranks <= K, 1 / np.log2(ranks + 1), 0.0)
    gains /= max(int(queried.sum()), 1)
    gains = smoothed(gains.T).T
    way, life = divmod(int(gains.argmax()), len(lives))
    options: Options = {"half_life": lives[life], "counts": ways[way]}
    return Tuned(options, None, float(gains.max()), gains.size)
