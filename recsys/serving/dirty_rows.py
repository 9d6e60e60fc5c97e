"""DirtyRows: recently changed rows, so that derived values can be updated."""

from __future__ import annotations

import numpy as np

from recsys.array_types import Rows

KEPT = 8_192  # writes remembered; a reader further behind looks at every row


class DirtyRows:
    """A ring of row numbers in the order of the writes. One writer, any number of users."""

    def __init__(self) -> None:
        self.count = 0  # writes so far
        self._ring: Rows = np.zeros(KEPT, np.int32)

    def add(self, row: int) -> None:
        """Remember that a row was written to."""
        self._ring[self.count % KEPT] = row
        self.count += 1

    def since(self, seen: int) -> Rows | None:
        """Return the rows written to after the first `seen` writes; None when some are forgotten.

        A row written to again comes again.
        """
        count = self.count
        if count - seen > KEPT // 2:  # the other half may be overwritten while it is read
            return None
        return self._ring[np.arange(seen, count) % KEPT]
