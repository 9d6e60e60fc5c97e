"""Request validation: typed values from texts of paths, queries and forms, and from JSON rows."""

from __future__ import annotations

import re
from typing import Any

from flask import g
from pydantic import BaseModel, TypeAdapter, ValidationError

from ..errors import PROBLEMS, ApiError, problems
from ..schemas.field_types import CONFLICTS, check_id, check_label

_INTEGER = re.compile(r"-?\d{1,19}", re.ASCII)
_NUMBER = re.compile(r"-?(\d{1,30}(\.\d{0,30})?|\.\d{1,30})([eE][+-]?\d{1,3})?", re.ASCII)
_CHECKED = 50  # rows of a body that are checked at once
_IDS = ("item_id", "exclude")  # ids may hold any sign; other lists also come as a|b
_ID_VALUES = ("item", "item_id", "user", "user_id")  # path values that are ids
_TRUTH = {"1": True, "true": True, "0": False, "false": False}


def without_empty(given: dict[str, list[str]]) -> dict[str, list[str]]:
    """Return the parameters that are not empty: a form sends all of its fields."""
    kept = {name: [text for text in texts if text.strip()] for name, texts in given.items()}
    return {name: texts for name, texts in kept.items() if texts}


def path_value(name: str, value: str) -> str:
    """Return a value of a path, checked as an id or a label; 400 where it is none."""
    try:
        return check_id(value) if name in _ID_VALUES else check_label(value)
    except ValueError as error:
        detail: dict[str, object] = {"field": name, "message": str(error), "type": "value_error"}
        raise ApiError(400, f"{name} {error}", "bad_parameter", [detail]) from None


def parameter_kinds(model: type[BaseModel]) -> dict[str, str]:
    """Return the JSON type of each parameter, to read texts by."""
    found = {}
    for name, schema in model.model_json_schema()["properties"].items():
        options = [schema, *schema.get("anyOf", [])]
        found[name] = next(str(o["type"]) for o in options if o.get("type", "null") != "null")
        if schema.get("items", {}).get("type") == "integer":
            found[name] = "integers"
    return found


def refuse_unknown(given: Any, known: Any) -> None:
    """Raise 400 that names the parameters which a route does not have."""
    names = sorted(name for name in given if name not in known)
    if names:
        from .near_names import near_parameter  # here: few requests need it

        meant = {name: near_parameter(name, known) for name in names[:PROBLEMS]}
        details: list[dict[str, object]] = [
            {
                "field": name,
                "message": "unknown parameter" + (f"; is {near} meant?" if near else ""),
                "type": "extra_forbidden",
            }
            for name, near in meant.items()
        ]
        shown = ", ".join(name[:60] for name in names)
        nears = " and ".join(dict.fromkeys(near for near in meant.values() if near))
        way = f"; is {nears} meant?" if nears else ""
        raise ApiError(400, f"unknown parameter: {shown}{way}", "unknown_parameter", details)


def validated(
    model: type[BaseModel], given: dict[str, list[str]], kinds: dict[str, str], loose: bool
) -> BaseModel:
    """Return parameters as their model; 400 names the first that is wrong."""
    if not loose:
        refuse_unknown(given, kinds)
    values = {
        name: _typed(name, texts, kinds[name]) for name, texts in given.items() if name in kinds
    }
    try:
        return model.model_validate(values)
    except ValidationError as error:
        found = problems(error)
        message = f"{found[0]['field']}: {found[0]['message']}"
        raise ApiError(400, message, "bad_parameter", found) from None


def _typed(name: str, texts: list[str], kind: str) -> Any:
    if kind == "array":
        parts = [part for text in texts for part in ([text] if name in _IDS else _split(text))]
        if name == "fields":
            return [part for each in parts for part in each.split(",") if part.strip()] or parts
        return [*parts, *_commas(texts)] if name == "exclude" else parts
    if kind == "integers":
        parts = [part for text in texts for part in _split(text)]
        return [int(part) if _INTEGER.fullmatch(part) else part for part in parts]
    if len(texts) > 1:
        raise ApiError(400, f"{name} is given {len(texts)} times", "bad_parameter")
    text = texts[0]
    if kind == "integer" and _INTEGER.fullmatch(text):
        return int(text)
    if kind == "number" and _NUMBER.fullmatch(text):
        return float(text)
    if kind == "boolean":
        return _TRUTH.get(text, text)
    return text


def _split(text: str) -> list[str]:
    return [part for part in text.split("|") if part.strip()] or [text]


def _commas(texts: list[str]) -> list[str]:
    """Return the parts of `a,b`, beside the whole: an id may hold a comma itself."""
    return [part for text in texts if "," in text for part in text.split(",") if part.strip()]


def right_rows(raw: list[Any], adapter: TypeAdapter[Any], partial: bool) -> list[Any]:
    """Return the rows of a body when all are right; with `partial` those that are, one at least.

    The wrong ones are noted for the answer. Rows are checked some at a time, since pydantic makes
    an object of each problem: a body of a million unknown fields took 750 MB.
    """
    right: list[Any] = []
    found: list[dict[str, object]] = []
    wrong: dict[int, dict[str, object]] = {}
    for start in range(0, len(raw), _CHECKED):
        rows = raw[start : start + _CHECKED]
        try:
            right += adapter.validate_python(rows)
            continue
        except ValidationError as error:
            some = problems(error, None, start, adapter.json_schema)
        found += some[: PROBLEMS - len(found)]
        if not partial:
            if len(found) == PROBLEMS:
                break
            continue
        for one in some:
            place, _, name = str(one["field"]).partition(".")
            problem: dict[str, object] = {
                "row": int(place),
                "field": name,
                "message": one["message"],
            }
            wrong.setdefault(int(place), problem)
        right += adapter.validate_python(
            [row for place, row in enumerate(rows, start) if place not in wrong]
        )
    if not found:
        return right
    first = f"{found[0]['field']}: {found[0]['message']}"
    if partial and right:
        g.rejected = [wrong[place] for place in sorted(wrong)]
        return right
    if partial:
        first = f"no row is right; the first: {first}"
    elif len(raw) > 1:
        first += "; no row was stored: mend it, or store the others with ?partial=1"
    raise refusal(first, found)


def refusal(message: str, found: list[dict[str, object]]) -> ApiError:
    """Return 409 where only the clock or another field is against the values, else 422."""
    if all(one["type"] in CONFLICTS for one in found):
        return ApiError(409, message, str(found[0]["type"]), found)
    return ApiError(422, message, "invalid", found)


def rows_of(raw: Any, name: str) -> list[Any]:
    """Return the rows of a body: a list, one alone, or a list under a name."""
    if isinstance(raw, dict) and isinstance(raw.get(name), list) and len(raw) == 1:
        raw = raw[name]
    return raw if isinstance(raw, list) else [raw]
