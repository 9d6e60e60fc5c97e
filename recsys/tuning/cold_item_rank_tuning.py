"""Tuning of cold-item ranks: factor of predicted sums and divisor of ranks, from choice sets.

Two numbers of a score model: `ScoreModel.unread` multiplies predicted neighbour sums, which are
shrunk, and `ScoreModel.appeal` divides the ranks, since new items are used more than others of
their rank on a news feed, and less elsewhere. Lists whose chosen item had one user at most are
rare, so that what suits them costs next to nothing overall: of the settings within one paired
standard error of the best nDCG@20, and within `CLOSE` of it, the one with the highest nDCG@20 on
these lists is chosen (one-standard-error rule). In no period may it cost more than `CLOSE` of what
there would be without predicted sums: all lists of a period choose among the same new items, so
that an item which everybody took up then would speak for all that are new.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from recsys.array_types import Floats, Mask
from recsys.ranking.cold_item_ranks import READ, RECENT, USED, expected_rank
from recsys.ranking_metrics import Values
from recsys.serving.score_model import UNREAD
from recsys.tuning.choice_sets import NEW, STANDING, WAITING, ChoiceSets, mean_by_period

FACTORS = (1.0, UNREAD, 6.0)
APPEALS = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0)
CLOSE = 0.003  # share of the best nDCG@20 that new items may cost, where the error is larger
FIRST = 0.83  # share of text in the rank of an item with one user, such as its author, or none
# Lists whose chosen item had one user at most; with fewer, `UNREAD` and an appeal of 1 hold.
FEWEST = 50
Setting = tuple[float, float]  # factor, appeal
WITHOUT: Setting = (0.0, 1.0)  # predicted sums


@dataclass(frozen=True, slots=True)
class UnreadRanks:
    """The chosen setting and what it was chosen by."""

    factor: float
    appeal: float
    lists: int  # whose chosen item had one user at most
    # factor, appeal, nDCG@20, the same on these lists
    values: tuple[tuple[float, float, float, float], ...] = ()

    def to_json(self) -> dict[str, object]:
        """Return it as a line of the evidence of a choice."""
        return {
            "unread": self.factor,
            "appeal": self.appeal,
            "lists": self.lists,
            "values": [list(v) for v in self.values],
        }


def choose_ranks(
    choice_sets: ChoiceSets, scores: Floats, sums: Floats | None, lift: bool = False
) -> UnreadRanks:
    """Return the setting for a score model with these scores and neighbour sums of all places.

    `scores`, `sums`: (lists, places); `sums` None: a score model without neighbours. `lift`: it
    reads the lift of the sums, which says nothing of unread items. The appeal is chosen first.
    """
    new = choice_sets.columns.get(NEW)
    if new is None or sums is None:
        return UnreadRanks(UNREAD, 1.0, 0)
    about = np.asarray((choice_sets.chosen & (new >= FIRST)).any(axis=1), bool)
    if about.sum() < FEWEST:
        return UnreadRanks(UNREAD, 1.0, int(about.sum()))
    gained: dict[Setting, Values] = {}

    def best_of(settings: Iterable[Setting]) -> Setting:
        for one in settings:
            if one not in gained:
                moved_scores = moved(choice_sets, scores, sums, *one, lift=lift)
                gained[one] = _of_each(choice_sets, moved_scores)
        return _chosen(gained, about, choice_sets)

    factor, appeal = best_of([WITHOUT, *((UNREAD, appeal) for appeal in APPEALS)])
    if factor:
        factor, appeal = best_of((one, appeal) for one in FACTORS)
    values = tuple(
        (*one, float(each.mean()), float(each[about].mean())) for one, each in gained.items()
    )
    return UnreadRanks(factor, appeal, int(about.sum()), values)


def _chosen(gained: dict[Setting, Values], about: Mask, choice_sets: ChoiceSets) -> Setting:
    """Return the setting by the one-standard-error rule; `about`: lists that choose new items."""

    def by_period(each: Values) -> Values:
        return mean_by_period([choice_sets], [each])

    least = (1 - CLOSE) * by_period(gained[WITHOUT])
    steady = {one: each for one, each in gained.items() if (by_period(each) >= least).all()}
    if choice_sets.period is None:
        steady = gained
    best = max(steady.values(), key=lambda each: float(each.mean()))

    def rank(one: Setting) -> tuple[bool, float, float]:
        change = best - gained[one]
        near = change.mean() <= min(change.std() / np.sqrt(len(change)), CLOSE * best.mean())
        return bool(near), float(gained[one][about].mean()), float(gained[one].mean())

    return max(steady, key=rank)


def moved(
    choice_sets: ChoiceSets,
    scores: Floats,
    sums: Floats,
    factor: float,
    appeal: float = 1.0,
    lift: bool = False,
) -> Floats:
    """Return the scores with those of unread places moved to their ranks by neighbour sums.

    As `recsys.ranking.cold_item_ranks` does, for sampled places that stand for many items each. All
    arrays: (lists, places).
    """
    found, new = scores.copy(), choice_sets.columns[NEW]
    bits = choice_sets.columns[STANDING].astype(np.int8)
    is_read, in_use, recent = ((bits & bit).astype(bool) for bit in (READ, USED, RECENT))
    held = np.isfinite(choice_sets.offset)
    stands_for = np.where(held, np.exp(np.where(held, choice_sets.offset, 0.0)), 0.0)
    scaled = np.where(new > 0, np.float32(factor) * sums, sums)
    for one in np.flatnonzero(((new > 0) & (sums > 0) & held).any(axis=1)) if factor else ():
        own = np.flatnonzero((new[one] > 0) & (sums[one] > 0) & held[one])
        read = np.flatnonzero(is_read[one] & held[one])
        if not len(read):
            continue
        by_score = read[np.argsort(-scores[one, read], kind="stable")]
        places = np.cumsum(stands_for[one, by_score])
        ahead = np.zeros(len(own))
        for lately in (False, True):
            some = recent[one, own] == lately
            among = read[in_use[one, read]] if lately else read
            by_sum = among[np.argsort(-scaled[one, among], kind="stable")]
            count = np.concatenate([[0.0], np.cumsum(stands_for[one, by_sum])])
            better = np.searchsorted(-scaled[one, by_sum], -scaled[one, own[some]])
            ahead[some] = count[better]
        before = scores[one, own]
        if not lift:
            few = np.flatnonzero(~is_read[one, own])
            ahead[few[np.argsort(before[few], kind="stable")]] = -np.sort(-ahead[few])
        place = expected_rank(ahead, choice_sets.columns[WAITING][one, own], appeal)
        at = np.searchsorted(places, place, side="right")
        target = scores[one, by_score[np.minimum(at, len(by_score) - 1)]]
        target += 2 * np.spacing(np.maximum(np.abs(target), np.abs(before)))
        found[one, own] += new[one, own] * np.maximum(target - before, 0)
    return found


def _of_each(choice_sets: ChoiceSets, scores: Floats) -> Values:
    """Return nDCG@20 of each list, not of each user."""
    return replace(choice_sets, user=np.arange(len(choice_sets))).ndcg(scores)
