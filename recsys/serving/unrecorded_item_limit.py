"""UnrecordedItemLimit: how many rows events may add to a live state for items without a record.

A row costs a worker some kilobytes, and an id in an event is any text: without a bound the pages
of a few accounts fill the memory of all workers between two nights.
"""

from __future__ import annotations

import logging

OF_ONE = 100  # items that one user brings in, of those that nobody else has acted on
LEAST = 10_000  # items in all; as many as the model has, where that is more

log = logging.getLogger(__name__)


class UnrecordedItemLimit:
    """The rows that events have added since the model was trained."""

    def __init__(self, n_items: int) -> None:
        """`n_items`: of the model."""
        self._left = max(LEAST, n_items)
        self._by_user: dict[int, int] = {}  # hash of a user: items that they brought in

    def take(self, user: str | None) -> bool:
        """Whether an event of a user may add a row; if so it is counted. None: nobody known."""
        who = hash(user)
        brought = self._by_user.get(who, 0)
        if not self._left or (user is not None and brought >= OF_ONE):
            return False
        self._left -= 1
        self._by_user[who] = brought + 1
        if not self._left:
            log.warning(
                "events name more unknown items than there is room for: the next night reads them"
            )
        return True
