"""Near names: the parameter, field or route that a caller may have meant."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any

from flask import current_app

MOST = 2  # routes that a message names
_LONGEST = 100  # characters of a name or a path that is compared
# words of other services -> ours; the first that a route has is meant
_PARAMETERS: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(
        "limit count size k top topk topn num number pagesize perpage maxresults rows".split(),
        ("n",),
    ),
    **dict.fromkeys("offset page start after next skip from pagetoken".split(), ("cursor",)),
    **dict.fromkeys("userid uid user id".split(), ("user", "user_id", "item_id")),
    **dict.fromkeys("item itemid id".split(), ("item_id", "item")),
    **dict.fromkeys("query text words term search keyword keywords".split(), ("q", "words")),
    **dict.fromkeys("lang locale".split(), ("language",)),
    **dict.fromkeys("genre section".split(), ("category",)),
    **dict.fromkeys("filter filters".split(), ("where",)),
    **dict.fromkeys("blacklist ignore without".split(), ("exclude",)),
}


def near_parameter(name: str, known: Iterable[str]) -> str:
    """Return the parameter of a route that an unknown one may stand for; empty for none."""
    names = list(known)
    for one in _PARAMETERS.get(_plain(name), ()):
        if one in names:
            return one
    return _near(name, names)


def near_field(name: str, fields: Iterable[str]) -> str:
    """Return which of some fields a key of a JSON object may stand for; empty for none."""
    from recsys.data.header_naming import KINDS, column_meant  # here: few requests need it

    names = list(fields)
    by_spelling = {_plain(one): one for one in names}
    if (found := by_spelling.get(_plain(name))) is not None:
        return found
    meant = {column_meant(kind, name[:_LONGEST]) for kind in KINDS}
    return next((one for one in names if one in meant), "")


def near_key(name: str, schema: Mapping[str, Any]) -> str:
    """Return which field of a JSON schema, at any depth, an unknown one may be; empty for none."""
    names: dict[str, None] = {}
    waiting: list[Any] = [schema]
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict):
            properties = part.get("properties")
            names.update(dict.fromkeys(properties if isinstance(properties, dict) else ()))
            waiting += part.values()
        elif isinstance(part, list):
            waiting += part
    return near_field(name, names) or _near(name, list(names))


def near_routes(method: str, path: str) -> list[str]:
    """Return at most MOST routes whose first part is like that of a path: `GET /recommend/{user}`.

    Those of the same method come first, then those with as many parts.
    """
    parts = [part for part in path[:_LONGEST].split("/") if part]
    if not parts:
        return []
    endpoints = [one for one in current_app.extensions["endpoints"] if not one.page]
    firsts = dict.fromkeys(one.path.split("/")[1] for one in endpoints)
    near = get_close_matches(parts[0], firsts, 3, 0.65)
    found = sorted(
        (one for one in endpoints if one.path.split("/")[1] in near),
        key=lambda one: (
            near.index(one.path.split("/")[1]),
            one.method != method,
            abs(one.path.count("/") - len(parts)),
        ),
    )
    return [f"{one.method} {one.name}" for one in found[:MOST]]


def with_near_fields(problems: Iterable[Mapping[str, Any]]) -> dict[int, str]:
    """Return what the caller may have meant, by the place of a problem of pydantic.

    Where a field is missing, another key of the same object may be that field under another name.
    """
    listed = list(problems)
    missing: dict[tuple[Any, ...], dict[str, int]] = {}
    for place, one in enumerate(listed):
        if one["type"] == "missing":
            missing.setdefault(tuple(one["loc"][:-1]), {})[str(one["loc"][-1])] = place
    found: dict[int, str] = {}
    for fields in missing.values():
        given = listed[next(iter(fields.values()))].get("input")
        if not isinstance(given, dict):
            continue
        for key in list(given)[:_LONGEST]:
            field = near_field(str(key), fields)
            if field:
                found[fields[field]] = f"; is it {str(key)[:60]!r}? Then rename that"
    return found


def _near(name: str, names: list[str]) -> str:
    by_spelling = {_plain(one): one for one in names}
    if (found := by_spelling.get(_plain(name))) is not None:
        return found
    return next(iter(get_close_matches(name[:_LONGEST], names, 1, 0.75)), "")


def _plain(name: str) -> str:
    return "".join(sign for sign in name[:_LONGEST].lower() if sign.isalnum())
