"""Prometheus metrics of one app; several apps can run in one process.

The workers of `recsys serve` each leave a copy of their figures in a folder that they share, once a
second, and the worker that serves a request adds up its own and the others' copies. The files are
written, not mapped into memory: a full disk makes a copy old, and ends no process. Under another
server with several workers set PROMETHEUS_MULTIPROC_DIR to an empty folder before they start.
Without either a worker answers for itself.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from recsys.store.job_runs import Run

_SECONDS = (0.001, 0.002, 0.003, 0.005, 0.008, 0.012, 0.02, 0.035, 0.06, 0.1, 0.25, 1.0, 5.0)
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
NIGHT_ENDS = ("published", "refused", "failed", "killed")
log = logging.getLogger("recsys.api")


class Metrics:
    """What the service counts and times.

    `folder`: of prometheus_client's files; `figures`: of the copies that workers leave.
    """

    def __init__(self, folder: str = "", figures: str = "") -> None:
        self.folder = folder
        self._figures = Path(figures) if figures else None
        self._own = f"worker-{os.getpid()}.json"
        self._kept = True  # whether the last copy could be left
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
        self.model_answers = Counter(
            "recsys_language_model_answers",
            "Answers of the language model, by outcome: accepted, or why the default was shown",
            ("outcome",),
            registry=registry,
        )
        self.swaps = Counter("recsys_bundle_swaps", "Bundles taken into service", registry=registry)
        self.lost = Counter(
            "recsys_exposures_lost", "Lists that the exposure log dropped", registry=registry
        )
        most = {"multiprocess_mode": "mostrecent", "registry": registry}
        self.follow_figures = Gauge(
            "recsys_follow_graph",
            "The follow graph of a worker: edges, acts, blocks, and bytes of both",
            ("what",),
            **most,  # type: ignore[arg-type]
        )
        self.bundle_age = Gauge("recsys_bundle_age_seconds", "Age of the bundle", **most)  # type: ignore[arg-type]
        self.missing_indexes = Gauge(
            "recsys_missing_indexes",
            "Indexes of vectors that the bundle in service has and that cannot be used",
            **most,  # type: ignore[arg-type]
        )
        self.bundle_look = Gauge(
            "recsys_bundle_look_age_seconds",
            "Time since the object store of bundles was last read, -1 without one",
            **most,  # type: ignore[arg-type]
        )
        self.lag = Gauge("recsys_store_lag_seconds", "Age of the last look at the store", **most)  # type: ignore[arg-type]
        self.store_up = Gauge("recsys_store_up", "Whether the store answers", **most)  # type: ignore[arg-type]
        self.store_writes = Gauge(
            "recsys_store_writes",
            "Whether the store takes writes",
            **most,  # type: ignore[arg-type]
        )
        self.notices = Gauge(
            "recsys_notice_deliveries",
            "Deliveries of notices that wait, and dead ones",
            ("state",),
            **most,  # type: ignore[arg-type]
        )
        self.night_end = Gauge(
            "recsys_last_night_age_seconds",
            "Time since the last night ended, -1 before the first",
            **most,  # type: ignore[arg-type]
        )
        self.night_seconds = Gauge(
            "recsys_last_night_seconds",
            "Time that the last night took by the clock",
            **most,  # type: ignore[arg-type]
        )
        self.night_users = Gauge(
            "recsys_last_night_people",
            "Users by whom the gate of the last night compared models",
            **most,  # type: ignore[arg-type]
        )
        self.night_status = Gauge(
            "recsys_last_night_status",
            "How the last night ended: 1 for its status, 0 for the others",
            ("status",),
            **most,  # type: ignore[arg-type]
        )

        self.last_success = Gauge(
            "recsys_last_published_night_timestamp_seconds",
            "When the last night that published a bundle ended, 0 before the first",
            **most,  # type: ignore[arg-type]
        )
        self.night_cpu = Gauge(
            "recsys_last_night_cpu_seconds",
            "CPU time of the last night",
            **most,  # type: ignore[arg-type]
        )
        self.night_gate = Gauge(
            "recsys_last_night_gate_passed",
            "Whether the last night passed its gate",
            **most,  # type: ignore[arg-type]
        )
        self.night_ndcg = Gauge(
            "recsys_last_night_ndcg",
            "nDCG@20 of the last night's gate: of the new model and of the bundle in service",
            ("model",),
            **most,  # type: ignore[arg-type]
        )
        self.click_rate = Gauge(
            "recsys_click_rate",
            "Items acted on per item shown, last seven days, by source",
            ("source",),
            **most,  # type: ignore[arg-type]
        )
        self.alerts = Gauge(
            "recsys_alerts",
            "Alerts of watches by state",
            ("state",),
            **most,  # type: ignore[arg-type]
        )
        self.watches = Gauge("recsys_watches", "Watches over texts", **most)  # type: ignore[arg-type]
        self.audit_entries = Gauge(
            "recsys_audit_last_entry",
            "Number of the newest entry of the audit log",
            **most,  # type: ignore[arg-type]
        )

    def published(self, run: Run | None) -> None:
        """Take over the last night that published a bundle; None before the first."""
        self.last_success.set((run.finished or 0.0) if run is not None else 0.0)

    def monitoring(self, alerts: Mapping[str, int], watches: int, audit: int) -> None:
        """Take over the alerts by state, the number of watches, and the last audit entry."""
        for state, count in alerts.items():
            self.alerts.labels(state).set(count)
        self.watches.set(watches)
        self.audit_entries.set(audit)

    def clicks(self, rates: Mapping[str, float]) -> None:
        """Take over click rates by source; sources that are gone are left out."""
        self.click_rate.clear()
        for source, rate in rates.items():
            self.click_rate.labels(source).set(rate)

    def follows(self, figures: Mapping[str, int]) -> None:
        """Take over the figures of the follow graph."""
        for what, count in figures.items():
            self.follow_figures.labels(what).set(count)

    def last_night(self, run: Run | None, now: float) -> None:
        """Take over the last night that ended; None before the first."""
        detail = run.detail if run is not None else {}
        ended = run.finished if run is not None else None
        self.night_end.set(-1.0 if ended is None else max(0.0, now - ended))
        self.night_seconds.set(0.0 if run is None or ended is None else ended - run.started)
        self.night_users.set(detail.get("gate", {}).get("people") or 0)
        gate = detail.get("gate", {})
        self.night_cpu.set(detail.get("cpu_seconds") or 0.0)
        self.night_gate.set(bool(gate.get("passed")))
        for model, name in (("new", "today"), ("in service", "yesterday")):
            self.night_ndcg.labels(model).set(gate.get(name) or 0.0)
        for status in NIGHT_ENDS:
            self.night_status.labels(status).set(run is not None and run.status == status)

    def deliveries(self, counts: Mapping[str, int]) -> None:
        """Take over how many deliveries of notices are pending and dead."""
        for state, count in counts.items():
            self.notices.labels(state).set(count)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time a stage."""
        start = perf_counter()
        yield
        self.stages.labels(name).observe(perf_counter() - start)

    def leave(self) -> None:
        """Leave a copy of the figures for the other workers; on a full disk the old one stays."""
        if self._figures is None:
            return
        part = self._figures / f"{self._own}.part"
        try:
            part.write_text(json.dumps([_as_json(m) for m in self.registry.collect()]), "utf-8")
            part.replace(self._figures / self._own)
            self._kept = True
        except OSError as error:
            if self._kept:
                log.warning("figures could not be left for other workers: %s", error.strerror)
            self._kept = False

    def page(self) -> bytes:
        """Return the figures in the form that Prometheus reads."""
        registry = self.registry
        if self._figures is not None:
            registry = CollectorRegistry()
            registry.register(_Sum(self.registry.collect(), self._others(self._figures)))
        elif self.folder:
            registry = CollectorRegistry()
            MultiProcessCollector(registry, self.folder)  # type: ignore[no-untyped-call]
        return generate_latest(registry)

    def _others(self, folder: Path) -> Iterator[dict[str, Any]]:
        for path in sorted(folder.glob("*.json")):
            if path.name != self._own:
                try:
                    yield from json.loads(path.read_text("utf-8"))
                except (OSError, ValueError):
                    continue  # gone, or cut off by a full disk


