"""SASRec (Kang and McAuley, ICDM 2018) with the full cross-entropy loss: the row `sasrec`.

A causal transformer over a person's last items that predicts the next one at every place. With
the loss over the whole catalogue, instead of sampled negatives, it is a strong baseline
(Klenitskiy and Vasilev, RecSys 2023).
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from recsys.arrays import Floats
from recsys.data.dataset import Dataset
from recsys.evaluation.scorer import Histories, Skip

PAD = 0  # item rows are shifted by one


@dataclass(frozen=True, slots=True)
class SasrecConfig:
    """What steers SASRec."""

    dimensions: int = 128
    blocks: int = 2
    heads: int = 2
    length: int = 50  # items of a history that are read, the latest
    dropout: float = 0.3
    learning_rate: float = 1e-3
    batch: int = 128
    epochs: int = 30
    slowest_epoch: float = 90.0  # seconds; a data set that needs more is not attempted


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


def fit_sasrec(
    data: Dataset, config: SasrecConfig, seed: int, device: str, seconds: float
) -> SasrecScorer:
    """Train for the epochs asked for, or until the time is over."""
    torch.manual_seed(seed)
    users = np.arange(len(data.users), dtype=np.int32)
    rows, lengths = sequences(Histories.of(data, users), config.length + 1)
    rows = rows[lengths >= 2]
    network = Sasrec(len(data.items), config).to(device)
    optimizer = torch.optim.AdamW(network.parameters(), lr=config.learning_rate)
    rng, end = np.random.default_rng(seed), time.monotonic() + seconds
    steps = -(-len(rows) // config.batch)
    network.train()
    for epoch in range(config.epochs):
        began = time.monotonic()
        for step, batch in enumerate(_batches(rows, config.batch, rng)):
            _step(network, optimizer, torch.from_numpy(batch).to(device))
            if epoch == 0 and step == 4:
                _refuse_if_slow((time.monotonic() - began) / 5 * steps, config)
            if time.monotonic() > end:
                return SasrecScorer(network.eval(), config.length)
    return SasrecScorer(network.eval(), config.length)


def _refuse_if_slow(epoch_seconds: float, config: SasrecConfig) -> None:
    if epoch_seconds > config.slowest_epoch:
        raise Skip(f"an epoch of SASRec would take {epoch_seconds:.0f} s")


def _batches(
    rows: NDArray[np.int64], size: int, rng: np.random.Generator
) -> Iterator[NDArray[np.int64]]:
    order = rng.permutation(len(rows))
    for start in range(0, len(rows), size):
        batch = rows[order[start : start + size]]
        yield batch[:, : int((batch > PAD).sum(axis=1).max())]


def _step(network: Sasrec, optimizer: torch.optim.Optimizer, batch: Tensor) -> None:
    inputs, targets = batch[:, :-1], batch[:, 1:]
    real = targets != PAD  # only these are scored: padding would double the cost
    logits = network(inputs)[real] @ network.items.weight[1:].T
    loss = nn.functional.cross_entropy(logits, targets[real] - 1)
    optimizer.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call]
    optimizer.step()
