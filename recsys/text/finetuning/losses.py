"""Losses of encoder fine-tuning: contrastive, ELSA, and distance to a teacher's vectors."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

TEMPERATURE = 0.05  # of the contrastive softmax; smaller looks at the hardest negatives only


def contrastive(vectors: Tensor, taken: Tensor, last: Tensor) -> Tensor:
    """Return the softmax loss of each user's last item against the other items of the batch.

    `vectors` (m, d) unit rows, `taken` (b, m) ones where a user took an item up, `last` (b,) the
    column of their last one. The profile is the sum of the others; what they also took up is
    masked, being no negative.
    """
    import torch
    from torch.nn.functional import cross_entropy, normalize, one_hot

    target = one_hot(last, taken.shape[1]).to(taken.dtype)
    profile = normalize((taken - target) @ vectors, dim=1)
    logits = profile @ vectors.T / TEMPERATURE
    logits = logits.masked_fill((taken - target) > 0, float("-inf"))
    loss: Tensor = cross_entropy(logits.float(), last)
    return torch.nan_to_num(loss)


def behaviour(vectors: Tensor, taken: Tensor, last: Tensor) -> Tensor:
    """Return the loss of ELSA (Vančura et al., 2022) with texts' vectors in place of free ones.

    The squared difference between a user's history and its reconstruction, both of length one, as
    in beeFormer (RecSys 2024). `last` is not used: every item of a history counts alike.
    """
    from torch.nn.functional import normalize

    rebuilt = (taken @ vectors @ vectors.T - taken).relu()
    loss: Tensor = (normalize(rebuilt, dim=1) - normalize(taken, dim=1)).square().sum(1).mean()
    return loss


def guided(vectors: Tensor, targets: Tensor, last: Tensor) -> Tensor:
    """Return the mean of one minus the likeness to the rows that a guide wants, (m, d)."""
    return 1 - (vectors * targets).sum(1).mean()


LOSSES = {"contrastive": contrastive, "behaviour": behaviour, "guided": guided}
APART = {"guided"}  # losses that are a mean over texts, so that chunks may go one by one
