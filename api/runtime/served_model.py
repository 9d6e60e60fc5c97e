"""ServedModel: an opened bundle with its live state, log tailer and recommender."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from recsys.bundle import RawBundle
from recsys.recommender import Recommender
from recsys.serving.live_state import LiveState
from recsys.serving.model import Model
from recsys.serving.trend_monitor import TrendMonitor
from recsys.settings import Settings
from recsys.store_log_tailer import LogTailer
from recsys.text.sentiment.scorer import SentimentScorer

from ..errors import ApiError


@dataclass(frozen=True, slots=True)
class ServedModel:
    """A model in service with all that belongs to it."""

    version: str
    created: float  # Unix seconds
    manifest: Mapping[str, Any]
    live: LiveState
    recommender: Recommender
    feed: LogTailer
    trend_monitor: TrendMonitor
    min_people: int = 1  # counts of fewer users are not published

    @classmethod
    def of(
        cls, raw: RawBundle, settings: Settings, sentiment_scorer: SentimentScorer | None = None
    ) -> ServedModel:
        """Make a verified bundle ready to serve; nothing of it is copied."""
        # the same mapped pages as plain arrays: numpy.memmap runs Python code at every index
        plain = {name: np.asarray(array) for name, array in raw.arrays.items()}
        model = Model.from_raw(replace(raw, arrays=plain))
        live = LiveState(
            model,
            settings.weights,
            settings.flag_weight,
            settings.unrecorded_items,
            replies=settings.replies,
        )
        created = float(raw.manifest.get("created") or time.time())
        feed = LogTailer(live, raw.manifest, sentiment_scorer)
        trend_monitor = TrendMonitor(live)
        recommender = Recommender(live, trend_monitor=trend_monitor, rising=settings.rising_weight)
        return cls(
            raw.version,
            created,
            raw.manifest,
            live,
            recommender,
            feed,
            trend_monitor,
            settings.min_people,
        )


def no_bundle() -> ApiError:
    """Return the failure of a request that needs a model when there is none."""
    message = "there is no bundle yet: run `recsys nightly` first"
    return ApiError(503, message, "no_bundle", headers={"Retry-After": "5"})
