"""Relevant events: kinds and ratings that count as a positive or a negative result."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recsys.array_types import Mask
from recsys.data.event_kind_weights import EventWeights
from recsys.data.event_kinds import fold
from recsys.data.event_tables import EventTable
from recsys.errors import DataError

RelevanceLabels = NDArray[np.int8]
LIKED, TAKEN, NEUTRAL, DISLIKED = 2, 1, 0, -1  # TAKEN: a positive that states no opinion (a view)

_TERM = re.compile(r"\s*([\w.-]+?)\s*(?:(>=|<=|!=|==|=|>|<)\s*(-?\d+(?:\.\d+)?))?\s*", re.ASCII)
_COMPARISONS: dict[str, Callable[[NDArray[np.float32], float], Mask]] = {
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
    "=": operator.eq,
    "==": operator.eq,
    "!=": operator.ne,
}


@dataclass(frozen=True, slots=True)
class Term:
    """A kind of event, and what its value must be; without a comparison any value will do."""

    kind: str
    comparison: str = ""
    number: float = 0.0

    def admits(self, events: EventTable) -> Mask:
        """Say of each event whether it fulfils this term; an event without a value cannot.

        (events,).
        """
        codes = [code for code, kind in enumerate(events.kinds) if fold(kind) == fold(self.kind)]
        right = np.isin(events.kind, codes)
        if self.comparison:
            compared = _COMPARISONS[self.comparison](events.value, self.number)
            right &= np.isfinite(events.value) & compared
        return right


@dataclass(frozen=True, slots=True)
class Positive:
    """What `--positive` says: an event that fulfils one of the terms is a positive."""

    text: str
    terms: tuple[Term, ...]

    @classmethod
    def parse(cls, text: str) -> Positive:
        """Read "rating>=7", "like", or several such, separated by commas."""
        found = [_TERM.fullmatch(part) for part in text.split(",")]
        terms = tuple(
            Term(m[1], m[2] or "", float(m[3]) if m[3] else 0.0) for m in found if m is not None
        )
        if len(terms) < len(found):
            raise DataError(
                f"positive {text!r} is not understood: give a kind of event, and perhaps a "
                'comparison with a number, as in "like" or "rating>=7"; commas separate several'
            )
        return cls(text, terms)

    def admits(self, events: EventTable) -> Mask:
        """Say of each event whether it is a positive.

        (events,).
        """
        admitted = np.zeros(len(events), bool)
        for term in self.terms:
            admitted |= term.admits(events)
        return admitted


def opinions(events: EventTable, positive: Positive | None, rules: EventWeights) -> RelevanceLabels:
    """Return LIKED, TAKEN, NEUTRAL or DISLIKED for every event.

    Without `positive`, an event with a positive weight is one; a view alone counts as
    TAKEN: the item was used, and no opinion was stated.
    """
    weights, explicit = rules.of_table(events), rules.explicit(events)
    found = np.where(weights < 0, DISLIKED, NEUTRAL).astype(np.int8)
    if positive is not None:
        admitted, back = positive.admits(events), rules.withdrawn(events)
        found[admitted if back is None else admitted & ~back] = LIKED
    else:
        found[weights > 0] = np.where(explicit, LIKED, TAKEN)[weights > 0]
    if len(events) and not (found > 0).any():
        what = f"under {positive.text!r}" if positive else "with a positive weight"
        raise DataError(f"no event is a positive {what}; kinds here: {', '.join(events.kinds)}")
    return found
