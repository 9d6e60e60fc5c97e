"""Comment dampening: lower weights of comments when one text or one user fills an hour.

Nothing is dropped: of equal texts, and of one user's comments, those beyond what an hour usually
brings share the weight of what is usual. A night and a service reckon alike, in the order of time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from recsys.data.event_tables import EventTable
from recsys.safety import minhash

SAME = 4  # equal texts within an hour that count whole
MANY = 30  # comments of one user within an hour that count whole
TELLING = 20  # runs of signs; of shorter texts ("thank you") many are written alike
KEPT = 2  # half hours
REPEATED, FLOOD = REASONS = ("repeated", "flood")


class CommentDampener:
    """Counts of the last hour: what was written, and by whom; prints of both, no text."""

    def __init__(self) -> None:
        self.lowered: Counter[str] = Counter()  # comments that count less, by reason
        self._counts: dict[int, Counter[int]] = {}  # by half hour
        self._newest = 0

    def share(self, user: str, text: str, moment: float) -> float:
        """Return how far a comment counts, 0 to 1, and remember it; 1 for an empty text."""
        if not text:
            return 1.0
        now = int(moment // minhash.HALF_HOUR)
        content = minhash.content(text)
        same = (
            self._count(now, minhash.of_moment("said", content, moment)) if _tells(content) else 0
        )
        own = self._count(now, minhash.of_moment("by", user, moment))
        self.lowered[REPEATED] += same > SAME
        self.lowered[FLOOD] += own > MANY
        return min(SAME / max(same, SAME), MANY / max(own, MANY))

    def _count(self, now: int, found: tuple[int, int]) -> int:
        """Return how many there are within the half hour and the one before, this one included."""
        if now > self._newest:
            self._newest = now
            for old in [each for each in self._counts if each <= now - KEPT]:
                del self._counts[old]
        if now <= self._newest - KEPT:
            return 0  # long past, and not to be remembered
        mine = self._counts.setdefault(now, Counter())
        mine[found[0]] += 1
        return mine[found[0]] + self._counts.get(now - 1, Counter())[found[1]]


def _tells(content: str) -> bool:
    return len(minhash.shingles(content)) >= TELLING


def dampened(events: EventTable) -> EventTable:
    """Return the events with the shares by which comments count; undated ones count whole."""
    commented: Iterable[tuple[int, str]] = sorted(events.comments.items())
    comment_dampener, found = CommentDampener(), np.ones(len(events), np.float32)
    for place, text in commented:
        if np.isfinite(events.time[place]):
            user = events.users[int(events.user[place])]
            found[place] = comment_dampener.share(user, text, float(events.time[place]))
    return replace(events, share=found) if comment_dampener.lowered.total() else events
