"""Nested JSON objects as flat records: `{"user": {"id": 7}}` has the field `user.id`.

Exports of event collectors, document databases and content systems nest their fields. Wrappers
that only state a type are removed first: `{"$oid": "5f…"}` and `{"$date": …}` of MongoDB,
`{"rendered": "…"}` of WordPress, `{"string_value": "…", "int_value": null}` and the lists of
`{"key": …, "value": …}` of Google Analytics.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

DEPTH = 4  # levels of objects that are flattened; deeper ones stay one value
MOST = 300  # fields of a flat record; further nested fields are left out
_TYPED = ("string_value", "int_value", "float_value", "double_value")
_KEYED = frozenset({"key", "value"})


def is_nested(record: Mapping[str, Any]) -> bool:
    """Return whether a value of a JSON object is an object, or a list of keys and values."""
    return any(
        isinstance(value, dict) or (isinstance(value, list) and _is_keyed(value))
        for value in record.values()
    )


def flattened(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a JSON object and of the objects in it, in order, by dotted name.

    An object stays in the result under its own name, before its fields. An empty one is None.
    """
    flat: dict[str, Any] = {}
    for name, value in _fields(record, "", DEPTH):
        if len(flat) < MOST or "." not in name:
            flat[name] = value
    return flat


def containers(record: Mapping[str, Any]) -> frozenset[str]:
    """Return the names in a flat record whose values are objects with fields of their own."""
    return frozenset(name for name, value in record.items() if isinstance(value, dict))


def without(container: Mapping[str, Any], names: Iterable[str], prefix: str) -> dict[str, Any]:
    """Return an object without the fields of these dotted names; empty objects go too.

    `prefix`: the dotted name of the object itself, with a dot at the end.
    """
    read, rest = set(names), {}
    for key, raw in container.items():
        name, value = f"{prefix}{key}", _unwrapped(raw)
        if name in read:
            continue
        if isinstance(value, dict):
            value = without(value, read, f"{name}.")
            if not value:
                continue
        rest[key] = value
    return rest


def _fields(record: Mapping[str, Any], prefix: str, depth: int) -> Iterator[tuple[str, Any]]:
    for key, raw in record.items():
        name, value = f"{prefix}{key}", _unwrapped(raw)
        yield name, value if value != {} else None
        if isinstance(value, dict) and value and depth > 1:
            yield from _fields(value, f"{name}.", depth - 1)


def _unwrapped(value: Any) -> Any:
    """Return what a wrapper holds; another value as it is."""
    if isinstance(value, list):
        if _is_keyed(value):
            return {str(one["key"]): _unwrapped(one["value"]) for one in value}
        return value
    if not isinstance(value, dict):
        return value
    names = list(value)
    if len(names) == 1 and names[0].startswith("$"):
        return _unwrapped(value[names[0]])
    if "rendered" in value:
        return value["rendered"]
    if names and all(name in _TYPED for name in names):
        return next((one for one in value.values() if one is not None), None)
    return value


def _is_keyed(value: list[Any]) -> bool:
    return bool(value) and all(isinstance(one, dict) and one.keys() == _KEYED for one in value)
