"""Comparison of a model with popular and trending on the newest events."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from recsys.array_types import Floats
from recsys.ranking import popularity_features
from recsys.ranking.gbdt_rerank import live_scores, live_scores_of
from recsys.ranking.terms.popularity import SHARES
from recsys.ranking.terms.registry import feature_names
from recsys.ranking_metrics import Values, intervals
from recsys.serving.live_state import LiveState
from recsys.serving.model import Model
from recsys.serving.score_model import ScoreModel
from recsys.tuning.publication_gate import AT, TOLERANCE, answers
from recsys.tuning.replay_candidate_shortlist import LARGE, Shortlist
from recsys.tuning.replay_choice_sets import ReplayStep
from recsys.tuning.validation_set import ValidationSet
from recsys.tuning.validation_splits import TESTABLE


@dataclass(frozen=True, slots=True)
class Contest:
    """nDCG@20 of a model and of the best of popular and trending, over the same users."""

    people: int
    model: float
    baseline: str  # item feature: share_all is popular, the others trending at a half-life
    value: float  # of the baseline
    low: float  # 95 % interval of the paired difference, model less baseline
    high: float

    @property
    def tested(self) -> bool:
        """Whether there were enough users to tell."""
        return self.people >= TESTABLE

    @property
    def lost(self) -> bool:
        """Whether the baseline is better by more than chance and what tuning may give up."""
        return self.tested and self.high < TOLERANCE * self.value

    def description(self) -> str:
        """Return a sentence that says how it went."""
        if not self.tested:
            return (
                f"not tested: {TESTABLE} users with new events are needed, there are {self.people}"
            )
        return (
            f"nDCG@{AT} {self.model:.4f}, {named(self.baseline)} {self.value:.4f},"
            f" difference {self.low:+.4f} to {self.high:+.4f}, {self.people:,} users"
        )


def named(feature: str) -> str:
    """Return what users call a baseline."""
    if feature == "share_all":
        return "popular"
    return f"trending with a half-life of {feature.removeprefix('share_')}"


def baseline_blend(feature: str) -> ScoreModel:
    """Return the score model that ranks by one item feature alone."""
    return ScoreModel(priors={feature: 1.0})


def replay_values(
    moments: Iterable[ReplayStep], live: LiveState, timed: bool = True, large: int = LARGE
) -> Values:
    """Return the nDCG@20 of each user for a model and the baselines, (1 + baselines, users).

    They score before each event; the iterator updates the live state with each. Users are in
    ascending order.

    All know what came before the moment, as a service does. `large`: rows from which only those of
    a `Shortlist` are ranked; ranks beyond a list of `AT` are then too good, and count for nothing.
    """
    names, short = features_of(timed), Shortlist({"": live}, large)
    places = [feature_names().index(name) for name in names]
    users: list[int] = []
    ranks: list[Values] = []
    for moment in moments:
        if not moment.taken or moment.target not in moment.candidates:
            continue
        users.append(moment.user)
        if short.whole:
            shared = popularity_features.prior_features(live, moment.now)[places]
            own = live_scores(live, moment.history, moment.now, moment.candidates)
            scores = np.concatenate([own[None], shared])
            ranks.append(_rank(scores[:, moment.candidates], scores[:, moment.target]))
            continue
        mask = np.zeros(live.size, bool)
        mask[moment.candidates] = True
        target = np.array([moment.target], np.int32)
        rows = short.of_history(moment.history, moment.now, target)
        rows = rows[mask[rows]]
        shared = popularity_features.prior_features(live, moment.now, rows)[places]
        own = live_scores_of(live, moment.history, moment.now, rows, mask)
        scores = np.concatenate([own[None], shared])
        ranks.append(_rank(scores, scores[:, int(np.searchsorted(rows, moment.target))]))
    found = np.array(ranks, np.float64).reshape(len(ranks), len(names) + 1)
    gains = np.where(found <= AT, 1 / np.log2(found + 1), 0.0)
    _, user = np.unique(np.array(users, np.int64), return_inverse=True)
    count = np.bincount(user)
    return np.stack([np.bincount(user, gain) / count for gain in gains.T]) if users else gains.T


def contest_at_a_cut(model: Model, check: ValidationSet) -> Contest:
    """Ask a model and the baselines what users took up after one cut."""
    names = features_of(check.data.timed)
    simple = replace(model, trees=None)
    gains = [answers(model, check).ndcg]
    gains += [
        answers(replace(simple, score_model=baseline_blend(name)), check).ndcg for name in names
    ]
    return decided(np.stack(gains), names)


def decided(values: Values, names: tuple[str, ...], seed: int = 0) -> Contest:
    """Compare rows of users' nDCG, (1 + len(names), users): the model's, then each baseline's.

    The best of the baselines by its mean is the one that counts.
    """
    people = values.shape[1]
    if not people:
        return Contest(0, 0.0, "share_all", 0.0, 0.0, 0.0)
    means = values.mean(axis=1)
    best = int(means[1:].argmax())
    change = intervals((values[0] - values[1 + best])[:, None], seed)[0]
    return Contest(
        people, float(means[0]), names[best], float(means[1 + best]), change.low, change.high
    )


def features_of(timed: bool) -> tuple[str, ...]:
    """Return the baselines: popular first, then trending where events have times."""
    return ("share_all", *(n for n in SHARES if n != "share_all")) if timed else ("share_all",)


def _rank(scores: Floats, own: Floats) -> Values:
    """Return the rank of one item by each row of scores; equal scores share the middle rank."""
    better, equal = (scores > own[:, None]).sum(axis=1), (scores == own[:, None]).sum(axis=1)
    return np.asarray(better + (equal + 1) / 2, np.float64)
