"""Exploration: places given to new items by a draw whose probabilities are known and logged.

The pool holds new items whose predicted score for the user is not among the lowest, so that the
harm of a draw is bounded. A place explores with probability `share`; the item is then drawn
uniformly, or by Thompson sampling: with the probability that its click rate, as far as it is known,
is the highest of the pool. Probabilities are computed, not estimated by draws, and items are drawn
by them.
"""

from __future__ import annotations

import random
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from recsys.array_types import Mask, Rows
from recsys.ranking import nonpersonal_lists, user_controls
from recsys.ranking.new_item_places import SOURCE
from recsys.ranking.new_voices import SOURCE as NEW_VOICE
from recsys.ranking.pinned_items import SOURCE as PINNED
from recsys.ranking.query import Query, Reason, Recommendation
from recsys.recommender import Recommender
from recsys.serving.new_item_exposure_cap import undoubted

Method = Literal["uniform", "thompson"]
Floats = NDArray[np.floating]
FRESH = 50  # newest items that a pool is made of
FLOOR = 0.4  # quantile of the user's scores over the catalogue that an item must reach
LEAST_SHARE = 0.1  # of a Thompson draw that is uniform, so that no probability is close to 0
POINTS = 400  # click rates at which probabilities are integrated
PRIOR = 20.0  # showings that the prior of an item is worth
_REASON = Reason("explore", 1.0, "New here, shown to find out who likes it")


class Placed(NamedTuple):
    """An item at a place, with the probability that it, and no other, was put there."""

    item: Recommendation
    propensity: float | None = 1.0  # None: of a pin, which is no choice of the ranking
    slot_kind: str = "ranked"  # one of recsys.store.exposures.SLOT_KINDS


@dataclass(frozen=True, slots=True)
class Pool:
    """New items that a place may draw, each with what is known of its click rate."""

    items: tuple[Recommendation, ...]
    clicks: tuple[float, ...]  # parameters of a Beta distribution
    misses: tuple[float, ...]

    @classmethod
    def of(cls, items: Sequence[Recommendation], rates: Mapping[str, tuple[float, float]]) -> Pool:
        """Return a pool; `rates`: (clicks, misses) by item id, others have a flat prior."""
        known = [rates.get(one.item_id, (1.0, 1.0)) for one in items]
        return cls(tuple(items), tuple(a for a, _ in known), tuple(b for _, b in known))

    def without(self, item_ids: Collection[str]) -> Pool:
        """Return the pool less some items."""
        rows = zip(self.items, self.clicks, self.misses, strict=True)
        kept = [row for row in rows if row[0].item_id not in item_ids]
        return Pool(
            tuple(row[0] for row in kept),
            tuple(row[1] for row in kept),
            tuple(row[2] for row in kept),
        )

    def chances(self, method: Method) -> list[float]:
        """Return the probability of each item where a place explores; they add up to 1."""
        count = len(self.items)
        if method == "uniform" or count < 2:
            return [1.0 / count] * count
        best = best_chances(np.array(self.clicks), np.array(self.misses))
        mixed = (1 - LEAST_SHARE) * best + LEAST_SHARE / count
        return [float(one) for one in mixed]


EMPTY_POOL = Pool((), (), ())


def best_chances(clicks: Floats, misses: Floats) -> Floats:
    """Return the probability of each rate to be the highest, (n,), by integration.

    Rates are independent with Beta distributions; `clicks` and `misses` are their parameters.
    """
    from scipy.special import betainc  # here: loading it takes a tenth of a worker's start

    # the probability of the highest rate is the integral of its density times the others' chances
    # to be lower; points are dense where any density is
    means = clicks / (clicks + misses)
    spread = np.sqrt(means * (1 - means) / (clicks + misses + 1))
    low = max(float((means - 8 * spread).min()), 1e-9)
    high = min(float((means + 10 * spread).max()), 1 - 1e-9)
    edges = np.linspace(low, high, POINTS + 1)
    below = betainc(clicks[:, None], misses[:, None], edges[None, :])
    mass = np.diff(below, axis=1)
    middle = (edges[1:] + edges[:-1]) / 2
    lower = np.maximum(betainc(clicks[:, None], misses[:, None], middle[None, :]), 1e-300)
    others = np.exp(np.log(lower).sum(axis=0)[None, :] - np.log(lower))
    found = (mass * others).sum(axis=1)
    return np.asarray(found / found.sum())


