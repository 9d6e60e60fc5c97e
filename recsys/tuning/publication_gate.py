"""Publication gate: refuses a model that is less accurate on the last slice than the previous
bundle.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from recsys.data.ids import IdMap
from recsys.ranking import popularity_features
from recsys.ranking.gbdt_rerank import reranked_block
from recsys.ranking.history_batch import HistoryBatch
from recsys.ranking_metrics import Positives, Values, debiased_ndcg, intervals, ndcg, score_ranks
from recsys.serving.live_state import LiveState
from recsys.serving.model import Model
from recsys.tuning.choice_sets import masked_items
from recsys.tuning.debiased_metric_weights import item_weights
from recsys.tuning.validation_gains import Gains
from recsys.tuning.validation_set import ValidationSet

AT = 20  # depth of the lists that are compared
PEOPLE = 5_000  # validation users at most
SCORES = 600_000_000  # with more than 120,000 items fewer users are evaluated
FEWEST_PEOPLE = 400  # however many items there are
CELLS = 2**25  # scores held at a time
TOLERANCE = -0.01  # refused when the whole interval of the relative change lies below
RECALL_FLOOR = 0.98  # of the index, against exact search


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the gate says, and why."""

    passed: bool
    reason: str
    people: int  # validation users
    today: float  # mean nDCG@20
    yesterday: float | None = None  # None: there was nothing to compare with
    low: float = 0.0  # 95 % interval of the paired difference, relative to yesterday's mean
    high: float = 0.0
    debiased: float | None = None  # mean debiased nDCG@20; None: it was not compared
    debiased_yesterday: float | None = None
    design: str = "tuned"  # of what is published: tuned, baseline or untested
    baselines: Mapping[str, Any] = field(
        default_factory=dict
    )  # see `recsys.tuning.baseline_comparison`


def decide_by_index_recall(recall: float, today: float) -> Verdict | None:
    """Refuse an index that misses too many true neighbours; None when it is good enough."""
    if recall >= RECALL_FLOOR:
        return None
    result = f"the recall of the index is {recall:.3f}, below the minimum of {RECALL_FLOOR}"
    return Verdict(False, result, 0, today)


def decide(today: Values, yesterday: Values, seed: int = 0) -> Verdict:
    """Decide from the nDCG of the same users under both models.

    `today`, `yesterday`: (users,), nDCG@20 in the same order.
    """
    people = len(today)
    if not people:
        return Verdict(True, "there are no users with new events to compare on", 0, 0.0)
    now, before = float(today.mean()), float(yesterday.mean())
    if before <= 0:
        return Verdict(True, "the previous bundle has an nDCG of 0", people, now, before)
    change = intervals((today - yesterday)[:, None], seed)[0]
    low, high = change.low / before, change.high / before
    result = f"nDCG@{AT} {now:.4f}, previous bundle {before:.4f}, change {low:+.1%} to {high:+.1%}"
    return Verdict(high >= TOLERANCE, result, people, now, before, low, high)


def decide_by_gains(today: Gains, yesterday: Gains) -> Verdict:
    """Decide by nDCG, see `decide`, and say how debiased nDCG changed.

    The bound, two standard errors and `TOLERANCE`, is wider than what tuning may give up for
    debiased nDCG (one standard error, and no more than `TOLERANCE`).
    """
    verdict = decide(today.ndcg, yesterday.ndcg)
    if verdict.yesterday is None:
        return verdict
    now, then = float(today.debiased.mean()), float(yesterday.debiased.mean())
    reason = f"{verdict.reason}; debiased nDCG@{AT} {now:.4f}, previous bundle {then:.4f}"
    return replace(verdict, reason=reason, debiased=now, debiased_yesterday=then)


def people_asked(n_items: int) -> int:
    """Return how many users are evaluated in a catalogue: fewer where every list takes long."""
    return min(PEOPLE, max(FEWEST_PEOPLE, SCORES // max(n_items, 1)))


def people_at_a_time(n_items: int, most: int) -> int:
    """Return for how many users all items are scored at a time, for memory's sake."""
    return max(1, min(most, CELLS // max(n_items, 1)))


def answers(model: Model, check: ValidationSet, block: int = 256) -> Gains:
    """Return how a model answers each user of a check, the whole catalogue ranked.

    The model may number its items in its own way: an item unknown to it is a miss. `block`:
    users at a time at most, fewer in large catalogues.
    """
    block = people_at_a_time(len(model), block)
    weights = np.append(item_weights(check.data), 1.0)[check.relevant.items]
    check = translated(check, model.catalogue.ids, model.catalogue.names["author"])
    features = popularity_features.prior_features(LiveState(model))
    ranks = [np.zeros(0)]
    for start in range(0, len(check), block):
        part = check.take(np.arange(start, min(start + block, len(check))))
        closed = masked_items(part, features.shape[1])
        scores = reranked_block(model, part.histories, features, closed)
        scores[closed] = -np.inf
        ranks.append(score_ranks(scores, part.relevant, AT))
    every, relevant = np.concatenate(ranks), check.relevant
    return Gains(ndcg(every, relevant, AT), debiased_ndcg(every, relevant, AT, weights))


def translated(check: ValidationSet, items: IdMap, authors: IdMap | None = None) -> ValidationSet:
    """Return the check with its item rows in another numbering; unknown items drop out.

    `authors`: what codes of authors stand for there; None: nothing.
    """
    if items is check.data.items:
        return check
    rows = np.append(items.rows(check.data.items), np.int32(-1))  # -1 stays -1
    old = check.histories
    mapped = rows[old.rows]
    kept = mapped >= 0
    ends = np.concatenate([[0], np.cumsum(kept)])[old.ends].astype(np.int64)
    social = old.social
    if social is not None:
        names = IdMap.from_ids(filter(None, check.data.table.author))
        codes = np.full(len(names), -1, np.int32) if authors is None else authors.rows(names)
        social = tuple(one.mapped(rows, codes) for one in social)
    histories = HistoryBatch(ends, mapped[kept], old.weights[kept], old.times[kept], social)
    only = None
    if check.only is not None:
        only = rows[check.only]
        only = only[only >= 0]
    relevant = Positives(check.relevant.starts, rows[check.relevant.items])
    return replace(check, histories=histories, relevant=relevant, only=only)
