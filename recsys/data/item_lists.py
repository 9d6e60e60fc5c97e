"""Item lists: events about several items, as orders and pages of products are.

Google Analytics writes `items[]`, Segment `properties.products[]`, shops `line_items[]`, pixels
`content_ids[]`. Such an event is one event for each item; without that, its item would be the order
or the page.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from recsys.data.column_aliases import CODE_NAMES, OTHER_NAMES
from recsys.data.header_naming import Naming, Shape, column_meant, is_item_name, plain_name
from recsys.data.label_lists import written_list

_LISTS = frozenset(
    """
    items products lineitems orderitems orderlines orderproducts cartitems basketitems lines
    contents goods goodslist articles itemlist productlist 商品 商品列表
    """.split()
)  # by plain name
_ORDERS = frozenset({"lineitems", "orderitems", "orderlines", "orderproducts"})
_ID_LISTS = frozenset(
    """
    itemids productids contentids articleids postids videoids skus itemidlist productidlist
    """.split()
)
LEAST_WIDE = 3  # columns of a matrix of users and items
NO_IDS = "the cell for the item holds a list without ids of items"
_NUMBER = re.compile(r"-?\d{1,3}(?:[.,]\d+)?")
_DEEPEST = 3  # levels of objects around a list
_ID_NAMES = ("item_id", *OTHER_NAMES["events"]["item_id"], *CODE_NAMES, "id", "handle", "slug")
_RANK = {plain_name(name): rank for rank, name in reversed(list(enumerate(_ID_NAMES)))}


class ItemList:
    """The list of items in an object: its dotted name, and the id and further fields of each."""

    __slots__ = ("entries", "field", "name")

    def __init__(self, name: str, field: str, entries: list[dict[str, Any]]) -> None:
        self.name = name
        self.field = field  # of an entry that holds the id; empty: entries are ids
        self.entries = entries  # `item_id`, and the rating of the item where it has one


def item_list(found: Mapping[str, Any], given: Mapping[str, str]) -> ItemList | None:
    """Return the list of items that an event is about; None for one about a single item.

    An event that names an item itself is about that one. The lines of an order without a kind are
    purchases. `given`: what --map says; it may name the
    field of the ids, as in `item_id=products.sku`.
    """
    if not _holds_list(found, _DEEPEST):
        return None  # most events
    wanted = given.get("item_id", "")
    for name, values in _lists(found, "", _DEEPEST):
        if wanted and not wanted.startswith(f"{name}."):
            continue
        entries = [one for one in values if one is not None]
        field = wanted.removeprefix(f"{name}.") if wanted else _id_field(entries)
        if field is None or not wanted and _names_an_item(found, _DEEPEST):
            continue
        kind = {}
        if plain_name(name.rpartition(".")[2]) in _ORDERS and not any(map(_is_kind, found)):
            kind = {"event": "purchase"}
        return ItemList(name, field, [_entry(one, field) | kind for one in entries])
    return None


def with_item_list_column(
    naming: Naming, shape: Shape, given: Mapping[str, str], columns: Mapping[str, Sequence[object]]
) -> Naming:
    """Return the naming of a file, its column of lists of items (`item_ids`) read as `item_id`.

    `given`: what --map says; `columns`: name -> first values, each of them a list, or a text that
    spells one. The naming is returned unchanged if the file has a column for the item.
    """
    if shape.kind != "events" or "item_id" in {*naming.columns, *given}:
        return naming
    for name in naming.unused:
        if plain_name(name.rpartition(".")[2]) in _LISTS | _ID_LISTS:
            cells = [one for one in columns.get(name, ()) if one not in (None, "")]
            if cells and all(_listed(one) is not None for one in cells):
                return naming.reading_as({name: "item_id"})
    return naming


def split_items(record: dict[str, Any], name: str = "item_id") -> ItemList | None:
    """Return the items of an event whose cell for the item holds a list; None for a single item.

    A list without ids has no entries.
    `name`: of the column in the file. A text is a list only in JSON or as Python writes one.
    """
    cell = record.get("item_id")
    values = _listed(cell)
    if values is None:
        return None
    field = _id_field(values) if values else None
    if field is None:
        return ItemList(name, "", [])
    kind = {}
    if plain_name(name) in _ORDERS and not record.get("event"):
        kind = {"event": "purchase"}
    return ItemList(name, field, [_entry(one, field) | kind for one in values])


def _listed(cell: object) -> list[Any] | None:
    """Return the entries of a list, or of a text that spells one, without missing ones."""
    found = cell
    if isinstance(cell, str):
        text = cell.strip()
        found = written_list(text) if text[:1] == "[" and text[-1:] == "]" else None
    return [one for one in found if one is not None] if isinstance(found, list) else None


def _holds_list(found: Mapping[str, Any], depth: int) -> bool:
    """Whether a value of an object, or of the objects in it, is a list that is not empty."""
    for value in found.values():
        if isinstance(value, list):
            if value:
                return True
        elif isinstance(value, dict) and depth > 1 and _holds_list(value, depth - 1):
            return True
    return False


def _entry(one: Any, field: str) -> dict[str, Any]:
    if not isinstance(one, dict):
        return {"item_id": one}
    rated = {name: value for name, value in one.items() if _is_rating(name)}
    return {"item_id": one.get(field), **rated}


def _is_kind(name: str) -> bool:
    return name == "event" or column_meant("events", name) == "event"


def _is_rating(name: str) -> bool:
    return name == "value" or column_meant("events", name) == "value"


def _lists(found: Mapping[str, Any], prefix: str, depth: int) -> Iterator[tuple[str, list[Any]]]:
    """Yield the lists with a name of a list of items that are not empty, outer ones first."""
    inner = []
    for key, value in found.items():
        if isinstance(value, list) and value:
            plain = plain_name(key)
            objects = isinstance(value[0], dict)
            if plain in _LISTS or not objects and plain in _ID_LISTS:
                yield f"{prefix}{key}", value
        elif isinstance(value, dict) and depth > 1:
            inner.append((key, value))
    for key, value in inner:
        yield from _lists(value, f"{prefix}{key}.", depth - 1)


def _id_field(entries: list[Any]) -> str | None:
    """Return the field of the ids of entries, empty where they are ids; None where none is known.

    Of several the one that the list of names for items has first: the id of a product goes before
    its SKU, and both before the `id` of a line of an order.
    """
    if not all(isinstance(one, dict) for one in entries):
        ids = all(
            isinstance(one, (str, int, float)) and not isinstance(one, bool) for one in entries
        )
        return "" if ids else None
    names = [name for name, value in entries[0].items() if value not in (None, "")]
    known = [name for name in names if plain_name(name) in _RANK]
    return min(known, key=lambda name: _RANK[plain_name(name)], default=None)


def _names_an_item(found: Mapping[str, Any], depth: int) -> bool:
    """Whether an event has an id of an item beside its lists; the address of a page is none."""
    for key, value in found.items():
        if isinstance(value, dict) and depth > 1:
            if _names_an_item(value, depth - 1):
                return True
        elif value not in (None, "") and not isinstance(value, (list, dict)) and is_item_name(key):
            return True
    return False


def form_hint(naming: Naming, missing: Sequence[str], values: Mapping[str, Sequence[str]]) -> str:
    """Return how to write a table of events whose rows are about several items; empty for others.

    `missing`: the required columns that it lacks; `values`: name -> first cells.
    """
    if list(missing) != ["item_id"]:
        return ""
    lists = [name for name in naming.unused if plain_name(name) in _LISTS | _ID_LISTS]
    if lists:
        return (
            f"; {lists[0]} holds several items in a cell: write a row for each user and item, or a "
            "JSON list, as in [12, 15]"
        )
    if len(naming.unused) >= LEAST_WIDE and all(
        _is_sparse(values.get(name, ())) for name in naming.unused
    ):
        names = f"{naming.unused[0]}, {naming.unused[1]}, …"
        return (
            f"; {names} look like one column for each item: write a row for each user and item, as "
            "user_id,item_id,rating"
        )
    return ""


def _is_sparse(cells: Sequence[str]) -> bool:
    """Whether all cells are empty or short numbers, as in a matrix of ratings."""
    return all(not cell.strip() or _NUMBER.fullmatch(cell.strip()) for cell in cells)
