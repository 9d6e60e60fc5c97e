"""Envelopes: JSON objects around the records that they carry.

Change streams (Debezium, Maxwell, Canal) write what was done to a row beside the row, DynamoDB
exports `{"Item": …}`. A row that was deleted is no record: it would count as what it withdraws.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from recsys.data.header_naming import column_meant

_DEBEZIUM = frozenset({"op", "after"})
_TABLE = frozenset({"table", "type", "data"})
_TIME = "ts_ms"  # when the change was read
_DELETED = (
    "the row was deleted in its source database: leave such rows out, or write a row whose kind "
    "withdraws the act, as unlike does"
)


def opened(found: dict[str, Any]) -> list[dict[str, Any]] | str:
    """Return the records in an object, or why it holds none; most objects are their own record."""
    if len(found) <= 2:
        if isinstance(payload := found.get("payload"), dict) and payload.keys() >= _DEBEZIUM:
            found = payload
        elif len(found) == 1 and isinstance(item := found.get("Item"), dict):
            return [item]
    if (
        "op" in found
        and "after" in found
        and isinstance(found["op"], str)
        and len(found["op"]) == 1
    ):
        after = found["after"]
        if found["op"] == "d" or not isinstance(after, dict):
            return _DELETED
        dated = _TIME not in found or any(
            column_meant("events", name) == "timestamp" for name in after
        )
        return [after if dated else {_TIME: found[_TIME], **after}]
    if "table" in found and found.keys() >= _TABLE and ("database" in found or "isDdl" in found):
        return _of_table(found)
    return [found]


def _of_table(found: Mapping[str, Any]) -> list[dict[str, Any]] | str:
    if str(found["type"]).lower() == "delete":
        return _DELETED
    data = found["data"] if isinstance(found["data"], list) else [found["data"]]
    rows = [row for row in data if isinstance(row, dict)]
    return rows or f"the change is {found['type']!r} and has no rows"
