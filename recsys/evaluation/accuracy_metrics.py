"""From answers to figures: accuracy per user, slices, and what lies beyond accuracy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from recsys.array_types import Mask
from recsys.data.event_tables import ItemTable
from recsys.evaluation import beyond_accuracy
from recsys.evaluation.evaluation_result import Part, exact, with_intervals
from recsys.metrics import Interval, Positives, Values, mrr, ndcg, recall
from recsys.tuning.evaluation_queries import EvaluationQueries, RankedOutputs

SHORT = 5  # a history of fewer events is short
HEAD = 0.2  # the most read fifth of the items that anybody read; the others are the tail


@dataclass(frozen=True, slots=True)
class MetricsReport:
    """All that the figures of every row are computed with."""

    questions: EvaluationQueries
    ks: Sequence[int]
    seed: int
    readers: NDArray[np.int64]  # (n_items,): people who took the item up in training
    features: sparse.csr_array | None  # (n_items, d): unit rows of words; None without words
    labels: sparse.csr_array | None  # (n_items, labels): categories or tags; None without

    @classmethod
    def of(cls, questions: EvaluationQueries, ks: Sequence[int], seed: int) -> MetricsReport:
        """Prepare what all rows share."""
        data = questions.data
        readers = np.asarray(data.matrix().sum(axis=0)).astype(np.int64)
        features, labels = word_features(data.table), label_features(data.table)
        return cls(questions, tuple(sorted(ks)), seed, readers, features, labels)

    def per_user(self, answers: RankedOutputs) -> dict[str, Values]:
        """Return recall, nDCG and MRR at each k for every counted user, in a fixed order."""
        return self._accuracy(answers.ranks, self.questions.wanted, self.questions.known)

    def metrics(self, answers: RankedOutputs) -> dict[str, Interval]:
        """Return all figures of the headline."""
        columns = self.per_user(answers)
        for k in self.ks:
            columns |= self._beyond(answers, k)
        found = with_intervals(columns, self.seed)
        lists, n_items = answers.lists[self.questions.known], len(self.questions.data.items)
        for k in self.ks:
            found[f"coverage@{k}"] = exact(beyond_accuracy.coverage(lists, k, n_items))
            found[f"gini@{k}"] = exact(beyond_accuracy.gini(lists, k, n_items))
        return found

    def slices(self, answers: RankedOutputs, kept: Sequence[str]) -> dict[str, Part]:
        """Return accuracy for kinds of users and kinds of items; empty slices are left out.

        `kept`: metrics whose values per user are kept, for pairs.
        """
        found = {}
        for name, (users, positives) in self._slice_masks().items():
            wanted = _kept(self.questions.wanted, positives)
            asked = users & (wanted.counts > 0)
            if asked.any():
                columns = self._accuracy(answers.ranks[positives], wanted, asked)
                n = len(np.unique(self.questions.user[asked]))
                values = {metric: columns[metric] for metric in kept}
                found[name] = Part(n, with_intervals(columns, self.seed), values)
        return found

    def _slice_masks(self) -> Mapping[str, tuple[Mask, Mask]]:
        questions, items = self.questions, self.questions.wanted.items
        known, length = questions.known, np.diff(questions.histories.starts)
        everything = np.ones(len(items), bool)
        seen = (items >= 0) & (self.readers[items] > 0)
        return {
            "new_users": (~known, everything),
            "short_histories": (known & (length < SHORT), everything),
            "long_histories": (known & (length >= SHORT), everything),
            "tail_items": (known, seen & ~self._head()[items]),
            "cold_items": (known, ~seen),
        }

    def _head(self) -> Mask:
        count = round(HEAD * int((self.readers > 0).sum()))
        head = np.zeros(len(self.readers), bool)
        head[np.argsort(-self.readers, kind="stable")[:count]] = True
        return head

    def _accuracy(self, ranks: Values, wanted: Positives, asked: Mask) -> dict[str, Values]:
        found = {}
        for name, metric in (("recall", recall), ("ndcg", ndcg), ("mrr", mrr)):
            for k in self.ks:
                values = metric(ranks, wanted, k)
                found[f"{name}@{k}"] = by_user(self.questions.user[asked], values[asked])
        return found

    def _beyond(self, answers: RankedOutputs, k: int) -> dict[str, Values]:
        known, data = self.questions.known, self.questions.data
        lists, user = answers.lists[known], self.questions.user[known]
        bits = beyond_accuracy.novelty(lists, k, self.readers, len(data.users))
        found = {f"novelty@{k}": by_user(user, bits)}
        if self.features is not None and k > 1:
            varied = beyond_accuracy.diversity(lists, k, self.features)
            found[f"diversity@{k}"] = by_user(user, varied)
        if self.labels is not None:
            history = self.questions.histories.liked(len(data.items))[np.flatnonzero(known)]
            gap = beyond_accuracy.calibration(lists, k, history, self.labels)
            found[f"calibration@{k}"] = by_user(user, gap)
        return found


def by_user(user: NDArray[np.int32], values: Values) -> Values:
    """Return the mean of each user's cases, users in ascending order."""
    _, code = np.unique(user, return_inverse=True)
    total = np.bincount(code, values)
    return np.asarray(total / np.maximum(np.bincount(code), 1), np.float64)


def _kept(wanted: Positives, mask: Mask) -> Positives:
    counts = np.bincount(wanted.owner[mask], minlength=len(wanted))
    starts = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    return Positives(starts, wanted.items[mask])


def word_features(items: ItemTable) -> sparse.csr_array | None:
    """Return the words of title, tags and category as unit rows; None without any word.

    Deliberately not the encoder of any row of the table: the measure of variety belongs to none.
    """
    texts = [
        f"{title} {' '.join(tags)} {category}".lower().split()
        for title, tags, category in zip(items.title, items.tags, items.category, strict=True)
    ]
    found = _counted(texts)
    if found is None:
        return None
    rare = np.log(found.shape[0] / np.maximum(np.asarray((found > 0).sum(axis=0)), 1)) + 1
    found = sparse.csr_array(found @ sparse.diags_array(rare.astype(np.float32)))
    lengths = np.sqrt(np.asarray(found.power(2).sum(axis=1)))
    scale = sparse.diags_array((1 / np.maximum(lengths, 1e-12)).astype(np.float32))
    return sparse.csr_array(scale @ found)


def label_features(items: ItemTable) -> sparse.csr_array | None:
    """Return each item's categories, or its tags where there are none, as shares that add to 1."""
    texts = [[one] if one else [] for one in items.category]
    if not any(texts):
        texts = [list(tags) for tags in items.tags]
    found = _counted(texts)
    if found is None:
        return None
    total = np.maximum(np.asarray(found.sum(axis=1)), 1)
    return sparse.csr_array(sparse.diags_array((1 / total).astype(np.float32)) @ found)


def _counted(texts: Sequence[Sequence[str]]) -> sparse.csr_array | None:
    codes: dict[str, int] = {}
    columns = [codes.setdefault(word, len(codes)) for words in texts for word in words]
    if not columns:
        return None
    starts = np.cumsum([0, *map(len, texts)])
    ones = np.ones(len(columns), np.float32)
    return sparse.csr_array((ones, np.array(columns), starts), shape=(len(texts), len(codes)))
