"""Figures for Prometheus, per app, so that several apps can live in one process.

With several workers set PROMETHEUS_MULTIPROC_DIR to an empty folder before they start: each of
them then answers for all. Without it a worker answers for itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

_SECONDS = (0.001, 0.002, 0.003, 0.005, 0.008, 0.012, 0.02, 0.035, 0.06, 0.1, 0.25, 1.0, 5.0)
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Metrics:
    """What the service counts and times."""

    def __init__(self, folder: str = "") -> None:
        self.folder = folder
        self.registry = registry = CollectorRegistry()
        self.requests = Histogram(
            "recsys_request_seconds",
            "Time to answer",
            ("route", "status"),
            buckets=_SECONDS,
            registry=registry,
        )
        self.stages = Histogram(
            "recsys_stage_seconds",
            "Time of a stage of a recommendation",
            ("stage",),
            buckets=_SECONDS,
            registry=registry,
        )
        self.shown = Counter(
            "recsys_shown_items", "Items shown, by source", ("source",), registry=registry
        )
        self.lists = Counter(
            "recsys_lists", "Lists, by kind: personal, cold, degraded", ("kind",), registry=registry
        )
        self.cached = Counter("recsys_cached_answers", "Answers kept before", registry=registry)
        self.events = Counter("recsys_accepted_events", "Events accepted", registry=registry)
        self.swaps = Counter("recsys_bundle_swaps", "Bundles taken into service", registry=registry)
        self.lost = Counter(
            "recsys_exposures_lost", "Lists that the exposure log dropped", registry=registry
        )
        most = {"multiprocess_mode": "mostrecent", "registry": registry}
        self.bundle_age = Gauge("recsys_bundle_age_seconds", "Age of the bundle", **most)  # type: ignore[arg-type]
        self.lag = Gauge("recsys_store_lag_seconds", "Age of the last look at the store", **most)  # type: ignore[arg-type]
        self.store_up = Gauge("recsys_store_up", "Whether the store answers", **most)  # type: ignore[arg-type]

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time a stage."""
        start = perf_counter()
        yield
        self.stages.labels(name).observe(perf_counter() - start)

    def page(self) -> bytes:
        """Return the figures in the form that Prometheus reads."""
        registry = self.registry
        if self.folder:
            registry = CollectorRegistry()
            MultiProcessCollector(registry, self.folder)  # type: ignore[no-untyped-call]
        return generate_latest(registry)
