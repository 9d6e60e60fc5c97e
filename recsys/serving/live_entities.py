"""Entities of the items of a live state: those found in training, and those of posted items."""

from __future__ import annotations

import numpy as np

from recsys.array_types import Rows
from recsys.data.records import Item
from recsys.text.entities.markup import Mention
from recsys.text.entities.model import Entities

_NONE: Rows = np.zeros(0, np.int32)


class Mentions:
    """Codes of names; those below `len(entities)` are the night's. One writer, any users."""

    def __init__(self, entities: Entities | None) -> None:
        self.entities = entities
        self.posted: list[Rows] = []  # codes of the items posted since, in their order
        self._later: list[Mention] = []
        self._codes: dict[str, int] = {}
        if entities is not None:
            _ = entities.matcher  # made before the first request

    def __len__(self) -> int:
        return self.base + len(self._later)

    @property
    def base(self) -> int:
        """How many names the night knew."""
        return 0 if self.entities is None else len(self.entities)

    def came(self, item: Item) -> None:
        """Read an item that was posted."""
        found: list[int] = []
        if self.entities is not None and (item.title or item.text or item.url):
            text = f"{item.title}\n{item.text}"
            found = [self._coded(mention) for mention in self.entities.read(text, item.url)]
        self.posted.append(np.array(sorted(found), np.int32))

    def _coded(self, mention: Mention) -> int:
        known = self.code(mention.name)
        if known < 0:
            known = self._codes[mention.key] = len(self)
            self._later.append(mention)
        return known

    def code(self, name: str) -> int:
        """Return the code of a name in any spelling, -1 when no item has it."""
        key = name.casefold()
        known = None if self.entities is None else self.entities.matcher.known(key)
        return self._codes.get(key, -1) if known is None else known

    def mention(self, code: int) -> Mention:
        """Return a name as it is shown, and its kind."""
        if self.entities is not None and code < self.base:
            return self.entities.mention(code)
        return self._later[code - self.base]

    def of_row(self, row: int, base: int) -> Rows:
        """Return the codes of an item; `base`: rows the model has."""
        if row >= base:
            return self.posted[row - base]
        return _NONE if self.entities is None else self.entities.of_item(row)
