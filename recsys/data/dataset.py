"""Dataset: events before a cutoff, with users and items as row numbers."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from recsys.array_types import Floats, Mask, Rows, Times
from recsys.data.account_mix_anomalies import (
    AccountMix,
    births_by_number,
    births_of,
    count_unique_users,
)
from recsys.data.event_kind_weights import EventWeights
from recsys.data.event_tables import EventTable, ItemTable
from recsys.data.follow_table import FollowTable
from recsys.data.ids import IdMap
from recsys.data.rating_scale import RatingScale
from recsys.data.unrecorded_items import user_counts_of


@dataclass(frozen=True, slots=True)
class Dataset:
    """Acts of users in the order of time, and every item that events or the catalogue name.

    Items of the catalogue come first, in its order; items seen only in events follow, without
    words. Without timestamps, `time` is the event's number: order is all there is.
    """

    users: IdMap
    items: IdMap
    user: Rows  # (n_events,)
    item: Rows  # (n_events,)
    weight: Floats  # (n_events,): signed, see EventWeights
    explicit: Mask  # (n_events,): likes, dislikes, ratings …, not views
    time: Times  # (n_events,), ascending
    timed: bool  # False: `time` counts events, not seconds
    table: ItemTable  # one row per item of `items`
    cutoff: float  # every event is earlier; infinity: none was left out
    rating_scale: RatingScale
    sentiment: Floats | None = None  # (n_events,): of comments, -1 to 1, 0 without; None: not read
    account_mix: AccountMix | None = None  # of the items' first acts; None: every act counts whole
    follows: FollowTable | None = None  # by rows of `users`; None: no follows are known
    public: Mask | None = None  # (n_events,): acts of public kinds; None: not needed

    @classmethod
    def build(
        cls,
        events: EventTable,
        items: ItemTable,
        cutoff: float = np.inf,
        weights: EventWeights | None = None,
    ) -> Dataset:
        """Keep the acts strictly before `cutoff`, Unix seconds.

        Where events carry no time, order is all there is: what stands after the first event that
        is dated at the cutoff or later is left out with it. Weights are computed from the kept
        events alone, so that no later rating moves a mean. Events that weigh nothing, such as
        impressions, are no acts; all that they tell is that their item exists.
        """
        weights = weights or EventWeights()
        timed = events.timed
        if np.isfinite(cutoff):
            events = events.select(_before(events.time, cutoff, timed))
        used = np.unique(events.item)
        names = [events.items[int(row)] for row in used]
        ids = IdMap.from_ids([*items.ids, *names])
        renumber = np.full(len(events.items), -1, np.int32)
        renumber[used] = ids.rows(names)
        acts = weights.acts(events)
        if not acts.all():
            events = events.select(acts)
        weight, account_mix, item = weights.of_table(events), None, renumber[events.item]
        if weights.account_tests:
            when = events.time if timed else None
            result = np.flatnonzero(weight)
            when = None if when is None else when[result]
            counts, account_mix = count_unique_users(
                events.user[result],
                item[result],
                weight[result] < 0,
                when,
                len(events.users),
                len(ids),
            )
            weight[result] *= counts
            if timed and events.numbers is not None:
                first_act = births_of(events.user, events.time, len(events.users))
                account_mix = replace(
                    account_mix, births=births_by_number(events.numbers, first_act)
                )
        return cls(
            users=events.users,
            items=ids,
            user=events.user,
            item=item,
            weight=weight,
            explicit=weights.explicit(events),
            time=events.time if timed else np.arange(len(events), dtype=np.float64),
            timed=timed,
            table=extended(items, ids),
            cutoff=cutoff,
            rating_scale=weights.rating_scale(events),
            sentiment=events.sentiment,
            account_mix=account_mix,
            follows=events.follows,
            public=None if events.follows is None else weights.public_acts(events),
        )

    @property
    def now(self) -> float:
        """The time of the last event; 0 without events."""
        return float(self.time[-1]) if len(self.time) else 0.0

    def matrix(self, minimum: float = 0.0) -> sparse.csr_array:
        """Return users × items, 1 where the summed weight is above `minimum`."""
        shape = (len(self.users), len(self.items))
        total = sparse.csr_array((self.weight, (self.user, self.item)), shape=shape)
        total.sum_duplicates()
        total.data = (total.data > minimum).astype(np.float32)
        total.eliminate_zeros()
        return total

    def user_counts(self) -> NDArray[np.uint8]:
        """Return how many different users acted on each item, NEEDED at most, (n_items,).

        Of items with a record only whether anybody did, as 1.
        """
        recorded, n_items = self.table.has_record, len(self.items)
        found = (np.bincount(self.item, minlength=n_items) > 0).astype(np.uint8)
        if not recorded.all():
            some = ~recorded[self.item]
            counted = user_counts_of(self.user[some], self.item[some], n_items)
            found = np.where(recorded, found, counted)
        return found

    def created(self) -> Times:
        """Return when each item appeared: its own date, else its first event, else NaN."""
        known = self.table.created.copy()
        if self.timed:
            first = np.full(len(self.items), np.inf)
            np.minimum.at(first, self.item, self.time)
            missing = ~np.isfinite(known) & np.isfinite(first)
            known[missing] = first[missing]
        return known


def _before(times: Times, cutoff: float, timed: bool) -> Mask:
    late = times >= cutoff
    return ~late if timed else ~np.logical_or.accumulate(late)


def extended(items: ItemTable, ids: IdMap) -> ItemTable:
    """Return the items with a row for each of `ids`, which begin with theirs."""
    extra = len(ids) - len(items)
    if extra == 0:
        return items
    return ItemTable(
        ids=ids,
        title=items.title + [""] * extra,
        text=items.text + [""] * extra,
        tags=items.tags + [()] * extra,
        category=items.category + [""] * extra,
        author=items.author + [""] * extra,
        created=np.concatenate([items.created, np.full(extra, np.nan)]),
        url=items.url + [""] * extra,
        metadata=items.metadata + [{} for _ in range(extra)],
        available_from=_padded(items.available_from, extra),
        expires_at=_padded(items.expires_at, extra),
        recorded=np.concatenate([items.has_record, np.zeros(extra, bool)]),
        parent=None if items.parent is None else items.parent + [""] * extra,
    )


def _padded(times: Times | None, extra: int) -> Times | None:
    return None if times is None else np.concatenate([times, np.full(extra, np.nan)])
