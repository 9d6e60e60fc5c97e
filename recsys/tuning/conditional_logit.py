"""Conditional logit: weights of a linear score, learned from chosen and unchosen items.

For each user the model is softmax over the candidates of Σ feature · weight; the weights
maximise the likelihood of what was taken up (McFadden, 1974). It is convex and has one weight per
feature, so a thousand users are enough and no grid of mixing weights has to be searched.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from recsys.array_types import Floats, Mask

CACHED = 2**18  # numbers of a block of features, so that each is read from memory once a step
MOST_STEPS = 50
PRECISE = 1e-8  # twice the fall of the loss that one more step promises, from which there is none
LEAST = 1e-3  # weight of a feature with a spread of one, where weights must be positive


@dataclass(frozen=True, slots=True)
class Choices:
    """What users could choose from, and what they chose."""

    features: Floats  # (users, candidates, features)
    chosen: Mask  # (users, candidates)
    offset: Floats  # (users, candidates): log of how many items a candidate stands for; -inf: none

    @classmethod
    def joined(cls, parts: Sequence[Choices]) -> Choices:
        """Return the users of several sets as one; rows are padded to one width."""
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
        """Which places are filled.

        (users, candidates).
        """
        return np.isfinite(self.offset)


def fit_logit(
    choices: Choices,
    regularization: float = 1e-3,
    positive: Mask | None = None,
    start: NDArray[np.float64] | None = None,
) -> Floats:
    """Return one weight per feature, in the features' own units; 0 for a constant feature.

    `positive`, (features,): those whose weights are sought among numbers from `LEAST` on.
    `start`, (features,): weights to begin with, which shorten the way and change nothing else.

    `regularization` applies to features scaled to a spread of one. Users weigh alike, however
    much each chose; users who chose none of the candidates are left out.
    """
    users = choices.chosen.any(axis=1)
    if not users.any():
        return np.zeros(choices.features.shape[2], np.float32)
    features, chosen = choices.features[users], choices.chosen[users]
    offered = choices.offered[users]
    features = features - _means(features, offered)[:, None, :]
    spread = np.sqrt((features[offered].astype(np.float64) ** 2).mean(axis=0))
    used = spread > 1e-9
    if not used.any():
        return np.zeros(len(spread), np.float32)
    scaled = (features[:, :, used] / spread[used].astype(np.float32)).astype(np.float32)
    least = None if positive is None else np.where(positive[used], LEAST, -np.inf)
    first = None if start is None else start[used] * spread[used]
    found = _maximise(scaled, chosen, choices.offset[users], regularization, least, first)
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
    start: NDArray[np.float64] | None,
) -> NDArray[np.float64]:
    """Return the weights of the highest penalised likelihood; not below `least`, where given."""
    likelihood = _Likelihood.of(features, chosen, offset, regularization)
    found = _newton(likelihood, start)
    if least is None or bool((found >= least).all()):
        return found
    bounded = minimize(
        likelihood.loss,
        np.maximum(found, np.maximum(least, 0.0)),
        jac=True,
        method="L-BFGS-B",
        bounds=[(low, None) for low in least.tolist()],
        options={"maxiter": 200},
    )
    return np.asarray(bounded.x, np.float64)


@dataclass(frozen=True, slots=True)
class _Likelihood:
    """Negative mean log likelihood with half the penalty, in blocks of users that fit a cache."""

    blocks: tuple[tuple[Floats, Floats], ...]  # features (users, places, k), offset
    target: NDArray[np.float64]  # (k,): mean features of what was chosen
    users: int
    regularization: float

    @classmethod
    def of(
        cls, features: Floats, chosen: Mask, offset: Floats, regularization: float
    ) -> _Likelihood:
        users, places, size = features.shape
        share = (chosen / chosen.sum(axis=1, keepdims=True) / users).astype(np.float32)
        target = share.ravel() @ features.reshape(-1, size)
        each = max(1, CACHED // max(places * size, 1))
        cuts = [slice(start, start + each) for start in range(0, users, each)]
        blocks = tuple((features[own], offset[own]) for own in cuts)
        return cls(blocks, target.astype(np.float64), users, regularization)

    def loss(self, weights: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        """Return the loss and its gradient."""
        value, slope, _ = self.derivatives(weights, curved=False)
        return value, slope

    def derivatives(
        self, weights: NDArray[np.float64], curved: bool = True
    ) -> tuple[float, NDArray[np.float64], NDArray[np.float64]]:
        """Return the loss, its gradient and, if `curved`, its Hessian (else zeros)."""
        small, size = weights.astype(np.float32), len(weights)
        total, slope, curvature = 0.0, np.zeros(size), np.zeros((size, size))
        for features, offset in self.blocks:
            scores = features @ small + offset
            top = scores.max(axis=1, keepdims=True)
            likely = np.exp(scores - top)
            sums = likely.sum(axis=1, keepdims=True)
            total += float((top + np.log(sums)).sum(dtype=np.float64))
            likely /= sums
            means = (likely[:, None] @ features)[:, 0]
            slope += means.sum(axis=0, dtype=np.float64)
            if curved:
                weighted = (features * likely[:, :, None]).reshape(-1, size)
                curvature += weighted.T @ features.reshape(-1, size) - means.T @ means
        penalty = self.regularization * weights
        value = total / self.users - float(self.target @ weights) + 0.5 * float(penalty @ weights)
        curvature = curvature / self.users + self.regularization * np.eye(size)
        return value, slope / self.users - self.target + penalty, curvature


def _newton(
    likelihood: _Likelihood, start: NDArray[np.float64] | None = None
) -> NDArray[np.float64]:
    """Return the minimum of the loss by Newton's method, with steps halved until it falls."""
    weights = np.zeros(len(likelihood.target)) if start is None else start
    value, slope, curvature = likelihood.derivatives(weights)
    for _ in range(MOST_STEPS):
        step = np.linalg.solve(curvature, slope)
        if float(slope @ step) < PRECISE:
            break
        found = likelihood.derivatives(weights - step)
        while found[0] > value and float(slope @ step) > PRECISE:
            step /= 2
            found = likelihood.derivatives(weights - step)
        if found[0] > value:
            break
        weights, (value, slope, curvature) = weights - step, found
    return weights
