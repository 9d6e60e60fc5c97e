"""A whole night on a large synthetic platform: CPU time and peak memory of each step.

    RECSYS_HOME=/tmp/large python -m jobs.bench.large_night 150000 900000 30000

The platform of `jobs.bench.niche_world` takes the place of what a store holds: the step `snapshot`
is written, all others are those of `recsys nightly`, with its settings. The bundle is published in
RECSYS_HOME, which `recsys serve` can then serve. `--more 0.01` runs a second night afterwards, with
that share of new events; `--nights 3` a third one with as many: the first night of a home chooses
quickly and the second in full, so that the third is the first that may keep its choice.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click
import numpy as np

from recsys.bundle_store import BundleStore
from recsys.data.event_tables import EventTable
from recsys.data.unrecorded_items import with_records
from recsys.evaluation.peak_memory import peak_mb, reset_peak
from recsys.settings import Settings
from recsys.store.store import Store
from recsys.tuning.cpu_budget import cpu_seconds

from ..cli import run
from ..environment import load_settings
from ..nightly.context import NightContext
from ..nightly.data_snapshot import save_snapshot
from ..nightly.pipeline import NightPipeline
from ..nightly.step_runner import Detail, PipelineStep, run_steps
from ..progress import LogProgress
from .niche_world import NicheConfig, niche_world


@dataclass(slots=True)
class StepCosts:
    """CPU seconds and peak memory of each step, reported as it ends."""

    progress: LogProgress
    rows: list[dict[str, float | str]] = field(default_factory=list)
    began: float = 0.0

    def started(self, name: str) -> None:
        """A step begins."""
        reset_peak()
        self.began = cpu_seconds()

    def finished(self, name: str, seconds: float, detail: Detail, reused: bool) -> None:
        """A step is through."""
        if not reused:
            cost = {"cpu_seconds": cpu_seconds() - self.began, "peak_mb": peak_mb()}
            self.rows.append({"step": name, "seconds": seconds, **cost})
            label = f"{name} ({cost['cpu_seconds']:.1f} s of CPU, {cost['peak_mb']:.0f} MB)"
            self.progress.finished(label, seconds, detail, reused)


def night(settings: Settings, events: EventTable, items: Any, number: int) -> dict[str, Any]:
    """Run the steps of a night on some tables; return its costs, engines and verdict."""
    folder = settings.home / "runs" / str(number)
    progress = LogProgress("large night")
    with Store.open(settings.store_url) as store:
        context = NightContext(settings, store, folder, number, progress)
        pipeline = NightPipeline(context)

        def snapshot(out: Path) -> Detail:
            kept, unrecorded = with_records(
                events, items, settings.unrecorded_items, settings.weights
            )
            save_snapshot(out, kept, items)
            stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
            counts = {"events": len(kept), "items": len(items), "users": len(kept.users)}
            position = {"last_event_id": 0, "last_change_id": 0}
            kinds = kept.kind_counts()
            return {**counts, **position, "kinds": kinds, "version": f"{stamp}-{number}"}

        costs = StepCosts(progress)
        first, *rest = pipeline.steps
        steps = [PipelineStep(first.name, snapshot), *rest]
        details: Mapping[str, Detail] = run_steps(folder, steps, costs)
        if details["gate"]["passed"]:
            run_steps(folder, [PipelineStep("publish", pipeline.publish)], costs)
    tuned = details["tune"]
    return {
        "engines": tuned["engines"],
        "because": tuned["because"],
        "engine_reason": tuned["engine_reason"],
        "pressure": tuned["pressure"],
        "baselines": details["baselines"]["reason"],
        "gate": details["gate"]["reason"],
        "passed": details["gate"]["passed"],
        "index": details["index"],
        "steps": costs.rows,
        "cpu_seconds": sum(float(row["cpu_seconds"]) for row in costs.rows),
        "peak_mb": max(float(row["peak_mb"]) for row in costs.rows),
    }


def until(events: EventTable, count: int) -> EventTable:
    """Return the first events in time."""
    kept = np.zeros(len(events), bool)
    kept[:count] = True
    return events.select(kept)


@click.command(name="large_night")
@click.argument("items", type=click.IntRange(100))
@click.argument("events", type=click.IntRange(1_000))
@click.argument("users", type=click.IntRange(10))
@click.option("--more", type=click.FloatRange(0, 0.2), default=0.0, help="New events each night.")
@click.option(
    "--nights", type=click.IntRange(1, 5), default=2, help="In all, where there are more."
)
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True)
def command(items: int, events: int, users: int, more: float, nights: int, seed: int) -> None:
    """Run nights on a synthetic platform in RECSYS_HOME; print JSON."""
    settings = load_settings()
    bundles = BundleStore(settings.home)
    if bundles.versions():
        raise click.UsageError(f"RECSYS_HOME {settings.home}: holds bundles; name an empty folder")
    table, catalogue = niche_world(NicheConfig(items, events, users, seed))
    last = nights if more else 1
    found = [
        night(
            settings, until(table, round(events * (1 - more * (last - number)))), catalogue, number
        )
        for number in range(1, last + 1)
    ]
    print(json.dumps({"items": items, "events": events, "users": users, "nights": found}))


if __name__ == "__main__":
    run(command)
