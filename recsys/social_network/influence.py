"""Influence of a person within a topic: what their followers took up after them, beyond before.

For each act of a person on an item, the followers' acts on the same item within a day after it
count for the person, and those within the day before it against them: who is followed by many and
moves nobody has no influence, and neither has who only comes late.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

DAY = 86_400.0
_PRIOR = 5.0  # acts of followers that say nothing


@dataclass(frozen=True, slots=True)
class Influence:
    """What followed after one person within one topic."""

    user: int
    topic: int
    after: int  # acts of followers on the same items within a day after the person's
    before: int  # within a day before
    followers: int  # distinct followers behind `after`
    score: float  # (after - before) / (after + before + 5)


def influence(
    acts: Mapping[int, Sequence[tuple[float, int]]],
    followers: Mapping[int, NDArray[np.int64]],
    topics: Mapping[int, int],
    least: int,
) -> list[Influence]:
    """Return the influence of users within topics, the greatest first.

    `acts`: by item (seconds, user), any order; a user's first act on an item counts. `followers`:
    by user. `topics`: by item. Those with fewer than `least` followers behind them are left out.
    """
    after: dict[tuple[int, int], int] = {}
    before: dict[tuple[int, int], int] = {}
    behind: dict[tuple[int, int], set[int]] = {}
    for item, rows in acts.items():
        topic = topics.get(item, -1)
        if topic < 0:
            continue
        first: dict[int, float] = {}
        for time, user in sorted(rows):
            first.setdefault(user, time)
        for user, time in first.items():
            key = (user, topic)
            for follower in followers.get(user, ()):  # those who acted on the item as well
                other = first.get(int(follower))
                if other is None or other == time:
                    continue
                if time < other <= time + DAY:
                    after[key] = after.get(key, 0) + 1
                    behind.setdefault(key, set()).add(int(follower))
                elif time - DAY <= other < time:
                    before[key] = before.get(key, 0) + 1
    found = []
    for key, count in after.items():
        earlier = before.get(key, 0)
        if len(behind[key]) >= least and count > earlier:
            score = (count - earlier) / (count + earlier + _PRIOR)
            found.append(Influence(*key, count, earlier, len(behind[key]), score))
    return sorted(found, key=lambda one: (-one.score, one.user, one.topic))
