"""JSON tables: whole JSON documents that hold a table in another form than a list of objects.

Data frames write columns of values, or names and rows; Firebase writes objects by their id;
scripts write a list of lists with the names first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_NAMES = ("columns", "cols", "header", "headers", "fields", "schema")
_ROWS = ("data", "rows", "records", "values")
LEAST_BY_ID = 2  # objects: fewer by their names are rather one record

Rows = tuple[list[dict[str, Any]], str]  # the rows, and the form in words


@dataclass(frozen=True, slots=True)
class TableKind:
    """What the names of a table of some kind may be."""

    columns_of: Callable[[Sequence[str]], frozenset[str]]  # the known columns among names
    required: frozenset[str]

    def has_columns(self, names: Sequence[str]) -> bool:
        """Whether names have all columns that a row needs."""
        return self.required <= self.columns_of(names)


def table_rows(found: Any, kind: TableKind) -> Rows | None:
    """Return the rows of a table in a JSON document; None for another form."""
    if isinstance(found, list):
        return _lists_of_values(found, kind)
    if not isinstance(found, dict):
        return None
    return _names_and_rows(found, kind) or _columns(found, kind) or objects_by_id(found, kind)


def _lists_of_values(found: list[Any], kind: TableKind) -> Rows | None:
    if not found or not all(isinstance(row, list) for row in found):
        return None
    names = found[0]
    if not all(isinstance(name, str) for name in names) or not kind.has_columns(names):
        return None
    return _named_rows(names, found[1:]), "lists of values below a list of names"


def _names_and_rows(found: Mapping[str, Any], kind: TableKind) -> Rows | None:
    for name in _NAMES:
        header = found.get(name)
        if not isinstance(header, list):
            continue
        found_names = (
            one.get("name", one.get("id")) if isinstance(one, dict) else one for one in header
        )
        names = [name for name in found_names if isinstance(name, str)]
        if len(names) != len(header) or not kind.has_columns(names):
            continue
        for place in _ROWS:
            rows = found.get(place)
            if isinstance(rows, list) and all(isinstance(row, list) for row in rows):
                return _named_rows(names, rows), f"{name} and {place}"
    return None


def _named_rows(names: Sequence[str], rows: Sequence[list[Any]]) -> list[dict[str, Any]]:
    """Return rows as objects; one of another length keeps its values, and is rejected later."""
    return [
        dict(zip(names, row, strict=True)) if len(row) == len(names) else {"cells": row}
        for row in rows
    ]


def _columns(found: Mapping[str, Any], kind: TableKind) -> Rows | None:
    """Return the rows of columns, each a list of values or an object of values by row."""
    if not found or not kind.has_columns(list(found)):
        return None
    columns = list(found.values())
    if all(isinstance(one, dict) for one in columns):
        keys = columns[0].keys()
        if not keys or any(one.keys() != keys for one in columns):
            return None
        rows = [[one[key] for one in columns] for key in keys]
    elif all(isinstance(one, list) for one in columns):
        if len({len(one) for one in columns}) != 1:
            return None
        rows = [list(row) for row in zip(*columns, strict=True)]
    else:
        return None
    return _named_rows(list(found), rows), "columns of values"


def objects_by_id(found: Any, kind: TableKind) -> Rows | None:
    """Return objects that stand under their ids; None for another form.

    Where a row needs an id alone, the names are the ids of objects that have none themselves.
    """
    if not isinstance(found, dict) or len(found) < LEAST_BY_ID or kind.columns_of(list(found)):
        return None
    if not all(isinstance(one, dict) and kind.columns_of(list(one)) for one in found.values()):
        return None
    if all(kind.has_columns(list(one)) for one in found.values()):
        return list(found.values()), "objects by id"
    if len(kind.required) > 1:
        return None
    (column,) = kind.required
    rows = [
        one if kind.has_columns(list(one)) else {column: key, **one} for key, one in found.items()
    ]
    return rows, "objects by id"
