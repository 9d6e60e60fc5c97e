"""NightContext: settings, store, folder and intermediate results of one training run."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from recsys.array_types import Mask
from recsys.bundle import RawBundle, read_bundle
from recsys.bundle_store import BundleStore
from recsys.data.dataset import Dataset
from recsys.data.event_tables import EventTable, ItemTable
from recsys.errors import BundleError
from recsys.index.faiss_index import FaissIndex
from recsys.index.vector_index import VectorIndex
from recsys.serving.catalogue import under
from recsys.serving.model import INDEX, Model
from recsys.settings import Settings
from recsys.store.store import Store
from recsys.text.encoders.student import Student
from recsys.text.encoders.transformer import pick_device
from recsys.text_training.encode_catalogue import renumbered
from recsys.training.cold_item_neighbours import ColdStartSolver, config_of
from recsys.training.model_builder import TextVectors, assemble, fit_engines, known_interactions
from recsys.tuning.engine_catalogue import engine_named
from recsys.tuning.tuner import FIRST_QUERIES
from recsys.tuning.tuning_result import TuningResult
from recsys.tuning.validation_set import ValidationSet
from recsys.tuning.validation_splits import validation

from ..local_recommender import open_bundle
from ..progress import LogProgress, TerminalProgress
from .data_snapshot import load_snapshot
from .step_runner import DETAIL, Detail

CHOICE = "choice.json"
TRIED_TEXTS = 6_000  # that word weights are fitted to, where a model only answers questions


@dataclass(frozen=True)
class NightContext:
    """One run: where it works, and its options."""

    settings: Settings
    store: Store
    folder: Path  # runs/<id>
    number: int  # of the run, in the store
    progress: LogProgress | TerminalProgress
    tune_always: bool = False

    def detail(self, step: str) -> Detail:
        """Return the details of an earlier step."""
        found: Detail = json.loads((self.folder / step / DETAIL).read_text())
        return found

    def model(
        self, data: Dataset, choice: TuningResult, words: TextVectors, posts: bool = False
    ) -> Model:
        """Fit the engines of a choice and put a model together; `posts` as in `assemble`."""
        chosen = [engine_named(name) for name in choice.engines]
        fitted = fit_engines(data, words, chosen, self.settings.seed, self.device)
        return assemble(
            data, fitted, words, choice.score_model, self.settings.seed, posts, choice.trees
        )

    def tried(self, data: Dataset, choice: TuningResult, posts: bool = False) -> Model:
        """Fit engines as settings are chosen with; `posts` as in `assemble`."""
        words, chosen = self.words(data), [engine_named(name) for name in choice.engines]
        known = known_interactions(data, words)
        seed, device = self.settings.seed, self.device
        fitted = {engine.scorer: engine.tried(known, seed, device) for engine in chosen}
        config = replace(config_of(len(data.items), tried=True), largest=TRIED_TEXTS)
        cold = ColdStartSolver(data, words.student, words.vectors, config)
        score_model, trees = choice.score_model, choice.trees
        return assemble(data, fitted, words, score_model, seed, posts, trees, cold, documents=posts)

    def words(self, data: Dataset) -> TextVectors:
        """Return the encoded words in the numbering of a data set."""
        raw = read_bundle(self.folder / "encode")
        student = Student.from_arrays(under("student", raw.arrays))
        return renumbered(self.data.items, raw.arrays["vectors"], student, data, self.index)

    @cached_property
    def index(self) -> VectorIndex | None:
        """The index of the word vectors; None where all are compared one by one."""
        path = self.folder / "index" / INDEX
        if not path.exists():
            return None
        return FaissIndex.read(path, read_bundle(self.folder / "encode").arrays["vectors"])

    @property
    def version(self) -> str:
        """The name of the bundle this night makes."""
        return str(self.detail("snapshot")["version"])

    @property
    def encoder(self) -> str:
        """The name of the encoder that gave the word vectors."""
        return str(self.detail("encode")["encoder"])

    @property
    def kinds(self) -> dict[str, float]:
        """The weight of every kind of event, as the settings have it."""
        return dict(self.settings.weights.kinds)

    @property
    def choice(self) -> TuningResult:
        """What the steps `tune` and `baselines` decided."""
        return TuningResult.from_json(json.loads((self.folder / "baselines" / CHOICE).read_text()))

    @cached_property
    def tables(self) -> tuple[EventTable, ItemTable]:
        """Events and items as the snapshot has them."""
        return load_snapshot(self.folder / "snapshot")

    @cached_property
    def data(self) -> Dataset:
        """Everything there is, as numbered rows."""
        events, items = self.tables
        return Dataset.build(events, items, weights=self.settings.weights)

    @cached_property
    def validation(self) -> tuple[Mask, ValidationSet]:
        """The newest events, and what they ask; see `recsys.tuning.validation_splits`."""
        return validation(*self.tables, self.settings.weights)

    @cached_property
    def before(self) -> RawBundle | None:
        """The bundle in service; None before the first night, or where none can be read."""
        if not BundleStore(self.settings.home).versions():
            return None
        try:
            raw, _ = open_bundle(self.settings.home)
        except BundleError as error:
            self.progress.note(str(error))
            return None
        return raw

    @cached_property
    def quick(self) -> bool:
        """Whether this is a first night that asks less than there is, to give lists soon.

        It tunes on fewer questions and fits engines as settings are chosen with; the next night
        does all of it.
        """
        is_test, cut = self.validation
        many = cut.data.timed and int(is_test.sum()) > FIRST_QUERIES
        return many and self.before is None and not self.tune_always

    @cached_property
    def device(self) -> str:
        """The device that engines are fitted on."""
        return pick_device(self.settings.device)
