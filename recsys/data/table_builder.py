"""EventColumns: builder of an EventTable, column by column; builder of an ItemTable from items."""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from recsys.array_types import Mask, Times
from recsys.data.equal_event_numbering import Occurrences
from recsys.data.event_tables import EventTable, ItemTable
from recsys.data.ids import IdMap
from recsys.data.records import Event, Item

DATED = 0.5  # share of events with a timestamp from which the others are given one


def item_table(items: Iterable[Item]) -> ItemTable:
    """Return the table of items with distinct ids."""
    rows = list(items)
    return ItemTable(
        ids=IdMap.from_ids(item.item_id for item in rows),
        title=[item.title for item in rows],
        text=[item.text for item in rows],
        tags=[item.tags for item in rows],
        category=[item.category for item in rows],
        author=[item.author_id for item in rows],
        created=_times(item.created_at for item in rows),
        url=[item.url for item in rows],
        metadata=[item.metadata for item in rows],
        available_from=_times(item.available_from for item in rows),
        expires_at=_times(item.expires_at for item in rows),
        parent=[item.parent_id for item in rows] if any(item.parent_id for item in rows) else None,
    )


def _times(moments: Iterable[float | None]) -> Times:
    return np.array([np.nan if one is None else one for one in moments], np.float64)


def without_gaps(times: Times) -> Times:
    """Return times with each gap (NaN) closed by the time before it, the first by that after it.

    So a few rows without a timestamp do not cost all others theirs. Where most have none, the
    order of the rows is the better clock, and all stays as it is.
    """
    known = np.isfinite(times)
    if known.all() or known.mean() < DATED:
        return times
    before = np.maximum.accumulate(np.where(known, np.arange(len(times)), -1))
    return np.asarray(times[np.where(before < 0, int(known.argmax()), before)], np.float64)


class EventColumns:
    """Events gathered column by column; ten million take some 400 MB instead of 3 GB."""

    def __init__(self, several: bool = False) -> None:
        """`several`: events come from several files, and undated ones stand in more than one."""
        self._undated = Occurrences() if several else None
        self._met: set[tuple[int, int]] = set()  # (event, n-th of its file), of all files
        self.users: dict[str, int] = {}
        self.items: dict[str, int] = {}
        self.kinds: dict[str, int] = {}
        self.user, self.item, self.kind = array("i"), array("i"), array("h")
        self.value, self.time = array("d"), array("d")
        self.comments: dict[int, str] = {}

    def next_file(self) -> None:
        """Begin another file, in which equal undated events are counted anew."""
        if self._undated is not None:
            self._undated = Occurrences()

    def add(self, event: Event) -> None:
        """Add an event; an undated one that an earlier file held already is passed over."""
        if self._undated is not None and event.timestamp is None:
            one = self._undated.key(event), self._undated.number(event)
            if one in self._met:
                return
            self._met.add(one)
        if event.text:
            self.comments[len(self.user)] = event.text
        self.user.append(self.users.setdefault(event.user_id, len(self.users)))
        self.item.append(self.items.setdefault(event.item_id, len(self.items)))
        self.kind.append(self.kinds.setdefault(event.event, len(self.kinds)))
        self.value.append(np.nan if event.value is None else event.value)
        self.time.append(np.nan if event.timestamp is None else event.timestamp)

    def table(self, now: float) -> EventTable:
        times = np.array(self.time, np.float64)
        table = EventTable(
            users=IdMap.from_ids(self.users),
            items=IdMap.from_ids(self.items),
            user=np.array(self.user, np.int32),
            item=np.array(self.item, np.int32),
            kind=np.array(self.kind, np.int16),
            kinds=tuple(self.kinds),
            value=np.array(self.value, np.float32),
            time=np.minimum(times, now),
            comments=self.comments,
        )
        first = self._first(times)
        return in_time(table if first.all() else table.select(first))

    def _first(self, times: Times) -> Mask:
        """Mark the first of equal events; without a timestamp each row is an event of its own."""
        first = np.ones(len(times), np.bool_)
        order = np.argsort(times, kind="stable")
        same = times[order][1:] == times[order][:-1]  # equal events have equal times; NaN has none
        tied = order[np.append(same, False) | np.append(False, same)] if len(order) else order
        seen = set()
        for row in np.sort(tied).tolist():
            value = self.value[row]
            key = (
                self.user[row],
                self.item[row],
                self.kind[row],
                self.time[row],
                None if np.isnan(value) else value,
                self.comments.get(row),
            )
            first[row] = key not in seen
            seen.add(key)
        return first


def in_time(table: EventTable) -> EventTable:
    """Return the events sorted by time, equal times in their order; as they are when not timed."""
    table = replace(table, time=without_gaps(table.time))
    if not table.timed:
        return table
    order = np.argsort(table.time, kind="stable")
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order))
    return replace(
        table,
        user=table.user[order],
        item=table.item[order],
        kind=table.kind[order],
        value=table.value[order],
        time=table.time[order],
        comments={int(place[row]): text for row, text in table.comments.items()},
    )
