"""Latency and memory of one worker that serves a large night's bundle.

    RECSYS_HOME=/tmp/large python -m jobs.bench.large_night_serving 150000 900000 30000

Histories of some users of the platform of `jobs.bench.niche_world` are put into the store of
RECSYS_HOME, whose bundle `jobs.bench.large_night` has published; then the service is started on it.
Seconds by the clock depend on what else the machine does, so the CPU time of the worker per request
stands beside them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict

import click
import numpy as np

from recsys.data.records import Event
from recsys.store.store import Store

from ..cli import run
from ..environment import load_settings
from .http_load import measure
from .niche_world import NicheConfig, niche_events
from .process_memory import cpu_seconds_of, resident_mb
from .server_process import server


def histories(config: NicheConfig, people: int) -> Iterator[Event]:
    """Yield what some users did, drawn at random among those who did anything, oldest first.

    They are named u0, u1 and so on.
    """
    _, user, item, time = niche_events(config)
    some = np.random.default_rng(config.seed).permutation(np.unique(user))[:people]
    place = np.full(config.users, -1)
    place[some] = np.arange(len(some))
    for at in np.flatnonzero(place[user] >= 0).tolist():
        yield Event(f"u{place[user[at]]}", f"i{item[at]}", "like", timestamp=float(time[at]))


@click.command(name="large_night_serving")
@click.argument("items", type=click.IntRange(100))
@click.argument("events", type=click.IntRange(1_000))
@click.argument("users", type=click.IntRange(10))
@click.option("--people", type=click.IntRange(1), default=300, help="Users whose lists are asked.")
@click.option("--seconds", type=click.FloatRange(0.1), default=10.0, help="Of each of two parts.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True)
def command(items: int, events: int, users: int, people: int, seconds: float, seed: int) -> None:
    """Serve the bundle in RECSYS_HOME and ask one worker for lists; print JSON."""
    settings = load_settings()
    with Store.open(settings.store_url) as store:
        if not store.last_event_id():
            store.add_events(histories(NicheConfig(items, events, users, seed), people))
    with server(settings.home, 1) as (url, pid):
        before = cpu_seconds_of(pid)
        load = measure(url, "/recommend/u{}?n=20", people, seconds, 4)
        spent = cpu_seconds_of(pid) - before
        memory = resident_mb(pid)
    n_requests = load.requests + load.per_second * seconds
    found = {**asdict(load), "cpu_ms": 1e3 * spent / n_requests, **memory}
    print(json.dumps({"items": items, **found}))


if __name__ == "__main__":
    run(command)
