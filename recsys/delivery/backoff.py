"""Backoff: time of the next attempt after a failed delivery."""

from __future__ import annotations

import random
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Backoff:
    """Pauses that double, with jitter, and an end. The defaults try 15 times over about a day."""

    first_seconds: float = 5.0  # pause after the first failure
    longest_seconds: float = 21_600.0
    attempts: int = 15  # after so many a delivery is dead

    def pause(self, attempts: int, rng: random.Random) -> float | None:
        """Return the seconds until the next try after so many failed ones; None: give up.

        Drawn uniformly from half to one and a half of the pause, so that what failed together is
        not tried together.
        """
        if attempts >= self.attempts:
            return None
        doubled = self.first_seconds * 2.0 ** min(attempts - 1, 60)
        return min(self.longest_seconds, doubled) * rng.uniform(0.5, 1.5)
