"""AppState: the objects that all requests of one process share."""

from __future__ import annotations

import logging
import random
import secrets
import time
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

from recsys.author_name_cache import AuthorDisplayNames
from recsys.bundle_store import BundleStore
from recsys.errors import StoreError
from recsys.experiments.experiment_lifecycle import Experiments
from recsys.follow_signals import FollowSignals
from recsys.safety.analysis_process import AnalysisProcess
from recsys.safety.text_rules import load_scorer
from recsys.serving.creator_floor import CreatorFloor
from recsys.serving.follow_graph import FollowGraph
from recsys.serving.new_item_exposure_cap import ExposureShare
from recsys.settings import Settings
from recsys.social_network.popular_accounts import PopularAccounts
from recsys.social_network.stance import StanceModel
from recsys.store.alerts import Alerts
from recsys.store.erasure import Erasures
from recsys.store.job_runs import Run
from recsys.store.outbox import Outbox
from recsys.store.pins import Pins
from recsys.store.pseudonyms import Pseudonyms
from recsys.store.store import Store
from recsys.store.user_histories import UserHistories, UserPast
from recsys.store.user_merges import MergeLog
from recsys.store.watches import Watches
from recsys.text.sentiment.scorer import SentimentScorer

from ..auth import Authenticator
from ..handlers.event_kinds_json import KindCounts
from ..http.response_cache import Cache
from ..metrics import Metrics
from .experiment_cache import ExperimentCache
from .exposure_write_buffer import ExposureLog
from .new_item_rates import NewItemRates
from .operational_notices import OperationNotices
from .pin_cache import PinCache
from .rate_limiter import RateLimiter
from .request_audit import AuditTrail
from .second_bundle import SecondBundle
from .served_model import ServedModel, no_bundle
from .shared_log_reading import LogReading
from .store_connection import ReadOrder, StoreLink
from .suspect_notices import SuspectNotices

if TYPE_CHECKING:
    from recsys.dialogue.dialogue import Dialogue
    from recsys.help.question_answering import HelpTexts
    from recsys.language_model.language_model import LanguageModel
    from recsys.writing.tag_index import TagIndex

log = logging.getLogger("recsys.api")


class BackgroundWork(Protocol):
    """What requests use of the threads that refresh the state; see `refresh_threads`."""

    refused: str | None  # version of the newest bundle that could not be opened

    def load_keys(self) -> None:
        """Read API keys and the token secret from the store."""

    def find_key(self, key_id: str, hashed: str) -> None:
        """Read them where the store has this key; StoreError when it cannot be reached."""

    def stop(self) -> None:
        """Stop the threads and write what waits for the store."""


