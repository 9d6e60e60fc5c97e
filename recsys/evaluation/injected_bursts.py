"""Artificial bursts and floods injected into a real event stream."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recsys.array_types import Rows
from recsys.trends.item_series_membership import ITEM, Labels
from recsys.trends.series import HOUR, Stream

LIFTS = (2.0, 4.0, 8.0)  # times what is usual
LENGTHS = (3, 6, 12, 24)  # hours
FEWEST = 10  # acts of a burst, however quiet its series is
FLOODERS = (1, 4)  # users behind a flood, from … until before
STRANGERS = 10**12  # injected users are numbered from here
MONTH = 28 * 24 * HOUR
BLUR = MONTH / 2


@dataclass(frozen=True, slots=True)
class Injection:
    """One artificial burst."""

    kind: str
    ref: int  # item row or code
    start: float  # Unix seconds
    end: float
    acts: int
    author_burst: bool


@dataclass(frozen=True, slots=True)
class Mixed:
    """A stream in the order of time, and which injection each act belongs to, -1: none."""

    stream: Stream
    source: NDArray[np.int64]
    injections: tuple[Injection, ...]


def settled(stream: Stream, rng: np.random.Generator) -> Stream:
    """Return the stream with the acts' items exchanged among acts of two weeks around.

    Seasonality, totals and the items' popularity stay; what surged on a single day is spread.
    """
    time, row = stream.time, stream.row.copy()
    for posted in (False, True):
        acts = np.flatnonzero(stream.posted == posted)
        order = acts[np.argsort(time[acts], kind="stable")]
        blurred = time[order] + rng.uniform(-BLUR, BLUR, len(order))
        row[order] = row[order[np.argsort(blurred, kind="stable")]]
    return Stream(time, row, stream.actor, stream.posted)


def inject(
    stream: Stream,
    labels: Mapping[str, Labels],
    n_items: int,
    start: float,
    per_week: float,
    floods: float,
    rng: np.random.Generator,
) -> Mixed:
    """Add bursts to a stream from `start` on, a share of them as floods by few users.

    Two thirds happen to items, half of these to any item and half to known ones, one third to
    other labels. Acts come along a triangle that rises in the first third.
    """
    end = float(stream.time.max())
    number = max(1, round(per_week * (end - start) / (7 * 24 * HOUR)))
    kinds = [kind for kind in labels if labels[kind].size]
    made: list[Injection] = []
    parts: list[tuple[NDArray[np.float64], Rows, NDArray[np.int64]]] = []
    for _ in range(number):
        kind = ITEM if rng.random() < 2 / 3 or not kinds else kinds[rng.integers(len(kinds))]
        ref, rows = _target(stream, labels, kind, n_items, rng)
        hours = int(rng.choice(LENGTHS))
        first = rng.uniform(start, max(start + 1, end - hours * HOUR))
        usual = _usual(stream, rows, first) * hours
        acts = max(FEWEST, int(rng.poisson((rng.choice(LIFTS) - 1) * usual)))
        author_burst = bool(rng.random() < floods)
        time = np.sort(first + hours * HOUR * rng.triangular(0, 1 / 3, 1, acts))
        users = rng.integers(*FLOODERS) if author_burst else acts
        actor = STRANGERS * (len(made) + 1) + np.arange(acts) % users
        parts.append((time, rng.choice(rows, acts).astype(np.int32), actor))
        made.append(Injection(kind, ref, first, first + hours * HOUR, acts, author_burst))
    return _mixed(stream, parts, made)


def _target(
    stream: Stream,
    labels: Mapping[str, Labels],
    kind: str,
    n_items: int,
    rng: np.random.Generator,
) -> tuple[int, Rows]:
    if kind != ITEM:
        ref = int(rng.choice(labels[kind].codes))  # common labels more often, as their items are
        return ref, labels[kind].rows_of(ref)
    known = rng.random() < 0.5
    ref = int(rng.choice(stream.row)) if known else int(rng.integers(n_items))
    return ref, np.array([ref], np.int32)


def _usual(stream: Stream, rows: Rows, moment: float) -> float:
    """Return the acts per hour of the month before a moment."""
    past = (stream.time < moment) & (stream.time >= moment - MONTH)
    return float(np.isin(stream.row[past], rows).sum()) * HOUR / MONTH


def _mixed(
    stream: Stream,
    parts: list[tuple[NDArray[np.float64], Rows, NDArray[np.int64]]],
    made: list[Injection],
) -> Mixed:
    source = [np.full(len(stream), -1, np.int64)]
    source += [np.full(len(time), number, np.int64) for number, (time, _, _) in enumerate(parts)]
    time = np.concatenate([stream.time, *(part[0] for part in parts)])
    row = np.concatenate([stream.row, *(part[1] for part in parts)]).astype(np.int32)
    actor = np.concatenate([stream.actor, *(part[2] for part in parts)])
    posted = np.concatenate([stream.posted, np.zeros(len(time) - len(stream), bool)])
    order = np.argsort(time, kind="stable")
    mixed = Stream(time[order], row[order], actor[order], posted[order])
    return Mixed(mixed, np.concatenate(source)[order], tuple(made))
