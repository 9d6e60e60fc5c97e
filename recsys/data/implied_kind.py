"""The kind of event that all rows of a table are, by the names of its columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from recsys.data.header_naming import plain_name

_PURCHASE = ("lineitem", "orderline", "orderitem")  # beginnings of names of the item
_COMMENT = ("comment", "评论", "留言", "弹幕")  # and of names of the text


def implied_kind(columns: Sequence[str], renamed: Mapping[str, str]) -> str:
    """Return `purchase` for lines of orders (Shopify), `comment` for comments; else empty.

    Empty as well where a column says the kind, or holds a value. `columns`: what is read of the
    file; `renamed`: name in the file -> column.
    """
    if {"event", "value", "completion", "completion_percent"} & set(columns):
        return ""
    names = {column: plain_name(name) for name, column in renamed.items()}
    if names.get("item_id", "").startswith(_PURCHASE):
        return "purchase"
    return "comment" if names.get("text", "").startswith(_COMMENT) else ""
