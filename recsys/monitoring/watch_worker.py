"""WatchWorker: follows the store's logs for all watches, in one process at a time.

The holder of a lease reads new texts, stores which watches they belong to, counts them by the hour,
counts older texts backwards, and looks for bursts every quarter of an hour. Everything that has to
outlive the process is in the store, and each transaction checks the lease's token: a process that
is killed leaves its place to the next one, which goes on where the store says.
"""

from __future__ import annotations

import json
import logging
import os
import secrets
import socket
import time
from collections import Counter
from collections.abc import Iterable, Sequence

import sqlalchemy as sa

from recsys.errors import DataError
from recsys.monitoring.alert_detection import Monitor, Setting
from recsys.monitoring.alert_recorder import AlertWriter, states_of
from recsys.monitoring.false_discovery import RATES, Budget, WatchSpending
from recsys.monitoring.watch_baselines import DAY, HOUR, SPAN, Baselines
from recsys.monitoring.watch_index import WatchIndex
from recsys.monitoring.watch_query import Part, parse
from recsys.monitoring.watch_windows import LONGEST
from recsys.monitoring.watched_text import WatchedText
from recsys.monitoring.watched_text_reader import WatchedTextReader
from recsys.serving.live_state import LiveState
from recsys.store.alerts import Alerts
from recsys.store.events import StoredEvent
from recsys.store.leases import Leases, check_lease
from recsys.store.schema import notes
from recsys.store.store import Store
from recsys.store.text_log import WatchedLog
from recsys.store.watches import (
    ALL,
    COUNT_DAYS,
    MATCH_DAYS,
    HourCount,
    Match,
    Watch,
    Watches,
)
from recsys.text.sentiment.scorer import SentimentScorer
from recsys.trends.series import WEEK

LEASE, LEASE_SECONDS = "watch", 60.0
LOOK = 900.0  # seconds between looks for bursts
BASELINES = 6 * HOUR  # seconds between readings of what is usual
CHUNK = 500  # texts that are read at once
BACKFILL = 0.5  # seconds of a round that older texts are counted in
SECRET = "watch_secret"  # a note of the store: key of the authors' hashes
CURSOR, BUDGETS, FIRST = "watch_cursor", "watch_budgets", "watch_first"  # notes
LOOKED, PRUNED = "watch_looked", "watch_pruned"  # notes, of times
PRUNE = 6 * HOUR

log = logging.getLogger("recsys.api")


