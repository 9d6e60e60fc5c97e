"""Act: an event as a live state counts it, and what many of them weigh."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from recsys.arrays import Floats, Mask
from recsys.data.weights import EventWeights


class Act(NamedTuple):
    """An event; who did it only tells one person from another."""

    item_id: str
    event: str
    value: float | None = None
    timestamp: float = 0.0  # Unix seconds
    tone: float = 0.0  # of what was written, -1..1
    actor: str | None = None  # None: somebody unknown
    share: float = 1.0  # by which it counts, 0..1
    born: float | None = None  # when the actor first acted, if that was before the night


def weights_of(
    acts: Sequence[Act], weights: EventWeights, scale: tuple[float, float]
) -> tuple[Floats, Mask]:
    """Return each act's weight for counts that all users share, and whether it states an opinion.

    `scale`: mean and spread of the ratings.
    """
    found = np.array([_weight(act, weights, scale) for act in acts], np.float32)
    return found, np.array([weights.stated(act.event) for act in acts], bool)


def _weight(act: Act, weights: EventWeights, scale: tuple[float, float]) -> float:
    weight = weights.of_kind(act.event)
    if act.event == "rating" and act.value is not None:
        weight = weights.of_rating(act.value, 0.0, 0, scale)
    return act.share * weights.toned(weight, act.tone)
