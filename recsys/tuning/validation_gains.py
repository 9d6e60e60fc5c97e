"""Gains of validation users by a model or a form, and the order of what is level."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from recsys.ranking_metrics import Values


@dataclass(frozen=True, slots=True)
class Gains:
    """How a model or a form answered a check, user by user, (users,) each."""

    ndcg: Values  # nDCG@20
    debiased: Values  # debiased nDCG@20, by which tuning chooses among what nDCG cannot tell apart


def ranked(gains: Mapping[str, Gains]) -> list[str]:
    """Return names by the gains of the same users, best first.

    Names whose nDCG is within one paired standard error of the highest are level: of these the
    one with the highest debiased nDCG comes first. The others follow by nDCG.
    """
    if not gains:
        return []
    means = {name: _mean(one.ndcg) for name, one in gains.items()}
    best = gains[max(means, key=means.__getitem__)].ndcg
    level = {name for name, one in gains.items() if _level(best - one.ndcg)}
    return sorted(
        gains,
        key=lambda name: (
            name not in level,
            -(_mean(gains[name].debiased) if name in level else means[name]),
        ),
    )


def _mean(values: Values) -> float:
    return float(values.mean()) if len(values) else 0.0


def _level(loss: Values) -> bool:
    """Whether a loss is at most one standard error; none is level with what it is compared to."""
    return _mean(loss) <= (float(loss.std() / np.sqrt(len(loss))) if len(loss) else 0.0)
