"""ExplicitMF: probabilistic matrix factorization of likes and dislikes.

A vote y in -1..1 of weight w is modelled as base_i + x_u · v_i + noise / w, with normal priors on
base, v and x (probabilistic matrix factorisation). The night fits base and v by EM, with the
posterior covariance of x in the item step, for most users vote a few times only. By day, base and
v of an item follow its votes (`recsys.serving.like_rates`), and x is solved from a user's
history per request: it is linear in the votes, so a score splits over the history.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from recsys.array_types import Floats, Rows

Precise = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class ExplicitMFConfig:
    """What steers the model; chosen on validation windows of Polis, 2026-11-22."""

    rank: int = 10
    noise: float = 0.8  # variance of a vote of weight 1
    tau: float = 3.0  # precision of the loadings
    tau_base: float = 2.0  # precision of the base
    agree: float = 0.4  # the first loading of every item: some users like more of everything
    rounds: int = 10
    keep: float = 0.97  # of an item's evidence per new vote: the base forgets slowly


@dataclass(frozen=True, slots=True)
class ExplicitMF:
    """What the night learned, one row per item."""

    base: Floats  # (n,): the vote of an average reader
    loadings: Floats  # (n, rank)
    evidence: Floats  # (n,): summed weight / noise of the votes, decayed
    config: ExplicitMFConfig
    new_item_base: float  # base of an item without votes

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return the arrays to save."""
        config = self.config
        numbers = np.array(
            [
                config.noise,
                config.tau,
                config.tau_base,
                config.agree,
                config.keep,
                self.new_item_base,
            ]
        )
        return {
            "base": self.base,
            "loadings": self.loadings,
            "evidence": self.evidence,
            "numbers": numbers,
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> ExplicitMF:
        """Read back what `arrays` returned.

        KeyError for an array that is missing.
        """
        noise, tau, tau_base, agree, keep, new_item_base = arrays["numbers"].tolist()
        rank = arrays["loadings"].shape[1]
        config = ExplicitMFConfig(rank, noise, tau, tau_base, agree, keep=keep)
        return cls(arrays["base"], arrays["loadings"], arrays["evidence"], config, new_item_base)


def fit_explicit_mf(
    users: Rows,
    items: Rows,
    ratings: Floats,
    weights: Floats,
    n_items: int,
    config: ExplicitMFConfig,
    seed: int,
) -> ExplicitMF:
    """Fit to one vote per (user, item)."""
    order = np.lexsort((items, users))
    users, items = users[order], items[order]
    ratings64, w = (
        ratings[order].astype(np.float64),
        weights[order].astype(np.float64) / config.noise,
    )
    ends = np.concatenate([[0], np.flatnonzero(np.diff(users)) + 1, [len(users)]])
    shape = (len(ends) - 1, n_items)

    def table(values: Precise) -> sparse.csr_array:
        """Return a number per vote as users × items."""
        return sparse.csr_array((values, items, ends), shape=shape)

    by_user, by_item = table(w), sparse.csr_array(table(w).T)
    voted_item = sparse.csr_array(table(w * ratings64).T)
    default = np.zeros(config.rank + 1)
    default[0] = np.average(ratings64, weights=w) if len(w) else 0.0
    default[1] = config.agree
    both = np.tile(default, (n_items, 1))
    rng = np.random.default_rng(seed)
    both[:, 2:] = 0.1 * rng.standard_normal((n_items, config.rank - 1))
    # The first loading is held: it stands for agreeableness, which no ranking depends on.
    precision = np.r_[config.tau_base, 1e4, np.full(config.rank - 1, config.tau)]
    for _ in range(config.rounds):
        means, seconds = _users_of_items(by_user, table(w * (ratings64 - both[items, 0])), both)
        moments = (by_item @ seconds.reshape(len(means), -1)).reshape(n_items, *seconds.shape[1:])
        right = (voted_item @ means + precision * default)[:, :, None]
        both = np.linalg.solve(moments + np.diag(precision), right)[:, :, 0]
    evidence = np.asarray(by_item.sum(axis=1), np.float32).ravel()
    base, loadings = both[:, 0].astype(np.float32), both[:, 1:].astype(np.float32)
    return ExplicitMF(base, loadings, evidence, config, float(default[0]))


def _users_of_items(
    by_user: sparse.csr_array, residuals: sparse.csr_array, both: Precise
) -> tuple[Precise, Precise]:
    """Return E[z] and E[z z'] of every reader, z = (1, x).

    `by_user`: weights, `residuals`: weights times vote less base; users × items.
    """
    loadings = both[:, 1:]
    rank = loadings.shape[1]
    products = (loadings[:, :, None] * loadings[:, None, :]).reshape(len(loadings), -1)
    gram = (by_user @ products).reshape(-1, rank, rank) + np.eye(rank)
    covariance = np.linalg.inv(gram)
    means = np.einsum("nij,nj->ni", covariance, residuals @ loadings)
    whole = np.concatenate([np.ones((len(means), 1)), means], axis=1)
    second = whole[:, :, None] * whole[:, None, :]
    second[:, 1:, 1:] += covariance
    return whole, second


def posterior_mean_parts(
    loadings: Floats, residuals: Floats, weights: Floats, noise: float
) -> Floats:
    """Return each vote's part of the user's x, (n, rank); their sum is the posterior mean.

    `loadings`: of the items voted on; `residuals`: vote less the item's base.
    """
    gram = np.eye(loadings.shape[1]) + loadings.T @ (loadings * (weights / noise)[:, None])
    right = loadings * (weights / noise * residuals)[:, None]
    parts: Floats = np.linalg.solve(gram, right.T).T.astype(np.float32)
    return parts
