"""Conditional logit: weights of a linear score, learned from chosen and unchosen items.

For each person the model is softmax over the candidates of Σ feature · weight; the weights
maximise the likelihood of what was taken up (McFadden, 1974). It is convex and has one weight per
feature, so a thousand people are enough and no grid of mixing weights has to be searched.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from recsys.array_types import Floats, Mask

LEAST = 1e-3  # weight of a feature with a spread of one, where weights must be positive


@dataclass(frozen=True, slots=True)
class Choices:
    """What people could choose from, and what they chose."""

    features: Floats  # (people, candidates, features)
    chosen: Mask  # (people, candidates)
    offset: Floats  # (people, candidates): log of how many items a candidate stands for; -inf: none

    @classmethod
    def joined(cls, parts: Sequence[Choices]) -> Choices:
        """Return the people of several sets as one; rows are padded to one width."""
        width = max(part.offset.shape[1] for part in parts)
        room = [((0, 0), (0, width - part.offset.shape[1])) for part in parts]
        return cls(
            np.concatenate(
                [np.pad(p.features, (*r, (0, 0))) for p, r in zip(parts, room, strict=True)]
            ),
            np.concatenate([np.pad(p.chosen, r) for p, r in zip(parts, room, strict=True)]),
            np.concatenate(
                [
                    np.pad(p.offset, r, constant_values=-np.inf)
                    for p, r in zip(parts, room, strict=True)
                ]
            ),
        )

    @property
    def offered(self) -> Mask:
        """Which places are filled."""
        return np.isfinite(self.offset)


def fit_logit(
    choices: Choices, regularization: float = 1e-3, positive: Mask | None = None
) -> Floats:
    """Return one weight per feature, in the features' own units; 0 for a constant feature.

    `positive`, (features,): those whose weights are sought among numbers from `LEAST` on.

    `regularization` applies to features scaled to a spread of one. People weigh alike, however
    much each chose; those who chose nothing among the candidates teach nothing.
    """
    people = choices.chosen.any(axis=1)
    if not people.any():
        return np.zeros(choices.features.shape[2], np.float32)
    features, chosen = choices.features[people], choices.chosen[people]
    offered = choices.offered[people]
    features = features - _means(features, offered)[:, None, :]
    spread = np.sqrt((features[offered].astype(np.float64) ** 2).mean(axis=0))
    used = spread > 1e-9
    if not used.any():
        return np.zeros(len(spread), np.float32)
    scaled = (features[:, :, used] / spread[used].astype(np.float32)).astype(np.float32)
    least = None if positive is None else np.where(positive[used], LEAST, -np.inf)
    found = _maximise(scaled, chosen, choices.offset[people], regularization, least)
    weights = np.zeros(len(spread))
    weights[used] = found / spread[used]
    if not np.isfinite(weights).all():
        raise FloatingPointError("the weights of the score are not finite")
    return weights.astype(np.float32)


def _means(features: Floats, offered: Mask) -> Floats:
    count = np.maximum(offered.sum(axis=1, keepdims=True), 1)
    total = np.einsum("pcf,pc->pf", features, offered.astype(np.float32), optimize=True)
    return np.asarray(total / count, np.float32)


def _maximise(
    features: Floats,
    chosen: Mask,
    offset: Floats,
    regularization: float,
    least: NDArray[np.float64] | None,
) -> NDArray[np.float64]:
    people, candidates, size = features.shape
    flat = features.reshape(-1, size)
    share = chosen / chosen.sum(axis=1, keepdims=True) / people  # (people, candidates)
    target = share.ravel() @ flat

    def loss(weights: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        scores = (flat @ weights.astype(np.float32)).reshape(people, candidates) + offset
        top = scores.max(axis=1, keepdims=True)
        raised = np.exp(scores - top)
        total = raised.sum(axis=1, keepdims=True)
        value = float((top + np.log(total)).mean() - target @ weights)
        slope = (raised / total / people).ravel() @ flat - target
        penalty = regularization * weights
        return value + 0.5 * float(penalty @ weights), (slope + penalty).astype(np.float64)

    start = np.zeros(size) if least is None else np.maximum(least, 0.0)
    bounds = None if least is None else [(low, None) for low in least.tolist()]
    found = minimize(
        loss, start, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": 200}
    )
    return np.asarray(found.x, np.float64)
