"""LiveRecommender: the recommender of a bundle with its live state, as the settings have them."""

from __future__ import annotations

import time
from dataclasses import dataclass

from recsys.bundle import RawBundle
from recsys.bundle_store import BundleStore
from recsys.recommender import Recommender
from recsys.serving.live_state import LiveState
from recsys.serving.model import Model
from recsys.serving.trend_monitor import TrendMonitor
from recsys.settings import Settings
from recsys.store.store import Store
from recsys.store_log_tailer import LogTailer
from recsys.text.sentiment.scorer import SentimentScorer


@dataclass(frozen=True, slots=True)
class LiveRecommender:
    """A recommender, and what keeps it up to date; `feed` has read nothing of the store yet."""

    live: LiveState
    recommender: Recommender
    feed: LogTailer
    trend_monitor: TrendMonitor

    @classmethod
    def of(
        cls,
        raw: RawBundle,
        model: Model,
        settings: Settings,
        sentiment_scorer: SentimentScorer | None,
    ) -> LiveRecommender:
        """Return the recommender of a model. `sentiment_scorer`: None: comments have no tone."""
        live = LiveState(
            model,
            settings.weights,
            settings.flag_weight,
            settings.unrecorded_items,
            replies=settings.replies,
        )
        trends = TrendMonitor(live)
        recommender = Recommender(live, trend_monitor=trends, rising=settings.rising_weight)
        return cls(live, recommender, LogTailer(live, raw.manifest, sentiment_scorer), trends)

    def follow(self, store: Store) -> Recommender:
        """Return the recommender once the store's logs are read to their ends."""
        self.feed.follow(store)
        self.trend_monitor.trends(time.time())
        return self.recommender


def open_recommender(
    bundles: BundleStore, version: str, store: Store, settings: Settings
) -> tuple[Recommender, SentimentScorer | None]:
    """Return the recommender of a bundle as of now, and what reads comments, where they count.

    `version`: empty for the current bundle.
    """
    raw = bundles.open(version) if version else bundles.open_current()
    scorer = settings.sentiment_scorer if settings.tone_strength else None
    opened = LiveRecommender.of(raw, Model.from_raw(raw), settings, scorer)
    return opened.follow(store), scorer
