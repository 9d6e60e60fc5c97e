"""Step: loads the text encoder and fine-tunes it, where settings and hardware allow.

`auto` fine-tunes a transformer where there is a GPU. Static vectors learn from users in closed
form with every fit (recsys/text/cold_start.py); `on` fine-tunes them as well.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from typing import TYPE_CHECKING

from recsys.data.dataset import Dataset
from recsys.errors import DataError, MissingExtra
from recsys.settings import Settings
from recsys.text.encoders.encoder import Encoder, load_encoder
from recsys.text.encoders.finetuned_encoder_versions import EncoderRegistry, RegistryEntry
from recsys.text.encoders.packaged_word_vectors import packaged_word_vectors
from recsys.text.encoders.student import Student
from recsys.text.encoders.universal_sentence_encoder import MultilingualEncoder

from ..context import NightContext
from ..step_runner import Detail

if TYPE_CHECKING:  # torch is loaded only where an encoder is fine-tuned
    from recsys.text.finetuning.trainer import FinetuneConfig
    from recsys.text_training.finetune_encoder import FineTuneResult

CHECKPOINT = "checkpoint"  # folder of a run: a fine-tuning that was killed goes on from there
Note = Callable[[str], None]


def finetune(night: NightContext) -> Detail:
    """Fine-tune the encoder of a night; tell its family, and the version to read by ("": none).

    The newest events, on which settings are chosen and bundles judged, are not used for training:
    who knew them would trust words that have read their users.
    """
    settings, device, note = night.settings, night.device, night.progress.note
    start = load_encoder(settings.encoder, device, settings.cache_folder)
    result: Detail = {"family": start.name, "version": "", "trained": False}
    because = reason_not_to(settings, start, device)
    if because:
        return {**result, "because": because}
    check_torch()
    from recsys.text_training.finetune_encoder import config_for, fingerprint

    registry = EncoderRegistry.of(settings.home, start.name)
    entry = registry.entry() or RegistryEntry("", "", 0.0)
    previous_encoder = _yesterday(registry, entry, device, note)
    result["version"] = entry.version if previous_encoder is not None else ""
    config = config_for(start, settings.finetune_minutes, device)
    past = night.validation[1].data
    seen = fingerprint(past, config, start.name)
    if entry.lesson == seen and bool(entry.version) == bool(result["version"]):
        return {**result, "because": "there is nothing new to learn from"}
    outcome = _learned(night, previous_encoder or start, past, config, _static(start))
    if outcome.improved:
        result["version"] = outcome.encoder.name.rpartition("-")[2]
        registry.add(outcome.encoder, RegistryEntry(result["version"], seen, outcome.after))
    else:
        registry.note(RegistryEntry(result["version"], seen, outcome.before))
    return {**result, **detail_of(outcome)}


def _learned(
    night: NightContext,
    previous_encoder: Encoder,
    past: Dataset,
    config: FinetuneConfig,
    static: Student | None,
) -> FineTuneResult:
    from recsys.text_training.finetune_encoder import fine_tune_if_better

    def callback(step: int, loss: float) -> None:
        night.progress.note(f"step {step}, loss {loss:.3f}")

    seed, folder = night.settings.seed, night.folder / CHECKPOINT
    return fine_tune_if_better(
        previous_encoder, past, config, seed, night.device, folder, callback, static
    )


def night_encoder(night: NightContext) -> Encoder:
    """Return the encoder that the step `finetune` decided for."""
    found, settings = night.detail("finetune"), night.settings
    if found["version"]:
        return EncoderRegistry.of(settings.home, found["family"]).load(
            found["version"], night.device
        )
    return load_encoder(settings.encoder, night.device, settings.cache_folder)


def evaluated_encoder(
    settings: Settings, data: Dataset, device: str, note: Note, known: dict[str, Encoder]
) -> Encoder:
    """Return the encoder that a first night would have for some training events.

    `known`: those of this evaluation so far, by what they learned from; rows share them.
    """
    start = load_encoder(settings.encoder, device, settings.cache_folder)
    if reason_not_to(settings, start, device):
        return start
    check_torch()
    from recsys.text_training.finetune_encoder import (
        config_for,
        fine_tune_if_better,
        fingerprint,
    )

    config = config_for(start, settings.finetune_minutes, device)
    seen = fingerprint(data, config, start.name)
    if seen not in known:
        static = _static(start)
        outcome = fine_tune_if_better(start, data, config, settings.seed, device, static=static)
        note(f"encoder: nDCG@20 {outcome.before:.4f} became {outcome.after:.4f} on held-out items")
        known[seen] = outcome.encoder
    return known[seen]


def check_torch() -> None:
    """Raise MissingExtra where torch, which fine-tuning needs, is not installed."""
    if find_spec("torch") is None:
        raise MissingExtra("torch", "train")


def reason_not_to(settings: Settings, encoder: Encoder, device: str) -> str:
    """Say why an encoder stays as it is; empty where it is to be fine-tuned."""
    if isinstance(encoder, MultilingualEncoder):
        return "the multilingual encoder has no weights that can be trained here"
    if settings.finetune == "on":
        return ""
    if settings.finetune == "off":
        return "RECSYS_FINETUNE is off"
    if isinstance(encoder, Student):
        return "static vectors are fitted to user histories in the step fit"
    return "" if device == "cuda" else "there is no GPU (RECSYS_FINETUNE=on fine-tunes on the CPU)"


def detail_of(outcome: FineTuneResult) -> Detail:
    """Return what a run's records keep of a fine-tuning."""
    record = outcome.record
    if record is None:
        few = f"too few users with held-out items to compare encoders on ({outcome.people:,})"
        return {"because": few}
    kept = "better than before" if outcome.improved else "not better than before, which stays"
    return {
        "trained": True,
        "because": kept,
        "ndcg_before": outcome.before,
        "ndcg_after": outcome.after,
        "people": outcome.people,
        "steps": len(record.losses),
        "resumed_at": record.resumed,
        "learning_seconds": record.seconds,
        "losses": [round(loss, 5) for loss in record.losses],
        "checks": [[step, round(score, 5)] for step, score in record.checks],
    }


def _static(start: Encoder) -> Student | None:
    """Return the word vectors that guide a transformer; None where these are what learns."""
    return None if isinstance(start, Student) else packaged_word_vectors()


def _yesterday(
    registry: EncoderRegistry, entry: RegistryEntry, device: str, note: Note
) -> Encoder | None:
    if not entry.version:
        return None
    try:
        return registry.load(entry.version, device)
    except DataError as error:  # damaged: the night begins from the start again
        note(str(error))
        return None
