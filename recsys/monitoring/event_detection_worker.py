"""EventDetectionWorker: detects events in the texts that the store receives.

One process at a time does it. The holder of a lease reads new texts and looks for events every
quarter of an hour. A look writes the state of the detector, how far the logs were read, and the
events with their new texts in one transaction that checks the lease's token, so that the next
holder continues from the last look.
"""

from __future__ import annotations

import json
import os
import secrets
import socket
import time
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from recsys.data.records import Item
from recsys.monitoring.event_detection.detected_event import DetectedEvent
from recsys.monitoring.event_detection.detector import EventDetector
from recsys.monitoring.event_detection.event_names import event_name
from recsys.monitoring.event_detection.posts import Post
from recsys.monitoring.event_detection.terms import terms
from recsys.monitoring.watched_text import COMMENT, ITEM
from recsys.monitoring.watched_text_reader import WatchedTextReader
from recsys.serving.live_state import LiveState
from recsys.store.detected_events import DetectedEvents, EventText, StoredDetectedEvent
from recsys.store.leases import Leases, check_lease
from recsys.store.schema import notes
from recsys.store.store import Store, StoredEvent
from recsys.store.text_log import NumberedItem, WatchedLog
from recsys.text.entities.markup import MENTION, marks
from recsys.text.sentiment.scorer import SentimentScorer

LEASE, LEASE_SECONDS = "detected_events", 60.0
STATE = "detected_events_state"  # note of the store
LOOK = 900.0  # seconds between looks
CHUNK = 500  # texts that are read at once
DAY = 86_400.0
PAST_TEXTS = 20_000  # newest texts that the usual frequencies are learned from at first
PAST_DAYS = 90.0  # older texts say nothing about what is usual
LONGEST = 2_000  # characters of a text that are read
NAMED_BY = 200  # newest texts of an event that its name is made from
TERMS, ENTITIES = 12, 12  # of an event, that are stored
LEAST_AUTHORS = 3  # of the texts that name an entity: fewer would show who wrote what


