"""EventTable and ItemTable: columns read from a store or from files, before any cut."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from recsys.array_types import Mask, Rows, Times
from recsys.data.follow_table import FollowTable
from recsys.data.ids import IdMap
from recsys.data.records import Item
from recsys.data.shown_lists import ShownLists


@dataclass(frozen=True, slots=True)
class EventTable:
    """Events in the order of time (ties, and files without timestamps: in order of arrival).

    `users` and `items` number the ids of this table; `Dataset` renumbers the items it keeps.
    """

    users: IdMap
    items: IdMap
    user: Rows  # (n,)
    item: Rows  # (n,)
    kind: NDArray[np.int16]  # (n,): index into `kinds`
    kinds: tuple[str, ...]  # view, like, rating, …
    value: NDArray[np.float32]  # (n,): NaN where the event carries none
    time: Times  # (n,): Unix seconds; NaN where the file has none
    comments: Mapping[int, str] = field(default_factory=dict)  # event number -> a comment's words
    sentiment: NDArray[np.float32] | None = (
        None  # (n,): of comments, -1 to 1, 0 without; None: not read
    )
    share: NDArray[np.float32] | None = None  # (n,): by which an event counts; None: all whole
    numbers: NDArray[np.int64] | None = None  # (users,): the store's, ascending; None: not known
    follows: FollowTable | None = None  # by rows of `users`; None: no follows are known
    shown: ShownLists | None = None  # that events came of; None: no list is known

    def __len__(self) -> int:
        return len(self.user)

    @property
    def timed(self) -> bool:
        """Whether every event carries a timestamp."""
        return len(self) > 0 and bool(np.isfinite(self.time).all())

    def kind_counts(self) -> dict[str, int]:
        """Return the number of events of each kind."""
        counts = np.bincount(self.kind, minlength=len(self.kinds)).tolist()
        return dict(zip(self.kinds, counts, strict=True))

    def select(self, mask: Mask) -> EventTable:
        """Return the events where `mask` holds, in the same order and with the same id maps."""
        kept = np.flatnonzero(mask)
        place = dict(zip(kept.tolist(), range(len(kept)), strict=True)) if self.comments else {}
        return replace(
            self,
            user=self.user[kept],
            item=self.item[kept],
            kind=self.kind[kept],
            value=self.value[kept],
            time=self.time[kept],
            sentiment=None if self.sentiment is None else self.sentiment[kept],
            share=None if self.share is None else self.share[kept],
            comments={place[k]: t for k, t in self.comments.items() if k in place},
            shown=None if self.shown is None else self.shown.select(kept),
        )


@dataclass(frozen=True, slots=True)
class ItemTable:
    """What is known of each item, row by row; empty strings and NaN where nothing is known."""

    ids: IdMap
    title: list[str]
    text: list[str]
    tags: list[tuple[str, ...]]
    category: list[str]
    author: list[str]
    created: Times  # (n,): Unix seconds, NaN unknown
    url: list[str]
    metadata: list[dict[str, object]]  # unknown columns of the file, kept as they came
    available_from: Times | None = None  # (n,): Unix seconds, NaN none; None: no item has one
    expires_at: Times | None = None  # (n,): Unix seconds, NaN none; None: no item has one
    recorded: Mask | None = None  # (n,): False: only events tell of the item; None: all have one
    parent: list[str] | None = None  # the item that each answers; None: no item answers another

    def __len__(self) -> int:
        return len(self.ids)

    def item(self, row: int) -> Item:
        """Return one row as an item."""
        created = float(self.created[row])
        return Item(
            item_id=self.ids[row],
            title=self.title[row],
            text=self.text[row],
            tags=self.tags[row],
            category=self.category[row],
            author_id=self.author[row],
            created_at=created if np.isfinite(created) else None,
            url=self.url[row],
            metadata=self.metadata[row],
            available_from=_moment(self.available_from, row),
            expires_at=_moment(self.expires_at, row),
            parent_id="" if self.parent is None else self.parent[row],
        )

    @property
    def opens(self) -> Times:
        """From when each item may be listed, (n,): `available_from`, else its date; -inf: ever."""
        opens = self.created
        if self.available_from is not None:
            opens = np.where(np.isnan(self.available_from), opens, self.available_from)
        return np.where(np.isnan(opens), -np.inf, opens)

    @property
    def closes(self) -> Times:
        """From when on each item is listed no more, (n,); inf: never."""
        if self.expires_at is None:
            return np.full(len(self), np.inf)
        return np.where(np.isnan(self.expires_at), np.inf, self.expires_at)

    @property
    def has_record(self) -> Mask:
        """Which items have a record, (n,)."""
        return np.ones(len(self), bool) if self.recorded is None else self.recorded

    @classmethod
    def empty(cls) -> ItemTable:
        """Return the table of no items, for event files that come alone."""
        return cls(IdMap.from_ids(()), [], [], [], [], [], np.zeros(0), [], [])


def _moment(times: Times | None, row: int) -> float | None:
    if times is None or np.isnan(times[row]):
        return None
    return float(times[row])
