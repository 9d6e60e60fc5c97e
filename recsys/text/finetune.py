"""Fine-tuning: an encoder learns from who read what, static vectors and transformers alike.

One loop: draw users, embed the texts they read, take the loss over all of them at once, then send
its gradient back through the encoder a few texts at a time (gradient caching), so that a batch is
as large as the loss wants and not as small as the memory is. Needs torch; never in the API.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from recsys.errors import DataError
from recsys.text.checkpoint import Progress, read_checkpoint, write_checkpoint
from recsys.text.encoder import Encoder
from recsys.text.histories import Batch, Histories
from recsys.text.objectives import LOSSES


@dataclass(frozen=True, slots=True)
class FinetuneConfig:
    """What steers fine-tuning."""

    objective: str = "behaviour"  # or contrastive, which gave a quarter less on Beauty
    steps: int = 120  # at most; the validation or the clock may stop earlier
    users: int = 256  # histories per step
    longest: int = 10  # items of a history that count, the latest
    rate: float = 3e-2  # of Adam; transformers want less, see below
    warmup: float = 0.1  # share of the steps in which the rate rises from zero
    chunk: int = 4_096  # texts embedded at once; halves when a GPU runs out of memory
    check: int = 30  # steps between validations and checkpoints
    patience: int = 2  # validations without a better one before it stops
    seconds: float = 240.0  # clock limit, over all attempts of a run that was killed


# Thirty steps at 1e-4 raised MiniLM's nDCG@20 on unread validation items of Beauty by two thirds.
TRANSFORMER = FinetuneConfig(
    rate=1e-4, warmup=0.02, users=64, chunk=64, steps=600, check=10, patience=4
)
SAVE_SECONDS = 60.0  # between checkpoints, besides those of validations
Watch = Callable[[int, float], None]  # is told each step and its loss


class Trainable(Protocol):
    """A module that embeds texts by number, with gradients."""

    @property
    def module(self) -> torch.nn.Module:
        """Return what holds the parameters."""

    def embed(self, rows: NDArray[np.int64]) -> torch.Tensor:
        """Return (len(rows), d) unit rows."""

    def result(self) -> Encoder:
        """Return the encoder with what has been learned; training ends with it."""


@dataclass(frozen=True, slots=True)
class Record:
    """How a run went: the loss of each step, and (step, validation) pairs; higher is better."""

    losses: tuple[float, ...]
    checks: tuple[tuple[int, float], ...]
    seconds: float
    resumed: int = 0  # the step at which this attempt began


def finetune(
    trainable: Trainable,
    histories: Histories,
    config: FinetuneConfig,
    seed: int,
    validate: Callable[[], float] | None = None,
    folder: Path | None = None,
    watch: Watch = lambda step, loss: None,
) -> Record:
    """Train in place on who took up what.

    With `validate`, it stops early and the best state is kept, the first one included; without,
    the last. With a folder, a run that was killed goes on to the same end. Users with fewer than
    two items teach nothing.
    """
    if config.objective not in LOSSES:
        raise DataError(f"objective {config.objective!r}: choose from {sorted(LOSSES)}")
    users = histories.learners()
    optimizer = torch.optim.Adam(_learning(trainable.module), lr=config.rate)
    progress = read_checkpoint(folder, trainable.module, optimizer) or Progress()
    clock, resumed, chunk = _Clock(progress.seconds), progress.step, config.chunk
    if validate and not progress.checks:
        progress.note(validate(), trainable.module)
    while len(users) and progress.step < config.steps:
        if clock.seconds > config.seconds or progress.since_best >= config.patience:
            break
        batch = _prepared(histories, users, config, seed, progress.step, optimizer)
        loss, chunk = step(trainable, batch, config.objective, optimizer, chunk)
        progress.losses.append(loss)
        progress.step += 1
        watch(progress.step, loss)
        due = progress.step % config.check == 0 or progress.step == config.steps
        if validate and (due or clock.seconds > config.seconds):
            progress.note(validate(), trainable.module)
        if due or clock.unsaved > SAVE_SECONDS:
            progress.seconds = clock.saved()
            write_checkpoint(folder, trainable.module, optimizer, progress)
    if validate:
        progress.restore(trainable.module)
    return Record(tuple(progress.losses), progress.curve(), clock.seconds, resumed)


def _learning(module: torch.nn.Module) -> list[torch.nn.Parameter]:
    return [value for value in module.parameters() if value.requires_grad]


def _prepared(
    histories: Histories,
    users: NDArray[np.int64],
    config: FinetuneConfig,
    seed: int,
    at: int,
    optimizer: torch.optim.Optimizer,
) -> Batch:
    """Draw a step's users; seed and pace follow its number, so that a resumed run repeats it."""
    torch.manual_seed(seed * 1_000_003 + at)
    for group in optimizer.param_groups:
        group["lr"] = config.rate * _pace(at, config)
    rng = np.random.default_rng([seed, at])
    drawn = rng.choice(users, min(config.users, len(users)), False)
    return histories.draw(drawn, config.longest, rng)


class _Clock:
    """Seconds of this attempt and of those before it."""

    def __init__(self, before: float) -> None:
        self.began = time.monotonic() - before
        self.last = time.monotonic()

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.began

    @property
    def unsaved(self) -> float:
        return time.monotonic() - self.last

    def saved(self) -> float:
        self.last = time.monotonic()
        return self.seconds


def step(
    trainable: Trainable,
    batch: Batch,
    objective: str,
    optimizer: torch.optim.Optimizer,
    chunk: int,
) -> tuple[float, int]:
    """Take one step; return the loss and the chunk that fitted. NaN gradients change nothing."""
    while True:
        try:
            loss = _backward(trainable, batch, objective, optimizer, chunk)
            break
        except torch.OutOfMemoryError:
            torch.cuda.empty_cache()
            if chunk == 1:
                raise
            chunk = max(1, min(chunk, len(batch.items)) // 2)
    norm = torch.nn.utils.clip_grad_norm_(trainable.module.parameters(), 1.0)
    if bool(torch.isfinite(norm)):
        optimizer.step()
    return loss, chunk


def _backward(
    trainable: Trainable,
    batch: Batch,
    objective: str,
    optimizer: torch.optim.Optimizer,
    chunk: int,
) -> float:
    """Leave the gradient of the loss in the parameters; texts pass in chunks, twice."""
    optimizer.zero_grad(set_to_none=True)
    starts = range(0, len(batch.items), chunk)
    states = []
    with torch.no_grad():
        parts = []
        for start in starts:
            states.append(torch.get_rng_state())  # the second pass drops out the same units
            parts.append(trainable.embed(batch.items[start : start + chunk]).float())
    vectors = torch.cat(parts).requires_grad_()
    taken = torch.from_numpy(batch.taken).to(vectors.device)
    last = torch.from_numpy(batch.last).to(vectors.device)
    loss: Any = LOSSES[objective](vectors, taken, last)
    loss.backward()
    assert vectors.grad is not None
    for start, state in zip(starts, states, strict=True):
        torch.set_rng_state(state)
        again = trainable.embed(batch.items[start : start + chunk]).float()
        again.backward(vectors.grad[start : start + chunk])  # type: ignore[no-untyped-call]
    return float(loss.detach())


def _pace(at: int, config: FinetuneConfig) -> float:
    """Share of the full rate: rising at first, then falling in a line to a tenth."""
    warm = max(1, round(config.warmup * config.steps))
    if at < warm:
        return (at + 1) / warm
    return 1 - 0.9 * (at - warm) / max(1, config.steps - warm)
