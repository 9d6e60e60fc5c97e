"""ServedModel: an opened bundle with its live state, log tailer and recommender."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from recsys.bundle import RawBundle
from recsys.live_recommender import LiveRecommender
from recsys.ranking.query import Query
from recsys.recommender import Recommender
from recsys.serving.joined_candidate_index import JOINED
from recsys.serving.live_state import LiveState
from recsys.serving.model import INDEX, Model
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
        opened = LiveRecommender.of(raw, model, settings, sentiment_scorer)
        return cls(
            raw.version,
            float(raw.manifest.get("created") or time.time()),
            raw.manifest,
            opened.live,
            opened.recommender,
            opened.feed,
            opened.trend_monitor,
            settings.min_people,
        )

    @property
    def missing_indexes(self) -> tuple[str, ...]:
        """Names of the indexes of vectors that the bundle has and that this process cannot use.

        FAISS is not installed, or a joined index does not fit the other parts: lists are the same,
        found by comparing all items.
        """
        model = self.live.model
        opened = ((INDEX, model.index), (JOINED, model.joined))
        held = self.manifest.get("files", {})
        return tuple(name for name, index in opened if name in held and index is None)

    def find_phrases(self, query: Query) -> None:
        """Look up the phrases of a query before the ranking is held: new ones take time."""
        phrases = [one.value for one in query.controls if one.kind == "words"]
        if phrases:
            self.live.phrases.rows(phrases)


def no_bundle() -> ApiError:
    """Return the failure of a request that needs a model when there is none."""
    message = "there is no bundle yet: run `recsys nightly` first"
    return ApiError(503, message, "no_bundle", headers={"Retry-After": "5"})
