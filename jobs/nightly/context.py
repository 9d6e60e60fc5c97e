"""NightContext: the steps from the store to a published bundle, in the order they run.

Each step reads what earlier steps left in their folders and writes its own, so that a night that
was killed goes on where it was.
"""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass
from functools import cached_property
from importlib.metadata import version as code_version
from pathlib import Path
from typing import Any

from recsys.array_types import Mask
from recsys.bundle import RawBundle, read_bundle, write_bundle
from recsys.bundle_store import BundleStore
from recsys.data.dataset import Dataset
from recsys.data.event_tables import EventTable, ItemTable
from recsys.data.unrecorded_items import with_records
from recsys.errors import BundleError, DataError
from recsys.safety.comment_dampening import dampened
from recsys.serving.catalogue import under
from recsys.serving.model import Model
from recsys.store.store import Store
from recsys.text.cold_start import ColdStartConfig
from recsys.text.encoders.student import Student
from recsys.text.encoders.transformer import pick_device
from recsys.text.sentiment.comment_cache import with_comment_sentiment
from recsys.text_training.encode_catalogue import renumbered
from recsys.training.cold_items import ColdStartSolver
from recsys.training.fit import TextVectors, assemble, fit_engines, known_interactions
from recsys.tuning.baseline_comparison import baseline_blend, named
from recsys.tuning.engine_catalogue import engine_named
from recsys.tuning.tuning_result import TuningResult
from recsys.tuning.validation_set import ValidationSet
from recsys.tuning.validation_splits import validation

from ..local_service import open_bundle
from ..progress import LogProgress, TerminalProgress
from ..settings import Settings
from .click_rates import click_rates
from .data_snapshot import load_snapshot, save_snapshot
from .extra_bundle_parts import extra_arrays, extra_steps
from .step_runner import DETAIL, Detail, PipelineStep
from .steps.encode_items import distill, encode
from .steps.finetune_encoder import finetune
from .steps.previous_bundle_comparison import compare_with_previous_bundle
from .steps.tune_ranking import against_baselines, engine_reason, retune_reason, tuned
from .steps.vector_index import build_index, index_blobs

CHOICE = "choice.json"
TRIED_TEXTS = 6_000  # that teach what words say, where a model only answers questions
Manifest = dict[str, Any]


