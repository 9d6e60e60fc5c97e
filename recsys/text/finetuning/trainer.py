"""Trainer: fine-tunes static vectors or a transformer on interactions.

One loop: draw users, embed the texts they read, take the loss over all of them at once, then send
its gradient back through the encoder a few texts at a time (gradient caching), so that a batch is
as large as the loss wants and not as small as the memory is. Teacher targets
(recsys/text/finetuning/teacher_targets.py) in place of users need no cache. Needs torch; never in
the API.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from recsys.errors import DataError
from recsys.text.finetuning.checkpoint import Progress, read_checkpoint, write_checkpoint
from recsys.text.finetuning.history_batches import Batch
from recsys.text.finetuning.losses import LOSSES
from recsys.text.finetuning.train_step import Trainable, adam, set_pace, step


@dataclass(frozen=True, slots=True)
class FinetuneConfig:
    """What steers fine-tuning."""

    objective: str = "behaviour"  # contrastive gave a quarter less on Beauty; guided by a Guide
    steps: int = 120  # at most; the validation or the clock may stop earlier
    users: int = 256  # histories, or texts of a guide, per step
    longest: int = 10  # items of a history that count, the latest
    rate: float = 3e-2  # of Adam; transformers want less, see below
    words: float = 1.0  # times the rate, for a transformer's word vectors
    warmup: float = 0.1  # share of the steps in which the rate rises from zero
    chunk: int = 4_096  # texts embedded at once; halves when a GPU runs out of memory
    check: int = 30  # steps between validations and checkpoints
    patience: int = 2  # validations without a better one before it stops
    seconds: float = 240.0  # clock limit, over all attempts of a run that was killed

    def __post_init__(self) -> None:
        if self.objective not in LOSSES:
            raise DataError(f"objective {self.objective!r}: choose from {sorted(LOSSES)}")


# Thirty steps at 1e-4 raised MiniLM's nDCG@20 on unread validation items of Beauty by two thirds.
TRANSFORMER = FinetuneConfig(
    rate=1e-4, warmup=0.02, users=64, chunk=64, steps=600, check=10, patience=4
)
AHEAD = 0.05  # of the run: from so much on the clock sets the pace; below it runs repeat exactly
SAVE_SECONDS = 60.0  # between checkpoints, besides those of validations
ProgressCallback = Callable[[int, float], None]  # receives each step and its loss


class TrainingHistories(Protocol):
    """What there is to learn from: users' histories, or a guide."""

    def learners(self) -> NDArray[np.int64]:
        """Return whom a step may draw."""

    def draw(self, users: NDArray[np.int64], longest: int, rng: np.random.Generator) -> Batch:
        """Gather what a step learns from those who were drawn."""


@dataclass(frozen=True, slots=True)
class Record:
    """How a run went: the loss of each step, and (step, validation) pairs; higher is better."""

    losses: tuple[float, ...]
    checks: tuple[tuple[int, float], ...]
    seconds: float
    resumed: int = 0  # the step at which this attempt began


def finetune(
    trainable: Trainable,
    histories: TrainingHistories,
    config: FinetuneConfig,
    seed: int,
    validate: Callable[[], float] | None = None,
    folder: Path | None = None,
    callback: ProgressCallback = lambda step, loss: None,
    now: Callable[[], float] = time.monotonic,
) -> Record:
    """Train in place on who took up what.

    With `validate`, it stops early and the best state is kept, the first one included; without,
    the last. With a folder, a run that was killed goes on to the same end. Users with fewer than
    two items are left out. `now`: a clock, in seconds.
    """
    users = histories.learners()
    optimizer = adam(trainable.module, config.rate, config.words)
    progress = read_checkpoint(folder, trainable.module, optimizer) or Progress()
    clock, resumed, chunk = _Clock(progress.seconds, now), progress.step, config.chunk
    if validate and not progress.checks:
        progress.note(validate(), trainable.module)
    while len(users) and progress.step < config.steps:
        if clock.seconds > config.seconds or progress.since_best >= config.patience:
            break
        set_pace(optimizer, _gone(progress, clock, config), 1 / config.steps, config.warmup)
        batch = _drawn(histories, users, config, seed, progress.step)
        loss, chunk = step(trainable, batch, config.objective, optimizer, chunk)
        progress.losses.append(loss)
        progress.step += 1
        callback(progress.step, loss)
        due = progress.step % config.check == 0 or progress.step == config.steps
        if validate and (due or clock.seconds > config.seconds):
            progress.note(validate(), trainable.module)
        if due or clock.unsaved > SAVE_SECONDS:
            progress.seconds = clock.saved()
            write_checkpoint(folder, trainable.module, optimizer, progress)
    if validate:
        progress.restore(trainable.module)
    return Record(tuple(progress.losses), progress.curve(), clock.seconds, resumed)


def _gone(progress: Progress, clock: _Clock, config: FinetuneConfig) -> float:
    """Return the share of a run that is behind: in steps, or in time where that is scarce."""
    steps, time_ = progress.step / config.steps, clock.seconds / max(config.seconds, 1e-9)
    return time_ if time_ > steps + AHEAD else steps


def _drawn(
    histories: TrainingHistories,
    users: NDArray[np.int64],
    config: FinetuneConfig,
    seed: int,
    at: int,
) -> Batch:
    """Draw a step's users; the seed follows its number, so that a resumed run repeats it."""
    torch.manual_seed(seed * 1_000_003 + at)
    rng = np.random.default_rng([seed, at])
    drawn = rng.choice(users, min(config.users, len(users)), False)
    return histories.draw(drawn, config.longest, rng)


class _Clock:
    """Seconds of this attempt and of those before it."""

    def __init__(self, before: float, now: Callable[[], float]) -> None:
        self.now = now
        self.began = now() - before
        self.last = now()

    @property
    def seconds(self) -> float:
        return self.now() - self.began

    @property
    def unsaved(self) -> float:
        return self.now() - self.last

    def saved(self) -> float:
        self.last = self.now()
        return self.seconds
