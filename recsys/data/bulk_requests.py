"""Bulk requests of Elasticsearch and OpenSearch: lines of actions, each above the line of its row.

Read line by line, an action such as `{"index": {"_id": "7"}}` would be a row of its own, an item
without a title, and the row below it would have no id.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from recsys.data.reading_report import Broken

FORM = "bulk requests (lines of actions above lines of rows)"
_ACTIONS = frozenset({"index", "create", "update", "delete"})
_SETTINGS = frozenset(
    """
    _index _id _type _routing routing _version version _version_type version_type _parent parent
    pipeline if_seq_no if_primary_term require_alias require_data_stream dynamic_templates
    retry_on_conflict _retry_on_conflict list_executed_pipelines _source
    """.split()
)  # of an action
_DELETED = (
    "the action deletes the row: leave such actions out, or write what withdraws the row, as the "
    "kind unlike does and a column is_deleted of items"
)
_ALONE = "the action has no row below it"

Entry = tuple[int, "dict[str, Any] | Broken"]  # the line, and an object or why there is none


def is_action(found: object) -> bool:
    """Whether a value is the first line of a bulk request, such as `{"index": {"_id": "7"}}`."""
    if not isinstance(found, dict) or len(found) != 1:
        return False
    name, settings = next(iter(found.items()))
    return name in _ACTIONS and isinstance(settings, dict) and settings.keys() <= _SETTINGS


def bulk_rows(entries: Iterable[Entry], named_by_id: bool) -> Iterator[Entry]:
    """Yield the rows of bulk requests at their own lines; an update is the part that it changes.

    `named_by_id`: whether the id of an action is that of its row, as of items; the ids of events
    number them. An action that deletes, or has no row, is yielded as Broken.
    """
    waiting: tuple[int, dict[str, Any]] | None = None  # the line of an action, and the action
    for line, found in entries:
        if isinstance(found, dict) and is_action(found):
            if waiting is not None:
                yield waiting[0], Broken(_ALONE, json.dumps(waiting[1]))
            waiting = None if "delete" in found else (line, found)
            if waiting is None:
                yield line, Broken(_DELETED, json.dumps(found))
            continue
        if isinstance(found, dict) and waiting is not None:
            found = _row(found, waiting[1], named_by_id)
        waiting = None
        yield line, found
    if waiting is not None:
        yield waiting[0], Broken(_ALONE, json.dumps(waiting[1]))


def _row(
    found: dict[str, Any], action: dict[str, Any], named_by_id: bool
) -> dict[str, Any] | Broken:
    name, settings = next(iter(action.items()))
    if name == "update":
        part = found.get("doc", found.get("upsert"))
        if not isinstance(part, dict):
            return Broken("the update is a script, and no row", json.dumps(found))
        found = part
    id = settings.get("_id") if named_by_id else None
    if id is None or any(name.lower() in ("id", "_id") for name in found):
        return found
    return {"_id": id, **found}