def rates_of_new(
    shown: Mapping[str, tuple[int, int]], topics: Mapping[str, int]
) -> dict[str, tuple[float, float]]:
    """Return the Beta parameters of items from (shown, clicked) counts; the prior of an item is the
    rate of its topic, worth `PRIOR` showings.

    `topics`: topic by item id; items of none share one. A topic's rate is drawn to that of all.
    """
    total_shown = sum(count for count, _ in shown.values())
    total_clicked = sum(count for _, count in shown.values())
    rate = (total_clicked + 1.0) / (total_shown + 20.0)
    sums: dict[int, list[float]] = {}
    for item_id, (count, clicked) in shown.items():
        own = sums.setdefault(topics.get(item_id, -1), [0.0, 0.0])
        own[0] += count
        own[1] += clicked
    found = {}
    for item_id in {*shown, *topics}:
        count, clicked = shown.get(item_id, (0, 0))
        of_topic = sums.get(topics.get(item_id, -1), [0.0, 0.0])
        prior = (of_topic[1] + PRIOR * rate) / (of_topic[0] + PRIOR)
        found[item_id] = (PRIOR * prior + clicked, PRIOR * (1 - prior) + count - clicked)
    return found


def pool_of(
    recommender: Recommender,
    query: Query,
    rates: Mapping[str, tuple[float, float]],
    shown: Collection[str] = (),
) -> Pool:
    """Return the new items that a list may draw: open to the user, undoubted, above the floor.

    `shown`: ids of items of earlier pages, which are left out.
    """
    live = recommender.live
    newest = nonpersonal_lists.latest(live, FRESH, query.filters, query.language)
    if not newest:
        return Pool((), (), ())
    out = user_controls.muted(live, query.controls, live.size)
    own = recommender.own(query, live.size)
    out = own if out is None else out | own[: len(out)]
    acted = {one.item_id for one in query.history}
    if query.taken is not None:
        acted.update(query.taken.ids)
    rows = np.array([live.row(one.item_id) for one in newest], np.int32)
    fine = undoubted(live, rows) & _above_floor(recommender, query, rows)
    left_out = {*acted, *query.exclude, *shown}
    return Pool.of(
        [
            one
            for one, row, open_ in zip(newest, rows.tolist(), fine.tolist(), strict=True)
            if open_ and not _within(row, out) and one.item_id not in left_out
        ],
        rates,
    )


def _above_floor(recommender: Recommender, query: Query, rows: Rows) -> Mask:
    """Return which rows have a score for the user that is not among the lowest of the catalogue."""
    request = recommender.request(query)
    known = rows < request.size
    floor = float(np.quantile(request.sample_scores(), FLOOR))
    found = np.zeros(len(rows), bool)
    found[known] = request.scores(rows[known]) >= floor
    return found


def explored(
    ranked: Sequence[Recommendation],
    pool: Pool,
    share: float,
    rng: random.Random,
    method: Method = "uniform",
) -> list[Placed]:
    """Return the list with each place given, with probability `share`, to an item of the pool.

    A place draws from what the list itself does not hold and no place above has drawn. The logged
    probability is that of the draw, exactly: share times the item's chance.
    """
    left = pool.without({one.item_id for one in ranked})
    placed = []
    for one in ranked:
        if one.source == PINNED:
            placed.append(Placed(one, None, "pinned"))
        elif left.items and share > 0 and rng.random() < share:
            chances = left.chances(method)
            at = rng.choices(range(len(chances)), chances)[0]
            drawn = left.items[at]
            left = left.without({drawn.item_id})
            drawn = drawn._replace(rank=one.rank, source="explore", reasons=(_REASON,))
            placed.append(Placed(drawn, share * chances[at], "explore"))
        else:
            kind = one.source if one.source in (SOURCE, NEW_VOICE) else "ranked"
            placed.append(Placed(one, 1.0 - share if left.items else 1.0, kind))
    return placed


def _within(row: int, mask: Mask) -> bool:
    return 0 <= row < len(mask) and bool(mask[row])
