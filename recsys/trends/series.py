"""Series: events and users per hour, of each item, topic, tag and entity with enough events.

Unique users are the distinct actors of one hour: a flood by few authors has many acts and few
unique users. No actor is kept, only how many there were.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recsys.array_types import Mask, Rows, Times
from recsys.trends.item_series_membership import ITEM, KINDS, Labels

HOUR = 3600.0
WEEK = 168  # hours
Hours = NDArray[np.int64]  # hours since 1970, UTC
Counts = NDArray[np.float32]
_COLUMNS = {  # array of a bundle -> field
    "kind": "kind",
    "ref": "ref",
    "ends": "ends",
    "hour": "hour",
    "acts": "acts",
    "voices": "unique_users",
    "total": "total",
    "population": "population",
    "volume": "volume",
}


@dataclass(frozen=True, slots=True)
class Stream:
    """Who did what when, one act after the other; posting an item is an act of its author."""

    time: Times  # (n,): Unix seconds, finite
    row: Rows  # (n,): of the item
    actor: NDArray[np.int64]  # (n,): any number per user; -1: unknown, each a user of its own
    posted: Mask  # (n,): the item was posted; counts for its labels, not for itself

    def __len__(self) -> int:
        return len(self.time)

    @classmethod
    def of_acts(cls, time: Times, row: Rows, actor: NDArray[np.integer]) -> Stream:
        """Return the stream of what was done to items; acts without a time are left out."""
        known = np.isfinite(time)
        none = np.zeros(int(known.sum()), bool)
        return cls(time[known], row[known], actor[known].astype(np.int64), none)

    def with_posts(self, created: Times, author: Rows) -> Stream:
        """Return the stream with the posting of the items that have a date; author -1: unknown.

        What will be published after now is not posted yet.
        """
        rows = np.flatnonzero(np.isfinite(created) & (created <= time.time())).astype(np.int32)
        return Stream(
            np.concatenate([self.time, created[rows]]),
            np.concatenate([self.row, rows]),
            np.concatenate([self.actor, author_number(author[rows])]),
            np.concatenate([self.posted, np.ones(len(rows), bool)]),
        )

    def in_order(self) -> Stream:
        """Return the acts in the order of time."""
        order = np.argsort(self.time, kind="stable")
        return Stream(self.time[order], self.row[order], self.actor[order], self.posted[order])

    def between(self, start: float, end: float) -> Stream:
        """Return the acts from `start` until before `end`."""
        kept = (self.time >= start) & (self.time < end)
        return Stream(self.time[kept], self.row[kept], self.actor[kept], self.posted[kept])


def author_number(author: NDArray[np.integer]) -> NDArray[np.int64]:
    """Return the actors' numbers of authors, set apart from those of users."""
    return np.where(author >= 0, -2 - author.astype(np.int64), -1)


