"""SASRec (Kang and McAuley, ICDM 2018) with the full cross-entropy loss: the model `sasrec`.

A causal transformer over a user's last items that predicts the next one at every place. With
the loss over the whole catalogue, instead of sampled negatives, it is a strong baseline
(Klenitskiy and Vasilev, RecSys 2023).

On a CPU the loss is nearly all of the work. So its gradient is computed with it, some places at a
time while their logits are in the cache, in bfloat16 where the processor multiplies that natively;
and histories of like length share a batch. On 2026-11-22 one core took .03 s for 896 places over
12,101 items, where plain cross-entropy in float32 took .15 s; an epoch of Amazon Beauty takes 7 s.

Importing this module raises MissingExtra where torch is not installed.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recsys.array_types import Floats
from recsys.data.dataset import Dataset
from recsys.errors import MissingExtra
from recsys.tuning.scorer_protocol import Histories, Skip

try:
    import torch
    from torch import Tensor, nn
except ImportError as error:
    raise MissingExtra("torch", "train") from error

PAD = 0  # item rows are shifted by one
PLACES = 512  # whose logits are held at a time


@dataclass(frozen=True, slots=True)
class SasrecConfig:
    """What steers SASRec."""

    dimensions: int = 64
    blocks: int = 2
    heads: int = 2
    length: int = 50  # items of a history that are read, the latest
    dropout: float = 0.3
    learning_rate: float = 1e-3
    batch: int = 128
    pool: int = 20  # batches among which histories are sorted by length
    every: int = 3  # epochs between two looks at the validation slice
    fewest: int = 5  # epochs that must fit into the time, or it is not attempted


class Sasrec(nn.Module):
    """Items and places to vectors, causal attention, and the same item vectors as outputs."""

    def __init__(self, n_items: int, config: SasrecConfig) -> None:
        super().__init__()
        width = config.dimensions
        self.items = nn.Embedding(n_items + 1, width, padding_idx=PAD)
        self.places = nn.Embedding(config.length, width)
        self.dropout = nn.Dropout(config.dropout)
        self.blocks = nn.ModuleList(
            nn.TransformerEncoderLayer(
                width, config.heads, width, config.dropout, batch_first=True, norm_first=True
            )
            for _ in range(config.blocks)
        )
        self.norm = nn.LayerNorm(width)
        nn.init.normal_(self.items.weight, std=0.02)
        nn.init.normal_(self.places.weight, std=0.02)

    def forward(self, rows: Tensor) -> Tensor:
        """Return (batch, length, d) for item numbers (batch, length), padded at the end."""
        length = rows.shape[1]
        # Places are counted from the end, so that the last one is trained whatever the length.
        ahead = (rows != PAD).sum(dim=1, keepdim=True) - torch.arange(length, device=rows.device)
        place = (self.places.num_embeddings - ahead).clamp(0, self.places.num_embeddings - 1)
        state = self.items(rows) * self.items.embedding_dim**0.5
        state = self.dropout(state + self.places(place))
        causal = torch.triu(torch.ones(length, length, dtype=torch.bool, device=rows.device), 1)
        for block in self.blocks:
            state = block(state, src_mask=causal)
        found: Tensor = self.norm(state)
        return found


@dataclass(frozen=True, slots=True)
class SasrecScorer:
    """A trained network."""

    network: Sasrec
    length: int

    @torch.inference_mode()
    def score(self, histories: Histories) -> Floats:
        """Read each history's last items and score all items as the next one."""
        rows, lengths = sequences(histories, self.length)
        rows, lengths = rows[:, : max(int(lengths.max(initial=1)), 1)], np.maximum(lengths, 1)
        weight = self.network.items.weight
        state = self.network(torch.from_numpy(rows).to(weight.device))
        last = state[torch.arange(len(rows)), torch.from_numpy(lengths - 1).to(weight.device)]
        scores: Floats = (last @ weight[1:].T).float().cpu().numpy()
        return scores

    @property
    def nbytes(self) -> int:
        """How much memory the parameters take."""
        return sum(part.nbytes for part in self.network.parameters())


