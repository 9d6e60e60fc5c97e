"""Items: search, and the details of one item."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
from flask import Response
from pydantic import Field

from recsys.errors import StoreError
from recsys.ranking import nonpersonal_lists
from recsys.ranking.query import Filters
from recsys.safety.flags import read_flags
from recsys.trends.item_series_membership import ITEM, KINDS
from recsys.trends.trend_model import key_of

from ...console_session import CONSOLE
from ...errors import ApiError
from ...handlers import list_pagination, trends_json
from ...handlers.account_names import account_names
from ...routes.request_context import service
from ...schemas.field_types import Id, Strict, Words
from .. import recommendation_previews, timeline_chart
from ..browser_preferences import language
from ..page_routes import routes
from ..rendering import page
from ..translations import translated
from .topics import called

FOUND = 30
LIKE = 10  # neighbours


class ItemsQuery(Strict):
    """Words to search for, or an id."""

    q: Annotated[Words, Field(max_length=300)] = ""


class ItemQuery(Strict):
    """An item."""

    item: Id


@routes.get(f"{CONSOLE}/items", "console", query=ItemsQuery)
def items(query: ItemsQuery) -> Response:
    """Items by words, or by their id; without either the newest."""
    service().see_changes()
    serving = service().serving
    words = query.q.strip()
    with serving.feed.ranking:
        if words:
            found = nonpersonal_lists.search(serving.live, words, FOUND, Filters(), language())
        else:
            found = nonpersonal_lists.latest(serving.live, FOUND, Filters(), language())
    rows = [_row(one.item_id) for one in found]
    if words and serving.live.row(words) >= 0:
        rows = [_row(words), *(row for row in rows if row["id"] != words)]
    names = account_names(service(), (one["author"] for one in rows))
    rows = [one | {"author": names.get(one["author"], one["author"])} for one in rows]
    return page("items.html", "Items", rows=rows, words=words)


@routes.get(f"{CONSOLE}/item", "console", query=ItemQuery)
def item(query: ItemQuery) -> Response:
    """One item: text, labels, flags, neighbours, activity and tone over time."""
    service().see_changes()
    serving, item_id = service().serving, query.item
    live = serving.live
    row = live.row(item_id)
    if row < 0:
        raise ApiError(404, f"there is no item {item_id!r}", "no_item")
    document = list_pagination.document(serving, item_id, None)
    metadata, author_id = document.get("metadata") or {}, document.get("author_id") or ""
    with serving.feed.ranking:
        near = nonpersonal_lists.similar(live, item_id, LIKE, Filters(), language())
        closed = live.listing.why_not(row, live.clock())
    key = np.atleast_1d(key_of(KINDS.index(ITEM), row))
    days = trends_json.timeline_json(serving, ITEM, key, "day", 28)
    return page(
        "item.html",
        "Item",
        item=document,
        author=account_names(service(), [author_id]).get(author_id, author_id),
        name=recommendation_previews.name_of(document, item_id),
        metadata={name: str(value)[:300] for name, value in metadata.items() if name != "flags"},
        flags=read_flags(metadata),
        closed=closed,
        hidden=_hidden(item_id),
        topics=[{"id": one["id"], "name": called(one)} for one in document.get("topics") or []],
        near=[{**_row(one.item_id), "score": one.score} for one in near],
        days=timeline_chart.charts(days, _),
        trend=days["trend"],
    )


def _row(item_id: str) -> dict[str, Any]:
    serving = service().serving
    known = list_pagination.document(serving, item_id, recommendation_previews.FIELDS)
    topics = known.get("topics") or []
    return {
        "id": item_id,
        "name": recommendation_previews.name_of(known, item_id),
        "category": known.get("category") or "",
        "author": known.get("author_id") or "",
        "created": known.get("created_at"),
        "topic": called(topics[0]) if topics else "",
    }


def _hidden(item_id: str) -> bool:
    """Whether the store knows the item as hidden or deleted."""
    try:
        with service().link.use() as store:
            return store.item(item_id) is None and bool(store.items_known([item_id]))
    except StoreError:
        return False


def _(key: str) -> str:
    return translated(key, language())
