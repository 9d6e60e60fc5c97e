"""CPU time of watches: a minute of new texts, and a look for bursts.

    python -m jobs.bench.watch_cost --watches 1000 --texts 60

A store of three days with as many texts an hour as there are in the minute; each watch
holds for about one text in a hundred, by words that are Zipf-distributed.
"""

from __future__ import annotations

import json
import tempfile
import time
from pathlib import Path

import click
import numpy as np

from recsys.data.records import Item
from recsys.monitoring.watch_worker import LOOK, WatchWorker
from recsys.store.store import Store
from recsys.store.watches import Watches
from recsys.text.sentiment.scorer import SentimentScorer

VOCABULARY = 5_000
ROUNDS = 12  # of five seconds


@click.command()
@click.option("--watches", type=click.IntRange(1, 10_000), default=1_000, show_default=True)
@click.option("--texts", type=click.IntRange(1, 10_000), default=60, show_default=True)
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True)
def command(watches: int, texts: int, seed: int) -> None:
    """Measure a minute of watching."""
    rng = np.random.default_rng(seed)
    with tempfile.TemporaryDirectory() as folder:
        with Store.open(f"sqlite:///{Path(folder) / 'store.db'}") as store:
            figures = _measured(store, Path(folder), watches, texts, rng)
    print(json.dumps({"watches": watches, "texts": texts, "seed": seed, **figures}))


def _measured(
    store: Store, home: Path, watches: int, texts: int, rng: np.random.Generator
) -> dict[str, float]:
    now, known = time.time(), Watches(store.db)
    for at in range(watches):
        first, second = rng.integers(20, VOCABULARY, 2)
        values = {"name": f"w{at}", "query": f"w{first}x OR w{second}x", "group": ""}
        rest = {"level": "normal", "least_people": 10, "digest": "none", "created_by": ""}
        known.add({**values, **rest}, 1, 1)
    watcher = WatchWorker(store, SentimentScorer(home))
    watcher.run(None, 0, 0)
    store.add_items(_items(texts * 69, now - 2.9 * 86_400, now, "day", rng))
    begun = time.process_time()
    watcher.run(None, store.last_change_id(), 0)
    day = time.process_time() - begun
    begun = time.process_time()
    for at in range(ROUNDS):
        store.add_items(_items(texts // ROUNDS + 1, now - 5, now, f"new{at}", rng))
        watcher.run(None, store.last_change_id(), 0)
    minute = time.process_time() - begun
    watcher._looked = 0.0  # a look is due
    begun = time.process_time()
    watcher.run(None, store.last_change_id(), 0)
    look = time.process_time() - begun
    return {
        "cpu_seconds_of_the_days_before": round(day, 3),
        "cpu_seconds_a_minute": round(minute + look * 60 / LOOK, 3),
        "cpu_seconds_of_a_look": round(look, 3),
    }


def _items(n: int, start: float, end: float, name: str, rng: np.random.Generator) -> list[Item]:
    words = np.minimum(rng.zipf(1.3, (n, 30)), VOCABULARY)
    times = np.sort(rng.uniform(start, end, n))
    return [
        Item(
            f"{name}-{at}",
            title=" ".join(f"w{word}x" for word in row),
            author_id=f"a{rng.integers(1_000)}",
            created_at=float(times[at]),
        )
        for at, row in enumerate(words.tolist())
    ]


if __name__ == "__main__":
    command()
