"""Factor of predicted neighbour sums (`ScoreModel.unread`), learned from choices of new items.

Lists whose chosen item nobody had taken up before are rare, so that a factor that suits them costs
next to nothing overall: of the factors within one paired standard error of the best nDCG@20, the
one with the highest nDCG@20 on these lists is chosen (one-standard-error rule).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from recsys.array_types import Floats
from recsys.ranking_metrics import Values
from recsys.serving.score_model import UNREAD
from recsys.tuning.choice_sets import NEW, RIVAL, ChoiceSets

FACTORS = (0.0, 1.0, 2.0, UNREAD, 6.0, 12.0)
FEWEST = 50  # lists whose chosen item was unread; with fewer, `UNREAD` holds


@dataclass(frozen=True, slots=True)
class UnreadFactor:
    """The chosen factor and what it was chosen by."""

    factor: float
    lists: int  # whose chosen item was unread
    values: tuple[tuple[float, float, float], ...] = ()  # factor, nDCG@20, the same on these lists

    def to_json(self) -> dict[str, object]:
        """Return it as a line of the evidence of a choice."""
        return {
            "unread": self.factor,
            "lists": self.lists,
            "values": [list(v) for v in self.values],
        }


def choose_factor(
    choice_sets: ChoiceSets, scores: Floats, sums: Floats | None, lift: bool = False
) -> UnreadFactor:
    """Return the factor for a score model with these scores and neighbour sums of all places.

    `scores`, `sums`: (lists, places); `sums` None: a score model without neighbours. `lift`: the
    score model reads the lift of the sums, which says nothing of unread items.
    """
    new = choice_sets.columns.get(NEW)
    if new is None or sums is None:
        return UnreadFactor(UNREAD, 0)
    about = (choice_sets.chosen & (new > 0)).any(axis=1)
    if about.sum() < FEWEST:
        return UnreadFactor(UNREAD, int(about.sum()))
    gained = [
        _of_each(choice_sets, moved(choice_sets, scores, sums, factor, lift)) for factor in FACTORS
    ]
    means = [float(each.mean()) for each in gained]
    best = gained[int(np.argmax(means))]
    on_new = [float(each[about].mean()) for each in gained]
    change = [best - each for each in gained]
    error = [float(each.std()) / np.sqrt(len(each)) for each in change]
    near = [c.mean() <= e for c, e in zip(change, error, strict=True)]
    chosen = max(range(len(FACTORS)), key=lambda place: (near[place], on_new[place], means[place]))
    values = tuple(zip(FACTORS, means, on_new, strict=True))
    return UnreadFactor(FACTORS[chosen], int(about.sum()), values)


def moved(
    choice_sets: ChoiceSets, scores: Floats, sums: Floats, factor: float, lift: bool = False
) -> Floats:
    """Return the scores with those of unread places moved to their ranks by neighbour sums.

    As `recsys.ranking.cold_item_ranks` does, for sampled places that stand for many items each.
    """
    found, new, rival = scores.copy(), choice_sets.columns[NEW], choice_sets.columns[RIVAL] > 0
    held = np.isfinite(choice_sets.offset)
    stands_for = np.where(held, np.exp(np.where(held, choice_sets.offset, 0.0)), 0.0)
    for one in np.flatnonzero(((new > 0) & (sums > 0) & held).any(axis=1)) if factor else ():
        own = np.flatnonzero((new[one] > 0) & (sums[one] > 0) & held[one])
        read = np.flatnonzero((new[one] <= 0) & held[one])
        if not len(read):
            continue
        by_score = read[np.argsort(-scores[one, read], kind="stable")]
        places = np.cumsum(stands_for[one, by_score])
        target = np.zeros(len(own), np.float32)
        for recent in (False, True):
            some = rival[one, own] == recent
            among = read[rival[one, read]] if recent else read
            by_sum = among[np.argsort(-sums[one, among], kind="stable")]
            count = np.concatenate([[0.0], np.cumsum(stands_for[one, by_sum])])
            better = np.searchsorted(-sums[one, by_sum], -factor * sums[one, own[some]])
            at = np.searchsorted(places, count[better], side="right")
            target[some] = scores[one, by_score[np.minimum(at, len(by_score) - 1)]]
        before = scores[one, own]
        target += 2 * np.spacing(np.maximum(np.abs(target), np.abs(before)))
        if not lift:
            target[np.argsort(before, kind="stable")] = np.sort(target)
        found[one, own] += new[one, own] * np.maximum(target - before, 0)
    return found


def _of_each(choice_sets: ChoiceSets, scores: Floats) -> Values:
    """Return nDCG@20 of each list, not of each user."""
    return replace(choice_sets, user=np.arange(len(choice_sets))).ndcg(scores)
