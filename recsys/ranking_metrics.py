"""Ranking metrics over whole test sets in NumPy, with confidence intervals.

A row of the evaluation answers with lists (the service) or with scores for every item (a baseline).
Both are brought to one form first: the rank, from 1, of every positive of every user, infinite for
a positive that is not among the best. All accuracy metrics are computed from those ranks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from recsys.array_types import Floats, Mask, Rows
from recsys.errors import DataError

Values = NDArray[np.float64]  # one number per user, or per positive
Verdict = Literal["yes", "no", "undecided"]
BOOTSTRAP_USERS = 200_000  # above, the mean of so many users is normal: nothing is resampled
BLOCK = 50  # resamples drawn at a time: a block needs BLOCK × users floats


@dataclass(frozen=True, slots=True)
class Positives:
    """What each of n users took up in the test: user u has items[starts[u]:starts[u + 1]].

    An item of -1 is not in the catalogue. It counts: the recommender missed it.
    """

    starts: NDArray[np.int64]  # (n + 1,)
    items: Rows  # distinct within a user, but for -1

    @classmethod
    def from_lists(cls, lists: list[list[int]]) -> Positives:
        """Build from one list of item rows per user."""
        starts = np.cumsum([0, *map(len, lists)], dtype=np.int64)
        return cls(starts, np.array([item for one in lists for item in one], np.int32))

    def __len__(self) -> int:
        return len(self.starts) - 1

    @property
    def counts(self) -> NDArray[np.int64]:
        """Return how many positives each user has.

        (users,).
        """
        return np.diff(self.starts)

    @property
    def owner(self) -> NDArray[np.int64]:
        """Return the user that each positive belongs to.

        (positives,), ascending.
        """
        return np.repeat(np.arange(len(self)), self.counts)

    def part(self, first: int, stop: int) -> Positives:
        """Return the users first..stop-1."""
        starts = self.starts[first : stop + 1]
        return Positives(starts - starts[0], self.items[starts[0] : starts[-1]])


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean and the ends of its 95 % interval."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """The paired difference between two rows of a table."""

    difference: Interval
    better: Verdict


def require_finite(scores: NDArray[np.floating], what: str) -> None:
    """Raise DataError unless all are finite: a NaN is never beaten, and would look perfect.

    `what`: name of the scorer, for the message.
    """
    if not np.isfinite(scores).all():
        bad = int((~np.isfinite(scores)).sum())
        raise DataError(f"{what}: {bad} of {scores.size} scores are NaN or infinite")


def list_ranks(lists: Rows, positives: Positives) -> Values:
    """Return the rank of every positive in its user's list, infinite where it is not listed.

    `lists` is (n, k), best first, filled up with -1.
    """
    width = max(int(lists.max(initial=0)), int(positives.items.max(initial=0))) + 1
    user, place = np.nonzero(lists >= 0)
    keys = user * width + lists[user, place]
    order = np.argsort(keys, kind="stable")  # stable: of an item listed twice, the first place
    relevant_keys = positives.owner * width + positives.items
    ranks = np.full(len(relevant_keys), np.inf)
    if len(keys):
        at = np.minimum(np.searchsorted(keys[order], relevant_keys), len(keys) - 1)
        found = (keys[order][at] == relevant_keys) & (positives.items >= 0)
        ranks[found] = place[order][at[found]] + 1
    return ranks


def score_ranks(scores: Floats, positives: Positives, k: int) -> Values:
    """Return the rank of every positive by score; items with equal scores share the middle rank.

    `scores` is (n, n_items) with -inf for what is no candidate. Ranks past k may be infinite.
    """
    ranks = np.full(len(positives.items), np.inf)
    if scores.shape[1] == 0:
        return ranks
    cut = max(scores.shape[1] - k, 0)
    floor = np.partition(scores, cut, axis=1)[:, cut]  # the k-th best: no rank to count below it
    owner = positives.owner
    own = np.where(positives.items >= 0, scores[owner, positives.items], -np.inf)
    for place in np.flatnonzero((own >= floor[owner]) & (own > -np.inf)):
        row = scores[owner[place]]
        better, equal = int((row > own[place]).sum()), int((row == own[place]).sum())
        ranks[place] = better + (equal + 1) / 2
    return ranks


def top(scores: Floats, k: int) -> Rows:
    """Return the k best items of every row of scores, best first, -1 where candidates run out.

    Equal scores keep the order of the items, so that the same scores give the same list. `scores`
    (users, n_items), -inf for what may not be listed; returns (users, min(k, n_items)).
    """
    k = min(k, scores.shape[1])
    part = np.argpartition(-scores, k - 1, axis=1)[:, :k] if k < scores.shape[1] else None
    if part is None:
        part = np.broadcast_to(np.arange(k), (len(scores), k))
    part = np.sort(part, axis=1)
    best = np.take_along_axis(scores, part, axis=1)
    order = np.argsort(-best, axis=1, kind="stable")
    lists = np.take_along_axis(part, order, axis=1).astype(np.int32)
    lists[np.take_along_axis(best, order, axis=1) == -np.inf] = -1
    return lists


def _per_user(values: Values, positives: Positives) -> Values:
    return np.bincount(positives.owner, values, minlength=len(positives)).astype(np.float64)


def recall(ranks: Values, positives: Positives, k: int) -> Values:
    """Return, per user, the share of the positives within the first k; 0 without positives.

    `ranks` (positives,): rank of each positive, from 1; returns (users,).
    """
    return _per_user((ranks <= k).astype(np.float64), positives) / np.maximum(positives.counts, 1)


def ndcg(ranks: Values, positives: Positives, k: int) -> Values:
    """Return, per user, the discounted gain at k over that of min(positives, k) hits on top."""
    gain = _per_user(_discounts(ranks, k), positives)
    return np.minimum(gain / ideal_gains(positives.counts, k), 1.0)


def debiased_ndcg(ranks: Values, positives: Positives, k: int, weights: Values) -> Values:
    """Return, per user, nDCG@k whose hits weigh less where everybody acts on the item.

    `weights` is one number from 0 to 1 per positive, see `popularity_weights`. The ideal list is
    that of `ndcg`, so that hits on items that are no more popular than most count whole.
    """
    gain = _per_user(_discounts(ranks, k) * weights, positives)
    return np.minimum(gain / ideal_gains(positives.counts, k), 1.0)


def popularity_weights(users: NDArray[np.integer]) -> Values:
    """Return min(1, c / n) per item, 1 for items of no user.

    `users` (n_items,) is how many users acted on each item of late. c is the upper fence of its
    distribution over items with a user, Q3 + 1.5 · (Q3 - Q1): only outliers weigh less than 1.
    """
    found = users[users > 0]
    if not len(found):
        return np.ones(len(users))
    low, high = np.percentile(found, [25, 75])
    return np.asarray(np.minimum(1.0, (high + 1.5 * (high - low)) / np.maximum(users, 1)))


def ideal_gains(counts: NDArray[np.integer], k: int) -> Values:
    """Return, per user, the discounted gain of a list whose first min(count, k) are hits.

    1 where there is nothing to hit, so that it can be divided by.
    """
    ideal = np.concatenate([[1.0], np.cumsum(1 / np.log2(np.arange(2, k + 2)))])
    return np.asarray(ideal[np.minimum(counts, k)], np.float64)


def _discounts(ranks: Values, k: int) -> Values:
    return np.where(ranks <= k, 1 / np.log2(np.minimum(ranks, k) + 1), 0.0)


def distinct_items(lists: Rows) -> int:
    """Return how many different items the lists hold; -1 is none.

    `lists` (users, k).
    """
    return len(np.unique(lists[lists >= 0]))


def mrr(ranks: Values, positives: Positives, k: int) -> Values:
    """Return, per user, one over the rank of the first hit, 0 where none is within k.

    `ranks` (positives,): rank of each positive, from 1; returns (users,).
    """
    best = np.full(len(positives), np.inf)
    np.minimum.at(best, positives.owner, ranks)
    return np.where(best <= k, 1 / best, 0.0)


def user_auc(user: Rows, scores: Values, liked: Mask) -> Values:
    """Return, per user with both, how often a liked item scores above a disliked one.

    All three are (n,), one per judged item; ties count half. Users are returned in ascending order.
    """
    require_finite(scores, "auc")
    _, code = np.unique(user, return_inverse=True)
    ranks = _ranks_within(code, scores)
    n_liked = np.bincount(code[liked], minlength=code.max(initial=-1) + 1)
    n_disliked = np.bincount(code[~liked], minlength=len(n_liked))
    total = np.bincount(code[liked], ranks[liked], minlength=len(n_liked))
    both = (n_liked > 0) & (n_disliked > 0)
    wins = total[both] - n_liked[both] * (n_liked[both] + 1) / 2
    return np.asarray(wins / (n_liked[both] * n_disliked[both]), np.float64)


def auc(scores: Values, liked: Mask) -> float:
    """Return how often a liked item scores above a disliked one, ties half; NaN without both.

    `scores`, `liked`: (n,), one per judged item.
    """
    found = user_auc(np.zeros(len(scores), np.int32), scores, liked)
    return float(found[0]) if len(found) else float("nan")


def _ranks_within(group: NDArray[np.int64], scores: Values) -> Values:
    """Return the ascending rank of every score within its group, middle ranks for ties."""
    dense = np.unique(scores, return_inverse=True)[1] + 1
    order = np.lexsort((dense, group))
    runs = np.flatnonzero(np.diff(group[order], prepend=-1) | np.diff(dense[order], prepend=-1))
    lengths = np.diff(np.append(runs, len(order)))
    first = np.searchsorted(group[order], group[order][runs])  # where the run's group begins
    ranks = np.empty(len(order))
    ranks[order] = np.repeat(runs - first + (lengths + 1) / 2, lengths)
    return ranks


def intervals(values: Values, seed: int, samples: int = 1000) -> list[Interval]:
    """Return the mean of each column and its 95 % bootstrap interval over the users.

    `values` is (n, m): one row per user. All columns share their resamples. One user has no
    spread to show: its interval is its value. No user: zeros.
    """
    require_finite(values, "metric")
    if len(values) == 0:
        return [Interval(0.0, 0.0, 0.0)] * values.shape[1]
    means = values.mean(axis=0)
    if len(values) > BOOTSTRAP_USERS:
        half = 1.96 * values.std(axis=0) / np.sqrt(len(values))
        low, high = means - half, means + half
    else:
        low, high = np.percentile(_resampled_means(values, seed, samples), [2.5, 97.5], axis=0)
    return [Interval(*map(float, ends)) for ends in zip(means, low, high, strict=True)]


def _resampled_means(values: Values, seed: int, samples: int) -> Values:
    rng, n = np.random.default_rng(seed), len(values)
    means = []
    for start in range(0, samples, BLOCK):
        size = min(BLOCK, samples - start)
        drawn = rng.integers(0, n, (size, n)) + n * np.arange(size)[:, None]
        times = np.bincount(drawn.ravel(), minlength=size * n).reshape(size, n)
        means.append(times.astype(np.float64) @ values / n)
    return np.concatenate(means)


def compare(ours: Values, theirs: Values, seed: int) -> Comparison:
    """Say whether ours is better, from the paired bootstrap interval of the mean difference.

    Both are (n,), the same users in the same order. "no" means worse, beyond chance.
    """
    found = intervals((ours - theirs)[:, None], seed)[0]
    better: Verdict = "yes" if found.low > 0 else "no" if found.high < 0 else "undecided"
    return Comparison(found, better)