class WatchWorker:
    """Counts and judges all watches of one store; `run` may be called by any thread."""

    def __init__(self, store: Store, scorer: SentimentScorer) -> None:
        self.store, self.scorer = store, scorer
        self.watches, self.alerts = Watches(store.db), Alerts(store.db)
        self.texts, self.leases = WatchedLog(store.db), Leases(store.db)
        self.writer = AlertWriter(store)
        self._holder = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
        self._token = 0
        self._monitor: Monitor | None = None
        self._version: tuple[int, int] = (-1, -1)
        self._known: dict[int, Watch] = {}
        self._index = WatchIndex({})
        self._looked = self._based = self._pruned = self._listed = self._ran = 0.0
        if store.get_note(SECRET) is None:
            store.add_note(SECRET, secrets.token_hex(32))
        self.secret = store.get_note(SECRET) or ""

    def run(self, live: LiveState | None, last_change: int, last_event: int) -> bool:
        """Do what is due up to positions of the logs; whether this process holds the lease.

        Without a watch nothing is read, and no lease is taken.
        """
        now = time.time()
        if not self.watches.count():
            return False
        token = self.leases.take(LEASE, self._holder, LEASE_SECONDS)
        if token is None:
            self._monitor = None
            return False
        reader = WatchedTextReader(live, self.scorer, self.secret)
        try:
            went_back = now < self._ran - HOUR  # the clock: texts of its new time were dropped
            if self._monitor is None or token != self._token or went_back:
                self._token = token
                self._begin(now)
            self._take_watches(now)
            self._follow(reader, last_change, last_event, now)
            self._backfill(reader, now)
            if now - self._looked >= LOOK or now < self._looked:
                self._look(reader, now)
            self.writer.send(list(self._known.values()), self._token, now)
            if now - self._pruned >= PRUNE or now < self._pruned:
                self._prune(now)
        except Exception:
            self._monitor = None  # it may be ahead of the store
            raise
        self._ran = now
        return True

    def _begin(self, now: float) -> None:
        """Take over from the store what another process has left."""
        self._monitor = Monitor()
        self._version, self._based = (-1, -1), 0.0
        self._looked = float(self.store.get_note(LOOKED) or 0.0)
        self._known = {}
        self._take_watches(now)
        self._monitor.states = states_of(self.alerts, now)
        kept = json.loads(self.store.get_note(BUDGETS) or "{}")
        for level, rate in RATES.items():
            for kind in ("negative", "volume"):
                values = kept.get(f"{level}:{kind}", {})
                self._monitor.budgets[level, kind] = Budget.from_json(rate, values)
        self._monitor.spending = WatchSpending.from_json(kept.get("watches", {}))
        self._monitor.add(self.watches.matches_since(now - LONGEST))

    def _take_watches(self, now: float) -> None:
        version = self.watches.version()
        if version == self._version and 0 <= now - self._listed < 60.0:
            return
        if version != self._version:
            self._reach_cursor()
        known = {one.id: one for one in self.watches.every()}
        if version != self._version:
            self._index = WatchIndex(_readable(known.values()))
        self._known, self._version, self._listed = known, version, now
        assert self._monitor is not None
        self._monitor.set_watches(
            {id: Setting(one.level, one.least_people) for id, one in known.items()}
        )

    def _reach_cursor(self) -> None:
        """Let watches that were added meanwhile count backwards from where reading has come to."""
        kept = self.store.get_note(CURSOR)
        if kept is None:
            return
        items, comments = self.texts.last_item() + 1, json.loads(kept)["event"] + 1
        with self.store.db.write() as connection:
            check_lease(connection, LEASE, self._token)
            self.watches.begin_backfill(connection, items, comments)

    def _start(self, last_change: int, last_event: int) -> dict[str, int]:
        """Return where reading begins at first: at the texts that no watch counts backwards."""
        items = min((one.items_left or 0 for one in self._known.values()), default=0)
        comments = min((one.comments_left or 0 for one in self._known.values()), default=0)
        change = self.texts.change_before(items) if items else last_change
        event = comments - 1 if comments else last_event
        return {"change": min(change, last_change), "event": min(event, last_event)}

    def _follow(
        self, reader: WatchedTextReader, last_change: int, last_event: int, now: float
    ) -> None:
        """Read the texts that have arrived since the last round."""
        kept = self.store.get_note(CURSOR)
        at = json.loads(kept) if kept else self._start(last_change, last_event)
        while True:
            items, change = self.texts.items_after(at["change"], last_change, CHUNK)
            comments, event = self.texts.comments_after(at["event"], last_event, CHUNK)
            new = {"change": max(change, at["change"]), "event": max(event, at["event"])}
            if new == at and kept:
                return
            found = [reader.item(one.number, one.item, one.arrived, now) for one in items]
            found += self._read_comments(reader, comments, now)
            some = [one for one in found if one is not None and one.at > now - DAY * MATCH_DAYS]
            matched = self._matches(reader, some)
            with self.store.db.write() as connection:
                check_lease(connection, LEASE, self._token)
                fresh = self.watches.unkept(connection, matched)
                self.watches.keep(connection, fresh)
                self._note(connection, CURSOR, json.dumps(new))
            assert self._monitor is not None
            self._monitor.add(one for one in fresh if one.at > now - LONGEST)
            kept, at = "", new
            if len(items) < CHUNK and len(comments) < CHUNK:
                return
            kept = "more"

    def _matches(
        self, reader: WatchedTextReader, texts: Iterable[WatchedText], some: set[int] | None = None
    ) -> list[Match]:
        """Return the texts of the watches, or of some; those of all texts are of watch 0."""
        found = []
        for one in texts:
            watches = self._index.find(one)
            if some is not None:
                watches = [watch for watch in watches if watch in some]
            if some is None or ALL in some:
                watches.append(ALL)
            if watches:
                found.append((one, watches))
        reader.tones([one for one, _ in found])
        return [match_of(one, watch) for one, watches in found for watch in watches]

    def _read_comments(
        self, reader: WatchedTextReader, comments: Sequence[StoredEvent], now: float
    ) -> list[WatchedText | None]:
        """Return what watches read of comments; None for those that say nothing."""
        titles = self.store.items_known([one.item_id for one in comments])
        return [reader.comment(one, titles.get(one.item_id), now) for one in comments]

    def _backfill(self, reader: WatchedTextReader, now: float) -> None:
        """Count texts from before the watches, the newest first, for half a second."""
        begun = time.monotonic()
        while time.monotonic() - begun < BACKFILL:
            waiting = [one for one in self._known.values() if one.items_left or one.comments_left]
            if not waiting:
                return
            place = max((one.items_left or 0, one.comments_left or 0) for one in waiting)
            group = [w for w in waiting if (w.items_left or 0, w.comments_left or 0) == place]
            self._backfill_step(reader, group, place, now)

    def _backfill_step(
        self, reader: WatchedTextReader, group: Sequence[Watch], place: tuple[int, int], now: float
    ) -> None:
        items, items_left = self.texts.items_before(place[0], CHUNK) if place[0] else ([], 0)
        comments, comments_left = (
            self.texts.comments_before(place[1], CHUNK) if place[1] else ([], 0)
        )
        oldest = now - DAY * COUNT_DAYS
        if comments and comments[-1].received < oldest:
            comments_left = 0
        found = [reader.item(one.number, one.item, 0.0, now) for one in items]
        found += self._read_comments(reader, comments, now)
        some = [one for one in found if one is not None and one.at > oldest]
        watches = {one.id for one in group}
        if self._brings_all(watches):
            watches.add(ALL)
        matched = self._matches(reader, some, watches)
        recent = now - DAY * MATCH_DAYS
        with self.store.db.write() as connection:
            check_lease(connection, LEASE, self._token)
            fresh = self.watches.unkept(connection, matched)
            self.watches.keep(connection, [one for one in fresh if one.at > recent])
            self.watches.add_counts(connection, counted([m for m in fresh if m.at <= recent]))
            self.watches.backfilled(connection, watches - {ALL}, items_left, comments_left)
        assert self._monitor is not None
        self._monitor.add(one for one in fresh if one.at > now - LONGEST)
        # those that were added meanwhile are not in the index yet
        self._known |= {one.id: one for one in self.watches.every() if one.id in self._known}
        if not items_left and not comments_left:
            self._based = 0.0

    def _brings_all(self, watches: set[int]) -> bool:
        """Whether a group holds the first watch there ever was, which brings the counts of all."""
        self.store.add_note(FIRST, str(min(watches)))
        return int(self.store.get_note(FIRST) or 0) in watches

    def _look(self, reader: WatchedTextReader, now: float) -> None:
        monitor = self._monitor
        assert monitor is not None
        if now - self._based >= BASELINES or now < self._based:
            monitor.baselines = baselines(self.watches, now)
            self._based = now
        monitor.states = states_of(self.alerts, now)  # with what was changed by hand
        changes = self.writer.prepared(monitor.look(now), reader, now)
        kept = {f"{level}:{kind}": one.as_json() for (level, kind), one in monitor.budgets.items()}
        kept["watches"] = monitor.spending.as_json()
        with self.store.db.write() as connection:  # the whole look, or nothing of it
            check_lease(connection, LEASE, self._token)
            self._note(connection, BUDGETS, json.dumps(kept))
            self._note(connection, LOOKED, repr(now))
            self.writer.apply(connection, changes, monitor, now)
        self._looked = now

    def _prune(self, now: float) -> None:
        """Delete what is too old: at most a day more each time, however the clock has jumped."""
        kept = json.loads(self.store.get_note(PRUNED) or "{}")
        if not 0 <= now - kept.get("at", -PRUNE) < PRUNE:
            until = min(now, kept.get("until", now) + DAY)
            with self.store.db.write() as connection:
                check_lease(connection, LEASE, self._token)
                self._note(connection, PRUNED, json.dumps({"at": now, "until": until}))
            self.watches.prune(until)
            self.alerts.prune(until - DAY * COUNT_DAYS)
        self._pruned = now

    def _note(self, connection: sa.Connection, key: str, value: str) -> None:
        columns = (notes.c.key, notes.c.value)
        if not self.store.db.insert_new(connection, columns, [(key, value)]):
            change = sa.update(notes).where(notes.c.key == key)
            connection.execute(change.values(value=value))


