"""AroundUser: ego network and followed authors of one user, in rows of a live state."""

from __future__ import annotations

from collections.abc import Collection, Hashable
from dataclasses import dataclass

import numpy as np

from recsys.array_types import Rows
from recsys.ranking.social_signals import DAY, LEAST_PEOPLE, EgoNetwork, SocialSignals
from recsys.serving.live_state import LiveState


@dataclass(frozen=True, slots=True)
class AroundUser:
    """What a request reads of follows; of the live state alone that it was made for."""

    live: LiveState
    network: EgoNetwork
    authors: Rows  # codes of followed authors, ascending
    mark: Hashable  # changes with the people and with what they took up

    def signals(
        self, live: LiveState, own: Rows, now: float, wanted: Collection[str]
    ) -> SocialSignals | None:
        """Return the signals at a moment, Unix seconds; None for another live state.

        `own`: rows of the items that the user took up. `wanted`: signals that the score reads.
        """
        if live is not self.live:
            return None
        newest = live.counters.newest
        today = (newest if np.isfinite(newest) and newest > 0 else now) / DAY
        return self.network.signals(own, self.authors, today, LEAST_PEOPLE, wanted)