def sequences(histories: Histories, length: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the last positive items of each history, (n, length), padded at the end, and counts.

    Items are numbered from 1; 0 is padding.
    """
    good = histories.weight > 0
    owner, item = histories.owner[good], histories.item[good]
    ends = np.searchsorted(owner, np.arange(len(histories)), side="right")
    starts = np.maximum(np.searchsorted(owner, np.arange(len(histories))), ends - length)
    place = np.arange(len(owner)) - starts[owner]
    rows = np.zeros((len(histories), length), np.int64)
    kept = place >= 0
    rows[owner[kept], place[kept]] = item[kept] + 1
    return rows, ends - starts


def train_sasrec(
    data: Dataset, config: SasrecConfig, seed: int, device: str, seconds: float
) -> Iterator[tuple[int, SasrecScorer]]:
    """Train for as long as the caller iterates; yields (epochs so far, the network as it is).

    Skip when `seconds` are not enough for a few epochs.
    """
    torch.manual_seed(seed)
    users = np.arange(len(data.users), dtype=np.int32)
    rows, lengths = sequences(Histories.of(data, users), config.length + 1)
    rows = rows[lengths >= 2]
    if not len(rows):
        raise Skip("no user has two events in order, so there is no next item to learn")
    network = Sasrec(len(data.items), config).to(device)
    optimizer = torch.optim.AdamW(network.parameters(), lr=config.learning_rate)
    rng, steps = np.random.default_rng(seed), -(-len(rows) // config.batch)
    for epoch in itertools.count(1):
        network.train()
        began = time.monotonic()
        for step, batch in enumerate(_batches(rows, config, rng)):
            _step(network, optimizer, torch.from_numpy(batch).to(device))
            if epoch == 1 and step == 4:
                _refuse_if_slow((time.monotonic() - began) / 5 * steps, seconds, config)
        if epoch % config.every == 0:
            yield epoch, SasrecScorer(network.eval(), config.length)


def _refuse_if_slow(epoch_seconds: float, seconds: float, config: SasrecConfig) -> None:
    if config.fewest * epoch_seconds > seconds:
        raise Skip(
            f"an epoch of SASRec would take some {epoch_seconds:.0f} s, and fewer than "
            f"{config.fewest} would fit into the {seconds:.0f} s that a row may train for"
        )


def _batches(
    rows: NDArray[np.int64], config: SasrecConfig, rng: np.random.Generator
) -> Iterator[NDArray[np.int64]]:
    order, lengths = rng.permutation(len(rows)), (rows > PAD).sum(axis=1)
    wide = config.batch * config.pool
    pools = [order[start : start + wide] for start in range(0, len(order), wide)]
    ordered = np.concatenate([pool[np.argsort(lengths[pool], kind="stable")] for pool in pools])
    for start in rng.permutation(np.arange(0, len(rows), config.batch)):
        batch = rows[ordered[start : start + config.batch]]
        yield batch[:, : int((batch > PAD).sum(axis=1).max())]


def _step(network: Sasrec, optimizer: torch.optim.Optimizer, batch: Tensor) -> None:
    inputs, targets = batch[:, :-1], batch[:, 1:]
    real = targets != PAD  # only these are scored: padding would double the cost
    states = network(inputs)[real]
    weight, kind = network.items.weight[1:], product_type(batch.device.type)
    loss = FullCrossEntropy.apply(  # type: ignore[no-untyped-call]
        states, weight, targets[real] - 1, kind
    )
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    optimizer.step()


class FullCrossEntropy(torch.autograd.Function):
    """Mean cross-entropy of states (n, d) against weights (items, d), and both gradients.

    Products and shares are kept in the requested type; sums are made in float32.
    """

    @staticmethod
    def forward(
        ctx: Any, states: Tensor, weight: Tensor, targets: Tensor, kind: torch.dtype
    ) -> Tensor:
        """Go through the states some at a time; softmax less the target is the gradient."""
        low, total = weight.to(kind), states.new_zeros(())
        to_states, to_weight = torch.empty_like(states), torch.zeros_like(weight.T)
        for start in range(0, len(states), PLACES):
            part, own = states[start : start + PLACES].to(kind), targets[start : start + PLACES]
            share = torch.softmax(part @ low.T, dim=1)
            right = share.gather(1, own[:, None])
            total -= right.float().clamp_min(1e-30).log().sum()
            error = share.scatter_add_(1, own[:, None], -torch.ones_like(right))
            to_states[start : start + PLACES] = (error @ low).float()
            to_weight += part.T @ error
        ctx.save_for_backward(to_states / len(states), to_weight.T / len(states))
        return total / len(states)

    @staticmethod
    def backward(ctx: Any, *above: Tensor) -> tuple[Tensor, Tensor, None, None]:
        """Hand the gradients on."""
        to_states, to_weight = ctx.saved_tensors
        return to_states * above[0], to_weight * above[0], None, None


def product_type(device: str) -> torch.dtype:
    """Return bfloat16 for a processor that multiplies it natively, else float32."""
    able = torch.cpu.get_capabilities() if device == "cpu" else {}
    fast = able.get("avx512_bf16") or able.get("amx_bf16")
    return torch.bfloat16 if fast else torch.float32
