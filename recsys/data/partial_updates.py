"""Partial updates: a file row with some columns changes these only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

from recsys.data.parsing import FieldError
from recsys.data.records import ITEM_COLUMNS, USER_COLUMNS, Item, User, check_window

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Row(Generic[T]):
    """What a row of a file says, and which columns it has, empty ones included."""

    value: T
    names: frozenset[str]  # columns, and names of metadata


def filled_items(
    rows: Iterable[Row[Item]],
    stored: Mapping[str, Item],
    refused: list[tuple[Row[Item], FieldError]] | None = None,
) -> list[Item]:
    """Return items by id as they are after the rows, in the order of first appearance.

    `stored`: what is known of them before. A column that a row lacks stays as it was, by the store
    or by an earlier row; one that is there and empty becomes empty. Rows after which an item would
    expire before it is available are left out and put into `refused`; FieldError without it.
    """
    found: dict[str, Item] = {}
    for row in rows:
        name = row.value.item_id
        item = _filled_item(row, found.get(name) or stored.get(name))
        try:
            check_window(item)
        except FieldError as error:
            if refused is None:
                raise
            refused.append((row, error))
            continue
        found[name] = item
    return list(found.values())


def filled_users(rows: Iterable[Row[User]], stored: Mapping[str, User]) -> list[User]:
    """Return users by id as they are after the rows; see `filled_items`."""
    found: dict[str, User] = {}
    for row in rows:
        name = row.value.user_id
        before = found.get(name) or stored.get(name)
        kept = _missing(row, before, USER_COLUMNS)
        found[name] = replace(row.value, **kept) if kept else row.value
    return list(found.values())


def _filled_item(row: Row[Item], before: Item | None) -> Item:
    if before is None:
        return row.value
    values = _missing(row, before, ITEM_COLUMNS)
    others = {k: v for k, v in before.metadata.items() if k not in row.names}
    if others:
        values["metadata"] = {**others, **row.value.metadata}
    return replace(row.value, **values) if values else row.value


def _missing(row: Row[Any], before: Any, columns: tuple[str, ...]) -> dict[str, Any]:
    """Return what a record had in the columns that a row lacks."""
    if before is None:
        return {}
    return {name: getattr(before, name) for name in columns if name not in row.names}
