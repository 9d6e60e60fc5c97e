"""Check of a JSON value against the part of JSON Schema that commands are described in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_TYPES: Mapping[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "null": (type(None),),
}
_KNOWN = frozenset(
    "type enum const properties required additionalProperties items minItems maxItems minLength"
    " maxLength minimum maximum anyOf oneOf title description".split()
)


def problem(value: Any, schema: Mapping[str, Any], place: str = "$") -> str | None:
    """Return what is wrong with a value, None where it keeps to the schema.

    ValueError for a schema with a keyword that is not known here. An object has no properties
    besides those that are described.
    """
    if unknown := set(schema) - _KNOWN:
        raise ValueError(f"the schema at {place} uses {min(unknown)!r}, which is not checked")
    for name in ("anyOf", "oneOf"):
        if name in schema and all(problem(value, one, place) for one in schema[name]):
            return f"{place} is none of the {len(schema[name])} kinds"
    if "const" in schema and value != schema["const"]:
        return f"{place} is not {schema['const']!r}"
    if "enum" in schema and value not in schema["enum"]:
        return f"{place} is none of {len(schema['enum'])} values"
    if "type" in schema:
        names = [schema["type"]] if isinstance(schema["type"], str) else schema["type"]
        kinds = tuple(kind for name in names for kind in _TYPES[name])
        if not isinstance(value, kinds) or isinstance(value, bool) and bool not in kinds:
            return f"{place} is no {' or '.join(names)}"
    return _contents(value, schema, place)


def _contents(value: Any, schema: Mapping[str, Any], place: str) -> str | None:
    if isinstance(value, dict) and "properties" in schema:
        known = schema["properties"]
        if missing := [name for name in schema.get("required", ()) if name not in value]:
            return f"{place} lacks {missing[0]!r}"
        if unknown := [name for name in value if name not in known]:
            return f"{place} has {str(unknown[0])[:40]!r}"
        parts = ((value[name], known[name], f"{place}.{name}") for name in value)
        return next((wrong for one in parts if (wrong := problem(*one))), None)
    if isinstance(value, list):
        if not schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", len(value)):
            return f"{place} has {len(value)} parts"
        parts = ((one, schema.get("items", {}), f"{place}[{at}]") for at, one in enumerate(value))
        return next((wrong for one in parts if (wrong := problem(*one))), None)
    if isinstance(value, str):
        if not schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", len(value)):
            return f"{place} has {len(value)} characters"
    elif isinstance(value, int | float) and not isinstance(value, bool):
        if not schema.get("minimum", value) <= value <= schema.get("maximum", value):
            return f"{place} is out of range"
    return None
