"""Items with their creators and groups, from the store."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import sqlalchemy as sa

from recsys.store.database import Database
from recsys.store.schema import LIVE
from recsys.store.schema import items as _items

DAY = 86_400.0
NEW_DAYS = 30.0  # since a creator's first item
PAGE = 20_000  # items that are read at once
OTHERS = "others"
LEAST_CREATORS = 20  # of a group; smaller ones are merged
MOST_GROUPS = 50  # of a dimension; the smallest beyond are merged
SIZES = (1, 2, 5, 10, 50)  # items of a creator from which a class of size begins


@dataclass(slots=True)
class Creators:
    """What is known of items and of those who made them; items without an author have none."""

    of_item: dict[str, str] = field(default_factory=dict)
    first: dict[str, float] = field(default_factory=dict)  # Unix seconds of the first item
    items: dict[str, int] = field(default_factory=dict)  # live items of each creator
    # group of each item by dimension: language, category and the named metadata fields
    groups: dict[str, dict[str, str]] = field(default_factory=dict)

    @classmethod
    def read(cls, db: Database, fields: Sequence[str] = ()) -> Creators:
        """Read the live items of a store; `fields`: of their metadata that divide them in groups.

        A field that an item lacks, or whose value is no text, number or truth value, is no group.
        """
        found, last = cls(groups={name: {} for name in ("language", "category", *fields)}), 0
        columns = (
            _items.c.id,
            _items.c.item_id,
            _items.c.author_id,
            _items.c.created_at,
            _items.c.category,
            _items.c.metadata,
        )
        while True:
            query = sa.select(*columns).where(_items.c.id > last, _items.c.state == LIVE)
            with db.read() as connection:
                rows = connection.execute(query.order_by(_items.c.id).limit(PAGE)).all()
            for id, item, author, created, category, metadata in rows:
                found._add(item, author, created, category, json.loads(metadata or "{}"), fields)
                last = id
            if len(rows) < PAGE:
                return found

    def _add(
        self,
        item: str,
        author: str,
        created: float | None,
        category: str,
        metadata: Mapping[str, object],
        fields: Sequence[str],
    ) -> None:
        if not author:
            return
        self.of_item[item] = author
        self.items[author] = self.items.get(author, 0) + 1
        at = -math.inf if created is None else created
        self.first[author] = min(self.first.get(author, math.inf), at)
        if language := str(metadata.get("language") or ""):
            self.groups["language"][item] = language
        if category:
            self.groups["category"][item] = category
        for name in fields:
            value = metadata.get(name)
            plain = isinstance(value, str | int | float) and value == value
            if plain and str(value).strip():
                self.groups[name][item] = str(value)[:100]

    def new(self, now: float) -> frozenset[str]:
        """Return the creators whose first item came in the last `NEW_DAYS` days."""
        return frozenset(who for who, at in self.first.items() if at >= now - NEW_DAYS * DAY)

    def dimension(self, name: str, now: float) -> dict[str, str]:
        """Return the group of each item in a dimension: age, size, or one of `groups`.

        Groups of fewer than `LEAST_CREATORS` creators are merged, and those beyond `MOST_GROUPS`.
        """
        if name == "age":
            new = self.new(now)
            raw = {i: "new" if who in new else "older" for i, who in self.of_item.items()}
        elif name == "size":
            raw = {item: _size(self.items[who]) for item, who in self.of_item.items()}
        else:
            raw = self.groups[name]
        creators: dict[str, set[str]] = {}
        for item, group in raw.items():
            creators.setdefault(group, set()).add(self.of_item[item])
        large = sorted(creators, key=lambda group: (-len(creators[group]), group))[:MOST_GROUPS]
        kept = {group for group in large if len(creators[group]) >= LEAST_CREATORS}
        return {item: group if group in kept else OTHERS for item, group in raw.items()}


def _size(items: int) -> str:
    """Return the class of a creator with so many items, as 2-4."""
    begin = max(size for size in SIZES if size <= items)
    later = [size for size in SIZES if size > begin]
    return f"{begin}-{later[0] - 1}" if later else f"{begin} or more"
