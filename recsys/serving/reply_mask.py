"""ItemReplies: which items answer another item of the catalogue, updated as items come.

A reply stands in the thread of what it answers, in feeds of those who follow its author, and in
search; other lists leave it out unless a setting or a request says otherwise. An item whose
`parent_id` names nothing that the catalogue holds is no reply: it may be the first of its thread
that anybody can see, so that every thread keeps an item in lists.
"""

from __future__ import annotations

import numpy as np

from recsys.array_types import Mask
from recsys.data.reply_items import AUTO, lists_replies


class ItemReplies:
    """One writer at a time; readers take the mask as it is and do not write to it."""

    def __init__(self, known: Mask | None, size: int, room: int, choice: str = AUTO) -> None:
        """`known`: replies among the first `size` rows, (size,); None: there are none."""
        self.mask: Mask = np.zeros(room, bool)
        if known is not None:
            self.mask[:size] = known
        self.count = int(self.mask.sum())
        self.choice = choice
        self._waiting: dict[str, list[tuple[str, int]]] = {}  # parent -> (id, row) that came first

    def grow(self, extra: int) -> None:
        """Make room for so many more rows."""
        self.mask = np.pad(self.mask, (0, extra))

    def came(self, row: int, item_id: str, parent_id: str, known: bool, before: int = -1) -> None:
        """Note that a row is an item; `known`: whether the catalogue holds its parent.

        `before`: the row of its earlier version. Those that came before their parent become
        replies when it comes.
        """
        if before >= 0:
            self._set(before, False)
        if parent_id and parent_id != item_id:
            if known:
                self._set(row, True)
            else:
                self._waiting.setdefault(parent_id, []).append((item_id, row))
        for other, place in self._waiting.pop(item_id, ()):
            if other != item_id:
                self._set(place, True)

    def listed(self, size: int) -> bool:
        """Whether lists of a catalogue of so many items hold replies without being asked to."""
        return lists_replies(self.choice, size, self.count)

    def admitted(self, wanted: bool | None, size: int) -> bool:
        """Whether a list holds replies; `wanted`: what the request says, None: nothing."""
        return self.listed(size) if wanted is None else wanted

    def _set(self, row: int, reply: bool) -> None:
        self.count += int(reply) - int(self.mask[row])
        self.mask[row] = reply
