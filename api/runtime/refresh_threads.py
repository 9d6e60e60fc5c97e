"""Background threads of one process that keep the served model, keys and logs up to date.

One thread tails the store's logs some times a second, takes a new bundle into service and reloads
keys; another reads the follow graph, which may take a minute at the start, and keeps it fresh; a
third writes the exposure log and finds out whether the store takes writes; two more deliver
notices, one of them those of an outage. Requests only ever read `service.serving`, one reference,
so a swap needs no lock and fails no request.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from recsys.bundle import WAY_OUT, RawBundle
from recsys.delivery.deliverer import Deliverer, deliverer, senders_by_channel
from recsys.delivery.mail import MailServer
from recsys.delivery.public_addresses import networks
from recsys.errors import BundleError, RecsysError, StoreError
from recsys.monitoring.watch_worker import WatchWorker
from recsys.ranking.query import Query
from recsys.serving.live_state import LiveState
from recsys.store.dialogues import Dialogues
from recsys.store.erasure import empty_log, erased_in_log
from recsys.store.outbox import Outbox
from recsys.store.store import Store
from recsys.store.write_lock_queue import PAUSE

from ..user_tokens import Tokens
from .app_state import AppState
from .experiment_guardrails import ExperimentGuardrails
from .malloc_trim import release_free_pages
from .served_model import ServedModel
from .store_connection import ReadOrder

if TYPE_CHECKING:
    from recsys.monitoring.event_detection_worker import EventDetectionWorker

log = logging.getLogger("recsys.api")

_WATCH = 5.0  # seconds between readings of new texts for the watches
_DELIVER = 1.0  # seconds between looks for notices to deliver
_POINTER = 0.25  # seconds between looks at bundles/current
_TRENDS = 5.0  # seconds between looks at what rises
_PROBE = 1.0  # seconds between looks whether the store takes writes
_FIGURES = 1.0  # seconds between copies of the figures for the other workers
_KEYS = 2.0  # seconds until a revoked key is refused everywhere
_EXPERIMENTS = 1.0  # seconds until an experiment that starts or stops does so in every worker
_GUARDRAILS = 60.0  # seconds between looks whether guardrails are due
_PINS = 1.0  # seconds until a pin of an operator is in the lists of every worker
_SUSPECTS = 30.0  # seconds between looks for suspicious groups
_NIGHTS = 30.0  # seconds between looks at how the last night ended
_CLICKS = 600.0  # seconds between readings of the click rates
_PRUNE = 3_600.0  # seconds between prunings of the exposure log
_TRIM = 10.0  # seconds between returns of freed memory to the system
_GRAPH = 30.0  # seconds between figures of the follow graph
_OWED = 5.0  # seconds between tries to empty the log of erased rows
_KEEP = 90 * 86_400.0  # seconds that exposures are kept


class RefreshThreads:
    """The background threads of one process: one that reads the store, one that writes to it.

    So what is read stays fresh while the store takes no writes.
    """

    def __init__(self, service: AppState) -> None:
        self._service = service
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []
        self._due: dict[str, float] = {}
        self._key_reads = ReadOrder()
        self._deliverer: Deliverer | None = None
        self._watcher: WatchWorker | None = None
        self._guardrails = ExperimentGuardrails(service.link)
        self._event_detection_worker: EventDetectionWorker | None = None
        settings = service.settings
        self._senders = senders_by_channel(  # of a notice that the store cannot hold
            MailServer.of(settings.smtp, settings.mail_from),
            lambda destination: "",
            settings.public_url,
            networks(settings.webhook_networks),
        )
        self.refused: str | None = None  # a version that could not be opened
        self._refused_identity: object = None  # of its folder: one that was repaired is tried again

    def start(self) -> None:
        """Start the threads."""
        tail = self._service.settings.tail_seconds
        work = [("live", self.read, tail), ("writes", self.write, tail)]
        work.append(("follows", self.follow_graph, tail))
        if self._service.settings.deliver:
            work += [("deliver", self.deliver, _DELIVER), ("outage", self.announce, _DELIVER)]
        if self._service.settings.watch:
            work.append(("watch", self.watch, _WATCH))
        for name, function, seconds in work:
            thread = threading.Thread(
                target=self._run, args=(function, seconds), name=f"recsys-{name}", daemon=True
            )
            self._threads.append(thread)
            thread.start()

    def stop(self) -> None:
        """Stop the threads and write what is left of the exposure log."""
        self._stop.set()
        for thread in self._threads:
            thread.join(timeout=5.0)
        self._write_exposures()
        self._service.audit.flush()
        if self._service.exposures.held and self._service.link.up:
            time.sleep(PAUSE)  # writers were refused for that long
            self._write_exposures()

    def _run(self, work: Callable[[], None], seconds: float) -> None:
        while not self._stop.wait(seconds):
            try:
                work()
            except Exception:
                log.exception("the background thread goes on after an error")

    def tick(self) -> None:
        """Do what is due, of all threads but those of notices."""
        self.read()
        self.follow_graph()
        self.write()

    def read(self) -> None:
        """Do what is due and only reads the store."""
        self.follow()
        if self._is_due("bundle", _POINTER):
            self.take_bundle()
        if self._is_due("keys", _KEYS):
            self.load_keys()
        if self._is_due("pins", _PINS):
            self._service.load_pins()
        if self._is_due("experiments", _EXPERIMENTS):
            self._service.load_experiments()
        if self._service.serving_or_none is not None and self._is_due("trends", _TRENDS):
            self._service.serving.trend_monitor.trends(time.time())
        if self._is_due("nights", _NIGHTS):
            self._service.look_at_nights()
        if self._is_due("clicks", _CLICKS):
            self._service.look_at_clicks()
        if self._service.serving_or_none is not None:
            self._service.new_item_rates.refresh(self._service.serving)

    def write(self) -> None:
        """Do what is due and may wait for other writers, or for a disk."""
        service = self._service
        if self._is_due("exposures", service.settings.exposure_seconds):
            self._write_exposures()
            service.audit.flush()
        if self._is_due("probe", _PROBE):
            self._probe()
            service.operation_notices.deaths()
        if service.serving_or_none is not None and self._is_due("suspects", _SUSPECTS):
            service.suspect_notices.look(service.serving)
        if self._is_due("guardrails", _GUARDRAILS):
            self._guardrails.look()
        if self._is_due("prune", _PRUNE):
            self._prune()
        if self._is_due("owed", _OWED):
            self._empty_log()
        if self._is_due("figures", _FIGURES):
            service.take_figures()
            service.metrics.leave()
        if self._is_due("heap", _TRIM):
            release_free_pages()
            service.texts.rest()

    def deliver(self) -> None:
        """Deliver the notices that are due, unless another process does."""
        settings, link = self._service.settings, self._service.link
        self._service.operation_notices.look()
        try:
            with link.use(patient=True) as store:
                if self._deliverer is None:
                    self._deliverer = deliverer(
                        store,
                        MailServer.of(settings.smtp, settings.mail_from),
                        settings.public_url,
                        networks(settings.webhook_networks),
                        settings.notice_retry_seconds,
                    )
                self._deliverer.run_once(self._stop)
        except StoreError:
            pass  # the next time

    def watch(self) -> None:
        """Count new texts for the watches, look for bursts and events, unless another does."""
        service, serving = self._service, self._service.serving_or_none
        try:
            with service.link.use(patient=True) as store:
                if self._watcher is None:
                    self._watcher = WatchWorker(store, service.sentiment_scorer)
                if self._event_detection_worker is None:
                    # here: no request waits for it
                    from recsys.monitoring.event_detection_worker import EventDetectionWorker

                    self._event_detection_worker = EventDetectionWorker(
                        store, service.sentiment_scorer, self._watcher.secret
                    )
                if serving is None:
                    live, last = None, (store.last_change_id(), store.last_event_id())
                else:
                    live, last = serving.live, (serving.feed.last_change, serving.feed.last_event)
                self._watcher.run(live, *last)
                self._event_detection_worker.run(live, *last)
        except StoreError:
            pass  # the next time

    def announce(self) -> None:
        """Send the notice of an outage of writes while it goes on."""
        self._service.operation_notices.announce(self._senders)

    def _is_due(self, name: str, seconds: float) -> bool:
        now = time.monotonic()
        if now < self._due.get(name, 0.0):
            return False
        self._due[name] = now + seconds
        return True

    def follow(self) -> None:
        """Read the store's logs to their ends, if anything was committed since the last look."""
        service, serving = self._service, self._service.serving_or_none
        service.logs.lead()
        service.second.follow_shared()
        if serving is None:
            return
        stamp = service.logs.stamp()
        if stamp is not None and stamp == serving.feed.stamp and service.link.up:
            serving.feed.looked = time.monotonic()
            return
        try:
            with service.link.use(patient=True) as store:
                serving.feed.follow(store, stamp, read=service.logs.events_after)
                service.forget_erased(store)
        except StoreError:
            serving.feed.stamp = None

    def follow_graph(self) -> None:
        """Read follows, blocks and acts of followed users to the ends of their logs."""
        service = self._service
        graph, serving, stamp = service.graph, service.serving_or_none, service.logs.stamp()
        if serving is not None:
            graph.mean_rating = serving.live.model.rating_scale.mean
        if graph.ready and stamp is not None and stamp == graph.acts_stamp and service.link.up:
            return
        try:
            with service.link.use(patient=True) as store:
                graph.follow(store, stamp)
                graph.follow_acts(store, stamp, service.logs.acts_after)
        except StoreError:
            return  # what is known stays
        if self._is_due("graph", _GRAPH):
            service.metrics.follows(graph.figures())

    def take_bundle(self) -> None:
        """Take the current bundle into service when it is not the one that serves already.

        A bundle that cannot be read, or of which no list can be made, is refused with a warning:
        the one in service goes on, and a worker without one takes the newest that it can read.
        """
        service = self._service
        serving, current = service.serving_or_none, service.bundles.current()
        if current is None and serving is not None:
            return  # the pointer is gone; what is mapped goes on serving
        if current is not None and serving and serving.version == current:
            return
        identity = None if current is None else (current, service.bundles.identity(current))
        if current is not None and identity == self._refused_identity:
            return
        try:
            if serving is None or current is None:
                new = service.bundles.load_current(self._ready)
            else:
                new = self._ready(service.bundles.open(current))
        except RecsysError as error:
            if self._is_due(f"refused {current}", 60.0):
                log.warning("no bundle can be loaded: %s", str(error)[:500])
            self.refused, self._refused_identity = current, identity
            return
        self.refused = current if new.version != current else None
        self._refused_identity = identity if new.version != current else None
        service.swap(new)
        log.info("bundle in service", extra={"bundle": new.version, "items": new.live.size})

    def _ready(self, raw: RawBundle) -> ServedModel:
        """Return a bundle as it serves; BundleError when no list can be made of it."""
        try:
            new = ServedModel.of(raw, self._service.settings, self._service.comment_scorer)
            self._catch_up(new)
            new.recommender.recommend(Query(n=1))  # touch what the first request needs
            if self._service.serving_or_none is not None:
                _warm(self._service.serving_or_none.live, new.live)
        except RecsysError:
            raise
        except Exception as error:
            log.exception("bundle %s verifies and cannot serve", raw.version)
            raise BundleError(f"{raw.folder}: {error!r}; {WAY_OUT}") from error
        return new

    def _catch_up(self, new: ServedModel) -> None:
        try:
            with self._service.link.use(patient=True) as store:
                new.feed.follow(store)
        except StoreError:
            pass  # the feed catches up once the store is back

    def load_keys(self) -> None:
        """Read the keys, and the secret that tokens are signed with."""
        try:
            with self._service.link.use(patient=True) as store:
                self._learn_keys(store)
        except StoreError:
            pass  # the keys known so far go on holding

    def find_key(self, key_id: str, hashed: str) -> None:
        """Read the keys where this one, which is not known here, holds; StoreError: store away.

        One that does not hold costs one row, however many keys there are. Keys that were never read
        are read in any case. Empty `hashed`: any.
        """
        service = self._service
        with service.link.use() as store:
            if not service.gate.has_keys or service.link.keys().holds(key_id, hashed):
                self._learn_keys(store)

    def _learn_keys(self, store: Store) -> None:
        number = self._key_reads.begin()
        keys, tokens = self._service.link.keys().list(), Tokens.of_store(store)
        with self._key_reads.taking(number) as newest:
            if newest:
                self._service.gate.learn(keys, tokens)

    def _write_exposures(self) -> None:
        service = self._service
        try:
            with service.link.use(patient=True):
                service.exposures.write(service.link.exposures())
        except StoreError:
            pass

    def _probe(self) -> None:
        """Find out whether the store takes writes, unless a write has shown it just now."""
        link = self._service.link
        try:
            with link.use(patient=True) as store:
                turns = store.db.turns
                if turns.failing or time.monotonic() - turns.written > _PROBE:
                    store.db.probe()
        except StoreError:
            pass  # health, figures and the next writers tell
        self._service.operation_notices.probed(link.writes)

    def _empty_log(self) -> None:
        """Empty the store's write-ahead log of deleted rows that a reader kept in it before.

        Those of erased users are known to the store, so that any worker goes on with it.
        """
        service = self._service
        try:
            with service.link.use(patient=True) as store:
                if service.owed or erased_in_log(store):
                    service.owed = not empty_log(store)
                    if not service.owed:
                        log.info("the write-ahead log holds no deleted rows any more")
        except StoreError:
            pass  # the next time

    def _prune(self) -> None:
        service = self._service
        service.warn_if_stale()
        try:
            with service.link.use(patient=True) as store:
                service.link.exposures().prune(time.time() - _KEEP)
                Dialogues(store.db).prune()
                if days := service.settings.notice_days:
                    Outbox(store.db).prune(time.time() - 86_400.0 * days)
                if days := service.settings.audit_days:
                    service.link.audit_log().prune(time.time() - 86_400.0 * days)
        except StoreError:
            pass


def _warm(old: LiveState, new: LiveState) -> None:
    """Read for a new live state the columns and phrases that the one before held on request."""
    if old.metadata.built:
        new.metadata.names()
    if phrases := old.phrases.phrases():
        new.phrases.rows(phrases)
