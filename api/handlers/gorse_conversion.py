"""Conversion between Gorse's JSON records and items, users and events of the store."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from recsys.data.id_normalization import canonical
from recsys.data.parsing import distinct
from recsys.data.records import Event, Item, User
from recsys.store.store import StoredEvent

from ..schemas import gorse

_KEPT = "gorse"  # metadata: what our items have no field for, as it came


def event(body: gorse.FeedbackBody) -> Event:
    """Return feedback as an event; a value of 0 is Gorse's way of giving none."""
    return Event(
        body.UserId,
        body.ItemId,
        body.FeedbackType,
        body.Value or None,
        body.Comment or "",
        body.Timestamp,
    )


def feedback(one: StoredEvent) -> dict[str, Any]:
    """Return an event as feedback."""
    return {
        "FeedbackType": one.event,
        "UserId": one.user_id,
        "ItemId": one.item_id,
        "Timestamp": moment(one.moment),
        "Comment": one.text,
        "Value": one.value or 0.0,
    }


def item(body: gorse.ItemBody) -> Item:
    """Return a Gorse item as one of ours: the first category is the category, all are tags."""
    result: dict[str, object] = (
        {"hidden": body.IsHidden} if "IsHidden" in body.model_fields_set else {}
    )
    return built(
        body.ItemId, body.Categories or [], body.Labels, body.Comment or "", body.Timestamp, result
    )


def built(
    item_id: str,
    categories: Sequence[str],
    labels: Any,
    comment: str,
    created: float | None,
    metadata: dict[str, object],
    before: Item | None = None,
) -> Item:
    """Return an item of ours from Gorse's fields; those it lacks are as they were `before`."""
    kept = {"Categories": list(categories), "Labels": labels}
    tags = distinct([*categories, *texts(labels)])
    first = categories[0] if categories else ""
    limits = (None, None) if before is None else (before.available_from, before.expires_at)
    parent = "" if before is None else before.parent_id
    metadata = {**metadata, _KEPT: kept}
    return Item(item_id, "", comment, tags, first, "", created, "", metadata, *limits, parent)


def item_json(one: Item, hidden: bool) -> dict[str, Any]:
    """Return an item of ours as Gorse shows it."""
    kept = one.metadata.get(_KEPT)
    known: dict[str, Any] = (
        kept
        if isinstance(kept, dict)
        else {
            "Categories": [one.category] if one.category else [],
            "Labels": list(one.tags),
        }
    )
    return {
        "ItemId": one.item_id,
        "IsHidden": hidden,
        "Categories": known.get("Categories") or [],
        "Timestamp": moment(one.created_at),
        "Labels": known.get("Labels"),
        "Comment": one.text or one.title,
    }


def user(body: gorse.UserBody) -> User:
    """Return a Gorse user as one of ours: labels are interests."""
    return User(body.UserId, body.Comment or "", distinct(texts(body.Labels)))


def user_json(one: User) -> dict[str, Any]:
    """Return a user of ours as Gorse shows it."""
    return {
        "UserId": one.user_id,
        "Labels": list(one.interests),
        "Subscribe": [],
        "Comment": one.name,
    }


def texts(labels: Any, depth: int = 3) -> list[str]:
    """Return the words in labels, which may be a list or an object of lists."""
    if isinstance(labels, str):
        label = canonical(labels)[:512]
        return [label] if label else []
    if depth and isinstance(labels, dict):
        return [text for value in labels.values() for text in texts(value, depth - 1)]
    if depth and isinstance(labels, list):
        return [text for value in labels for text in texts(value, depth - 1)]
    return []


def moment(seconds: float | None) -> str:
    """Return a time as Gorse writes it; its zero time when unknown."""
    if seconds is None:
        return "0001-01-01T00:00:00Z"
    try:
        return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")
    except (ValueError, OverflowError, OSError):
        return "0001-01-01T00:00:00Z"
