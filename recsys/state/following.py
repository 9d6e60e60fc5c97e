"""Following: what a row of the store's logs means to a live state, whoever reads the log."""

from __future__ import annotations

from collections.abc import Sequence

from recsys.data.company import Company
from recsys.data.event_log import StoredEvent
from recsys.data.item_log import ItemChange
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
            None if company is None else company.born(e.user),
        )
        for e, tone in zip(events, told, strict=True)
    ]


def apply_change(live: LiveState, change: ItemChange) -> None:
    """Make an item live as it is now, or take it out of sight."""
    if change.state == "live" and change.item is not None:
        live.add_item(change.item)
    else:
        live.remove_item(change.item_id)