class AppState:
    """The store, the served model, keys, logs and metrics of one process."""

    worker: BackgroundWork  # set by `create_app`, which builds it on this state

    def __init__(
        self,
        settings: Settings,
        figures: str = "",
        buckets: RateLimiter | None = None,
    ) -> None:
        self.settings = settings
        self.metrics = Metrics(settings.metrics_folder, figures)
        self._pin_reads, self._experiment_reads = ReadOrder(), ReadOrder()
        self.link = StoreLink(settings.store_url, settings.write_seconds, settings.archive)
        self.logs = LogReading(settings, self.link, figures or settings.metrics_folder)
        self.bundles = BundleStore(settings.home)
        self.gate = Authenticator(settings, lambda *key: self.worker.find_key(*key), buckets)
        self.cache = Cache(settings.cache_entries, settings.cache_seconds, settings.cache_bytes)
        self.exposures = ExposureLog(settings.exposure_pending, self.metrics)
        self.operation_notices = OperationNotices(self.link, figures)
        self.suspect_notices = SuspectNotices(self.link)
        self.audit = AuditTrail(self.link, lambda: self.pseudonyms)
        self.scorer = load_scorer(settings.safety_model)
        self.texts = AnalysisProcess(settings.safety_model)  # of bulks
        self.sentiment_scorer = SentimentScorer(settings.home)
        self.sentiment_scorer.check()  # now, where somebody sees it, and not at the first comment
        self.comment_scorer = (
            self.sentiment_scorer if settings.tone_strength else None
        )  # of comments
        self.rng = random.Random()
        if settings.llm:
            self.language_model  # noqa: B018  # a setting that is wrong ends the start
        self.pins = PinCache()
        self.new_item_rates = NewItemRates(self.link)
        self.experiments = ExperimentCache()
        self.second = SecondBundle(
            self.bundles, self.link, self.logs, settings, self.comment_scorer
        )
        self.graph = FollowGraph(settings.weights)
        self.popular_accounts = PopularAccounts()
        self.follow_signals = FollowSignals(self.graph)
        self.author_names = AuthorDisplayNames()
        self.stances = StanceModel.of_home(settings.home)
        self.creator_floor = CreatorFloor(settings.creator_floor)
        self.exposure_share = ExposureShare(settings.explore_share)
        self.started = time.time()
        self.dialogue: Dialogue | None = None  # over the model in service
        self._tags: tuple[tuple[str, int], TagIndex] | None = None
        self._pasts = UserHistories(settings.weights)
        self.last_night: Run | None = None  # that ended
        self.kind_counts = KindCounts()
        self.owed = False  # deleted rows are to be emptied from SQLite's write-ahead log
        self.serving_or_none: ServedModel | None = None
        self._pseudonyms: Pseudonyms | None = None
        self._last_erasure = 0
        self._last_merge = 0
        self.closed = False

    def tag_index(self) -> TagIndex:
        """Return the tags of the items in service, indexed anew when there are more of them."""
        from recsys.writing.tag_index import TagIndex  # here: few workers need it

        serving = self.serving_or_none
        if serving is None:
            return TagIndex()
        state = (serving.version, serving.live.label_count("tag"))
        if self._tags is None or self._tags[0] != state:
            self._tags = state, TagIndex.of(serving.live.spelt("tag"))
        return self._tags[1]

    @cached_property
    def help_texts(self) -> HelpTexts:
        """The help texts of the home, loaded with the first question."""
        from recsys.help.question_answering import HelpTexts  # here: few workers need it

        return HelpTexts(self.settings.home)

    @cached_property
    def language_model(self) -> LanguageModel:
        """The language model of the settings, or one that gives the default answers."""
        from recsys.language_model.language_model import LanguageModel  # here: few workers need it

        return LanguageModel.of(
            self.settings.llm,
            self.settings.llm_key,
            self.settings.speak_port,
            lambda outcome: self.metrics.model_answers.labels(outcome).inc(),
        )

    @property
    def serving(self) -> ServedModel:
        """The model in service; 503 when there is none."""
        if self.serving_or_none is None:
            raise no_bundle()
        return self.serving_or_none

    def swap(self, new: ServedModel) -> None:
        """Put a model into service; requests under way finish with the one before."""
        self.serving_or_none = new
        self.cache.clear()
        self.metrics.swaps.inc()
        self.warn_if_stale()

    @property
    def pseudonyms(self) -> Pseudonyms:
        """Keyed pseudonyms of users, the same in every worker that reached the store."""
        if self._pseudonyms is None:
            try:
                with self.link.use() as store:
                    self._pseudonyms = Pseudonyms.of_store(store)
            except StoreError:
                return Pseudonyms(secrets.token_bytes(32))
        return self._pseudonyms

    def past(self, user_id: str) -> UserPast:
        """Return what a user has done; StoreError when the store is away."""
        with self.metrics.stage("history"), self.link.use() as store:
            return self._pasts.of(store, user_id)

    def forget_answers(self) -> None:
        """Drop what is kept of users: answers and records of what they did."""
        self.cache.clear()
        self._pasts.forget()
        self.forget_names()

    def forget_names(self) -> None:
        """Drop display names that are kept: of followees, and of authors of histories."""
        self.follow_signals.forget()
        self.author_names.forget()

    def catch_up(self) -> None:
        """See at once what was just written, here or by another worker."""
        serving = self.serving_or_none
        if serving is not None:
            with self.link.use() as store:
                serving.feed.follow(store, events=False)

    def see_changes(self) -> None:
        """Apply other workers' item changes before answering, where looking costs nothing."""
        serving, stamp = self.serving_or_none, self.link.stamp()
        if serving is not None and stamp is not None and serving.feed.stamp != stamp:
            try:
                self.catch_up()
            except StoreError:
                pass  # the answer will say that it is degraded
        if self.second.serving is not None:
            self.second.follow()

    def follow_graph(self) -> FollowGraph | None:
        """Return the follow graph as of now, of all workers' writes; None until it was read.

        While the store is away it stays as it was.
        """
        graph, stamp = self.graph, self.link.stamp()
        if not graph.ready:
            return None
        if stamp is None or graph.stamp != stamp:
            try:
                with self.link.use() as store:
                    graph.follow(store, stamp)
            except StoreError:
                log.debug("the log of follows cannot be read")
        return graph

    def load_experiments(self) -> None:
        """Read the experiments; while the store is away, those known so far run on."""
        number = self._experiment_reads.begin()
        try:
            with self.link.use(patient=True) as store:
                experiments = Experiments(store.db).every()
        except StoreError:
            log.debug("the experiments of the store cannot be read")
            return
        with self._experiment_reads.taking(number) as newest:
            if not newest:
                return
            changed = self.experiments.learn(experiments)
        serving, wanted = self.serving_or_none, self.experiments.bundle
        self.experiments.in_service = "" if serving is None else serving.version
        changed |= self.second.take("" if wanted == self.experiments.in_service else wanted)
        self.experiments.opened = self.second.version
        if changed:
            self.cache.clear()

    def load_pins(self) -> None:
        """Read the pins of operators; while the store is away, those known so far hold."""
        number = self._pin_reads.begin()
        try:
            with self.link.use(patient=True) as store:
                pins = Pins(store.db).list()
        except StoreError:
            log.debug("the pins of the store cannot be read")
            return
        with self._pin_reads.taking(number) as newest:
            if newest:
                self.pins.learn(pins)

    def forget_erased(self, store: Store) -> None:
        """Drop what this worker keeps of users whom any worker has erased or merged lately."""
        for id, old, new in MergeLog(store.db).after(self._last_merge):
            self.exposures.move(old, new)
            self.forget_answers()
            self._last_merge = id
        for id, person in Erasures(store.db).after(self._last_erasure):
            self.exposures.forget(person)
            self.forget_answers()
            self._last_erasure = id

    def take_figures(self) -> None:
        """Bring the gauges up to date."""
        self.metrics.bundle_age.set(self.bundle_age() or 0.0)
        self.metrics.bundle_look.set(self.bundle_look_age())
        serving = self.serving_or_none
        self.metrics.missing_indexes.set(len(serving.missing_indexes) if serving else 0)
        self.metrics.lag.set(self.lag() or 0.0)
        self.metrics.store_up.set(self.link.up)
        self.metrics.store_writes.set(self.link.writes)
        self.metrics.last_night(self.last_night, time.time())

    def look_at_nights(self) -> None:
        """Learn from the store how the last night ended; while it cannot be read, the old stays."""
        try:
            with self.link.use(patient=True) as store:
                self.last_night = store.last_run("nightly", ended=True)
                self.metrics.deliveries(Outbox(store.db).counts())
                self.metrics.published(store.last_run("nightly", status="published"))
                alerts, watches = Alerts(store.db).counts(), Watches(store.db).count()
                self.metrics.monitoring(alerts, watches, self.link.audit_log().last_id())
        except StoreError:
            log.debug("how the last night ended cannot be read from the store")

    def look_at_clicks(self) -> None:
        """Bring the click rates of the last seven days up to date."""
        try:
            with self.link.use(patient=True):
                rates = self.link.exposures().rates(time.time() - 7 * 86_400.0)
        except StoreError:
            return  # the old ones stay
        self.metrics.clicks({name: one.ctr for name, one in rates.get("source", {}).items()})

    def bundle_age(self) -> float | None:
        """Return the age of the bundle in seconds, None without one."""
        serving = self.serving_or_none
        return None if serving is None else max(0.0, time.time() - serving.created)

    def bundle_look_age(self) -> float:
        """Return the seconds since the object store of bundles was last read, -1 without one.

        Before the first look they count from the start of this process.
        """
        if not self.settings.bundles:
            return -1.0
        # loaded only where an object store is in use
        from recsys.remote_bundles.pull_state import PullState

        state = PullState.read(self.bundles.folder, self.settings.bundles)
        return max(0.0, time.time() - max(state.looked, self.started))

    def roll_back(self, version: str) -> str:
        """Make a version current, in the object store of RECSYS_BUNDLES where there is one.

        Workers take it within a second, replicas with their next look at the object store.
        """
        if self.settings.bundles:
            # loaded only where an object store is in use
            from recsys.remote_bundles.remote_bundle_store import RemoteBundleStore

            return RemoteBundleStore.open(self.settings.bundles).rollback(version)
        return self.bundles.rollback(version)

    def lag(self) -> float | None:
        """Return the seconds since the store's logs were last read, None without a bundle."""
        serving = self.serving_or_none
        if serving is None or not serving.feed.looked:
            return None
        return max(0.0, time.monotonic() - serving.feed.looked)

    def warn_if_stale(self) -> None:
        """Log a warning when the bundle is older than it should be."""
        age = self.bundle_age()
        if age is not None and age > 3600.0 * self.settings.stale_hours:
            log.warning("the bundle is stale", extra={"hours": round(age / 3600, 1)})

    def close(self) -> None:
        """Stop the thread, write what waits, and let go of the store; once is enough."""
        if self.closed:
            return
        self.closed = True
        self.worker.stop()
        self.texts.close()
        self.logs.close()
        self.link.close()
