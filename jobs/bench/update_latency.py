"""Update latency of a running service: clicks, posts, event streams, a new bundle under load."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from recsys.bundle import write_bundle
from recsys.bundle_store import BundleStore
from recsys.errors import DataError

from .http_client import Client, request

TRIES = 40  # clicks, and posts
BATCH = 100  # events of one request
STREAMS = 8  # connections that send events at once
MADE = 200  # batches that each of them has at hand
LATE = 5.0  # seconds after which a click or a post counts as lost
CLIENTS = 4  # connections that ask while a bundle comes


def clicks(url: str, items: int) -> dict[str, float]:
    """Measure from a click's request to an answer that differs, ms at the median and the most."""
    caller, took = Client(url), []
    for number in range(TRIES):
        path = f"/recommend/newcomer-{number}?n=10&fields=none"
        before = _listed(caller.call("GET", path))
        start = time.perf_counter()
        click = {"user_id": f"newcomer-{number}", "item_id": f"i{number * 37 % items}"}
        caller.call("POST", "/events", click | {"event": "like"})
        _until(lambda p=path, b=before: _listed(caller.call("GET", p)) != b, f"click {number}")
        took.append(time.perf_counter() - start)
    return _summary(took)


def posts(url: str, words: int) -> dict[str, float]:
    """Measure from a post's request to a search that finds it; a post for each known word."""
    caller, took = Client(url), []
    for number in range(min(TRIES, words)):  # a second one of the same words would be a copy
        start = time.perf_counter()
        caller.call("POST", "/items", {"item_id": f"post-{number}", "title": f"t{number} news"})
        path = f"/search?q=t{number}+news&n=50&fields=none"
        _until(lambda p=path, n=number: f"post-{n}" in _listed(caller.call("GET", p)), "post")
        took.append(time.perf_counter() - start)
    return _summary(took)


def stream(url: str, items: int, seconds: float) -> float:
    """Return how many events a second are stored, sent in batches over some connections."""
    counts, ready = [0] * STREAMS, threading.Barrier(STREAMS, timeout=60.0)

    def send(place: int) -> None:
        client, batches = Client(url), _batches(items, place)
        ready.wait()
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            status, found = client.send(next(batches))
            if status >= 300:
                raise DataError(f"POST /events: status {status}: {found[:200]!r}")
            counts[place] += BATCH

    _together(send, STREAMS)
    return sum(counts) / seconds


def _batches(items: int, seed: int) -> Iterator[bytes]:
    """Return requests without end, made beforehand: to make them is not what is measured."""
    rng, made = np.random.default_rng(seed), []
    for _ in range(MADE):
        users, chosen = rng.integers(0, 100_000, BATCH), rng.integers(0, items, BATCH)
        pairs = zip(users.tolist(), chosen.tolist(), strict=True)
        body = [{"user_id": f"s{u}", "item_id": f"i{i}", "event": "view"} for u, i in pairs]
        made.append(request("POST", "/events", body))
    return itertools.cycle(made)  # an event without a timestamp is another one each time


@dataclass(frozen=True, slots=True)
class Swap:
    """Requests before a new bundle and while it came into service."""

    errors: int
    usual_p99_ms: float
    p99_ms: float
    requests: int


def swap(url: str, home: Path, users: int, seconds: float) -> Swap:
    """Ask without pause while a copy of the bundle is published; count what fails."""
    moments: list[tuple[float, float]] = []  # when, how long
    errors: list[str] = []
    until = time.monotonic() + 2 * seconds

    def ask(place: int) -> None:
        caller, number = Client(url), place
        while time.monotonic() < until:
            number += CLIENTS
            start = time.monotonic()
            try:
                caller.call("GET", f"/recommend/u{number % users}?n=20")
            except (DataError, OSError) as error:
                errors.append(str(error))
                caller = Client(url)
            moments.append((start, time.monotonic() - start))

    askers = threading.Thread(target=_together, args=(ask, CLIENTS))
    askers.start()
    time.sleep(seconds)
    changed = time.monotonic()
    _republish(home)
    askers.join()
    usual = [took for when, took in moments if when < changed]
    during = [took for when, took in moments if when >= changed]
    p99s = [float(np.percentile(np.array(part) * 1e3, 99)) for part in (usual, during)]
    return Swap(len(errors), p99s[0], p99s[1], len(moments))


def _republish(home: Path) -> None:
    store = BundleStore(home)
    raw = store.open_current()
    kept = ("version", "files", "format", "created")
    manifest = {name: value for name, value in raw.manifest.items() if name not in kept}
    blobs = {name: raw.blob(name) for name in raw.manifest["files"] if not name.endswith(".npy")}
    store.publish(lambda folder: write_bundle(folder, raw.arrays, blobs, manifest))


def _together(run: Any, count: int) -> None:
    threads = [threading.Thread(target=run, args=(place,)) for place in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _until(seen: Any, what: str) -> None:
    until = time.monotonic() + LATE
    while not seen():
        if time.monotonic() > until:
            raise DataError(f"{what} was not seen within {LATE:g} s")


def _listed(answer: Any) -> list[str]:
    return [each["item_id"] for each in answer["items"]]


def _summary(took: list[float]) -> dict[str, float]:
    found = np.array(took) * 1e3
    return {"p50_ms": float(np.median(found)), "most_ms": float(found.max())}
