"""EventWeights: how much each kind of event says that a person wants more of the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np

from recsys.arrays import Floats, Mask
from recsys.data.tables import EventTable
from recsys.errors import DataError

# Things that happen on the way (nobody says yes or no by scrolling) are worth less than a decision.
KIND_WEIGHTS: Mapping[str, float] = MappingProxyType(
    {
        "impression": 0.0, "view": 0.5, "read": 0.7, "click": 0.7, "play": 0.7,
        "like": 1.0, "save": 1.3, "share": 1.5, "comment": 1.2, "follow": 1.5,
        "hide": -1.0, "dislike": -1.0, "report": -2.0,
    }
)
IMPLICIT_KINDS = frozenset({"impression", "view", "read", "click", "play", "visit"})


@dataclass(frozen=True, slots=True)
class EventWeights:
    """Weight per kind of event; kinds that are not listed weigh 1."""

    kinds: Mapping[str, float] = field(default_factory=lambda: KIND_WEIGHTS)
    shrinkage: float = 5.0  # ratings a user's mean is shrunk by, towards the mean of all users
    spread: float = 0.0  # one weight per so many rating points; 0: the spread of the data
    tone: float = 0.0  # how far a comment's tone moves its event's weight, 0: not at all, to 2
    voices: bool = True  # an act counts by the company of its item; see `recsys.data.company`

    def __post_init__(self) -> None:
        if not 0 <= self.tone <= 2:
            raise DataError(f"RECSYS_TONE_STRENGTH: {self.tone:g} is not a number from 0 to 2")

    def of_kind(self, kind: str) -> float:
        """Return the weight of an event of this kind that carries no rating."""
        return float(self.kinds.get(kind, 1.0))

    def stated(self, kind: str) -> bool:
        """Say whether this kind states a liking or a dislike, rather than a passing by."""
        return kind not in IMPLICIT_KINDS

    def heeds(self, kind: str, value: float | None = None) -> bool:
        """Say whether an event is an act of the user; one that weighs nothing (shown) is none.

        What was merely shown to somebody may be shown again, and ages nothing that he did. A
        rating with a value is an act whatever it weighs.
        """
        return self.of_kind(kind) != 0 or (kind == "rating" and value is not None)

    def unheeded(self) -> tuple[str, ...]:
        """Return the kinds of event that are no acts, whatever value they carry."""
        return tuple(kind for kind in self.kinds if not self.heeds(kind, 0.0))

    def acts(self, events: EventTable) -> Mask:
        """Say which events are acts of their users, as `heeds` does."""
        codes = [code for code, kind in enumerate(events.kinds) if not self.of_kind(kind)]
        return ~np.isin(events.kind, codes) | self.rated(events)

    def of_table(self, events: EventTable) -> Floats:
        """Return one signed weight per event."""
        by_kind = np.array([self.of_kind(kind) for kind in events.kinds], np.float32)
        weights = by_kind[events.kind] if len(events) else np.zeros(0, np.float32)
        rated = self.rated(events)
        if rated.any():
            weights[rated] = self._centred(events, rated)
        if self.tone and events.tone is not None:
            weights += np.float32(self.tone) * events.tone * np.abs(weights)
        return weights if events.share is None else weights * events.share

    def toned(self, weight: float, tone: float) -> float:
        """Return the weight of an event whose comment has a tone, -1 to 1.

        A like with scornful words counts less, above a strength of 1 even against the item; a
        dislike with scornful words counts more against it.
        """
        return weight + self.tone * tone * abs(weight)

    def rated(self, events: EventTable) -> Mask:
        """Say which events are ratings with a value; a rating without one counts as a like."""
        codes = [code for code, kind in enumerate(events.kinds) if kind == "rating"]
        return np.isin(events.kind, codes) & np.isfinite(events.value)

    def explicit(self, events: EventTable) -> Mask:
        """Say which events state a liking or a dislike, rather than a passing by."""
        codes = [code for code, kind in enumerate(events.kinds) if self.stated(kind)]
        return np.isin(events.kind, codes)

    def rating_scale(self, events: EventTable) -> tuple[float, float]:
        """Return the mean and the spread of all rating values; (0, 1) when there are none."""
        values = events.value[self.rated(events)]
        if not len(values):
            return 0.0, 1.0
        values = values.astype(np.float64)  # the square of a huge one is infinite in float32
        return float(values.mean()), float(self.spread or max(values.std(), 1e-3))

    def of_rating(
        self, value: float, user_sum: float, user_count: int, scale: tuple[float, float]
    ) -> float:
        """Return the weight of one rating, given the sum and number of the user's ratings.

        A rating at the user's own (shrunk) mean weighs 1, one spread below it 0: choosing to rate
        a thing at all is already a sign of interest, so one rating of 7 stays a positive.
        """
        mean, spread = scale
        own = (user_sum + self.shrinkage * mean) / (user_count + self.shrinkage)
        return float(np.clip(1.0 + (value - own) / spread, -1.0, 2.0))

    def _centred(self, events: EventTable, rated: Mask) -> Floats:
        user, value = events.user[rated], events.value[rated].astype(np.float64)
        mean, spread = self.rating_scale(events)
        totals = np.bincount(user, value, len(events.users))
        counts = np.bincount(user, minlength=len(events.users))
        own = (totals + self.shrinkage * mean) / (counts + self.shrinkage)
        return np.clip(1.0 + (value - own[user]) / spread, -1.0, 2.0).astype(np.float32)
