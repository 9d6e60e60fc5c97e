"""Pagination: JSON of one page of a ranked list, with the cursor of the next page."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any
from urllib.parse import quote, urlencode

from pydantic import BaseModel

from recsys.data.parsing import json_size
from recsys.ranking import metadata_filter, user_controls
from recsys.ranking.query import Filters, Reason, Recommendation
from recsys.serving.live_state import LiveState

from ..errors import ApiError
from ..http.cursor import MAX_SHOWN, Cursor, binding, mark
from ..runtime.served_model import ServedModel
from ..schemas.lists import FilterParameters, PageParameters
from . import topics_json

_UNBOUND = frozenset(
    {"n", "offset", "cursor", "explain", "fields", "lang"}
)  # may differ between pages
_LABELS = ("category", "tags", "author", "language", "entity")
_LABELED = ("category", "tags", "author", "language", "topic", "entity")
DOCUMENT = (
    "item_id",
    "title",
    "text",
    "tags",
    "category",
    "author_id",
    "created_at",
    "url",
    "parent_id",
    "available_from",
    "expires_at",
    "metadata",
    "topics",
)
PARAMETER_OF = {
    "category": "category",
    "tags": "tags",
    "author_id": "author",
    "author": "author",
    "created_at": "max_age or min_age",
    "topic": "topic",
    "topics": "topic",
    "item_id": "exclude",
    "entity": "entity",
}
_FILTERS = frozenset(FilterParameters.model_fields) - {"exclude", "fields"}
_NO_FILTERS = Filters()
MAX_WARNINGS = 20
MAX_METADATA = 4_096  # bytes of an entry's metadata in a list
MAX_NAMED = 16_384  # bytes of them where `fields` names them


@dataclass(frozen=True, slots=True)
class Cut:
    """One page out of a ranked list."""

    items: list[Recommendation]
    more: bool  # whether another page follows
    cursor: Cursor  # before the page

    def after(self, item_ids: Iterable[str]) -> Cursor | None:
        """Return the cursor behind the page, whose items these are in the end; None on the last."""
        return self.cursor.after(item_ids) if self.more else None


def filters(given: FilterParameters) -> Filters:
    """Return the filters of a request as the engine takes them."""
    if _FILTERS.isdisjoint(given.model_fields_set):
        return _NO_FILTERS
    sets = {
        prefix + name: frozenset(getattr(given, prefix + name))
        for name in _LABELS
        for prefix in ("", "not_")
    }
    return Filters(
        **sets,
        max_age=given.max_age,
        min_age=given.min_age,
        topic=frozenset(given.topic),
        not_topic=frozenset(given.not_topic),
        strict_language=given.strict_language,
        replies=given.replies,
        where=metadata_filter.parse(given.where),
    )


def check_where(live: LiveState, given_filters: Filters) -> None:
    """Raise 400 when `where` names a field that no item has."""
    found = metadata_filter.unknown(live, given_filters.where)
    if found is None:
        return
    name, near = found
    meant = f"; is {' or '.join(near)} meant?" if near else ""
    if name in PARAMETER_OF:
        meant = f"; it is no metadata field: use the parameter {PARAMETER_OF[name]}"
    message = f"where: no item has a field {name!r}{meant}"
    detail: dict[str, object] = {"field": "where", "message": message, "type": "unknown_field"}
    raise ApiError(400, message, "unknown_field", [detail])


def warnings(live: LiveState, given: FilterParameters) -> list[str]:
    """Return what of the filters and fields names nothing that there is, and what is near to it."""
    result = given.model_fields_set
    found = []
    for name in _LABELED:
        for prefix in ("", "not_"):
            if prefix + name in result:
                kind = "tag" if name == "tags" else name
                for value in getattr(given, prefix + name):
                    if unknown := user_controls.unknown_label(live, kind, str(value)):
                        found.append(f"{prefix}{name}: {unknown}")
    if "where" in result:
        found += metadata_filter.doubts(live, metadata_filter.parse(given.where))
    for name in given.fields or () if "fields" in result else ():
        if name not in DOCUMENT and name != "none":
            known = live.metadata.names()
            if not any(each == name or each.startswith(name + ".") for each in known):
                near = get_close_matches(name, [*DOCUMENT, *known], 2, 0.6)
                meant = f"; is {' or '.join(near)} meant?" if near else ""
                found.append(f"fields: no item has a field {name!r}{meant}")
    return found[:MAX_WARNINGS]


def opened(given: PageParameters, *list_of: object) -> Cursor:
    """Return where a request starts to read; 400 when its cursor belongs elsewhere."""
    bound = binding(*list_of, {k: v for k, v in changed(given).items() if k not in _UNBOUND})
    if given.cursor is None:
        return Cursor.start(bound, given.offset)
    if given.offset:
        raise ApiError(409, "offset and cursor exclude each other", "bad_cursor")
    return Cursor.read(given.cursor, bound)


def changed(given: BaseModel) -> dict[str, Any]:
    """Return the parameters that are not as they are by default, in the order of the model."""
    result = given.model_fields_set  # hardly any: to look at all fields takes longer than to rank
    found = {}
    for name, field in type(given).model_fields.items() if result else ():
        if name in result and (value := getattr(given, name)) != field.default:
            found[name] = value
    return found


def cut(cursor: Cursor, n: int, ranked: Callable[[int], Sequence[Recommendation]]) -> Cut:
    """Return the next `n` items; `ranked(k)` gives the best k of the whole list."""
    before = cursor.skip + len(cursor.shown)
    found = [
        one
        for one in ranked(before + n + 1)
        if not cursor.shown or mark(one.item_id) not in cursor.shown
    ]
    page = found[cursor.skip : cursor.skip + n]
    more = len(found) > cursor.skip + n and len(cursor.shown) + n < MAX_SHOWN
    numbered = [_ranked(one, before + place) for place, one in enumerate(page, start=1)]
    return Cut(numbered, more, cursor)


def _ranked(one: Recommendation, rank: int) -> Recommendation:
    if one.rank == rank:
        return one
    return Recommendation(one.item_id, one.score, rank, one.source, one.reasons)


def entry(
    one: Recommendation, serving: ServedModel, fields: Sequence[str] | None, explain: bool = False
) -> dict[str, Any]:
    """Return one item of a list as JSON knows it; `explain`: reasons with all that gives them."""
    found: dict[str, Any] = {
        "item_id": one.item_id,
        "score": one.score,
        "rank": one.rank,
        "source": one.source,
        "reasons": [reason(each, explain) for each in one.reasons],
    }
    if fields is None or list(fields) != ["none"]:
        found["item"] = document(serving, one.item_id, fields)
    return found


def document(serving: ServedModel, item_id: str, fields: Sequence[str] | None) -> dict[str, Any]:
    """Return what is known of an item, or the named fields of it.

    Metadata are cut to MAX_METADATA bytes, field by field, and to MAX_NAMED where they are named.
    """
    live = serving.live
    row = live.row(item_id)
    known = live.document(row)
    if about := topics_json.of_row(live, row):
        known["topics"] = about
    own = known.get("metadata")
    if fields is None:
        if isinstance(own, dict):
            known["metadata"] = _fitting(own, MAX_METADATA)
        return known
    found = {name: known[name] for name in fields if name in known}
    if isinstance(own, dict):
        if "metadata" not in fields:
            own = {name: own[name] for name in fields if name in own and name not in DOCUMENT}
        if own:
            found["metadata"] = _fitting(own, MAX_NAMED)
    return found


def _fitting(metadata: dict[str, Any], most: int) -> dict[str, Any]:
    """Return the fields of some metadata that fit in so many bytes as JSON, in their order."""
    if json_size(metadata) <= most:
        return metadata
    found, left = {}, most
    for name, value in metadata.items():
        size = json_size({name: value})
        if size <= left:
            found[name] = value
            left -= size
    return found


def reason(one: Reason, explain: bool = False) -> dict[str, Any]:
    """Return a reason as JSON knows it."""
    found: dict[str, Any] = {"kind": one.kind, "share": one.share, "text": one.text}
    if one.item_id is not None:
        found["item_id"] = one.item_id
    if one.by:
        found[one.by] = one.label
    if explain and one.items:
        found["items"] = [{"item_id": item, "share": share} for item, share in one.items]
    return found


def path(prefix: str, item_id: str) -> str:
    """Return the path of a route that ends with an id."""
    return f"{prefix}/{quote(item_id, safe='')}"


def with_id(prefix: str, value: str, name: str = "user") -> str:
    """Return the URL of a route that takes the id as a parameter, ready for more of them."""
    return f"{prefix}?{urlencode({name: value})}&"


def following(base: str, given: BaseModel, after: object) -> str:
    """Return the URL of the next page of records."""
    kept = given.model_dump(exclude={"after"}, exclude_defaults=True)
    return f"{base}?{urlencode({**kept, 'after': after}, doseq=True)}"


def part(keys: Sequence[Hashable], after: Hashable, n: int, what: str) -> tuple[slice, bool]:
    """Return the places of the page that follows a key of a ranked list, and whether more follow.

    `after`: None for the first page; 409 where the list has moved on and holds that key no more.
    """
    start = 0
    if after is not None:
        if after not in keys:
            message = f"`after` is no {what} of this list any more: start again without it"
            raise ApiError(409, message)
        start = keys.index(after) + 1
    return slice(start, start + n), start + n < len(keys)


def next_url(base: str, given: PageParameters, after: Cursor | None) -> str | None:
    """Return the URL of the next page: the same parameters, then the cursor."""
    if after is None:
        return None
    return url_with_cursor(base, {"n": given.n} | changed(given), after)


def url_with_cursor(base: str, values: Mapping[str, object], after: Cursor) -> str:
    """Return a URL with parameters, a list as several of one name, and a cursor at the end."""
    pairs = [
        (name, _text(each))
        for name, value in values.items()
        if name not in ("offset", "cursor")
        for each in (value if isinstance(value, list) else [value])
    ]
    start = base if base.endswith("&") else base + "?"
    return start + urlencode([*pairs, ("cursor", after.text())])


def _text(value: object) -> str:
    return str(int(value)) if isinstance(value, bool) else str(value)
