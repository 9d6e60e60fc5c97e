"""Snapshot: the store's events and items at one moment, as files from which a killed run resumes.

It holds no user id: users are numbers, in the order of the table. What users wrote in comments
stays in the store; only its tone goes along, and how far it counts.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from recsys.bundle import Array, read_bundle, write_bundle
from recsys.data.event_tables import EventTable, ItemTable
from recsys.data.follow_table import FollowTable
from recsys.data.ids import IdMap
from recsys.data.shown_lists import ShownLists

_COLUMNS = ("user", "item", "kind", "value", "time")
_LIMITS = ("available_from", "expires_at")
_SHOWN = ("number", "place", "starts", "items")
_FOLLOWS = ("follower", "followee", "reader", "author")
_TEXTS = ("title", "text", "tags", "category", "author", "url", "metadata", "parent")


def save_snapshot(folder: Path, events: EventTable, items: ItemTable) -> None:
    """Write both tables into a folder, in the bundle's format."""
    arrays = {f"events/{name}": getattr(events, name) for name in _COLUMNS}
    result = {
        "events/tone": events.sentiment,
        "events/share": events.share,
        "events/numbers": events.numbers,
    }
    arrays |= {name: array for name, array in result.items() if array is not None}
    arrays |= {f"events/items/{name}": array for name, array in events.items.arrays().items()}
    arrays |= {f"items/ids/{name}": array for name, array in items.ids.arrays().items()}
    arrays["items/created"] = items.created
    limits = {name: getattr(items, name) for name in _LIMITS}
    arrays |= {f"items/{name}": times for name, times in limits.items() if times is not None}
    if (shown := events.shown) is not None:
        arrays |= {f"shown/{name}": getattr(shown, name) for name in _SHOWN}
        arrays |= {f"shown/ids/{name}": array for name, array in shown.ids.arrays().items()}
    texts = {name: getattr(items, name) for name in _TEXTS}
    manifest = {"users": len(events.users), "kinds": list(events.kinds)}
    if (follows := events.follows) is not None:
        arrays |= {f"follows/{name}": getattr(follows, name) for name in _FOLLOWS}
        texts["followed_authors"] = list(follows.authors)
    write_bundle(folder, arrays, {"items.json": json.dumps(texts).encode()}, manifest)


def load_snapshot(folder: Path) -> tuple[EventTable, ItemTable]:
    """Read both tables back; BundleError when a file is damaged."""
    raw = read_bundle(folder)
    columns: dict[str, Any] = {name: np.array(raw.arrays[f"events/{name}"]) for name in _COLUMNS}
    events = EventTable(
        users=IdMap.from_ids(map(str, range(raw.manifest["users"]))),
        items=_ids(raw.arrays, "events/items/"),
        kinds=tuple(raw.manifest["kinds"]),
        sentiment=raw.arrays.get("events/tone"),
        share=raw.arrays.get("events/share"),
        numbers=raw.arrays.get("events/numbers"),
        **columns,
    )
    texts = json.loads(raw.blob("items.json"))
    authors = texts.pop("followed_authors", None)
    if authors is not None:
        columns = {name: np.array(raw.arrays[f"follows/{name}"]) for name in _FOLLOWS}
        follows = FollowTable(**columns, authors=tuple(authors))
        events = replace(events, follows=follows)
    if "shown/number" in raw.arrays:
        columns = {name: np.array(raw.arrays[f"shown/{name}"]) for name in _SHOWN}
        shown = ShownLists(**columns, ids=_ids(raw.arrays, "shown/ids/"))
        events = replace(events, shown=shown)
    limits: dict[str, Any] = {name: raw.arrays.get(f"items/{name}") for name in _LIMITS}
    items = ItemTable(
        ids=_ids(raw.arrays, "items/ids/"),
        created=np.array(raw.arrays["items/created"]),
        **texts,
    )
    limits = {name: np.array(own) for name, own in limits.items() if own is not None}
    items = replace(items, **limits)
    return events, replace(items, tags=[tuple(tags) for tags in items.tags])


def _ids(arrays: Mapping[str, Array], prefix: str) -> IdMap:
    return IdMap.from_arrays(
        {k.removeprefix(prefix): v for k, v in arrays.items() if k.startswith(prefix)}
    )