@dataclass(frozen=True)
class NightContext:
    """One run: where it works, and what it was asked to do."""

    settings: Settings
    store: Store
    folder: Path  # runs/<id>
    number: int  # of the run, in the store
    progress: LogProgress | TerminalProgress
    tune_always: bool = False

    @property
    def steps(self) -> tuple[PipelineStep, ...]:
        """All steps but the last, which only a night that passes the gate may take."""
        words = (self.snapshot, self.distill, self.finetune, self.encode)
        rest = (self.tune, self.baselines, self.fit, self.index, self.gate)
        first = [PipelineStep(run.__name__, run) for run in words]
        return (*first, *extra_steps(self), *(PipelineStep(run.__name__, run) for run in rest))

    def snapshot(self, out: Path) -> Detail:
        """Copy events and items out of the store; the log positions come first, see Feed."""
        position = {
            "last_event_id": self.store.last_event_id(),
            "last_change_id": self.store.last_change_id(),
        }
        events, items = self.store.event_table(), self.store.item_table()
        events = (
            with_comment_sentiment(events, self.settings.tones)
            if self.settings.tone_strength
            else events
        )
        events = dampened(events)
        if not len(events) and not len(items):
            raise DataError("the store holds no event and no item: run `recsys ingest` first")
        mix = events.kind_counts()
        self.settings.weights.check_kinds(mix)
        choice = self.settings.unrecorded_items
        events, unrecorded = with_records(events, items, choice, self.settings.weights)
        if unrecorded.events and not unrecorded.listed:
            self.progress.tell(unrecorded.sentence)
        save_snapshot(out, events, items)
        stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
        return {
            "events": len(events),
            "items": len(items),
            "users": len(events.users),
            "kinds": mix,
            "unrecorded": asdict(unrecorded),
            "unknown_kinds": self.settings.weights.told_unknown(mix),
            "version": f"{stamp}-{self.number}",
            **position,
        }

    def distill(self, out: Path) -> Detail:
        """Have the static word vectors, which are made once per machine."""
        return distill(self)

    def finetune(self, out: Path) -> Detail:
        """Let the encoder learn from readers, where settings and machine ask for it."""
        return finetune(self)

    def encode(self, out: Path) -> Detail:
        """Give every item its word vector; texts that an earlier night has encoded keep theirs."""
        return encode(self, out)

    def tune(self, out: Path) -> Detail:
        """Choose engines and blend, or take over what the current bundle was made with."""
        seen, before = self.detail("snapshot"), self.before
        plan = {
            "encoder": self.detail("finetune")["family"],
            "event_weights": self.kinds,
            "direction": self.settings.direction,
            "engines": list(self.settings.engines),
        }
        manifest = before.manifest if before is not None else {}
        why = retune_reason(manifest, seen, plan, self.settings.tune_days)
        why = "asked for" if self.tune_always else why
        if why is None:
            choice, tuning = TuningResult.from_json(manifest["choice"]), manifest["tuning"]
        else:
            choice = tuned(self)
            counts = {name: seen[name] for name in ("events", "items", "kinds")}
            tuning = {"at": time.time(), "counts": counts, **plan}
        (out / CHOICE).write_text(json.dumps(choice.to_json()))
        if why is not None:
            for sentence in choice.pressure:
                self.progress.tell(f"tuning: {sentence}; the next night tunes again")
        return {
            "tuned": why is not None,
            "because": why or "the last tuning still serves",
            "design": choice.design,
            "engines": " + ".join(choice.engines) or "none",
            "engine_reason": engine_reason(choice, seen["items"]),
            "pressure": list(choice.pressure),
            "tuning": tuning,
        }

    def baselines(self, out: Path) -> Detail:
        """Let the choice, popular and trending answer the newest events; decide what is fitted.

        Where the choice loses, or a planted attack moves too many entries, and no bundle is in
        service, a baseline is what serves.
        """
        choice = TuningResult.from_json(json.loads((self.folder / "tune" / CHOICE).read_text()))
        found, attack = against_baselines(self, choice)
        lost = found.lost and choice.design != "baseline"
        told = found.told()
        moved = not attack.passed and choice.design != "baseline"
        if attack.people:
            told = f"{told}; {attack.told()}"
        if lost and self.before is None:
            blend = baseline_blend(found.baseline)
            choice = TuningResult((), blend, choice.evidence, None, "baseline", choice.pressure)
            told = f"what was tuned lost and {named(found.baseline)} is published alone: {told}"
            self.progress.tell(told)
        elif moved and self.before is None:
            choice = TuningResult(
                (), baseline_blend("share_all"), choice.evidence, None, "baseline", choice.pressure
            )
            told = f"what was tuned is moved too far and popular is published alone: {told}"
            self.progress.tell(told)
        elif choice.design == "untested":
            told = f"a fixed design is published, {told}"
            self.progress.tell(told)
        (out / CHOICE).write_text(json.dumps(choice.to_json()))
        refused = (lost or moved) and self.before is not None
        values = {**asdict(found), "tested": found.tested, "attack": asdict(attack), "lost": lost}
        return {"passed": not refused, "design": choice.design, "reason": told, **values}

    def fit(self, out: Path) -> Detail:
        """Fit the chosen engines to everything there is, and put the model together."""
        model = self.model(self.data, self.choice, self.words(self.data), posts=True)
        write_bundle(out, model.arrays(), {}, {"model": model.settings()})
        size = sum(path.stat().st_size for path in out.iterdir())
        return {"items": len(model), "mb": size / 1e6}

    def index(self, out: Path) -> Detail:
        """Index the word vectors where they are many, and measure what the index finds."""
        words = read_bundle(self.folder / "fit").arrays["words"]
        return build_index(words, out, self.settings.seed, device=self.device)

    def gate(self, out: Path) -> Detail:
        """Let today's settings and yesterday's bundle answer the newest events."""
        return asdict(compare_with_previous_bundle(self))

    def publish(self, out: Path) -> Detail:
        """Publish what was fitted; a version that is there already was published and killed."""
        bundles, version = BundleStore(self.settings.home), self.version
        fitted, blobs = read_bundle(self.folder / "fit"), index_blobs(self.folder / "index")

        arrays = {**fitted.arrays, **extra_arrays(self.folder)}

        def write(folder: Path) -> None:
            write_bundle(folder, arrays, blobs, self.manifest(fitted))

        if any(info.version == version for info in bundles.versions()):
            bundles.rollback(version)
        else:
            bundles.publish(write, version)
        bundles.prune(max(self.settings.keep_bundles, 1))
        return {"version": version, "clicks": click_rates(self.store)}

    def manifest(self, fitted: RawBundle) -> Manifest:
        """Return what the bundle tells about itself."""
        seen, tuned, gate = (self.detail(name) for name in ("snapshot", "tune", "gate"))
        return {
            "version": self.version,
            "code_version": code_version("recsys"),
            "model": fitted.manifest["model"],
            "cutoff": fitted.manifest["model"]["cutoff"],
            "last_event_id": seen["last_event_id"],
            "last_change_id": seen["last_change_id"],
            "counts": {
                **{name: seen[name] for name in ("users", "items", "events")},
                "with_words": self.detail("encode")["with_words"],
            },
            "metrics": {"ndcg@20": gate["today"], "people": gate["people"]},
            "gate": gate,
            "design": self.choice.design,
            "pressure": list(self.choice.pressure),
            "index": self.detail("index"),
            "choice": self.choice.to_json(),
            "tuning": tuned["tuning"],
            "encoder": self.encoder,
            "event_weights": self.kinds,
            "seed": self.settings.seed,
        }

    def detail(self, step: str) -> Detail:
        """Return what an earlier step told."""
        found: Detail = json.loads((self.folder / step / DETAIL).read_text())
        return found

    def model(
        self, data: Dataset, choice: TuningResult, words: TextVectors, posts: bool = False
    ) -> Model:
        """Fit the engines of a choice and put a model together; `posts` as in `assemble`."""
        chosen = [engine_named(name) for name in choice.engines]
        fitted = fit_engines(data, words, chosen, self.settings.seed, self.device)
        return assemble(data, fitted, words, choice.blend, self.settings.seed, posts, choice.trees)

    def tried(self, data: Dataset, choice: TuningResult) -> Model:
        """Fit what only answers questions: engines as settings are chosen with, no new posts."""
        words, chosen = self.words(data), [engine_named(name) for name in choice.engines]
        known = known_interactions(data, words)
        seed, device = self.settings.seed, self.device
        fitted = {engine.scorer: engine.tried(known, seed, device) for engine in chosen}
        cold = ColdStartSolver(
            data, words.student, words.vectors, ColdStartConfig(largest=TRIED_TEXTS)
        )
        return assemble(data, fitted, words, choice.blend, seed, False, choice.trees, cold)

    def words(self, data: Dataset) -> TextVectors:
        """Return the encoded words in the numbering of a data set."""
        raw = read_bundle(self.folder / "encode")
        student = Student.from_arrays(under("student", raw.arrays))
        return renumbered(self.data.items, raw.arrays["vectors"], student, data)

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
        try:
            raw, _ = open_bundle(self.settings.home)
        except BundleError as error:
            self.progress.note(str(error))
            return None
        return raw

    @cached_property
    def device(self) -> str:
        """The device that engines are fitted on."""
        return pick_device(self.settings.device)
