"""Agreed tags: those that most of the items near a short text have."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection

import numpy as np

from recsys.monitoring.text_tokens import is_han, normalized
from recsys.ranking import nonpersonal_lists
from recsys.ranking.query import Filters
from recsys.serving.live_state import LiveState

LONGEST, LONGEST_HAN = 200, 60  # signs of a short text
NEAR = 10  # items that are compared; copies of one count once
LEAST_LIKENESS = 0.3  # of an item's words to the text, 0 to 1
LEAST_ITEMS = 3  # near items with a tag
LEAST_SHARE = 0.6  # of the likeness of all near items
LEAST_LIFT = 1.5  # of that share, over the share of all items with the tag


def is_short(text: str) -> bool:
    """Whether a text is so short that words say little by how often they occur in it."""
    return len(text) <= (LONGEST_HAN if is_han(text) else LONGEST)


def agreed_tags(
    live: LiveState, text: str, most: int, without: str = "", known: Collection[str] = ()
) -> list[str]:
    """Return up to `most` tags that items near a text agree on, the largest share first.

    `without`: an item that does not count. `known`: tags that are not returned. Empty where too
    few items are near, or these differ. The engine is to be held meanwhile.
    """
    found = nonpersonal_lists.near_by_words(live, text, NEAR + 1, Filters())
    near = [one for one in found if one.item_id != without and one.score >= LEAST_LIKENESS][:NEAR]
    if len(near) < LEAST_ITEMS:
        return []
    weights: defaultdict[int, float] = defaultdict(float)
    items: Counter[int] = Counter()
    for one in near:
        codes = set(np.asarray(live.tags_of(live.row(one.item_id))).tolist())
        items.update(codes)
        for code in codes:
            weights[code] += one.score
    total, names = sum(one.score for one in near), list(live.spelt("tag"))
    agreed = []
    for code, weight in weights.items():
        share = weight / total
        if items[code] >= LEAST_ITEMS and share >= max(
            LEAST_SHARE, LEAST_LIFT * _share(live, code)
        ):
            agreed.append((-share, names[code]))
    own = set(map(normalized, known))
    return [name for _, name in sorted(agreed) if normalized(name) not in own][:most]


def _share(live: LiveState, code: int) -> float:
    """Return the share of the model's items that have a tag."""
    catalogue = live.model.catalogue
    return float(np.count_nonzero(catalogue.tags == code)) / max(len(catalogue), 1)