def match_of(text: WatchedText, watch: int) -> Match:
    """Return a text as the store keeps it for a watch."""
    p = text.probabilities
    return Match(
        watch,
        text.source,
        text.ref,
        text.at,
        text.author,
        text.script,
        text.label,
        float(p[0]),
        float(p[2]),
    )


def counted(found: Sequence[Match]) -> list[HourCount]:
    """Return the counts of texts by watch, hour and script."""
    sums: dict[tuple[int, int, int], list[float]] = {}
    people: dict[tuple[int, int, int], tuple[set[int], set[int]]] = {}
    unknown: Counter[tuple[int, int, int, bool]] = Counter()
    for one in found:
        key = (one.watch, one.hour, one.script)
        cell = sums.setdefault(key, [0.0] * 5)
        negative = one.tone == 0
        for at, value in enumerate((1, negative, one.tone == 2, one.p_negative, one.p_positive)):
            cell[at] += value
        own = people.setdefault(key, (set(), set()))
        if one.author == -1:
            unknown[(*key, negative)] += 1
        else:
            own[0].add(one.author)
            own[1].update([one.author] if negative else [])
    return [
        HourCount(
            *key,
            int(cell[0]),
            int(cell[1]),
            int(cell[2]),
            cell[3],
            cell[4],
            len(people[key][0]) + unknown[(*key, True)] + unknown[(*key, False)],
            len(people[key][1]) + unknown[(*key, True)],
        )
        for key, cell in sums.items()
    ]


def baselines(watches: Watches, now: float) -> Baselines:
    """Return what is usual of all watches by the counts of a store."""
    last = int(now // HOUR)
    first = last - 4 * WEEK
    counts = watches.counts(ALL, first, last)
    begun = max(first, min((one.hour for one in counts), default=last))
    hourly = [0.0] * (last - begun)
    for one in counts:
        hourly[one.hour - begun] += one.people
    return Baselines(watches.days(last - 24 * SPAN, last), hourly, begun, now)


def _readable(watches: Iterable[Watch]) -> dict[int, Part]:
    """Return the queries of watches by id; one that cannot be read stops no other watch."""
    found: dict[int, Part] = {}
    for one in watches:
        try:
            found[one.id] = parse(one.query, is_stored=True)
        except DataError as error:
            log.warning("watch %d counts nothing: %s; remove it and save it anew", one.id, error)
    return found
