"""Training benchmark: time and memory of nightly training on synthetic data of a given size.

    python -m jobs.bench_scale 1000000

Ten events a user; items grow as the square root of the events, 100,000 at ten million, which is
what Amazon Beauty, MovieTweetings and Gowalla have. Users keep to a few clusters of items, and a
few items of each get most of the events. The choice is given, as in a night that does not tune.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import click
import numpy as np
from numpy.typing import NDArray

from recsys.data.dataset import Dataset
from recsys.data.event_tables import EventTable, ItemTable
from recsys.data.ids import IdMap
from recsys.data.records import Item
from recsys.data.table_builder import item_table
from recsys.evaluation.peak_memory import peak_mb, reset_peak
from recsys.models.engine_definitions import lowpass, slist
from recsys.models.slist import SlistConfig
from recsys.text.encoders.packaged_word_vectors import packaged_word_vectors
from recsys.text.item_texts import documents
from recsys.text_training.encode_catalogue import encode_words
from recsys.training.model_builder import TextVectors, assemble, known_interactions

from ..cli import run
from ..environment import load_settings
from .synthetic_catalogue import BLEND, START

PER_USER = 10  # events
MOST_ITEMS, AT = 100_000, 10_000_000  # items at so many events
CLUSTERS, TASTES = 200, 3  # of the catalogue, of a user
ZIPF = 1.0  # the nth most popular item of a cluster gets 1 / n**ZIPF as much
STRAY = 0.1  # of the events are on any item at all
WORDS = 12  # that a cluster's titles are made of


@dataclass(slots=True)
class Steps:
    """Seconds and peak memory of each step."""

    found: list[dict[str, float | str]] = field(default_factory=list)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Measure what happens inside."""
        reset_peak()
        began, cpu = time.perf_counter(), time.process_time()
        yield
        seconds, used = time.perf_counter() - began, time.process_time() - cpu
        self.found.append(
            {"name": name, "seconds": seconds, "cpu_seconds": used, "peak_mb": peak_mb()}
        )


@click.command(name="scale")
@click.argument("events", type=click.IntRange(1000))
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True)
def command(events: int, seed: int) -> None:
    """Fit a night's model to so many synthetic events; print JSON."""
    print(json.dumps(measured(events, seed)))


def measured(count: int, seed: int) -> dict[str, object]:
    """Return the size of the world, the engine, and the cost of every step."""
    settings, steps = load_settings(), Steps()
    events, items = world(count, seed)
    with steps.step("dataset"):
        data = Dataset.build(events, items)
    del events
    with steps.step("words"):
        texts = documents(data.table)
        found = encode_words(texts, packaged_word_vectors(), settings.home, "scale")
        words = TextVectors(found.vectors, found.student)
    with steps.step("fit"):
        known = known_interactions(data, words)
        engine = slist(8.0) if known.shape[1] <= SlistConfig().largest else lowpass(512)
        fitted = {engine.scorer: engine.fit(known, seed, "cpu")}
    del known
    with steps.step("assemble"):
        model = assemble(data, fitted, words, BLEND, seed)
    size = sum(array.nbytes for array in model.arrays().values())
    return {
        "events": count,
        "users": len(data.users),
        "items": len(data.items),
        "engine": engine.name,
        "bundle_mb": size / 1e6,
        "steps": steps.found,
        "seconds": sum(float(each["seconds"]) for each in steps.found),
        "cpu_seconds": sum(float(each["cpu_seconds"]) for each in steps.found),
        "peak_mb": max(float(each["peak_mb"]) for each in steps.found),
    }


def world(count: int, seed: int) -> tuple[EventTable, ItemTable]:
    """Return likes of users with a few tastes each, and items whose titles tell their cluster."""
    rng = np.random.default_rng(seed)
    n_users, n_items = max(count // PER_USER, 1), items_at(count)
    user = rng.integers(n_users, size=count, dtype=np.int32)
    tastes = rng.integers(CLUSTERS, size=(n_users, TASTES), dtype=np.int32)
    cluster = tastes[user, rng.integers(TASTES, size=count)]
    inside = _popular(n_items // CLUSTERS, count, rng)
    item = inside * CLUSTERS + cluster  # items n, n + CLUSTERS, … are one cluster
    stray = rng.random(count) < STRAY
    item[stray] = rng.integers(n_items, size=int(stray.sum()), dtype=np.int32)
    table = EventTable(
        users=IdMap.from_ids(f"u{n}" for n in range(n_users)),
        items=IdMap.from_ids(f"i{n}" for n in range(n_items)),
        user=user,
        item=item.astype(np.int32),
        kind=np.zeros(count, np.int16),
        kinds=("like",),
        value=np.full(count, np.nan, np.float32),
        time=START + 60.0 * 24 * 3600 * np.sort(rng.random(count)),
    )
    return table, item_table(_items(n_items, rng))


def items_at(count: int) -> int:
    """Return how many items a world of so many events has, a multiple of CLUSTERS."""
    n_target = MOST_ITEMS * (count / AT) ** 0.5
    return int(CLUSTERS * max(round(min(n_target, MOST_ITEMS) / CLUSTERS), 1))


def _popular(size: int, count: int, rng: np.random.Generator) -> NDArray[np.int32]:
    """Draw places 0..size-1, the first ones most often."""
    share = 1.0 / np.arange(1, size + 1) ** ZIPF
    edges = np.cumsum(share / share.sum())
    drawn = np.searchsorted(edges, rng.random(count, np.float32))
    return np.minimum(drawn, size - 1).astype(np.int32)


def _items(n_items: int, rng: np.random.Generator) -> Iterator[Item]:
    letters = np.array(list("abcdefghijklmnopqrstuvwxyz"))
    spelled = rng.choice(letters, (CLUSTERS, WORDS, 6))
    chosen = rng.integers(WORDS, size=(n_items, 4))
    for item in range(n_items):
        own = spelled[item % CLUSTERS]
        yield Item(f"i{item}", title=" ".join("".join(own[word]) for word in chosen[item]))


if __name__ == "__main__":
    run(command)
