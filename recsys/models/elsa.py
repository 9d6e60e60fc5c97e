"""ELSA: a linear autoencoder of low rank (Vančura et al., RecSys 2022), in torch.

Importing this module raises MissingExtra where torch is not installed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from recsys.array_types import Floats
from recsys.errors import MissingExtra
from recsys.models.item_factors import Factors

try:
    import torch
except ImportError as error:
    raise MissingExtra("torch", "train") from error


@dataclass(frozen=True, slots=True)
class ElsaConfig:
    """What steers ELSA."""

    dimensions: int = 256  # per item; cost and bundle size grow in proportion
    epochs: int = 5  # quality peaks after 3 to 6 on small catalogues
    batch: int = 1024  # users per step
    learning_rate: float = 0.05


def fit_elsa(
    matrix: sparse.csr_array,
    config: ElsaConfig,
    seed: int,
    device: str = "cpu",
    advance: Callable[[int, int], None] = lambda done, total: None,
) -> Factors:
    """Fit item vectors A with unit rows so that X (A A' - I) resembles X row by row.

    Users with fewer than two items are left out. `advance` receives the batches
    done and their total.
    """
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    shape = (matrix.shape[1], config.dimensions)
    start = torch.nn.init.xavier_uniform_(torch.empty(shape))
    vectors = start.to(device).requires_grad_()
    optimizer = torch.optim.NAdam([vectors], lr=config.learning_rate)
    users = np.flatnonzero(np.diff(matrix.indptr) >= 2)
    steps = -(-len(users) // config.batch)
    for epoch in range(config.epochs):
        rng.shuffle(users)
        for step in range(steps):
            batch = users[step * config.batch : (step + 1) * config.batch]
            _step(matrix[batch], vectors, optimizer, device)
            advance(epoch * steps + step + 1, config.epochs * steps)
    return _factors(vectors)


def _step(
    rows: sparse.csr_array, vectors: torch.Tensor, optimizer: torch.optim.Optimizer, device: str
) -> None:
    taken = torch.from_numpy(rows.toarray()).to(device)  # (batch, items)
    unit = torch.nn.functional.normalize(vectors, dim=-1)  # (items, d)
    guess = torch.relu(taken @ unit @ unit.T - taken)
    loss = (
        torch.nn.functional.normalize(guess, dim=-1) - torch.nn.functional.normalize(taken, dim=-1)
    ).square()
    optimizer.zero_grad(set_to_none=True)
    loss.sum(dim=-1).mean().backward()  # type: ignore[no-untyped-call]
    optimizer.step()


def _factors(vectors: torch.Tensor) -> Factors:
    unit: Floats = torch.nn.functional.normalize(vectors.detach(), dim=-1).cpu().numpy()
    if not np.isfinite(unit).all():
        raise FloatingPointError("ELSA diverged: item vectors are not finite; lower learning_rate")
    return Factors(inputs=unit, outputs=unit)
