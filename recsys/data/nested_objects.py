"""Nested JSON objects as flat records: `{"user": {"id": 7}}` has the field `user.id`.

Exports of event collectors, document databases and content systems nest their fields. Wrappers
that only state a type are removed first: `{"$oid": "5f…"}` and `{"$date": …}` of MongoDB,
`{"rendered": "…"}` of WordPress, `{"string_value": "…", "int_value": null}` and the lists of
`{"key": …, "value": …}` of Google Analytics, `{"S": "…"}` of DynamoDB, times of Firestore and of
protocol buffers, and texts by language (`{"en-US": "…"}`), of which the first is taken.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from recsys.data.language_tagged_fields import by_language, first_filled, language_of
from recsys.data.timestamps import LEAST_DATE

DEPTH = 4  # levels of objects that are flattened; deeper ones stay one value
MOST = 300  # fields of a flat record; further nested fields are left out
_TYPED = ("string_value", "int_value", "float_value", "double_value")
_KEYED = frozenset({"key", "value"})
_TIMES = {  # objects that are a time: the seconds, the rest in parts of a second
    frozenset({"_seconds", "_nanoseconds"}): ("_seconds", "_nanoseconds"),
    frozenset({"seconds", "nanoseconds"}): ("seconds", "nanoseconds"),
    frozenset({"seconds", "nanos"}): ("seconds", "nanos"),
    frozenset({"epochSecond", "nano"}): ("epochSecond", "nano"),
    frozenset({"t", "i"}): ("t", ""),  # $timestamp of MongoDB
}
_HELD = {  # objects with this field and these others hold its value
    "__time__": frozenset[str](),
    "iso": frozenset({"__type"}),
    "value": frozenset({"__datatype__"}),
}
_DYNAMO = frozenset({"S", "N", "BOOL", "NULL", "SS", "NS", "L", "M"})


def is_nested(record: Mapping[str, Any]) -> bool:
    """Return whether a value of a JSON object is an object, or a list of keys and values."""
    for value in record.values():
        if isinstance(value, dict) or (isinstance(value, list) and _is_keyed(value)):
            return True
    return False


def flattened(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a JSON object and of the objects in it, in order, by dotted name.

    An object stays in the result under its own name, before its fields. An empty one is None.
    """
    return flat_record(record)[0]


def flat_record(record: Mapping[str, Any]) -> tuple[dict[str, Any], frozenset[str]]:
    """Return a flattened JSON object, and the names in it whose values are objects."""
    flat: dict[str, Any] = {}
    objects: list[str] = []
    _flatten(record, "", DEPTH, flat, objects)
    return flat, frozenset(name for name in objects if isinstance(flat[name], dict))


def without(container: Mapping[str, Any], names: Iterable[str], prefix: str) -> dict[str, Any]:
    """Return an object without the fields of these dotted names; empty objects go too.

    `prefix`: the dotted name of the object itself, with a dot at the end.
    """
    read, rest = set(names), {}
    for key, raw in container.items():
        name, value = f"{prefix}{key}", _unwrapped(raw)
        if isinstance(raw, dict) and len(raw) > 1 and by_language(raw):
            rest[key] = raw  # the languages that are not read, too
            continue
        if name in read:
            continue
        if isinstance(value, dict):
            value = without(value, read, f"{name}.")
            if not value:
                continue
        rest[key] = value
    return rest


def _flatten(
    record: Mapping[str, Any], prefix: str, depth: int, flat: dict[str, Any], objects: list[str]
) -> None:
    """Add the fields of an object to a flat record; a value of no list and no object costs least.

    `objects` receives the names of those values that are objects.
    """
    for key, raw in record.items():
        name = f"{prefix}{key}" if prefix else key
        nested = isinstance(raw, (dict, list))
        value = _unwrapped(raw) if nested else raw
        if len(flat) < MOST or "." not in name:
            flat[name] = None if value == {} else value
        if not nested:
            continue
        if value is not raw and isinstance(raw, dict) and len(raw) > 1 and by_language(raw):
            for tag, text in raw.items():
                if len(flat) < MOST:
                    flat[f"{name}.{tag}"] = text
        if isinstance(value, dict) and value:
            if name in flat:
                objects.append(name)
            if depth > 1:
                _flatten(value, f"{name}.", depth - 1, flat, objects)


def _unwrapped(value: Any) -> Any:
    """Return what a wrapper holds; another value as it is."""
    if isinstance(value, list):
        if _is_keyed(value):
            return {str(one["key"]): _unwrapped(one["value"]) for one in value}
        return value
    if not isinstance(value, dict):
        return value
    names = tuple(value)
    if not _may_wrap(names):
        return value
    if len(names) == 1:
        if names[0].startswith("$"):
            return _unwrapped(value[names[0]])
        if names[0] in _DYNAMO:
            return _of_dynamo(names[0], value)
    if len(names) <= 2:
        if (seconds := _seconds(value)) is not None:
            return seconds
        for held, others in _HELD.items():
            if held in value and value.keys() - {held} == others:
                return _unwrapped(value[held])
    if by_language(value):
        return first_filled(value)
    if "rendered" in value:
        return value["rendered"]
    if names and all(name in _TYPED for name in names):
        return next((one for one in value.values() if one is not None), None)
    return value


@lru_cache(maxsize=4096)
def _may_wrap(names: tuple[str, ...]) -> bool:
    """Whether an object with these names may be a wrapper; its values decide then."""
    fields = frozenset(names)
    return (
        len(names) == 1
        and (names[0].startswith("$") or names[0] in _DYNAMO)
        or fields in _TIMES
        or any(held in fields and fields - {held} == others for held, others in _HELD.items())
        or "rendered" in fields
        or bool(names)
        and (fields.issubset(_TYPED) or all(map(language_of, names)))
    )


def _seconds(value: Mapping[str, Any]) -> float | None:
    """Return Unix seconds of an object that is a time; None for another one."""
    parts = _TIMES.get(frozenset(value))
    if parts is None:
        return None
    try:
        whole, rest = float(value[parts[0]]), float(value[parts[1]] or 0) if parts[1] else 0.0
    except (TypeError, ValueError):
        return None
    return whole + rest / 1e9 if abs(whole) >= LEAST_DATE else None


def _of_dynamo(kind: str, value: dict[str, Any]) -> Any:
    """Return the value that DynamoDB wrote with its type; the object itself where it did not."""
    held = value[kind]
    if kind in ("S", "N") and isinstance(held, str):
        return held
    if kind in ("BOOL", "NULL") and isinstance(held, bool):
        return held if kind == "BOOL" else None
    if kind in ("SS", "NS", "L") and isinstance(held, list):
        return [_unwrapped(one) for one in held]
    if kind == "M" and isinstance(held, dict):
        return {name: _unwrapped(one) for name, one in held.items()}
    return value


def _is_keyed(value: list[Any]) -> bool:
    return bool(value) and all(isinstance(one, dict) and one.keys() == _KEYED for one in value)
