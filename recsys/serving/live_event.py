"""LiveEvent: event as a live state counts it, and weights of many events."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from recsys.array_types import Floats, Mask
from recsys.data.event_kind_weights import EventWeights
from recsys.data.rating_scale import RatingScale


class LiveEvent(NamedTuple):
    """An event; the actor only distinguishes one user from another."""

    item_id: str
    event: str
    value: float | None = None
    timestamp: float = 0.0  # Unix seconds
    sentiment: float = 0.0  # of what was written, -1..1
    actor: str | None = None  # None: somebody unknown
    share: float = 1.0  # by which it counts, 0..1
    withdrawn: tuple[LiveEvent, ...] = ()  # earlier acts of the same user that this one takes back
    first_act: float | None = None  # when the actor first acted, if that was before the night
    returning: bool = False  # the actor had acted on the item before the night
    counted: float | None = None  # of a withdrawn act: the weight it was counted with, if known


def weights_of(
    acts: Sequence[LiveEvent], weights: EventWeights, scale: RatingScale
) -> tuple[Floats, Mask]:
    """Return each act's weight for counts that all users share, and whether it states an opinion.

    `scale`: of the ratings.
    """
    found = np.array([_weight(act, weights, scale) for act in acts], np.float32)
    return found, np.array([weights.stated(act.event) for act in acts], bool)


def heeded(acts: Sequence[LiveEvent], weights: EventWeights) -> list[LiveEvent]:
    """Return the acts that count; what was only shown, and what no kind names, is none."""
    meanings = weights.meanings
    return [
        act
        for act in acts
        if (meanings[act.event].weight if act.value is None else weights.heeds(*act[1:3]))
    ]


def _weight(act: LiveEvent, weights: EventWeights, scale: RatingScale) -> float:
    if act.counted is not None:
        return act.counted
    if act.value is None:
        weight = weights.meanings[act.event].weight
    elif weights.rates(act.event, act.value):
        weight = weights.of_rating(act.value, 0.0, 0, scale)
    else:
        weight = weights.of_event(act.event, act.value)
    return act.share * weights.with_sentiment(act.event, weight, act.sentiment)
