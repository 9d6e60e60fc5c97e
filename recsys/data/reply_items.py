"""Replies: items that answer another item of the same table, and whether lists hold them."""

from __future__ import annotations

import numpy as np

from recsys.array_types import Mask

ON, OFF, AUTO = "on", "off", "auto"
CHOICES = (ON, OFF, AUTO)
FEWEST_ROOTS = 0.01  # share of items that answer none, below which `auto` lists replies


def replies_of(ids: list[str], parents: list[str]) -> Mask:
    """Return which items name another item of the same table as the one they answer, (n,)."""
    known = set(ids)
    return np.array(
        [p != "" and p != own and p in known for own, p in zip(ids, parents, strict=True)], bool
    )


def lists_replies(choice: str, items: int, replies: int) -> bool:
    """Return whether lists hold replies where a request does not say.

    `auto`: where fewer than one of a hundred items, `replies` of which answer others, answers none.
    """
    return choice == ON or choice == AUTO and items - replies < FEWEST_ROOTS * items
