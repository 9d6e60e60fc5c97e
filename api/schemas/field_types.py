"""Field types with the rules of the file format and their JSON schemas."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError

from recsys.data.id_normalization import NULL_WORDS, canonical, canonical_id
from recsys.data.parsing import MAX_ID, FutureError, clean_text, parse_any_time, parse_time
from recsys.data.timestamps import LEAST
from recsys.errors import DataError
from recsys.ranking import metadata_filter
from recsys.ranking.pinned_items import DEEPEST, PinnedPlace

# types of problems that are answered 409: only the clock, or another field, is against a value
FUTURE, WINDOW, ITSELF = "future_time", "never_listed", "follows_itself"
CONFLICTS = frozenset({FUTURE, WINDOW, ITSELF})
_FIRST = -62_135_596_800.0  # the year 1
_LATEST = 1e11  # Unix seconds in a query string
_UNESCAPED_ZONE = re.compile(r"\d{4}-\d\d-\d\d[Tt][\d:.]+ \d\d:?\d\d")  # + in a URL is a blank
_RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)")
MAX_N = 500
MAX_OFFSET = 10_000
MAX_LIST = 1_000  # ids in an exclude list, events in a session
_CONTROL = "\\u0000-\\u001f\\u007f-\\u009f\\u2028\\u2029"
ID_PATTERN = f"^[^{_CONTROL}]*[^\\s{_CONTROL}][^{_CONTROL}]*$"
_ID = re.compile(ID_PATTERN[1:-1])
_KIND_PATTERN = f"^[^\\s{_CONTROL}]([^{_CONTROL}]{{0,62}}[^\\s{_CONTROL}])?$"
_KIND = re.compile(_KIND_PATTERN[1:-1])


class Strict(BaseModel):
    """Base of what callers send: unknown names are refused, and types are not guessed."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Answer(BaseModel):
    """Base of what we send; documents the shape, the routes build plain dictionaries."""

    model_config = ConfigDict(extra="forbid")


def check_id(text: str) -> str:
    """Return an id in its one form; ValueError says what is wrong with it."""
    if text.isascii() and 0 < len(text) <= MAX_ID and text.isprintable():
        if " " not in text and text[-2:] != ".0":
            return text  # nearly all are like this
    return _checked(text, canonical_id)


def check_label(text: str) -> str:
    """Return a category, a tag or another label in its one form; ValueError as for ids."""
    return _checked(text, canonical)


def _checked(text: str, form: Callable[[str], str]) -> str:
    if len(text) > MAX_ID:
        raise ValueError(f"has {len(text)} characters, {MAX_ID} are allowed")
    found = form(text)
    if not found or _ID.fullmatch(found) is None or not found.isprintable() and _broken(found):
        raise ValueError("is blank, or holds a control character")
    return found


def _new_id(text: str) -> str:
    found = check_id(text)
    if found in NULL_WORDS:
        raise ValueError(f"{found} is a spelling of NULL, not an id")
    return found


def _numbered(raw: object) -> object:
    """Return an id that came as a number as text: 12 and 12.0 are "12", as in files."""
    if isinstance(raw, float) and raw.is_integer() or type(raw) is int:
        return str(int(raw))
    return raw


def _broken(text: str) -> bool:
    return any("\ud800" <= sign <= "\udfff" for sign in text)


def _kind(text: str) -> str:
    if _KIND.fullmatch(text) is None or not text.isprintable() and _broken(text):
        raise ValueError("is not a word of at most 64 characters")
    return canonical(text).lower()


def _text(text: str) -> str:
    return clean_text(text, "text")


def _time(raw: object) -> float | None:
    if isinstance(raw, bool) or not isinstance(raw, (str, int, float, type(None))):
        raise ValueError("is neither a number nor text")
    if isinstance(raw, str) and not raw.strip():
        raise ValueError("is empty")
    try:
        found = parse_time(_leap(raw), "time", time.time())
    except FutureError:
        raise PydanticCustomError(FUTURE, "is in the future by the server's clock") from None
    except DataError as error:
        raise ValueError(str(error).removeprefix("time: ")) from None
    if found is not None and found < _FIRST:
        raise ValueError("is before the year 1")
    return found


