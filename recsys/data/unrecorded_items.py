"""Items without a record of their own: their detection and whether they can be recommended.

An event may name an item that no file and no request has described: a page, a typo, or any item of
a platform that sends no items. Only where most items are like that (`auto`) may they be listed,
and each only after NEEDED different users acted on it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recsys.array_types import Mask
from recsys.data.event_kind_weights import EventWeights
from recsys.data.event_tables import EventTable, ItemTable

AUTO, ON, OFF = "auto", "on", "off"
CHOICES = (AUTO, ON, OFF)
NEEDED = 3  # different users who must act on an item without a record


def lists_unrecorded(choice: str, acted: int, recorded: int) -> bool:
    """Return whether items without a record may be listed.

    `auto`: where fewer than half of the items with events, `recorded` of `acted`, have a record.
    """
    return choice == ON or choice == AUTO and 2 * recorded < acted


def user_counts_of(
    user: NDArray[np.integer], item: NDArray[np.integer], n_items: int
) -> NDArray[np.uint8]:
    """Return how many different users acted on each item, (n_items,), NEEDED at most."""
    pairs = np.unique(np.stack([item, user]).astype(np.int64), axis=1)
    counts = np.bincount(pairs[0], minlength=n_items)
    return np.minimum(counts, NEEDED).astype(np.uint8)


@dataclass(frozen=True, slots=True)
class Unrecorded:
    """What the rule says of a table of events."""

    listed: bool  # items without a record may be listed, those of enough users
    items: int  # with events and without a record
    events: int  # on these

    @property
    def sentence(self) -> str:
        """What becomes of them, for users."""
        if self.listed:
            known = "1 item is" if self.items == 1 else f"{self.items:,} items are"
            return (
                f"{known} known from events alone; each may be listed once {NEEDED} different "
                "users have acted on it"
            )
        items = "1 item" if self.items == 1 else f"{self.items:,} items"
        events = "1 event" if self.events == 1 else f"{self.events:,} events"
        return (
            f"left out: {events} on {items} without a record; most items have one "
            "(RECSYS_UNRECORDED_ITEMS=on lists the others too)"
        )

    @classmethod
    def of(cls, events: EventTable, items: ItemTable, choice: str, acts: Mask) -> Unrecorded:
        """Apply the rule; `acts`: which events are acts, the others say nothing of an item."""
        known = items.ids.rows(events.items) >= 0
        acted = np.zeros(len(events.items), bool)
        acted[events.item[acts]] = True
        listed = lists_unrecorded(choice, int(acted.sum()), int((acted & known).sum()))
        return cls(listed, int((acted & ~known).sum()), int((~known[events.item]).sum()))


def with_records(
    events: EventTable, items: ItemTable, choice: str, weights: EventWeights
) -> tuple[EventTable, Unrecorded]:
    """Return the events that count: without those on items that have no record and no list.

    Where items without a record may be listed, all events stay.
    """
    found = Unrecorded.of(events, items, choice, weights.acts(events))
    if found.listed or not found.events:
        return events, found
    known = items.ids.rows(events.items) >= 0
    return events.select(known[events.item]), found


def unlisted(events: EventTable, items: ItemTable, acts: Mask) -> Mask:
    """Return which item rows of events lack a record and enough users, (len(events.items),)."""
    counts = user_counts_of(events.user[acts], events.item[acts], len(events.items))
    return (items.ids.rows(events.items) < 0) & (counts < NEEDED)
