"""TwoStageTraining: a transformer is distilled from a teacher, then fine-tuned on interactions."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from scipy import sparse

from recsys.text.encoders.student import Student
from recsys.text.finetuning.history_batches import Histories
from recsys.text.finetuning.teacher_targets import TeacherTargets
from recsys.text.finetuning.train_step import Trainable
from recsys.text.finetuning.trainer import FinetuneConfig, ProgressCallback, Record, finetune
from recsys.text_training.teacher_embeddings import teacher_embeddings

GUIDED = FinetuneConfig(
    objective="guided", rate=5e-4, words=10.0, warmup=0.1, users=256, patience=3
)
ROUNDS = 16  # times that every text is shown while a guide is followed
FEWEST = 60  # steps, however few the texts
SHARE = 0.75  # of the clock limit for it


@dataclass(frozen=True, slots=True)
class TwoStageTraining:
    """One transformer, the texts of a catalogue, who read them, and word vectors as a start."""

    trainable: Trainable
    texts: Sequence[str]
    matrix: sparse.csr_array  # users × items, oldest first
    static: Student
    config: FinetuneConfig  # of the part with users; its seconds are those of the whole
    seed: int = 0
    device: str = "cpu"

    def run(
        self,
        validate: Callable[[], float] | None = None,
        folder: Path | None = None,
        callback: ProgressCallback = lambda step, loss: None,
    ) -> Record:
        """Train in place; each part goes on where a killed run was."""
        start = time.monotonic()
        guide = self.guide()
        spent = time.monotonic() - start
        config = guided(self.config, len(guide.learners()), spent)
        own = folder / "guided" if folder else None
        first = finetune(self.trainable, guide, config, self.seed, validate, own, callback)
        left = max(0.0, self.config.seconds - spent - first.seconds)
        config = replace(self.config, seconds=left)
        second = finetune(
            self.trainable, Histories(self.matrix), config, self.seed, validate, folder, callback
        )
        return joined(first, second, spent)

    def guide(self) -> TeacherTargets:
        """Return what static vectors learn from the users, turned towards the student's vectors.

        Texts that nobody has read are followed too, to where their words put them.
        """
        before = embedded(self.trainable, np.arange(len(self.texts)), self.config.chunk)
        targets = teacher_embeddings(
            self.texts, self.matrix, self.static, before.shape[1], self.seed, self.device
        )
        return TeacherTargets.turned(targets, before)


def guided(config: FinetuneConfig, texts: int, spent: float) -> FinetuneConfig:
    """Return what steers the following of a guide over so many texts."""
    steps = max(FEWEST, ROUNDS * texts // GUIDED.users)
    seconds = max(0.0, SHARE * config.seconds - spent)
    return replace(
        GUIDED, steps=steps, check=max(1, steps // 4), chunk=config.chunk, seconds=seconds
    )


def joined(first: Record, second: Record, spent: float) -> Record:
    """Return two records as one; the second part's own start is the first part's end."""
    steps = len(first.losses)
    checks = first.checks + tuple((steps + at, score) for at, score in second.checks[1:])
    seconds = spent + first.seconds + second.seconds
    resumed = steps + second.resumed if second.resumed else first.resumed
    return Record(first.losses + second.losses, checks, seconds, resumed)


def embedded(
    trainable: Trainable, rows: np.ndarray[tuple[int], np.dtype[np.int64]], chunk: int
) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    """Return the vectors of some texts (n, d) as they are while an encoder learns.

    Out of memory, the chunk halves.
    """
    while True:
        try:
            with torch.no_grad():
                parts = [
                    trainable.embed(rows[at : at + chunk]).float().cpu()
                    for at in range(0, len(rows), chunk)
                ]
            return np.asarray(torch.cat(parts).numpy(), np.float32)
        except torch.OutOfMemoryError:
            torch.cuda.empty_cache()
            if chunk == 1:
                raise
            chunk = max(1, min(chunk, len(rows)) // 2)
