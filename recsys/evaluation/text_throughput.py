"""Throughput of text analysis: all texts at once, by stage, and one text alone."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import cycle, islice
from pathlib import Path

import numpy as np

from recsys.data.event_tables import ItemTable
from recsys.data.records import Item
from recsys.errors import DataError
from recsys.safety.item_screening import screen
from recsys.store.store import Store
from recsys.text.clean import document
from recsys.text.encoders.student import Student
from recsys.text.sentiment.model import SentimentModel
from recsys.text.topics.fit import TopicConfig, fit_topics
from recsys.text.topics.model import Topics

BATCH = 5_000  # items that are screened and stored at once, as ingest does
ALONE = 300  # texts that are taken one by one


def throughput(
    table: ItemTable, count: int, student: Student, sentiment: SentimentModel, folder: Path
) -> dict[str, object]:
    """Return the seconds of each stage for `count` texts, and CPU milliseconds for one alone.

    Texts beyond those of the table are its own once more, under other ids and with a word
    more, so that they are near duplicates. `folder` takes a store that may be thrown away.
    """
    if not len(table):
        raise DataError("the items file holds no item: there is nothing to time")
    items = list(islice(_many(table), count))
    seconds: dict[str, float] = {}
    cpu = time.process_time()
    with Store.open(f"sqlite:///{folder / 'throughput.db'}", bulk=True) as store:
        with _timed(seconds, "clean, language, duplicates, safety, stored"):
            flagged = _screened(store, items)
        with _timed(seconds, "documents"):
            texts = [document(item.title, item.text) for item in items]
        with _timed(seconds, "vectors"):
            vectors = student.encode(texts)
        with _timed(seconds, "tone"):
            sentiment.probabilities(texts)
        with _timed(seconds, "topics"):
            topics = fit_topics(texts, vectors, TopicConfig())
        cpu = time.process_time() - cpu
        alone = _alone(store, items[:ALONE], student, sentiment, topics)
    return {
        "texts": len(items),
        "characters": int(np.mean([len(text) for text in texts])),
        "flagged": flagged,
        "seconds": seconds,
        "total_seconds": sum(seconds.values()),
        "cpu_seconds": round(cpu, 2),
        "one_text_cpu_ms": alone,
    }


def _many(table: ItemTable) -> Iterator[Item]:
    for number, row in enumerate(cycle(range(len(table)))):
        turn, item = number // len(table), table.item(row)
        again = {"item_id": f"{item.item_id}#{turn}", "text": item.text + turn * " again"}
        yield replace(item, **again) if turn else item  # type: ignore[arg-type]


def _screened(store: Store, items: Sequence[Item]) -> int:
    flagged = 0
    for at in range(0, len(items), BATCH):
        found = screen(store, items[at : at + BATCH])
        store.add_items(found.items, fingerprints=found.fingerprints)
        flagged += sum("flags" in item.metadata for item in found.items)
    return flagged


def _alone(
    store: Store, items: Sequence[Item], student: Student, sentiment: SentimentModel, topics: Topics
) -> dict[str, float]:
    """Return the median CPU milliseconds of each stage for a text, as the service meets it."""
    fresh = [
        replace(item, item_id=f"{item.item_id}#new", title=item.title[::-1], text=item.text[::-1])
        for item in items
    ]  # turned round, so that they are no copies
    texts = [document(item.title, item.text) for item in fresh]
    stages: dict[str, Callable[[int], object]] = {
        "screen": lambda row: screen(store, [fresh[row]]),
        "tone": lambda row: sentiment.probabilities([texts[row]]),
        "vector and topic": lambda row: topics.assign([texts[row]], student.encode([texts[row]])),
    }
    found = {name: 1000 * _median(run, len(fresh)) for name, run in stages.items()}
    return {**found, "all": sum(found.values())}


def _median(run: Callable[[int], object], count: int) -> float:
    taken = []
    for row in range(count):
        start = time.process_time()
        run(row)
        taken.append(time.process_time() - start)
    return float(np.median(taken))


@contextmanager
def _timed(seconds: dict[str, float], name: str) -> Iterator[None]:
    start = time.perf_counter()
    yield
    seconds[name] = round(time.perf_counter() - start, 2)
