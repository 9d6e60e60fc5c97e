"""Fine-tuning of an encoder on one data set; the result is kept only if it is more accurate."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from recsys.data.dataset import Dataset
from recsys.text.cold_start import with_pairs
from recsys.text.encoders.encoder import Encoder
from recsys.text.encoders.student import Student
from recsys.text.encoders.transformer import TransformerEncoder
from recsys.text.encoders.vocabulary_extension import widened
from recsys.text.finetuning.hard_negatives import hard_negatives
from recsys.text.finetuning.history_batches import Histories
from recsys.text.finetuning.train_step import Trainable
from recsys.text.finetuning.trainable import TrainableStatic, TrainableTransformer
from recsys.text.finetuning.trainer import (
    TRANSFORMER,
    FinetuneConfig,
    ProgressCallback,
    Record,
    finetune,
)
from recsys.text.item_texts import documents
from recsys.text_training.held_out_items import HeldOut
from recsys.text_training.two_stage import TwoStageTraining, embedded

FEWEST = 20  # validation users; with fewer an encoder stays as it is
PEOPLE = {"static": 2_000, "transformer": 300}  # validation users: a transformer encodes slowly


@dataclass(frozen=True, slots=True)
class FineTuneResult:
    """What came of it."""

    encoder: Encoder  # the better one
    improved: bool  # whether that is a new one
    before: float  # nDCG@20 on held-out items
    after: float
    people: int  # validation users
    record: Record | None  # None: there was too little to learn from


def fine_tune_if_better(
    encoder: Encoder,
    data: Dataset,
    config: FinetuneConfig,
    seed: int = 0,
    device: str = "cpu",
    folder: Path | None = None,
    callback: ProgressCallback = lambda step, loss: None,
    static: Student | None = None,
) -> FineTuneResult:
    """Let an encoder learn from users; held-out items say whether it got better.

    A transformer's own weights are changed, so use what is returned. `folder`: where a run that
    is killed is taken up again. `static`: word vectors that learn first and guide a transformer.
    """
    texts = documents(data.table)
    readable = np.array([bool(text) for text in texts], bool)
    people = PEOPLE["static" if isinstance(encoder, Student) else "transformer"]
    held_out = HeldOut.of(data, readable, people, seed)
    if len(held_out) < FEWEST or len(held_out.candidates) < 2:
        return FineTuneResult(encoder, False, 0.0, 0.0, len(held_out), None)
    trainable = _trainable(encoder, texts, device)

    def validate() -> float:
        return held_out.ndcg(lambda rows: embedded(trainable, rows, config.chunk))

    histories = Histories(held_out.matrix, _hard(trainable, held_out, config, len(texts)))
    if static is None or isinstance(encoder, Student) or config.objective != "behaviour":
        record = finetune(trainable, histories, config, seed, validate, folder, callback)
    else:
        wide = widened(static, texts)
        two_stage = TwoStageTraining(trainable, texts, held_out.matrix, wide, config, seed, device)
        record = two_stage.run(validate, folder, callback)
    before, after = record.checks[0][1], max(score for _, score in record.checks)
    result = trainable.result()
    improved = after > before
    return FineTuneResult(
        result if improved else encoder, improved, before, after, len(held_out), record
    )


def config_for(encoder: Encoder, minutes: float, device: str) -> FinetuneConfig:
    """Return what steers the fine-tuning of an encoder of this kind."""
    config = FinetuneConfig() if isinstance(encoder, Student) else TRANSFORMER
    if config is TRANSFORMER and device != "cpu":
        config = replace(config, users=256, chunk=1_024, steps=5_000, check=100)
    return replace(config, seconds=60 * minutes)


def fingerprint(data: Dataset, config: FinetuneConfig, start: str) -> str:
    """Return a short text that changes when there is something new to learn from.

    The clock limit does not count: more time on the same data is no new data.
    """
    digest = hashlib.sha256(f"{start} {asdict(replace(config, seconds=0))}".encode())
    use = data.weight > 0
    for array in (data.user[use], data.item[use]):
        digest.update(np.ascontiguousarray(array).data)
    for text in documents(data.table):
        digest.update(text.encode("utf-8", "surrogatepass") + b"\0")
    return digest.hexdigest()[:16]


def _trainable(encoder: Encoder, texts: Sequence[str], device: str) -> Trainable:
    if isinstance(encoder, Student):
        return TrainableStatic.of(with_pairs(widened(encoder, texts), texts), texts, device)
    assert isinstance(encoder, TransformerEncoder)
    return TrainableTransformer.of(encoder, texts)


def _hard(
    trainable: Trainable, held_out: HeldOut, config: FinetuneConfig, n: int
) -> np.ndarray[tuple[int, int], np.dtype[np.int64]] | None:
    if config.objective != "contrastive":
        return None
    return hard_negatives(embedded(trainable, np.arange(n), config.chunk), held_out.matrix)