class EventDetectionWorker:
    """Detects the events of one store; `run` may be called by any thread.

    Items without `created_at` are left out: an import of many of them is no event.
    """

    def __init__(self, store: Store, scorer: SentimentScorer, secret: str) -> None:
        self.store, self.scorer, self._secret = store, scorer, secret
        self.events, self.texts = DetectedEvents(store.db), WatchedLog(store.db)
        self.leases = Leases(store.db)
        self._holder = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
        self._token = 0
        self._detector: EventDetector | None = None
        self._at = {"change": 0, "event": 0}  # how far the logs were read
        self._looked = self._latest = 0.0

    def run(self, live: LiveState | None, last_change: int, last_event: int) -> bool:
        """Read what is new up to positions of the logs, and look when it is time.

        Returns whether this process holds the lease.
        """
        now = time.time()
        token = self.leases.take(LEASE, self._holder, LEASE_SECONDS)
        if token is None:
            self._detector = None
            return False
        reader = WatchedTextReader(live, self.scorer, self._secret)
        try:
            if self._detector is None or token != self._token:
                self._token = token
                self._begin(reader, last_change, last_event, now)
            self._follow(reader, last_change, last_event, now)
            if now - self._looked >= LOOK or now < self._looked:
                self._look(reader, now)
        except Exception:
            self._detector = None  # it may be ahead of the store
            raise
        return True

    def _begin(
        self, reader: WatchedTextReader, last_change: int, last_event: int, now: float
    ) -> None:
        kept = self.store.get_note(STATE)
        if kept is None:
            self._detector = EventDetector()
            self._learn_the_past(reader, now)
            self._at = {"change": last_change, "event": last_event}
            self._looked = 0.0
            return
        values = json.loads(kept)
        self._detector = EventDetector.from_json(values["detector"])
        self._at, self._looked = values["at"], float(values["looked"])
        self._latest = float(values["latest"])
        items = self.texts.items_of([ref for source, ref, *_ in values["texts"] if source == ITEM])
        comments = self.texts.comments_of(
            [ref for source, ref, *_ in values["texts"] if source == COMMENT]
        )
        for source, ref, at, event in values["texts"]:
            post = None
            if source == ITEM and ref in items:
                post = _of_item(NumberedItem(ref, items[ref], 0.0), reader, at)
            elif source == COMMENT and ref in comments:
                post = _of_comment(comments[ref], reader, at)
            if post is not None:
                self._detector.keep(post, event)

    def _learn_the_past(self, reader: WatchedTextReader, now: float) -> None:
        """Count the newest texts of the last days as what is usual, and hold the newest."""
        found: list[Post] = []
        item, comment = self.texts.last_item() + 1, self.store.last_event_id() + 1
        while (item or comment) and len(found) < PAST_TEXTS:
            some, item = self.texts.items_before(item, CHUNK) if item else ([], 0)
            said, comment = self.texts.comments_before(comment, CHUNK) if comment else ([], 0)
            posts = [_of_item(one, reader) for one in some]
            posts += [_of_comment(one, reader) for one in said]
            found += [one for one in posts if one is not None and now - PAST_DAYS * DAY < one.at]
            if said and said[-1].received < now - PAST_DAYS * DAY:
                comment = 0
        assert self._detector is not None
        for post in sorted(found, key=lambda one: one.at):
            if post.at <= now:
                self._detector.learn(post)

    def _follow(
        self, reader: WatchedTextReader, last_change: int, last_event: int, now: float
    ) -> None:
        assert self._detector is not None
        while True:
            items, change = self.texts.items_after(self._at["change"], last_change, CHUNK)
            comments, event = self.texts.comments_after(self._at["event"], last_event, CHUNK)
            posts = [_of_item(one, reader) for one in items]
            posts += [_of_comment(one, reader) for one in comments]
            for post in sorted((one for one in posts if one), key=lambda one: one.at):
                self._add(post, now)
            new = {
                "change": max(change, self._at["change"]),
                "event": max(event, self._at["event"]),
            }
            if new == self._at or (len(items) < CHUNK and len(comments) < CHUNK):
                self._at = new
                return
            self._at = new

    def _add(self, post: Post, now: float) -> None:
        """Add a text at the moment it is read, or its own where that is later than the last."""
        detector = self._detector
        assert detector is not None
        if post.at <= now - detector.config.held:
            if post.at > now - PAST_DAYS * DAY:
                detector.learn(post)
            return
        at = min(max(post.at, self._latest), now)
        self._latest = at
        detector.add(Post(post.source, post.ref, at, post.author, post.terms, post.item))

    def _look(self, reader: WatchedTextReader, now: float) -> None:
        detector = self._detector
        assert detector is not None
        changed = {one.event.id: one.event for one in detector.look(now)}
        joined = detector.take_joined()
        changed |= {id: detector.events[id] for id, _ in joined if id in detector.events}
        texts = [EventText(id, p.source, p.ref, p.at, p.author) for id, p in joined]
        stored = [self._stored(one, texts, reader) for one in changed.values()]
        held: list[tuple[int, int, float, int | None]]
        held = [(p.source, p.ref, p.at, None) for p in detector.held]
        held += [(p.source, p.ref, p.at, e.id) for e in detector.events.values() for p in e.recent]
        state = {
            "detector": detector.as_json(),
            "at": self._at,
            "looked": now,
            "latest": self._latest,
            "texts": held,
        }
        with self.store.db.write() as connection:  # the whole look, or nothing of it
            check_lease(connection, LEASE, self._token)
            self.events.write(connection, stored, texts)
            columns, value = (notes.c.key, notes.c.value), json.dumps(state, ensure_ascii=False)
            if not self.store.db.insert_new(connection, columns, [(STATE, value)]):
                change = sa.update(notes).where(notes.c.key == STATE)
                connection.execute(change.values(value=value))
        self._looked = now
        self.events.prune(now)

    def _stored(
        self, event: DetectedEvent, new: Sequence[EventText], reader: WatchedTextReader
    ) -> StoredDetectedEvent:
        detector = self._detector
        assert detector is not None
        ratios = event.profile.ratios(detector.background, event.last)
        main = event.profile.main_terms(ratios, TERMS)
        some = [one for one in new if one.event == event.id][-NAMED_BY:]
        some += self.events.texts(event.id, NAMED_BY - len(some))
        items = self.texts.items_of([one.ref for one in some if one.source == ITEM])
        comments = self.texts.comments_of([one.ref for one in some if one.source == COMMENT])
        texts, named = list[str](), dict[str, set[int]]()
        for place, one in enumerate(some):
            text = _written(items.get(one.ref)) if one.source == ITEM else ""
            if one.source == COMMENT and one.ref in comments:
                text = comments[one.ref].text
            texts.append(text[:LONGEST])
            who = -2 - place if one.author == -1 else one.author
            for name in _entities(text, reader):
                named.setdefault(name, set()).add(who)
        entities = sorted(
            (name for name, people in named.items() if len(people) >= LEAST_AUTHORS),
            key=lambda name: (-len(named[name]), name),
        )
        body: dict[str, Any] = {"terms": main, "entities": entities[:ENTITIES]}
        return StoredDetectedEvent(
            event.id,
            event_name(main, texts) or ", ".join(main[:3]),
            event.began,
            event.detected,
            event.last,
            event.over,
            body,
        )


def _entities(text: str, reader: WatchedTextReader) -> set[str]:
    known = None if reader.live is None else reader.live.mentions.entities
    found = marks(text, "") if known is None else known.read(text, "")
    return {one.name for one in found if one.kind != MENTION}  # those name users


def _written(item: Item | None) -> str:
    return "" if item is None else f"{item.title}\n{item.text}".strip()[:LONGEST]


def _of_item(one: NumberedItem, reader: WatchedTextReader, at: float | None = None) -> Post | None:
    moment = one.item.created_at if at is None else at
    written = _written(one.item)
    if moment is None or not written:
        return None
    found = tuple(term for term, _ in terms(written))
    return Post(ITEM, one.number, moment, reader.author(one.item.author_id), found)


def _of_comment(
    one: StoredEvent, reader: WatchedTextReader, at: float | None = None
) -> Post | None:
    found = tuple(term for term, _ in terms(one.text[:LONGEST]))
    if not found:
        return None
    moment = one.moment if at is None else at
    about = reader.author(f"item {one.item_id}")  # any number per item
    return Post(COMMENT, one.id, moment, reader.author(one.user_id), found, about)
