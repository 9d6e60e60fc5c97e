"""Continuation rows: several rows in a file, one after the other, for one item.

Shops export a row per variant, of which only the first has the title; a query that joins items and
tags gives a row per tag. Such rows say one thing together: a continuation adds what it has and
empties nothing. Any other row with the id of the row before is a later version of the item.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from recsys.data.parsing import distinct
from recsys.data.partial_updates import Row
from recsys.data.reading_report import Reading, Reject
from recsys.data.records import ITEM_COLUMNS, Item

_SAME = (
    "title",
    "text",
    "category",
    "author_id",
    "url",
    "created_at",
)  # of rows that differ by tag


def joined_continuations(
    rows: Iterable[tuple[int, Row[Item] | Reject]], reading: Reading
) -> Iterator[tuple[int, Row[Item] | Reject]]:
    """Yield (line, row) with each continuation joined to the row before it, which has its line.

    `reading.continued` counts the rows that were joined.
    """
    held: tuple[int, Row[Item]] | None = None
    for line, row in rows:
        if isinstance(row, Reject):
            if held is not None:
                yield held
            held = None
            yield line, row
            continue
        if held is not None:
            whole = _joined(held[1], row)
            if whole is not None:
                reading.continued += 1
                held = held[0], whole
                continue
            yield held
        held = line, row
    if held is not None:
        yield held


def _joined(first: Row[Item], row: Row[Item]) -> Row[Item] | None:
    """Return two rows as one; None where the second is of another item, or a later version."""
    before, after = first.value, row.value
    if before.item_id != after.item_id:
        return None
    if before.title and not after.title and "title" in row.names:
        return Row(_filled(before, after), first.names | row.names)
    if len(after.tags) == 1 and first.names == row.names and after.tags[0] not in before.tags:
        if all(getattr(before, name) == getattr(after, name) for name in _SAME):
            return Row(replace(before, tags=distinct((*before.tags, *after.tags))), first.names)
    return None


def _filled(before: Item, after: Item) -> Item:
    """Return an item with what is empty before and filled after; labels of both."""
    changes: dict[str, Any] = {}
    for name in ITEM_COLUMNS[1:]:
        if not getattr(before, name) and (value := getattr(after, name)):
            changes[name] = value
    if after.tags:
        changes["tags"] = distinct((*before.tags, *after.tags))
    if after.metadata:
        changes["metadata"] = {**after.metadata, **before.metadata}
    return replace(before, **changes) if changes else before
