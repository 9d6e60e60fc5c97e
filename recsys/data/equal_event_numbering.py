"""Occurrence numbers of equal events without a timestamp.

A row without a timestamp has nothing that distinguishes it from an equal row but its place. The
n-th of equal rows is the same event in every file, so that an export that grows adds only what is
new.
"""

from __future__ import annotations

from recsys.data.records import Event


class Occurrences:
    """Counts equal events of one file; some 100 bytes per distinct one."""

    def __init__(self) -> None:
        self._seen: set[int] = set()
        self._more: dict[int, int] = {}  # of events that came again, how often

    @staticmethod
    def key(event: Event) -> int:
        """Return a number that equal events share, in this process."""
        return hash((event.user_id, event.item_id, event.event, event.value, event.text))

    def number(self, event: Event) -> int:
        """Return how many equal events came until now, this one included: from 1."""
        key = self.key(event)
        if key not in self._seen:
            self._seen.add(key)
            return 1
        number = self._more[key] = self._more.get(key, 1) + 1
        return number