def _any_time(raw: object) -> float | None:
    """Return a moment that may lie in the future; None for null and for empty text."""
    if raw is None or isinstance(raw, str) and not raw.strip():
        return None
    if isinstance(raw, bool) or not isinstance(raw, (str, int, float)):
        raise ValueError("is neither a number nor text")
    try:
        found = parse_any_time(_leap(raw), "time")
    except FutureError as error:
        raise PydanticCustomError(FUTURE, "{reason}", {"reason": error.reason}) from None
    except DataError as error:
        raise ValueError(str(error).removeprefix("time: ")) from None
    if found is not None and found < _FIRST:
        raise ValueError("is before the year 1")
    return found


def _query_time(raw: object) -> object:
    """Return a moment of a query string: Unix seconds, or a text; 0 is the beginning."""
    if isinstance(raw, float | int) and not isinstance(raw, bool):
        if raw == 0 or LEAST <= raw <= _LATEST:
            return float(raw)
        raise ValueError(f"{raw:.17g} are no Unix seconds of a time since 1973: write a date")
    if isinstance(raw, str) and _UNESCAPED_ZONE.fullmatch(raw):
        raw = raw.replace(" ", "+")
    return _any_time(raw)


def _leap(raw: object) -> object:
    """Return a time as Python reads it: it knows no second 60 and no small t and z."""
    if isinstance(raw, str) and _RFC3339.fullmatch(raw):
        return raw.upper().replace(":60", ":59")
    return raw


def whole(raw: object) -> object:
    """Return a number without a fraction as JSON means it: 3.0 is 3."""
    return int(raw) if isinstance(raw, float) and raw.is_integer() else raw


def _gorse_time(raw: object) -> float | None:
    """Return a time as Gorse's clients send it: empty, or its year 1, for none."""
    found = None if isinstance(raw, str) and not raw.strip() else _time(raw)
    return None if found is None or found < _FIRST + 86_400 else found


def _gorse_date(raw: object) -> float | None:
    """Return when an item of Gorse's clients is published: as `_gorse_time`, or in the future."""
    found = _any_time(raw)
    return None if found is None or found < _FIRST + 86_400 else found


def _schema(check: Callable[[str], str], **schema: Any) -> Any:
    return Annotated[str, AfterValidator(check), WithJsonSchema({"type": "string", **schema})]


_ID_SCHEMA = {"minLength": 1, "maxLength": MAX_ID, "pattern": ID_PATTERN}
_NUMBER_SCHEMA = {"type": "integer"}


def _body_id(check: Callable[[str], str], **schema: Any) -> Any:
    text = {"type": "string", **_ID_SCHEMA, **schema}
    return Annotated[
        str,
        BeforeValidator(_numbered),
        AfterValidator(check),
        WithJsonSchema({"anyOf": [text, _NUMBER_SCHEMA]}),
    ]


Id = _schema(check_id, **_ID_SCHEMA)  # in a path or a query
BodyId = _body_id(check_id)  # in JSON: a number is its digits
NewId = _body_id(_new_id, **{"not": {"enum": sorted(NULL_WORDS)}})  # of what is stored
Label = _schema(check_label, minLength=1, maxLength=MAX_ID, pattern=ID_PATTERN)
Kind = _schema(_kind, minLength=1, maxLength=64, pattern=_KIND_PATTERN)
_TIME_FORMS = (
    "Unix seconds, milliseconds, microseconds or nanoseconds, ISO 8601, RFC 2822, or the form of "
    "Twitter exports; a number below 100000000 is no time"
)


