"""StreamChecks: warnings about events of a stream that are stored but hint at a mistake.

A user on two partitions of one topic: their events may be stored out of order, so that senders
should use the user id as the key of a message. A kind of event that no weight is known of counts
for nothing.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence

from recsys.data.event_kind_weights import EventWeights
from recsys.data.records import Event
from recsys.store.stream_positions import Partition

_USERS = 200_000  # users whose partition is remembered; then all are forgotten

log = logging.getLogger("recsys.streams")


class StreamChecks:
    """What is noticed about the events of one source."""

    def __init__(self, weights: EventWeights) -> None:
        self.spread_topics: set[str] = set()  # with a user on two partitions
        self.unknown_kinds: set[str] = set()
        self._weights = weights
        self._kinds: set[str] = set()
        self._partitions: dict[tuple[str, str], int] = {}  # of a topic and a user

    def note(self, events: Sequence[tuple[Partition, Event]]) -> None:
        """Look at stored events; each warning is logged once."""
        if len(self._partitions) > _USERS:
            self._partitions.clear()
        for (topic, number), event in events:
            if topic not in self.spread_topics:
                known = self._partitions.setdefault((topic, event.user_id), number)
                if known != number:
                    self._spread(topic)
            if event.event not in self._kinds:
                self._kind(event.event)

    def _spread(self, topic: str) -> None:
        self.spread_topics.add(topic)
        log.warning(
            "topic %s has one user on two partitions: their order may differ from that of their"
            " acts where events have no timestamp; send the user id as the key of each message",
            topic,
        )

    def _kind(self, kind: str) -> None:
        if len(self._kinds) < _USERS:
            self._kinds.add(kind)
        if self._weights.unknown(Counter([kind])) and len(self.unknown_kinds) < 100:
            self.unknown_kinds.add(kind)
            log.warning(
                "events of kind %r weigh nothing: no such kind is known; RECSYS_EVENT_WEIGHTS"
                " gives it a weight",
                kind,
            )
