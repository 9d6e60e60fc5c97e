"""Burst alarms of past days, evaluated hour by hour."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recsys.array_types import Rows
from recsys.trends.baseline_updates import days_of
from recsys.trends.bursts import Actors, Bursts, find_bursts
from recsys.trends.effective_users import effective, inside
from recsys.trends.item_series_membership import ITEM, KINDS, Labels
from recsys.trends.seasonality import DAY
from recsys.trends.series import Series, Stream, hours_of

GAP = 12  # quiet hours that end an alarm


@dataclass(frozen=True, slots=True)
class Alarm:
    """A stretch of hours in which a series stood out, with no more than GAP hours between."""

    place: int  # of the series
    first: int  # hours since 1970
    last: int
    window: int  # hours; this and the rest as first seen
    acts: float
    actors: float
    expected: float
    significance: float  # the greatest
    author_burst: bool


@dataclass(frozen=True, slots=True)
class People:
    """Who acted when, so that the users of a window can be counted; in order of time."""

    stream: Stream
    labels: Mapping[str, Labels]
    series: Series

    def rows(self, place: int) -> Rows:
        """Return the item rows whose acts a series counts, ascending."""
        kind, ref = KINDS[self.series.kind[place]], int(self.series.ref[place])
        return np.array([ref], np.int32) if kind == ITEM else self.labels[kind].rows_of(ref)

    def acts(self, place: int, first: int, end: int) -> NDArray[np.int64]:
        """Return the numbers of a series' acts from hour `first` until before hour `end`."""
        hours = hours_of(self.stream.time)
        begin, stop = np.searchsorted(hours, [first, end])
        mine = inside(self.stream.row[begin:stop], self.rows(place))
        if self.series.kind[place] == KINDS.index(ITEM):
            mine &= ~self.stream.posted[begin:stop]
        found: NDArray[np.int64] = int(begin) + np.flatnonzero(mine)
        return found

    def before(self, end: int) -> Actors:
        """Return the function of users behind the hours before `end`."""
        return lambda place, hours: self.actors(place, end - hours, end)

    def actors(self, place: int, first: int, end: int) -> float:
        """Return the effective number of users behind those acts."""
        return effective(self.stream.actor[self.acts(place, first, end)])


def alarms(series: Series, effective_users: People, warm_up: int) -> list[Alarm]:
    """Return the alarms of a walk from day `warm_up` on, in the order in which they began."""
    open_: dict[int, Alarm] = {}
    done: list[Alarm] = []
    for hour, found in hourly(series, effective_users, warm_up):
        for at in range(len(found)):
            place = int(found.place[at])
            before = open_.get(place)
            if before is not None and hour - before.last > GAP:
                done.append(open_.pop(place))
                before = None
            open_[place] = _extended(before, found, at, hour)
    return sorted([*done, *open_.values()], key=lambda alarm: (alarm.first, alarm.place))


def hourly(series: Series, effective_users: People, warm_up: int) -> Iterator[tuple[int, Bursts]]:
    """Yield each hour and what stood out at its end."""
    for number, day in enumerate(days_of(series), start=1):
        for at in range(DAY if number >= warm_up else 0):
            end = int(day.hours[DAY + at]) + 1
            part = slice(1 + at, 1 + at + DAY)
            found = find_bursts(
                day.acts[:, part],
                day.unique_users[:, part],
                day.expected[:, part],
                day.expectation,
                series.population,
                effective_users.before(end),
            )
            if len(found):
                yield end - 1, found


def _extended(before: Alarm | None, found: Bursts, at: int, hour: int) -> Alarm:
    significance = float(found.significance[at])
    author_burst = bool(found.author_burst[at])
    if before is None or (before.author_burst and not author_burst):
        return Alarm(
            int(found.place[at]),
            hour,
            hour,
            int(found.window[at]),
            float(found.acts[at]),
            float(found.actors[at]),
            float(found.expected[at]),
            significance,
            author_burst,
        )
    return Alarm(
        before.place,
        before.first,
        hour,
        before.window,
        before.acts,
        before.actors,
        before.expected,
        max(before.significance, significance),
        before.author_burst,
    )
