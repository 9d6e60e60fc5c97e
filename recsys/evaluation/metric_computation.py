"""Accuracy per user, slices and beyond-accuracy metrics from the answers of a model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from recsys.array_types import Mask, Rows
from recsys.evaluation import beyond_accuracy, item_numbering_slices, personalization_metrics
from recsys.evaluation.evaluation_result import Part, exact, with_intervals
from recsys.evaluation.item_features import label_features, word_features
from recsys.ranking_metrics import (
    Interval,
    Positives,
    Values,
    debiased_ndcg,
    distinct_items,
    mrr,
    ndcg,
    recall,
)
from recsys.tuning.debiased_metric_weights import item_weights
from recsys.tuning.evaluation_queries import EvaluationQueries, RankedOutputs

SHORT = 5  # a history of fewer events is short
LENGTHS = ((0, 4), (5, 9), (10, 0))  # items of a history, the last without an end
WEEK = 7 * 86400.0  # seconds; a younger item is new
SWAPPED_AT = 20  # depth of the lists that are swapped and compared with those of trending
HEAD = 0.2  # the most read fifth of the items that anybody read; the others are the tail


@dataclass(frozen=True, slots=True)
class MetricsReport:
    """All that the figures of every row are computed with."""

    questions: EvaluationQueries
    ks: Sequence[int]
    seed: int
    user_counts: NDArray[np.int64]  # (n_items,): users who took the item up in training
    features: sparse.csr_array | None  # (n_items, d): unit rows of words; None without words
    labels: sparse.csr_array | None  # (n_items, labels): categories, tags or topics; None without
    weights: Values  # (n_items,): of a hit on the item in debiased nDCG
    young: Mask | None  # (n_items,): under a week old at the end of training; None: no times
    steps: Mapping[str, Mask]  # (n_positives,): further slices by name; see `item_numbering_slices`

    @classmethod
    def of(
        cls, questions: EvaluationQueries, ks: Sequence[int], seed: int, slice_order: str = ""
    ) -> MetricsReport:
        """Prepare what all rows share. `slice_order`: column of the items, "" for no slices."""
        data = questions.data
        user_counts = np.asarray(data.matrix().sum(axis=0)).astype(np.int64)
        features = word_features(data.table)
        labels = label_features(data.table, features, seed)
        young = data.now - data.created() < WEEK if data.timed else None
        depths, weights = tuple(sorted(ks)), item_weights(data)
        steps: Mapping[str, Mask] = {}
        if slice_order:
            steps = item_numbering_slices.steps(
                questions, item_numbering_slices.column_values(data.table, slice_order)
            )
        return cls(questions, depths, seed, user_counts, features, labels, weights, young, steps)

    @property
    def depth(self) -> int:
        """How many places of a list are needed."""
        return max(*self.ks, SWAPPED_AT, personalization_metrics.DEPTH)

    def per_user(self, answers: RankedOutputs) -> dict[str, Values]:
        """Return recall, nDCG and MRR at each k for every counted user, in a fixed order."""
        return self._accuracy(answers.ranks, self.questions.relevant, self.questions.known)

    def metrics(self, answers: RankedOutputs, trending: Values | None) -> dict[str, Interval]:
        """Return all figures of the headline.

        `trending`: rank of each positive in the lists of trending items; None: there are none.
        """
        columns = self.per_user(answers)
        for k in self.ks:
            columns |= self._beyond(answers, k)
        if trending is not None:
            columns |= self._unexpected(answers.ranks, trending)
        found = with_intervals(columns, self.seed)
        if len(gap := self._swap_gap(answers)):
            found |= with_intervals({f"swap_gap@{SWAPPED_AT}": gap}, self.seed)
        found |= self._between_lists(answers)
        lists, n_items = answers.lists[self.questions.known], len(self.questions.data.items)
        for k in self.ks:
            found[f"coverage@{k}"] = exact(beyond_accuracy.coverage(lists, k, n_items))
            found[f"gini@{k}"] = exact(beyond_accuracy.gini(lists, k, n_items))
        return found

    def _unexpected(self, ranks: Values, trending: Values) -> dict[str, Values]:
        """Return how many hits of each user the list of trending items lacks."""
        hit = (ranks <= SWAPPED_AT) & (trending > SWAPPED_AT)
        hits = np.bincount(self.questions.relevant.owner[hit], minlength=len(self.questions))
        known = self.questions.known
        return {
            f"unexpected_hits@{SWAPPED_AT}": by_user(
                self.questions.user[known], hits[known].astype(np.float64)
            )
        }

    def _swap_gap(self, answers: RankedOutputs) -> Values:
        """Return each user's nDCG less that of the lists of others of like activity."""
        questions, known = self.questions, np.flatnonzero(self.questions.known)
        lengths, group = np.diff(questions.histories.starts)[known], questions.group
        stratum = personalization_metrics.strata(lengths, None if group is None else group[known])
        partners = np.full((personalization_metrics.DRAWS, len(questions)), -1, np.int32)
        drawn = personalization_metrics.swap_partners(stratum, self.seed)
        partners[:, known] = np.where(drawn >= 0, known[np.maximum(drawn, 0)], -1)
        seen = questions.histories.seen(len(questions.data.items))
        swapped = personalization_metrics.swapped_ndcg(
            answers.lists, questions.relevant, seen, partners, SWAPPED_AT
        )
        own = ndcg(answers.ranks, questions.relevant, SWAPPED_AT)
        some = np.isfinite(swapped)
        return by_user(questions.user[some], (own - swapped)[some])

    def _between_lists(self, answers: RankedOutputs) -> dict[str, Interval]:
        """Return how alike lists are, and how many items they show, on at most 1,000 of them."""
        known, depth = np.flatnonzero(self.questions.known), personalization_metrics.DEPTH
        some = known[personalization_metrics.sampled_lists(len(known), self.seed)]
        group = self.questions.group
        return list_figures(answers.lists[some, :depth], None if group is None else group[some])

    def slices(self, answers: RankedOutputs, kept: Sequence[str]) -> dict[str, Part]:
        """Return accuracy for kinds of users and kinds of items; empty slices are left out.

        `kept`: metrics whose values per user are kept, for pairs.
        """
        found = {}
        for name, (users, positives) in self._slice_masks().items():
            relevant = _kept(self.questions.relevant, positives)
            evaluated_users = users & (relevant.counts > 0)
            if evaluated_users.any():
                columns = self._accuracy(answers.ranks[positives], relevant, evaluated_users)
                n = len(np.unique(self.questions.user[evaluated_users]))
                values = {metric: columns[metric] for metric in kept}
                found[name] = Part(n, with_intervals(columns, self.seed), values)
        return found

    def _slice_masks(self) -> Mapping[str, tuple[Mask, Mask]]:
        questions, items = self.questions, self.questions.relevant.items
        known, length = questions.known, np.diff(questions.histories.starts)
        everything = np.ones(len(items), bool)
        seen = (items >= 0) & (self.user_counts[items] > 0)
        return {
            "new_users": (~known, everything),
            "short_histories": (known & (length < SHORT), everything),
            "long_histories": (known & (length >= SHORT), everything),
            **self._lengths(known, length, everything),
            "tail_items": (known, seen & ~self._head()[items]),
            "cold_items": (known, ~seen),
            **{name: (known, mask) for name, mask in self.steps.items()},
        }

    def _lengths(
        self, known: Mask, length: NDArray[np.int64], everything: Mask
    ) -> dict[str, tuple[Mask, Mask]]:
        """Return slices by the length of the history, where follows are given."""
        if self.questions.data.follows is None:
            return {}
        return {
            f"history_{first}_{last}" if last else f"history_{first}_up": (
                known & (length >= first) & (length <= (last or np.inf)),
                everything,
            )
            for first, last in LENGTHS
        }

    def _head(self) -> Mask:
        count = round(HEAD * int((self.user_counts > 0).sum()))
        head = np.zeros(len(self.user_counts), bool)
        head[np.argsort(-self.user_counts, kind="stable")[:count]] = True
        return head

    def _accuracy(self, ranks: Values, relevant: Positives, kept: Mask) -> dict[str, Values]:
        found = {}
        weights = np.append(self.weights, 1.0)[relevant.items]  # -1: not in the catalogue
        for name, metric in (
            ("recall", recall),
            ("ndcg", ndcg),
            ("debiased_ndcg", partial(debiased_ndcg, weights=weights)),
            ("mrr", mrr),
        ):
            for k in self.ks:
                values = metric(ranks, relevant, k)
                found[f"{name}@{k}"] = by_user(self.questions.user[kept], values[kept])
        return found

    def _beyond(self, answers: RankedOutputs, k: int) -> dict[str, Values]:
        known, data = self.questions.known, self.questions.data
        lists, user = answers.lists[known], self.questions.user[known]
        bits = beyond_accuracy.novelty(lists, k, self.user_counts, len(data.users))
        found = {f"novelty@{k}": by_user(user, bits)}
        if self.features is not None and k > 1:
            varied = beyond_accuracy.diversity(lists, k, self.features)
            found[f"diversity@{k}"] = by_user(user, varied)
        if self.labels is not None:
            history = self.questions.histories.liked(len(data.items))[np.flatnonzero(known)]
            gap = beyond_accuracy.calibration(lists, k, history, self.labels)
            found[f"calibration@{k}"] = by_user(user, gap)
        if self.young is not None:
            found[f"freshness@{k}"] = by_user(user, beyond_accuracy.freshness(lists, k, self.young))
        return found


def list_figures(lists: Rows, groups: Rows | None = None) -> dict[str, Interval]:
    """Return overlap, distinct items and effective number of lists of `DEPTH` places.

    `lists` (n, k): rows, -1 none; `groups` (n,): lists of one group are compared.
    """
    depth, jaccard = (
        personalization_metrics.DEPTH,
        personalization_metrics.mean_jaccard(lists, groups),
    )
    found = {
        f"distinct@{depth}": exact(distinct_items(lists)),
        f"effective@{depth}": exact(personalization_metrics.effective_number(lists)),
    }
    return found if np.isnan(jaccard) else {f"jaccard@{depth}": exact(jaccard), **found}


def by_user(user: NDArray[np.int32], values: Values) -> Values:
    """Return the mean of each user's cases, users in ascending order.

    `user`, `values`: (cases,); returns (users,).
    """
    _, code = np.unique(user, return_inverse=True)
    total = np.bincount(code, values)
    return np.asarray(total / np.maximum(np.bincount(code), 1), np.float64)


def _kept(relevant: Positives, mask: Mask) -> Positives:
    counts = np.bincount(relevant.owner[mask], minlength=len(relevant))
    starts = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    return Positives(starts, relevant.items[mask])
