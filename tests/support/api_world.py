"""A tiny world for the service: three topics of twenty items each, built without training.

Users like what they liked: every item's neighbours are the items of its topic, and words of a
topic point one way. Sea is trending, bread is old.
"""

from __future__ import annotations

import time
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace

from recsys.bundle import write_bundle
from recsys.bundle_store import BundleStore
from recsys.data.rating_scale import RatingScale
from recsys.data.records import Event, Item
from recsys.data.table_builder import item_table
from recsys.models.item_to_item_weights import ItemWeights
from recsys.serving.catalogue import Catalogue
from recsys.serving.model import Model
from recsys.serving.popularity_counters import PopularityCounters
from recsys.serving.score_model import LogTerm, ScoreModel, Term
from recsys.store.store import Store
from recsys.text.clean import document
from recsys.text.encoders.student import Student
from recsys.text.entities.model import fit_entities
from recsys.text.topics.fit import TopicConfig, fit_topics
from recsys.text.topics.labels import with_labels
from recsys.training.trend_streams import labelled
from recsys.trends.series import Stream
from recsys.trends.trend_model import Trends, fit_trends

TOPICS = {
    "sea": ("tide", "sailor", "harbour", "wave", "anchor"),
    "chess": ("rook", "gambit", "pawn", "endgame", "bishop"),
    "bread": ("dough", "oven", "yeast", "crust", "flour"),
}
EACH = 20
NOW = time.time()


def items() -> list[Item]:
    """Return the sixty items: sea-0 … bread-19."""
    return [
        Item(
            f"{topic}-{number}",
            title=f"{words[number % 5]} {words[(number + 1) % 5]}",
            tags=(topic, words[number % 5]),
            category=topic,
            author_id=f"author-{number % 4}",
            created_at=NOW - 86_400.0 * (place * EACH + number + 1),
            metadata={"language": "en" if number % 2 else "de"},
        )
        for place, (topic, words) in enumerate(TOPICS.items())
        for number in range(EACH)
    ]


def student() -> Student:
    """Return a student who knows the words of the topics."""
    vocabulary = {"[UNK]": 0}
    vectors = [np.zeros(8, np.float32)]
    for place, (topic, words) in enumerate(TOPICS.items()):
        for number, word in enumerate((topic, *words)):
            vocabulary[word] = len(vectors)
            vector = np.zeros(8, np.float32)
            vector[place], vector[3 + number % 5] = 1.0, 0.2
            vectors.append(vector)
    tokenizer = Tokenizer(WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = Whitespace()
    return Student(tokenizer.to_str().encode(), np.stack(vectors), "tiny")


def neighbours(count: int) -> ItemWeights:
    """Return item-to-item weights of 1 within a topic."""
    topic = np.arange(count) // EACH
    matrix = (topic[:, None] == topic[None, :]).astype(np.float32)
    np.fill_diagonal(matrix, 0.0)
    return ItemWeights.from_dense(matrix, EACH)


def model(version: str = "one") -> Model:
    """Return a model of the world, sea trending."""
    rows = items()
    table = item_table(rows)
    pupil = student()
    texts = [document(i.title, i.text, i.tags, i.category) for i in rows]
    moments = np.sort(NOW - 3600.0 * np.arange(1, 41))
    taken = np.arange(40, dtype=np.int32) % EACH
    counters = PopularityCounters.from_events(
        len(rows), taken, np.ones(40, np.float32), np.ones(40, bool), moments
    )
    known = dict(
        version=version,
        cutoff=float(moments[-1]),
        catalogue=Catalogue.from_table(table, table.created),
        neighbours=neighbours(len(rows)),
        behaviour=None,
        words=pupil.encode(texts),
        bridge=None,
        student=pupil,
        counters=counters.arrays(),
        score_model=ScoreModel(
            terms=(Term("neighbours", 10.0, 1.0), Term("words", 10.0, 0.5)),
            curves=(LogTerm(1.0, 1.0),),
            priors={"share_1d": 0.05},
        ),
        rating_scale=RatingScale(3.0, 1.0, 1.0, 100),
        topics=with_labels(
            fit_topics(texts, pupil.encode(texts), TopicConfig(n_topics=3, n_parents=2)),
            texts,
            [() for _ in texts],
        ),
    )
    known["entities"] = fit_entities(texts)
    known["trends"] = trends(known["catalogue"], known["topics"], known["entities"])
    # what else a model may have been fitted with is absent here
    return Model(**{field.name: known.get(field.name) for field in fields(Model)})  # type: ignore[arg-type]


def trends(catalogue: Any, topics: Any, entities: Any) -> Trends | None:
    """Return the trends of four weeks in which every item has an act a day, each by another."""
    marked = labelled(catalogue, topics.items, entities, len(topics))
    acts = np.arange(28 * len(catalogue))
    times = NOW - 28 * 86_400 + 86_400 * acts / len(catalogue)
    rows = (7 * acts % len(catalogue)).astype(np.int32)
    return fit_trends(Stream.of_acts(times, rows, acts), marked.labels, marked.population)


def publish(home: Path, version: str = "one", named: bool = True, **manifest: object) -> str:
    """Publish a bundle of the world; its topics have no names unless they are `named`."""
    made = model(version)
    if not named and made.topics is not None:
        made = replace(made, topics=replace(made.topics, labels=(), parent_labels=()))

    def write(folder: Path) -> None:
        write_bundle(folder, made.arrays(), {}, {"model": made.settings(), **manifest})

    return BundleStore(home).publish(write, version)


def fill(store: Store) -> None:
    """Store the items and a user of bread with a history."""
    store.add_items(items())
    store.add_events(
        Event("baker", f"bread-{number}", "like", timestamp=NOW - 5000 + number)
        for number in range(6)
    )


def build(home: Path) -> str:
    """Make a home with a store and a bundle; return the URL of the store."""
    url = f"sqlite:///{home / 'store.db'}"
    store = Store.open(url)
    fill(store)
    publish(home, last_event_id=store.last_event_id(), last_change_id=store.last_change_id())
    store.close()
    return url
