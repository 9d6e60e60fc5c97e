"""User profile from a history: interests, habits and communities; computed on request.

What somebody wants forgotten takes no part in interests and communities; activity is what happened.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

import numpy as np
from numpy.typing import NDArray

from recsys.array_types import Floats, Rows, Times
from recsys.ranking.history import History
from recsys.serving.item_clusters import Communities
from recsys.serving.item_popularity_from_events import DAY, HALF_LIVES
from recsys.serving.live_state import LiveState

HALF_LIFE = 50.0  # events back at which an event counts half for an interest
RECENT = 10.0  # the same, for what is of interest lately
CHANGE = 1.3  # times that a share must have grown or shrunk to count as rising or fading
LEAST = 3  # events from which an interest has a trend
BECAUSE = 3  # items that an interest names
FEWEST = 10  # users below which the size of a community is not published


@dataclass(frozen=True, slots=True)
class Interest:
    """A label that a history holds, with what speaks for it."""

    kind: str  # topic, author, category, tag
    code: int  # of the label; a topic's row
    share: float  # of all that was liked, recent events more; 0..1
    usual: float  # of all that everybody took up; 0..1
    trend: str  # rising, steady, fading, or unknown: too few events
    events: int  # items of the history that carry it and were liked
    disliked: float  # share of what was disliked; 0..1
    because: tuple[int, ...]  # rows of the history that say so, the strongest first


@dataclass(frozen=True, slots=True)
class Activity:
    """When somebody was here, by the clocks of a time zone; weekdays start with Monday."""

    events: int
    first: float | None  # Unix seconds
    last: float | None
    days: int  # with an event
    per_week: float  # events, from the first to the last
    hours: tuple[float, ...]  # 24 shares; empty without times
    weekdays: tuple[float, ...]  # 7 shares


@dataclass(frozen=True, slots=True)
class CommunityMembership:
    """A community that a history belongs to."""

    community: int
    share: float  # of what was liked
    readers: int | None  # users most at home there; None: too few to be published
    typical: tuple[int, ...]  # rows that stand for it and are not in the history
    because: tuple[int, ...]  # rows of the history that belong to it, what was liked most first


def interests(live: LiveState, history: History, kind: str, most: int = 10) -> list[Interest]:
    """Return the labels of a kind that were liked or disliked most, best liked first."""
    entry, code = _labels(live, history.rows, kind)
    if not len(entry):
        return []
    liked, disliked = np.maximum(history.weights, 0), np.maximum(-history.weights, 0)
    codes, place = np.unique(code, return_inverse=True)
    lately = _shares(liked * _decay(history, RECENT), entry, place)
    share = _shares(liked * _decay(history, HALF_LIFE), entry, place)
    ever, against = _shares(liked, entry, place), _shares(disliked, entry, place)
    count = np.bincount(place[liked[entry] > 0], minlength=len(codes))
    usual = _usual(live, kind, codes)
    order = np.argsort(-(share - against * 1e-3), kind="stable")[:most]
    decayed = liked * _decay(history, HALF_LIFE) + disliked
    found = []
    for at in order.tolist():
        own = entry[place == at]
        best = own[np.argsort(-decayed[own], kind="stable")][:BECAUSE]
        found.append(
            Interest(
                kind,
                int(codes[at]),
                float(share[at]),
                float(usual[at]),
                _trend(float(lately[at]), float(ever[at]), int(count[at])),
                int(count[at]),
                float(against[at]),
                tuple(history.rows[best].tolist()),
            )
        )
    return found


def _labels(live: LiveState, rows: Rows, kind: str) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return (place in the history, label) pairs: one per item, for tags several."""
    if kind == "tag":
        return _pairs([live.tags_of(row) for row in rows.tolist()])
    codes = (live.topics if kind == "topic" else live.labels[kind])[rows]
    known = np.flatnonzero(codes >= 0)
    return known, codes[known].astype(np.intp)


def _pairs(tags: list[Rows], first: int = 0) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    entry = np.repeat(np.arange(first, first + len(tags)), [len(own) for own in tags])
    return entry.astype(np.intp), np.concatenate([*tags, np.zeros(0, np.int32)]).astype(np.intp)


