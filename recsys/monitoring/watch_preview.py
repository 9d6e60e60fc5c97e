"""Preview of a watch: the texts that it holds for, and the alerts it would have made."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from recsys import request_cpu_budget
from recsys.i18n import SOURCE
from recsys.monitoring.alert_detection import AlertChange, Monitor, Setting
from recsys.monitoring.alert_recorder import figures
from recsys.monitoring.alert_sentences import warnings
from recsys.monitoring.unmet_conditions import unmet
from recsys.monitoring.watch_baselines import Baselines
from recsys.monitoring.watch_digest import as_json, shares_of
from recsys.monitoring.watch_query import Part
from recsys.monitoring.watch_worker import counted, match_of
from recsys.monitoring.watched_text import WatchedText, matches
from recsys.monitoring.watched_text_reader import WatchedTextReader
from recsys.store.store import Store
from recsys.store.text_log import WatchedLog
from recsys.store.watches import ALL, HOUR, HourCount, Match, Watches
from recsys.trends.series import WEEK

DAY = 24 * HOUR
DAYS = 30
LOOK = 900.0  # seconds of the past between two looks
MOST_TEXTS = 20_000  # that are read, the newest
MOST_TONES = 4_000  # texts whose tone is read
MOST_CHARACTERS = 8_000_000  # of the texts that are read: some 400 of each where there are 20,000
MOST_TONE_CHARACTERS = 1_600_000  # of the texts whose tone is read
NEWEST = 1_000  # texts that a new watch is compared with
CHUNK = 500
_CHECKED = 100  # texts whose tone is read between two looks at the CPU time
WATCH = 1  # number of the watch in the replay


@dataclass(frozen=True, slots=True)
class Scan:
    """Texts of the last days, as far back as was read."""

    texts: list[WatchedText]  # in order of time
    since: float  # Unix seconds
    now: float
    is_complete: bool  # whether all of the days were read


def scan(store: Store, reader: WatchedTextReader, days: int = DAYS, most: int = MOST_TEXTS) -> Scan:
    """Return the newest texts of a store, of some days at most."""
    now = time.time()
    since = now - days * DAY
    found: list[WatchedText] = []
    oldest, is_complete, size = now, True, 0
    for text in _newest(store, reader, now):
        size += len(text.text)
        if text.at >= since:
            found.append(text)
            oldest = min(oldest, text.at)
        if len(found) >= most or size >= MOST_CHARACTERS:
            is_complete = False
            break
    found.sort(key=lambda one: one.at)
    return Scan(found, since if is_complete else oldest, now, is_complete)


def _newest(store: Store, reader: WatchedTextReader, now: float) -> Iterator[WatchedText]:
    """Yield texts from the newest to the oldest by arrival; stops at what arrived long ago."""
    log = WatchedLog(store.db)
    items, comments = log.last_item() + 1, store.last_event_id() + 1
    old = 0
    while items or comments:
        found: list[WatchedText | None] = []
        if items:
            some, items = log.items_before(items, CHUNK)
            found += [reader.item(one.number, one.item, 0.0, now) for one in some]
        if comments:
            events, comments = log.comments_before(comments, CHUNK)
            titles = store.items_known([one.item_id for one in events])
            found += [reader.comment(one, titles.get(one.item_id), now) for one in events]
        request_cpu_budget.check("the reading of texts")
        known = [one for one in found if one is not None]
        old = 0 if any(one.at > now - DAYS * DAY for one in known) else old + len(found)
        if old > 10 * CHUNK:
            return
        yield from known


def preview(
    store: Store,
    reader: WatchedTextReader,
    query: Part,
    setting: Setting,
    replay: bool = True,
    days: int = DAYS,
    language: str = SOURCE,
) -> dict[str, Any]:
    """Return counts, corrected shares, and the alerts of the last days of a watch to be.

    `language`: of its warnings.
    """
    seen = scan(store, reader, days)
    held = [one for one in seen.texts if matches(query, one)]
    read = _latest(held)
    _read_tones(reader, read)
    own = [match_of(one, WATCH) for one in read]
    counts = counted(own)
    people = len({one.author for one in read if one.author != -1})
    people += sum(one.author == -1 for one in read)
    found: dict[str, Any] = {
        "texts_read": len(seen.texts),
        "from": seen.since,
        "to": seen.now,
        "complete": seen.is_complete and len(read) == len(held),
        "texts": len(held),
        "people": people,
        "shares": as_json(shares_of(counts)),
        "days": _by_day(held, seen),
        "warnings": _warnings(reader, query, len(held), len(seen.texts), language),
        "alerts": [],
    }
    if replay and held:
        found["alerts"] = _replay(store, reader, seen, own, setting)
    return found


def first_look(
    store: Store, reader: WatchedTextReader, query: Part, language: str = SOURCE
) -> list[str]:
    """Return what is odd about a new watch, compared with the newest NEWEST texts."""
    seen = scan(store, reader, most=NEWEST)
    held = sum(matches(query, one) for one in seen.texts)
    return _warnings(reader, query, held, len(seen.texts), language)


def _warnings(
    reader: WatchedTextReader, query: Part, held: int, of: int, language: str
) -> list[str]:
    return [*unmet(reader.live, query, language), *warnings(held, of, language)]


def _latest(texts: Sequence[WatchedText]) -> list[WatchedText]:
    """Return the last of some texts, so many as tones are read of, in their order."""
    found, size = list[WatchedText](), 0
    for text in reversed(texts[-MOST_TONES:]):
        size += len(text.text)
        if found and size > MOST_TONE_CHARACTERS:
            break
        found.append(text)
    return found[::-1]


def _read_tones(reader: WatchedTextReader, texts: Sequence[WatchedText]) -> None:
    for at in range(0, len(texts), _CHECKED):
        reader.tones(texts[at : at + _CHECKED])
        request_cpu_budget.check(f"the tone of texts, {at} of {len(texts)}")


def _by_day(held: Sequence[WatchedText], seen: Scan) -> list[dict[str, float]]:
    first = int(seen.since // DAY)
    length = int(seen.now // DAY) + 1 - first
    day = np.array([int(one.at // DAY) - first for one in held], np.int64)
    counts = np.bincount(day[(day >= 0) & (day < length)], minlength=length)
    return [{"time": (first + at) * DAY, "texts": int(count)} for at, count in enumerate(counts)]


def _replay(
    store: Store, reader: WatchedTextReader, seen: Scan, own: Sequence[Match], setting: Setting
) -> list[dict[str, Any]]:
    """Return the alerts that looks of the last days would have fired."""
    everything = _all_texts(store, reader, seen)
    monitor = Monitor()
    monitor.set_watches({WATCH: setting})
    counts = [*counted(list(own)), *counted(everything)]
    texts = sorted([*own, *everything], key=lambda one: one.at)
    found: list[dict[str, Any]] = []
    at, now, based = 0, seen.since, -1.0
    while now < seen.now:
        now = min(now + LOOK, seen.now)
        some = []
        while at < len(texts) and texts[at].at <= now:
            some.append(texts[at])
            at += 1
        monitor.add(some)
        if now - based >= 6 * HOUR or based < 0:
            monitor.baselines, based = _baselines(counts, seen.since, now), now
        if some or monitor.states:
            found += [_as_json(one, now) for one in monitor.look(now) if one.change == "fired"]
    return found


def _baselines(counts: Sequence[HourCount], since: float, now: float) -> Baselines:
    last, first = int(now // HOUR), max(int(since // HOUR), int(now // HOUR) - 4 * WEEK)
    hourly = [0.0] * (last - first)
    days: dict[tuple[int, int], list[int]] = {}
    for one in counts:
        if one.hour < last:
            cell = days.setdefault((one.watch, one.hour // 24), [0, 0])
            cell[0] += one.people
            cell[1] += one.negative_people
            if one.watch == ALL and one.hour >= first:
                hourly[one.hour - first] += one.people
    rows = [(watch, day, n, k) for (watch, day), (n, k) in days.items()]
    return Baselines(rows, hourly, first, now)


def _all_texts(store: Store, reader: WatchedTextReader, seen: Scan) -> list[Match]:
    """Return all texts as the counts of the store have them, else by reading the newest."""
    first = int(seen.since // HOUR)
    rows = Watches(store.db).counts(ALL, first, int(seen.now // HOUR) + 1)
    if rows:
        return [match for row in rows for match in _spread(row)]
    some = _latest(seen.texts)
    _read_tones(reader, some)
    return [match_of(one, ALL) for one in some]


def _spread(row: HourCount) -> Iterator[Match]:
    """Yield a text per person of an hour, spread over it."""
    for place in range(row.people):
        at = (row.hour + (place + 0.5) / row.people) * HOUR
        negative = place < row.negative_people
        tone = 0 if negative else 1
        yield Match(ALL, 0, row.hour * 100_000 + place, at, -1, row.script, tone, 0.0, 0.0)


def _as_json(one: AlertChange, now: float) -> dict[str, Any]:
    return {"kind": one.kind, "at": now, **figures(one)}
