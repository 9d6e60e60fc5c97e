"""Exploration: replaces a small share of list places by random new items and logs propensities."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import NamedTuple

from recsys.ranking.pinned_items import SOURCE as PINNED
from recsys.ranking.query import Reason, Recommendation
from recsys.ranking.reserved_places import SOURCE

_REASON = Reason("explore", 1.0, "New here, shown to find out who likes it")


class Placed(NamedTuple):
    """An item at a place, with the probability that it, and no other, was put there."""

    item: Recommendation
    propensity: float | None = 1.0  # None: of a pin, which is no choice of the ranking
    slot_kind: str = "ranked"  # one of recsys.store.exposures.SLOT_KINDS


def explored(
    ranked: Sequence[Recommendation],
    fresh: Sequence[Recommendation],
    share: float,
    rng: random.Random,
) -> list[Placed]:
    """Return the list with each place given, with probability `share`, to a fresh item.

    A place explores by drawing uniformly from the fresh items that the list itself does not hold
    and that no place above has drawn: with m of them left, each has the chance share / m there.
    """
    listed = {one.item_id for one in ranked}
    pool = [one for one in fresh if one.item_id not in listed]
    placed = []
    for one in ranked:
        if one.source == PINNED:
            placed.append(Placed(one, None, "pinned"))
        elif pool and share > 0 and rng.random() < share:
            chance = share / len(pool)
            drawn = pool.pop(rng.randrange(len(pool)))
            drawn = drawn._replace(rank=one.rank, source="explore", reasons=(_REASON,))
            placed.append(Placed(drawn, chance, "explore"))
        else:
            kind = "reserved" if one.source == SOURCE else "ranked"
            placed.append(Placed(one, 1.0 - share if pool else 1.0, kind))
    return placed