def _shares(mass: Floats, entry: NDArray[np.intp], place: NDArray[np.intp]) -> Floats:
    own = np.bincount(place, mass[entry])
    return np.asarray(own / max(float(mass.sum()), 1e-12), np.float32)


def _decay(history: History, half_life: float) -> Floats:
    return np.asarray(np.exp2(-history.ages() / np.float32(half_life)), np.float32)


def _trend(lately: float, ever: float, events: int) -> str:
    if events < LEAST or not ever:
        return "unknown"
    ratio = lately / ever
    return "rising" if ratio > CHANGE else "fading" if ratio < 1 / CHANGE else "steady"


def _usual(live: LiveState, kind: str, codes: NDArray[np.intp]) -> Floats:
    size = live.size
    taken = live.counters.uptake(len(HALF_LIVES) - 1, size)
    entry, code = _of_all(live, kind, size)
    by_code = np.bincount(code, taken[entry], int(codes.max()) + 1)
    return np.asarray(by_code[codes] / max(float(taken.sum()), 1e-12), np.float32)


def _of_all(live: LiveState, kind: str, size: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return `_labels` of the whole catalogue, its tags at once."""
    if kind != "tag":
        return _labels(live, np.arange(size, dtype=np.int32), kind)
    base = live.model.catalogue
    entry = np.repeat(np.arange(len(base)), np.diff(base.tag_ends))
    later, codes = _pairs(live.new_tags[: size - len(base)], len(base))
    return np.concatenate([entry, later]), np.concatenate([base.tags, codes]).astype(np.intp)


def activity(times: Times, zone: tzinfo = UTC) -> Activity:
    """Return when somebody was here; `times` of all events, NaN where one has none.

    Days, hours and weekdays are those of the zone, summer time included.
    """
    known = np.sort(times[np.isfinite(times)])
    if not len(known):
        return Activity(len(times), None, None, 0, 0.0, (), ())
    local = known + [_offset(moment, zone) for moment in known.tolist()]
    day = np.floor(local / DAY).astype(np.int64)
    hours = np.bincount((local // 3600 % 24).astype(np.int64), minlength=24) / len(known)
    weekdays = np.bincount((day + 3) % 7, minlength=7) / len(known)  # 1 January 1970: a Thursday
    weeks = max((known[-1] - known[0]) / (7 * DAY), 1.0)
    return Activity(
        len(times),
        float(known[0]),
        float(known[-1]),
        len(np.unique(day)),
        len(known) / weeks,
        tuple(hours.tolist()),
        tuple(weekdays.tolist()),
    )


def _offset(moment: float, zone: tzinfo) -> float:
    """Return the seconds that the clocks of a zone are ahead of UTC at a moment."""
    ahead = datetime.fromtimestamp(moment, zone).utcoffset()
    return 0.0 if ahead is None else ahead.total_seconds()


def belonging(live: LiveState, history: History, most: int = 3) -> list[CommunityMembership]:
    """Return the communities that a history belongs to most, at most some, the strongest first."""
    communities = live.model.communities
    if communities is None:
        return []
    shares = communities.of_history(history.rows, history.weights)
    seen, found, listed = set(history.rows.tolist()), [], live.listed()
    for at in np.argsort(-shares, kind="stable")[:most].tolist():
        if shares[at] <= 0:
            break
        readers = int(communities.user_counts[at])
        typical = [
            row
            for row in communities.typical[at].tolist()
            if row >= 0 and row not in seen and listed[row]
        ]
        result = readers if readers >= FEWEST else None
        because = _members(communities, history, at)
        found.append(
            CommunityMembership(at, float(shares[at]), result, tuple(typical[:5]), because)
        )
    return found


def _members(communities: Communities, history: History, community: int) -> tuple[int, ...]:
    known = history.rows < len(communities.items)
    own = np.flatnonzero(known & (history.weights > 0))
    own = own[communities.items[history.rows[own]] == community]
    best = own[np.argsort(-(history.weights * _decay(history, HALF_LIFE))[own], kind="stable")]
    return tuple(history.rows[best[:BECAUSE]].tolist())
