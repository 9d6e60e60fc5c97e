"""Following: what a row of the store's logs means to a live state, whoever reads the log."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from recsys.data.company import Company
from recsys.data.event_log import StoredEvent
from recsys.data.item_log import ItemChange
from recsys.data.weights import EventWeights
from recsys.safety.chatter import Chatter
from recsys.state.acts import Act
from recsys.state.live import LiveState
from recsys.text.tones import Tones


def acts_of(
    events: Sequence[StoredEvent],
    tones: Tones | None,
    chatter: Chatter,
    company: Company | None = None,
) -> list[Act]:
    """Return events as acts; `tones` hears what was written, None: that counts for nothing.

    `chatter` remembers the last hour's comments: what bots repeat counts less. `company` knows
    which accounts are older than the night; None: all are new.
    """
    told = tones.scores([e.text for e in events]).tolist() if tones else [0.0] * len(events)
    return [
        Act(
            e.item_id,
            e.event,
            e.value,
            e.moment,
            tone,
            e.user_id,
            chatter.share(e.user_id, e.text, e.moment),
            born=None if company is None else company.born(e.user),
        )
        for e, tone in zip(events, told, strict=True)
    ]


def with_returning(
    events: Sequence[StoredEvent],
    acts: Sequence[Act],
    live: LiveState,
    last: int,
    known: Callable[[str, str], Sequence[StoredEvent]],
) -> list[Act]:
    """Return acts, those of people who had acted on the item before the night marked so.

    Only items without a record that need more people are looked up: `known(user, item)` gives what
    a user did to an item. `last`: the id of the last event of the night.
    """
    return [
        act._replace(returning=True)
        if act.actor is not None
        and live.listing.counts_people(live.row(act.item_id))
        and any(
            one.id <= last and live.weights.heeds(one.event, one.value)
            for one in known(event.user_id, event.item_id)
        )
        else act
        for event, act in zip(events, acts, strict=True)
    ]


def taken_back(
    event: StoredEvent, kind: str, known: Sequence[StoredEvent], weights: EventWeights
) -> list[StoredEvent]:
    """Return the acts of a kind that an event withdraws, which nothing withdrew before it.

    `known`: what the same user did to the same item. Only what arrived before the event is
    returned: it was counted. What arrives later and happened earlier is not to be counted at all.
    """
    meanings = weights.meanings
    earlier = [one for one in known if one.id < event.id]
    ends = [_place(one) for one in earlier if meanings[one.event].withdraws == kind]
    last = max(ends, default=(-math.inf, 0))
    return [
        one
        for one in earlier
        if meanings[one.event].name == kind and last < _place(one) < _place(event)
    ]


def _place(event: StoredEvent) -> tuple[float, int]:
    return event.moment, event.id


def apply_change(live: LiveState, change: ItemChange) -> None:
    """Make an item live as it is now, or take it out of sight."""
    if change.state == "live" and change.item is not None:
        live.add_item(change.item, change.recorded)
    else:
        live.remove_item(change.item_id)
