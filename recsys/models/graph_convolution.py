"""Graph convolution with learned item vectors (LightGCN, He et al., SIGIR 2020), in torch.

A user has no vector of their own: with B = D_u^-½ R D_i^-½ of users × items R, a user is B Z and
items are Z = (E + B'B E) / 2, where E is learned. So the vector of anybody is a weighted sum over
their history, and a bundle holds no user. Importing this module raises MissingExtra where torch is
not installed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from recsys.array_types import Floats
from recsys.errors import MissingExtra
from recsys.models.item_factors import Factors

try:
    import torch
except ImportError as error:
    raise MissingExtra("torch", "train") from error


@dataclass(frozen=True, slots=True)
class GraphConvolutionConfig:
    """Settings of the graph convolution."""

    dimensions: int = 64
    epochs: int = 20
    batch: int = 8_192  # events per step
    negatives: int = 512  # items per step that the events of it are compared with
    target_share: float = 0.2  # of the events, predicted in an epoch from all others
    learning_rate: float = 0.02
    regularization: float = 1e-4  # of the learned vectors of a step's items, squared


def fit_graph_convolution(
    matrix: sparse.csr_array,
    config: GraphConvolutionConfig,
    seed: int,
    device: str = "cpu",
    advance: Callable[[int, int], None] = lambda done, total: None,
) -> Factors:
    """Fit item vectors to users × items, ones, by a sampled softmax.

    In each epoch a part of the events is left out of the graph and predicted from the rest, so that
    no event is predicted from itself. `advance` receives the epochs done and their total. Returns
    factors that are linear in the history. FloatingPointError where a vector is not finite.
    """
    rng, n_items = np.random.default_rng(seed), matrix.shape[1]
    start = rng.standard_normal((n_items, config.dimensions), np.float32)
    start *= np.float32(config.dimensions**-0.5)
    vectors = torch.from_numpy(start).to(device).requires_grad_()
    optimizer = torch.optim.Adam([vectors], lr=config.learning_rate)
    user = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    item = matrix.indices.astype(np.int64)
    for epoch in range(config.epochs if len(item) else 0):
        left_out = rng.random(len(item)) < config.target_share
        graph = _normalized(user[~left_out], item[~left_out], matrix.shape, device)
        known = np.bincount(user[~left_out], minlength=matrix.shape[0]) > 0
        targets = rng.permutation(np.flatnonzero(left_out & known[user]))
        for begin in range(0, len(targets), config.batch):
            some = targets[begin : begin + config.batch]
            negatives = rng.integers(n_items, size=config.negatives)
            loss = _loss(graph, vectors, user[some], item[some], negatives, config.regularization)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
        advance(epoch + 1, config.epochs)
    with torch.no_grad():
        outputs = _propagated(_normalized(user, item, matrix.shape, device), vectors)[1]
    found: Floats = outputs.cpu().numpy()
    if not np.isfinite(found).all():
        raise FloatingPointError("the graph convolution diverged: item vectors are not finite")
    degrees = np.maximum(np.bincount(item, minlength=n_items), 1).astype(np.float32)
    inputs: Floats = (found / np.sqrt(degrees)[:, None]).astype(np.float32)
    return Factors(inputs, outputs=found)


@dataclass(frozen=True, slots=True)
class _Graph:
    """The normalized matrix in both directions."""

    of_users: torch.Tensor  # users × items, sparse
    of_items: torch.Tensor  # its transpose


def _normalized(
    user: NDArray[np.int64], item: NDArray[np.int64], shape: tuple[int, ...], device: str
) -> _Graph:
    """Return D_u^-½ R D_i^-½ of distinct events."""
    users = np.bincount(user, minlength=shape[0])[user]
    items = np.bincount(item, minlength=shape[1])[item]
    values = (1 / np.sqrt(users * items)).astype(np.float32)

    def tensor(
        rows: NDArray[np.int64], columns: NDArray[np.int64], size: tuple[int, ...]
    ) -> torch.Tensor:
        places = torch.from_numpy(np.stack([rows, columns]))
        found = torch.sparse_coo_tensor(
            places, torch.from_numpy(values), size, check_invariants=True
        )
        return found.coalesce().to(device)

    return _Graph(tensor(user, item, shape), tensor(item, user, shape[::-1]))


def _propagated(graph: _Graph, vectors: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the vectors of users and of items."""
    items = (vectors + graph.of_items @ (graph.of_users @ vectors)) / 2
    return graph.of_users @ items, items


def _loss(
    graph: _Graph,
    vectors: torch.Tensor,
    user: NDArray[np.int64],
    item: NDArray[np.int64],
    negatives: NDArray[np.int64],
    regularization: float,
) -> torch.Tensor:
    """Return the mean cross-entropy of events among themselves and the negatives of the step."""
    device = vectors.device
    positive = torch.from_numpy(item).to(device)
    others = torch.from_numpy(negatives).to(device)
    of_users, of_items = _propagated(graph, vectors)
    users = of_users[torch.from_numpy(user).to(device)]
    own = (users * of_items[positive]).sum(dim=1)
    rest = users @ of_items[others].T
    rest = rest.masked_fill(positive[:, None] == others[None], -torch.inf)
    total = torch.logsumexp(torch.cat([own[:, None], rest], dim=1), dim=1)
    size = vectors[positive].square().sum(dim=1).mean()
    return (total - own).mean() + regularization * size