@dataclass(frozen=True, slots=True)
class Series:
    """Counts of `length` hours from hour `first`; hours without an act are left out."""

    first: int  # hours since 1970
    length: int
    kind: NDArray[np.int8]  # (n,): index into KINDS
    ref: Rows  # (n,): item row or code
    ends: NDArray[np.int64]  # (n + 1,)
    hour: Rows  # hours since `first`, ascending within a series
    acts: Rows
    unique_users: Rows
    total: Counts  # (length,): unique users of all
    population: NDArray[np.int64]  # (kinds,): series there could be, quiet ones included
    volume: Counts  # (kinds, length): unique users of all series of a kind, quiet ones included

    def __len__(self) -> int:
        return len(self.ref)

    @property
    def end(self) -> int:
        """The hour after the last."""
        return self.first + self.length

    def dense(self, which: slice | NDArray[np.integer] = slice(None)) -> tuple[Counts, Counts]:
        """Return (acts, unique users) of some series, each (n, length)."""
        rows = np.arange(len(self))[which]
        counts = self.ends[rows + 1] - self.ends[rows]
        place = np.repeat(np.arange(len(rows)), counts)
        step = np.arange(len(place)) - np.repeat(np.cumsum(counts) - counts, counts)
        entry = np.repeat(self.ends[rows], counts) + step
        found = np.zeros((2, len(rows), self.length), np.float32)
        found[0, place, self.hour[entry]] = self.acts[entry]
        found[1, place, self.hour[entry]] = self.unique_users[entry]
        return found[0], found[1]

    def select(self, kept: Mask) -> Series:
        """Return some of the series, with all their hours."""
        owner = np.repeat(np.arange(len(self)), np.diff(self.ends))
        cells = kept[owner]
        ends = np.concatenate([[0], np.cumsum(np.diff(self.ends)[kept])]).astype(np.int64)
        return replace(
            self,
            kind=self.kind[kept],
            ref=self.ref[kept],
            ends=ends,
            hour=self.hour[cells],
            acts=self.acts[cells],
            unique_users=self.unique_users[cells],
        )

    def trimmed(self, length: int) -> Series:
        """Return the last `length` hours of all series; one may have none of them."""
        gone = max(self.length - length, 0)
        cells = self.hour >= gone
        ends = np.concatenate([[0], np.cumsum(cells)]).astype(np.int64)[self.ends]
        return replace(
            self,
            first=self.first + gone,
            length=self.length - gone,
            ends=ends,
            hour=self.hour[cells] - np.int32(gone),
            acts=self.acts[cells],
            unique_users=self.unique_users[cells],
            total=self.total[gone:],
            volume=self.volume[:, gone:],
        )

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return the arrays to save; `from_arrays` reads them back."""
        found = {name: getattr(self, field) for name, field in _COLUMNS.items()}
        return {**found, "span": np.array([self.first, self.length], np.int64)}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Series:
        """Give saved arrays their meaning; ValueError when their lengths do not fit together.

        Nothing is copied.
        """
        first, length = arrays["span"].tolist()
        if "volume" not in arrays:  # of a night before volumes were kept: those of its series
            kind = np.repeat(arrays["kind"], np.diff(arrays["ends"])).astype(np.int64)
            cells = np.bincount(
                kind * length + arrays["hour"], arrays["voices"], len(KINDS) * length
            )
            arrays = {**arrays, "volume": cells.reshape(len(KINDS), length).astype(np.float32)}
        series, entries = len(arrays["kind"]), int(arrays["ends"][-1])
        needed = {"ref": series, "ends": series + 1}
        needed |= {name: entries for name in ("hour", "acts", "voices")}
        needed |= {"total": length, "population": len(KINDS), "volume": len(KINDS)}
        for name, count in needed.items():
            if len(arrays[name]) != count:
                raise ValueError(f"{name} has {len(arrays[name])} rows instead of {count}")
        return cls(first, length, *(arrays[name] for name in _COLUMNS))


@dataclass(frozen=True, slots=True)
class Part:
    """Counts of one kind before they are joined: sorted by (code, hour)."""

    code: Rows
    hour: Rows
    acts: Rows
    unique_users: Rows


def hours_of(time: Times) -> Hours:
    """Return the hours that moments lie in."""
    return np.floor(time / HOUR).astype(np.int64)


def count(
    stream: Stream,
    labels: Mapping[str, Labels],
    first: int,
    length: int,
    population: Sequence[int],
    least: int = 5,
) -> Series:
    """Count a stream by hour for every label; `population` says how many labels of a kind exist.

    Series with fewer than `least` acts are left out.
    """
    stream = stream.between(first * HOUR, (first + length) * HOUR)
    hour = (hours_of(stream.time) - first).astype(np.int32)
    parts, volume = [], np.zeros((len(KINDS), length), np.float32)
    for number, kind in enumerate(KINDS):
        if kind == ITEM or kind in labels:
            part = _part(stream, hour, labels.get(kind), length)
            volume[number] = np.bincount(part.hour, part.unique_users, length)
            parts.append((number, _kept(part, least)))
    return _joined(
        parts,
        first,
        length,
        unique_users_per_hour(stream, hour, length),
        np.array(population, np.int64),
        volume,
    )


def unique_users_per_hour(stream: Stream, hour: Rows, length: int) -> Counts:
    """Return the unique users of all per hour, (length,)."""
    cells, _, unique_users = count_distinct(hour.astype(np.int64), stream.actor)
    return np.bincount(cells, unique_users, length)[:length].astype(np.float32)


def _part(stream: Stream, hour: Rows, labels: Labels | None, length: int) -> Part:
    if labels is None:  # an item is its own label
        place = np.flatnonzero(~stream.posted)
        code = stream.row[place]
    else:
        place, code = labels.expand(stream.row)
    key = code.astype(np.int64) * length + hour[place]
    cells, acts, unique_users = count_distinct(key, stream.actor[place])
    return Part(
        (cells // length).astype(np.int32), (cells % length).astype(np.int32), acts, unique_users
    )


def count_distinct(key: Hours, actor: NDArray[np.int64]) -> tuple[Hours, Rows, Rows]:
    """Return the distinct keys, ascending, and the acts and the unique users of each."""
    cells, acts = np.unique(key, return_counts=True)
    strangers = np.iinfo(np.int64).min + np.arange(len(actor))
    identity = np.where(actor == -1, strangers, actor)
    order = np.lexsort((identity, key))
    key, identity = key[order], identity[order]
    fresh = np.ones(len(key), bool)
    fresh[1:] = (key[1:] != key[:-1]) | (identity[1:] != identity[:-1])
    unique_users = np.bincount(np.searchsorted(cells, key[fresh]), minlength=len(cells))
    return cells, acts.astype(np.int32), unique_users.astype(np.int32)


def _kept(part: Part, least: int) -> Part:
    enough = np.bincount(part.code, part.acts, int(part.code.max(initial=-1)) + 1) >= least
    kept = enough[part.code]
    return Part(part.code[kept], part.hour[kept], part.acts[kept], part.unique_users[kept])


def _joined(
    parts: Sequence[tuple[int, Part]],
    first: int,
    length: int,
    total: Counts,
    population: NDArray[np.int64],
    volume: Counts,
) -> Series:
    kinds, refs, sizes = [], [], []
    for number, part in parts:
        codes, counts = np.unique(part.code, return_counts=True)
        kinds.append(np.full(len(codes), number, np.int8))
        refs.append(codes.astype(np.int32))
        sizes.append(counts)
    ends = np.concatenate([[0], np.cumsum(np.concatenate(sizes))]).astype(np.int64)
    hour, acts, unique_users = (
        np.concatenate([getattr(part, name) for _, part in parts])
        for name in ("hour", "acts", "unique_users")
    )
    return Series(
        first,
        length,
        np.concatenate(kinds),
        np.concatenate(refs),
        ends,
        hour,
        acts,
        unique_users,
        total,
        population,
        volume,
    )