def _time_schema(note: str, *others: dict[str, Any]) -> WithJsonSchema:
    forms: list[dict[str, Any]] = [
        {"type": "number", "minimum": LEAST},
        {"type": "number", "minimum": _FIRST, "maximum": -LEAST},
        {"type": "string", "format": "date-time"},
        *others,
        {"type": "null"},
    ]
    return WithJsonSchema({"anyOf": forms, "description": f"{_TIME_FORMS}; {note}"})


Moment = Annotated[
    float | None,
    BeforeValidator(_time),
    _time_schema("at most five minutes ahead of the server's clock"),
]


def _where(text: str) -> str:
    try:
        metadata_filter.parse(text)
    except DataError as error:
        raise ValueError(str(error)) from None
    return text


Where = Annotated[
    str,
    AfterValidator(_where),
    WithJsonSchema(
        {
            "type": "string",
            "maxLength": metadata_filter.MAX_LENGTH,
            "pattern": metadata_filter.PATTERN,
        }
    ),
]


def words(limit: int) -> Any:
    """Return the type of a text of at most so many characters."""
    return Annotated[str, Field(max_length=limit), AfterValidator(_text)]


def _pin(text: str) -> str:
    try:
        PinnedPlace.parse(text)
    except DataError as error:
        raise ValueError(str(error)) from None
    return text


PinText = Annotated[
    str,
    AfterValidator(_pin),
    WithJsonSchema({"type": "string", "pattern": "^[\\s\\S]+@([1-9][0-9]?|100)$"}),
]


def listed(kind: Any, limit: int | None = None) -> Any:
    """Return the type of a list of at most so many values; the first wrong one alone is told.

    Pydantic makes an object of each problem: a body of a million wrong values took gigabytes.
    """
    return Annotated[list[kind], Field(max_length=limit, fail_fast=True)]


AnyMoment = Annotated[
    float | None,
    BeforeValidator(_any_time),
    _time_schema(
        "it may lie in the future, before 2200 as a number", {"type": "string", "maxLength": 0}
    ),
]
QueryMoment = Annotated[
    float,
    BeforeValidator(_query_time),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "number", "minimum": LEAST, "maximum": _LATEST},
                {"type": "number", "enum": [0]},
                {"type": "string", "format": "date-time"},
            ]
        }
    ),
]
GorseMoment = Annotated[float | None, BeforeValidator(_gorse_time)]
GorseDate = Annotated[float | None, BeforeValidator(_gorse_date)]
Words = words(2_000)
CategoryText = Annotated[
    str, Field(max_length=512), AfterValidator(lambda text: canonical(_text(text)))
]
Labels = listed(Label, 100)
AnyLabels = listed(Label)
AnyTexts = listed(str)
Ids = listed(BodyId, MAX_LIST)
Count = Annotated[int, Field(ge=1, le=MAX_N), BeforeValidator(whole)]
Limit = Annotated[int, Field(ge=1, le=1_000)]  # records of a page
Offset = Annotated[int, Field(ge=0, le=MAX_OFFSET), BeforeValidator(whole)]
TopicId = Annotated[int, Field(ge=0, le=2**31 - 1), BeforeValidator(whole)]
Position = Annotated[int, Field(ge=1, le=DEEPEST), BeforeValidator(whole)]
RowId = Annotated[int, Field(ge=1, le=2**63 - 1), BeforeValidator(whole)]
Share = Annotated[float, Field(ge=0.0, le=1.0)]
Seconds = Annotated[float, Field(ge=0.0, le=1e10)]
Cap = Count | None
Zone = Annotated[str, Field(max_length=64, pattern="^[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+)*$")]
RecommendationId = Annotated[str, Field(pattern="^[0-9a-f]{32}$")]
Language = Annotated[
    str | None,
    Field(
        None,
        max_length=35,
        pattern="^[A-Za-z]{2,8}([-_][A-Za-z0-9]{1,8})*$",
        description="language of the sentences, as in en or zh-CN; default: what the header "
        "Accept-Language prefers, else English",
    ),
]
