"""Exposure log of a worker: shown lists are buffered in memory and written in batches.

Loss rule. A list is in the store at most RECSYS_EXPOSURE_SECONDS (one second) after it was sent.
A worker that is killed (kill -9, power) loses what it had not written: at most that second. A
worker that is stopped in order writes everything first. While the store is away lists wait, up
to RECSYS_EXPOSURE_PENDING; beyond that the oldest are dropped, and counted as
`recsys_exposures_lost_total`. Events themselves never wait here: they are in the store before
their request is answered.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from dataclasses import replace

from recsys.errors import StoreError
from recsys.store.exposures import Exposure, Exposures, Outcome

from ..metrics import Metrics

log = logging.getLogger("recsys.api")


class ExposureLog:
    """What was shown and not yet written; any thread may add, one writes."""

    def __init__(self, pending: int, metrics: Metrics) -> None:
        self._lists: deque[Exposure] = deque()
        self._outcomes: deque[Outcome] = deque()
        self._pending = pending
        self._metrics = metrics
        self._lock = threading.Lock()

    def shown(self, one: Exposure) -> None:
        """Remember a list."""
        with self._lock:
            self._lists.append(one)
            if len(self._lists) > self._pending:
                self._lists.popleft()
                self._metrics.lost.inc()

    def happened(self, outcomes: list[Outcome]) -> None:
        """Remember what came of lists."""
        with self._lock:
            self._outcomes.extend(outcomes)
            while len(self._outcomes) > 10 * self._pending:
                self._outcomes.popleft()

    def waiting(self, person: str) -> list[tuple[str, float]]:
        """Return (item id, time) of what a user was shown and the store does not hold yet."""
        with self._lock:
            mine = [one for one in self._lists if one.person == person]
        return [(item.item_id, one.time) for one in mine for item in one.items]

    def forget(self, person: str) -> None:
        """Drop what a user was shown."""
        with self._lock:
            self._lists = deque(one for one in self._lists if one.person != person)

    def move(self, person: str, to: str) -> None:
        """Let what a user was shown be another's, into whom they were merged."""
        with self._lock:
            self._lists = deque(
                replace(one, person=to) if one.person == person else one for one in self._lists
            )

    @property
    def held(self) -> bool:
        """Whether anything waits."""
        return bool(self._lists or self._outcomes)

    def write(self, store: Exposures) -> int:
        """Write what waits; on a failure it goes on waiting. Returns the number of lists."""
        with self._lock:
            lists, self._lists = self._lists, deque()
            outcomes, self._outcomes = self._outcomes, deque()
        if not lists and not outcomes:
            return 0
        try:
            store.write(list(lists), list(outcomes))
        except StoreError as error:
            self._put_back(lists, outcomes)
            log.warning("exposures wait: %s", str(error)[:200])
            return 0
        return len(lists)

    def _put_back(self, lists: deque[Exposure], outcomes: deque[Outcome]) -> None:
        with self._lock:
            lists.extend(self._lists)
            outcomes.extend(self._outcomes)
            while len(lists) > self._pending:
                lists.popleft()
                self._metrics.lost.inc()
            self._lists, self._outcomes = lists, outcomes


def still_seen(
    shown: list[tuple[str, float]], half_life: float, now: float | None = None
) -> set[str]:
    """Return the items whose showings, each halved every half-life, still add up to one half.

    Shown once, an item stays away for one half-life; shown twice at once, for two.
    """
    now = time.time() if now is None else now
    strength: dict[str, float] = {}
    for item_id, when in shown:
        strength[item_id] = strength.get(item_id, 0.0) + 0.5 ** (max(0.0, now - when) / half_life)
    return {item_id for item_id, total in strength.items() if total >= 0.5}
