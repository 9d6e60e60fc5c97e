"""Synthetic catalogue in clusters with users, served by `recsys bench serve`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import lightgbm
import numpy as np
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace

from recsys.array_types import Floats, Rows
from recsys.bundle import write_bundle
from recsys.bundle_store import BundleStore
from recsys.data.dataset import Dataset
from recsys.data.records import Event, Item
from recsys.data.table_builder import EventColumns, item_table
from recsys.models.item_to_item_weights import ItemWeights
from recsys.ranking.gbdt_features import names
from recsys.serving.gbdt_model import Gbdt
from recsys.serving.score_model import LogTerm, ScoreModel, Term
from recsys.store.store import Store
from recsys.text.encoders.student import Student
from recsys.training.model_builder import TextVectors, assemble
from recsys.tuning.gbdt_training import ROUNDS, SETTINGS, from_booster

from ..nightly.steps.vector_index import build_index, index_blobs

USERS, EVENTS = 1_000, 50
CLUSTER = 250  # items that are alike
LARGE = 200_000  # items from which fewer neighbours are kept, to bound memory
CHUNK = 10_000  # items whose neighbours are drawn at once
WIDTH = 256  # of a word vector
START = 1_750_000_000.0
BLEND = ScoreModel(
    terms=(Term("neighbours", 20.0, 1.0), Term("words", 20.0, 0.5)),
    curves=(LogTerm(0.03, 1.0),),
    priors={"share_3d": 0.5, "share_all": 0.5},
)


@dataclass(frozen=True, slots=True)
class World:
    """Where it lies and how large it is."""

    home: Path
    items: int
    index: dict[str, Any]  # of its words: kind, recall
    users: int = USERS

    @property
    def words(self) -> int:
        """How many words are known: t0, t1 …, one for every `CLUSTER` items."""
        return _named(self.items)


def _named(n_items: int) -> int:
    return n_items // CLUSTER + 1


def make_world(home: Path, n_items: int, seed: int = 0, score_model: ScoreModel = BLEND) -> World:
    """Fill a store with events and publish a bundle of their catalogue."""
    rng = np.random.default_rng(seed)
    home.mkdir(parents=True, exist_ok=True)
    events = _events(n_items, rng)
    columns = EventColumns()
    for event in events:
        columns.add(event)
    titles = (Item(f"i{n}", title=f"t{n // CLUSTER} item {n}") for n in range(n_items))
    data = Dataset.build(columns.table(np.inf), item_table(titles))
    neighbours = _neighbours(n_items, 100 if n_items > LARGE else 300, rng)
    middle = rng.standard_normal((_named(n_items), WIDTH), np.float32)
    words = TextVectors(_words(n_items, middle, rng), None)
    model = assemble(data, {"neighbours": neighbours}, words, score_model, trees=_trees(rng))
    model = replace(model, student=_student(middle))
    with Store.open(f"sqlite:///{home / 'store.db'}") as store:
        store.add_events(events)
        manifest = {
            "model": model.settings(),
            "last_event_id": store.last_event_id(),
            "last_change_id": 0,
        }
    index = home / "index"
    index.mkdir()
    result = build_index(model.words, index, seed)
    blobs, arrays = index_blobs(index), model.arrays()
    BundleStore(home).publish(lambda folder: write_bundle(folder, arrays, blobs, manifest))
    return World(home, n_items, result)


def _trees(rng: np.random.Generator) -> Gbdt:
    """Return as many trees as a night learns at most, of the same size."""
    features = rng.standard_normal((20_000, len(names())))
    relevance = (
        features[:, 0] * features[:, 1] + np.abs(features[:, 2]) + rng.standard_normal(20_000)
    )
    settings = {**SETTINGS, "objective": "regression", "learning_rate": 0.02, "num_threads": 1}
    booster = lightgbm.train(
        settings,
        lightgbm.Dataset(features, relevance, feature_name=list(names())),
        max(ROUNDS),
    )
    return from_booster(booster, max(ROUNDS))


def _events(n_items: int, rng: np.random.Generator) -> list[Event]:
    """Return likes of users who each keep to a few clusters."""
    found = []
    for user in range(USERS):
        starts = rng.integers(max(n_items - CLUSTER, 1), size=4)
        items = rng.choice(starts, EVENTS) + rng.integers(min(CLUSTER, n_items), size=EVENTS)
        for place, item in enumerate(items.tolist()):
            moment = START + 60.0 * (USERS * place + user)
            found.append(Event(f"u{user}", f"i{item}", "like", timestamp=moment))
    return found


def _neighbours(n_items: int, keep: int, rng: np.random.Generator) -> ItemWeights:
    width = min(2 * CLUSTER, n_items)  # an item has no neighbour twice
    keep = min(keep, width)
    indices: Rows = np.empty((n_items, keep), np.int32)
    for start in range(0, n_items, CHUNK):
        rows = np.arange(start, min(start + CHUNK, n_items))
        drawn = np.argpartition(rng.random((len(rows), width), np.float32), keep - 1, axis=1)
        near = rows[:, None] + drawn[:, :keep] - width // 2
        indices[rows] = np.sort(near % n_items, axis=1)
    indices = indices.ravel()
    values = rng.random(n_items * keep, np.float32) * np.float32(0.1)
    return ItemWeights(np.arange(0, n_items * keep + 1, keep, dtype=np.int64), indices, values)


def _words(n_items: int, middle: Floats, rng: np.random.Generator) -> Floats:
    words = middle[np.arange(n_items) // CLUSTER]
    words += rng.standard_normal((n_items, WIDTH), np.float32)
    words /= np.linalg.norm(words, axis=1, keepdims=True)
    return words


def _student(middle: Floats) -> Student:
    """Return a student that knows the clusters by name, t0, t1 and so on."""
    known = {"[UNK]": 0, **{f"t{n}": n + 1 for n in range(len(middle))}}
    tokenizer = Tokenizer(WordLevel(known, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = Whitespace()
    vectors = np.concatenate([np.zeros((1, WIDTH), np.float32), middle])
    return Student(tokenizer.to_str().encode(), vectors, "bench")
