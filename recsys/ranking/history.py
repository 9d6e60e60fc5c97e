"""History: a user's interactions as rows with signed weights, oldest first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import repeat

import numpy as np
from numpy.typing import NDArray

from recsys.array_types import Floats, Rows, Times
from recsys.data.event_kind_weights import EventWeights, Meaning
from recsys.data.rating_scale import RatingScale
from recsys.ranking.query import Interaction
from recsys.ranking.social_signals import SocialSignals
from recsys.serving.live_state import LiveState
from recsys.store.events import StoredEvent
from recsys.text.sentiment.scorer import SentimentScorer

# Of a negative weight, for neighbours. On Polis, leave-last-out, nDCG@20 of validation with 1, .3
# and 0: .350, .392 and .399 (SLIST and what is popular, 2026-11-22).
DISLIKE_DAMPING = 0.25
_NOTHING = (0.0, 0.0)


@dataclass(frozen=True)  # without slots: what several terms ask for is computed once
class History:
    """One entry per item, placed by its last event.

    Weights of repeated events add up; a change of mind counts as what was said last.
    """

    rows: Rows  # (n,), distinct
    weights: Floats  # (n,), signed
    times: Times  # (n,), NaN unknown
    social: SocialSignals | None = None  # of those around the user; None: no follow is known

    def __len__(self) -> int:
        return len(self.rows)

    @cached_property
    def cold_user(self) -> bool:
        """Whether nothing in it is positive."""
        return not bool((self.weights > 0).any())

    def ages(self) -> Floats:
        """Return how many distinct times back each entry is, (n,); 0 for the last; read-only.

        Entries at equal times have no order; unknown times are all distinct.
        """
        return self._ages

    @cached_property
    def _ages(self) -> Floats:
        found = steps_back(self.times, np.array([0, len(self)]))
        found.flags.writeable = False
        return found

    @classmethod
    def empty(cls) -> History:
        """Return the history of a user who did nothing."""
        return cls(np.zeros(0, np.int32), np.zeros(0, np.float32), np.zeros(0))

    @classmethod
    def resolve(cls, interactions: Iterable[Interaction], live: LiveState) -> History:
        """Look the items up and weigh the events.

        Unknown items are passed over, and so are events that weigh nothing: an impression
        neither hides an item nor ages what was done before it.
        """
        entries: dict[int, tuple[float, float]] = {}  # in the order of the last event
        for row, weight, time in _weighed(tuple(interactions), live):
            before, _ = entries.pop(row, _NOTHING)
            entries[row] = (before + weight if before * weight >= 0 else weight, time)
        if not entries:
            return cls.empty()
        weights, times = zip(*entries.values(), strict=True)
        dated = live.model.cutoff > 0  # else the events that it learned from had no times
        return cls(
            np.fromiter(entries, np.int32, len(entries)),
            np.clip(np.array(weights, np.float32), -2.0, 2.0),
            np.array(times) if dated else np.full(len(entries), np.nan),
        )


def steps_back(times: Times, ends: NDArray[np.int64]) -> Floats:
    """Return how many distinct times back each entry is within its history, (n,).

    `times`: ascending within a history, NaN unknown; history h has `ends[h]:ends[h + 1]`.
    """
    changes = np.zeros(len(times) + 1, np.int64)  # of the entry after it, in the same history
    changes[:-2] = times[1:] != times[:-1]
    changes[ends[1:] - 1] = 0  # of an empty history at the start: the last place, unused
    later = np.cumsum(changes[-2::-1])[::-1]
    after = np.append(later, 0)[ends[1:]]
    found: Floats = (later - np.repeat(after, np.diff(ends))).astype(np.float32)
    return found


def acts(interactions: tuple[Interaction, ...], weights: EventWeights) -> tuple[Interaction, ...]:
    """Return the interactions that count: neither withdrawn, nor withdrawing, nor without weight.

    Who has none is a stranger: a list for them is that for somebody of whom nothing is known.
    """
    meanings = [weights.meanings[each.event] for each in interactions]
    if any([one.withdraws for one in meanings]):
        interactions = _standing(interactions, meanings)
    if all([each.value is None and weights.meanings[each.event].weight for each in interactions]):
        return interactions
    return tuple([each for each in interactions if weights.heeds(each.event, each.value)])


def implicit_weights(weights: Floats, rated: bool) -> Floats:
    """Return what history entries count for where neighbours are asked what is taken up next.

    Where users rate, that somebody chose an item says what else they choose; how well they then
    liked it hardly does. So whatever was rated well counts alike, and what was rated below that,
    but not at the very bottom, not at all. Elsewhere users say no to what stands where they read,
    so that its neighbours are pushed away by `DISLIKE_DAMPING` of it only; what they like of these,
    tastes know.
    """
    if rated:
        found = np.where(weights > 0, 1.0, np.where(weights > -1, 0.0, weights))
    else:
        found = np.where(weights < 0, np.float32(DISLIKE_DAMPING) * weights, weights)
    return found.astype(np.float32)


def factor_weights(weights: Floats, rated: bool) -> Floats:
    """Return what history entries count for where models of factors are asked, (n,).

    They are fitted to ones. Where users rate, whatever was rated above the user's own mean counts
    alike and the rest not at all; elsewhere entries count as for neighbours.
    """
    if rated:
        return (weights > 0).astype(np.float32)
    return implicit_weights(weights, rated)


def _weighed(
    interactions: tuple[Interaction, ...], live: LiveState
) -> list[tuple[int, float, float]]:
    """Return row, weight and time of the events that count; every request waits for this loop."""
    weights = live.weights
    result = [weights.meanings[each.event] for each in interactions]
    if any([one.withdraws for one in result]):
        interactions = _standing(interactions, result)
        result = [weights.meanings[each.event] for each in interactions]
    both = tuple(zip(interactions, result, strict=True))
    ratings = [each.value for each, one in both if one.rates and each.value is not None]
    total, count = float(sum(ratings)), len(ratings)
    rows, found = live.ids.rows([each.item_id for each in interactions]), []
    for row, (each, one) in zip(rows, both, strict=True):
        _, event, value, time, sentiment = each
        if row < 0 or not (one.weight or (one.rates and value is not None)):
            continue
        usual = one.weight
        if value is not None or sentiment:
            if not weights.heeds(event, value):
                continue
            usual = weigh(each, total, count, weights, live.scale)
        found.append((row, usual, np.nan if time is None else time))
    return found


def _standing(
    interactions: tuple[Interaction, ...], kinds_of_events: Sequence[Meaning]
) -> tuple[Interaction, ...]:
    """Return what nothing later withdraws, and not what withdraws; oldest first, as it came."""
    taken: set[tuple[str, str]] = set()  # item and kind that something later takes back
    kept = []
    for each, one in zip(reversed(interactions), reversed(kinds_of_events), strict=True):
        if one.withdraws:
            taken.add((each.item_id, one.withdraws))
        elif (each.item_id, one.name) not in taken:
            kept.append(each)
    return tuple(reversed(kept))


def weigh(
    each: Interaction,
    total: float,
    count: int,
    weights: EventWeights,
    scale: RatingScale,
) -> float:
    """Return an event's weight; `total` and `count` describe the same user's ratings."""
    if each.value is not None and weights.rates(each.event, each.value):
        weight = weights.of_rating(each.value, total, count, scale)
    else:
        weight = weights.of_event(each.event, each.value)
    return weights.with_sentiment(each.event, weight, each.tone)


def interactions(
    events: Sequence[StoredEvent], sentiment_scorer: SentimentScorer | None = None
) -> tuple[Interaction, ...]:
    """Return stored events as the engine takes them, with the tone of what was written."""
    texts = [event.text for event in events]
    result = (
        repeat(0.0)
        if sentiment_scorer is None or not any(texts)
        else sentiment_scorer.scores(texts).tolist()
    )
    return tuple(
        [
            Interaction(
                e.item_id,
                e.event,
                e.value,
                e.received if e.timestamp is None else e.timestamp,  # StoredEvent.moment
                sentiment,
            )
            for e, sentiment in zip(events, result, strict=False)  # `result` may have no end
        ]
    )