class _Sum(Collector):
    """Figures of a worker with those of the others added; gauges as this worker has them."""

    def __init__(self, own: Iterable[Metric], others: Iterable[dict[str, Any]]) -> None:
        self._found = {metric.name: _as_json(metric) for metric in own}
        for other in others:
            mine = self._found.setdefault(other["name"], other | {"samples": []})
            if other["type"] != "gauge":
                mine["samples"] = _added(mine["samples"], other["samples"])

    def collect(self) -> Iterator[Metric]:
        """Give the metrics."""
        for found in self._found.values():
            metric = Metric(found["name"], found["help"], found["type"])
            for name, labels, value in found["samples"]:
                metric.add_sample(name, dict(labels), value)
            yield metric


def _as_json(metric: Metric) -> dict[str, Any]:
    """Return a metric as JSON knows it, without the moments at which its series began."""
    samples = [
        [sample.name, sorted(sample.labels.items()), sample.value]
        for sample in metric.samples
        if not sample.name.endswith("_created")
    ]
    result = {"name": metric.name, "help": metric.documentation, "type": metric.type}
    return result | {"samples": samples}


def _added(one: list[Any], other: list[Any]) -> list[Any]:
    """Add up samples of the same name and labels; buckets of a histogram stay together."""
    found: dict[tuple[str, tuple[Any, ...]], float] = {}
    for name, labels, value in [*one, *other]:
        key = (name, tuple(map(tuple, labels)))
        found[key] = found.get(key, 0.0) + value
    return [[name, list(labels), value] for (name, labels), value in found.items()]
