"""PinCache: in-memory copy of the operators' pins in one worker."""

from __future__ import annotations

import math
from collections.abc import Iterable

from recsys.store.pins import Pin


class PinCache:
    """Pins read from the store a second ago at most; replaced as a whole."""

    def __init__(self) -> None:
        self._pins: tuple[Pin, ...] = ()

    def learn(self, pins: Iterable[Pin]) -> None:
        """Take over the pins of the store."""
        self._pins = tuple(pins)

    def in_force(self, now: float) -> list[Pin]:
        """Return the pins that hold at a moment, oldest first."""
        return [pin for pin in self._pins if pin.holds(now)]

    def next_change(self, now: float) -> float:
        """Return when the next pin begins or ends, Unix seconds; inf: none does."""
        moments = [at for pin in self._pins for at in (pin.starts, pin.ends) if at is not None]
        return min((at for at in moments if at > now), default=math.inf)
