"""Training step: one optimizer step in chunks that fit into memory (gradient caching)."""

from __future__ import annotations

import re
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from recsys.text.encoders.encoder import Encoder
from recsys.text.finetuning.history_batches import Batch
from recsys.text.finetuning.losses import APART, LOSSES

WORDS = re.compile(r"word_embeddings|embed_tokens|shared\.weight|wte\.")  # a transformer's
FLOOR = 0.02  # share of the full rate at the end


class Trainable(Protocol):
    """A module that embeds texts by number, with gradients."""

    @property
    def module(self) -> torch.nn.Module:
        """Return what holds the parameters."""

    def embed(self, rows: NDArray[np.int64]) -> torch.Tensor:
        """Return (len(rows), d) unit rows."""

    def result(self) -> Encoder:
        """Return the encoder with what has been learned; training ends with it."""


def adam(module: torch.nn.Module, rate: float, words: float = 1.0) -> torch.optim.Optimizer:
    """Return Adam; `words` times the rate is for a transformer's word vectors."""
    known: list[torch.nn.Parameter] = []
    rest: list[torch.nn.Parameter] = []
    for name, value in module.named_parameters():
        if value.requires_grad:
            (known if WORDS.search(name) else rest).append(value)
    groups = [{"params": rest, "full": rate}, {"params": known, "full": words * rate}]
    on_cpu = all(value.device.type == "cpu" for value in (*rest, *known))
    return torch.optim.Adam([g for g in groups if g["params"]], lr=rate, fused=on_cpu)


def set_pace(optimizer: torch.optim.Optimizer, share: float, first: float, warmup: float) -> None:
    """Set the rates for a share of a run, whose first step is `first` of it.

    They rise for the share `warmup`, then fall in a line to a fiftieth.
    """
    pace = min(1.0, (share + first) / max(warmup, first))
    if share >= warmup:
        pace = 1 - (1 - FLOOR) * min(1.0, (share - warmup) / max(first, 1 - warmup))
    for group in optimizer.param_groups:
        group["lr"] = group["full"] * pace


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
    """Leave the gradient of the loss in the parameters; texts pass in chunks, most losses twice."""
    optimizer.zero_grad(set_to_none=True)
    if objective in APART:
        return _one_by_one(trainable, batch, objective, chunk)
    starts = range(0, len(batch.items), chunk)
    states = []
    with torch.no_grad():
        parts = []
        for start in starts:
            states.append(torch.get_rng_state())  # the second pass drops out the same units
            parts.append(trainable.embed(batch.items[start : start + chunk]).float())
    vectors = torch.cat(parts).detach().requires_grad_()
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


def _one_by_one(trainable: Trainable, batch: Batch, objective: str, chunk: int) -> float:
    total = 0.0
    for start in range(0, len(batch.items), chunk):
        vectors = trainable.embed(batch.items[start : start + chunk]).float()
        targets = torch.from_numpy(batch.taken[start : start + chunk]).to(vectors.device)
        last = torch.from_numpy(batch.last[start : start + chunk]).to(vectors.device)
        loss: Any = LOSSES[objective](vectors, targets, last) * (len(targets) / len(batch.items))
        loss.backward()
        total += float(loss.detach())
    return total
