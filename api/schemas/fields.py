"""Types of single values, with the rules of the file format and the schema that documents them."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from recsys.data.fields import MAX_ID, parse_text, parse_time
from recsys.errors import DataError
from recsys.ranking import where

FUTURE = "future_time"  # type of the problem, which is answered 409: only the clock is against it
_FIRST = -62_135_596_800.0  # the year 1
_LAST = 253_402_300_800.0  # the year 10000
_RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)")
MAX_N = 500
MAX_OFFSET = 10_000
MAX_LIST = 1_000  # ids in an exclude list, events in a session
_CONTROL = "\\u0000-\\u001f\\u007f-\\u009f\\u2028\\u2029"
ID_PATTERN = f"^[^{_CONTROL}]*[^\\s{_CONTROL}][^{_CONTROL}]*$"
_ID = re.compile(ID_PATTERN[1:-1])
_KIND_PATTERN = f"^[^\\s{_CONTROL}]{{1,64}}$"
_KIND = re.compile(_KIND_PATTERN[1:-1])


class Strict(BaseModel):
    """Base of what callers send: unknown names are refused, and types are not guessed."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Answer(BaseModel):
    """Base of what we send; documents the shape, the routes build plain dictionaries."""

    model_config = ConfigDict(extra="forbid")


def check_id(text: str) -> str:
    """Return an id, stripped; ValueError says what is wrong with it."""
    if 0 < len(text) <= MAX_ID and text.isprintable() and " " not in text:
        return text  # nearly all are like this: no control character, half sign or blank anywhere
    if len(text) > MAX_ID:
        raise ValueError(f"has {len(text)} characters, {MAX_ID} are allowed")
    if _ID.fullmatch(text) is None or not text.isprintable() and _broken(text):
        raise ValueError("is blank, or holds a control character")
    return text.strip()


def _broken(text: str) -> bool:
    return any("\ud800" <= sign <= "\udfff" for sign in text)


def _kind(text: str) -> str:
    if _KIND.fullmatch(text) is None or not text.isprintable() and _broken(text):
        raise ValueError("is not a word of at most 64 characters")
    return text.lower()


def _text(text: str) -> str:
    return parse_text(text, "text")


def _tag(text: str) -> str:
    return check_id(text)


def _time(raw: object) -> float | None:
    if isinstance(raw, bool) or not isinstance(raw, (str, int, float, type(None))):
        raise ValueError("is neither a number nor text")
    if isinstance(raw, str) and not raw.strip():
        raise ValueError("is empty")
    try:
        found = parse_time(_leap(raw), "time", time.time())
    except DataError as error:
        if _ahead(raw):
            raise PydanticCustomError(FUTURE, "is in the future by the server's clock") from None
        raise ValueError(str(error).removeprefix("time: ")) from None
    if found is not None and found < _FIRST:
        raise ValueError("is before the year 1")
    return found


def _leap(raw: object) -> object:
    """Return a time as Python reads it: it knows no second 60 and no small t and z."""
    if isinstance(raw, str) and _RFC3339.fullmatch(raw):
        return raw.upper().replace(":60", ":59")
    return raw


def _ahead(raw: object) -> bool:
    """Whether a refused time is one, only later than now."""
    try:
        found = parse_time(_leap(raw), "time", _LAST)
    except DataError:
        return isinstance(raw, (int, float)) and raw > 0
    return found is not None


def _whole(raw: object) -> object:
    """Return a number without a fraction as JSON means it: 3.0 is 3."""
    return int(raw) if isinstance(raw, float) and raw.is_integer() else raw


def _gorse_time(raw: object) -> float | None:
    """Return a time as Gorse's clients send it: empty, or its year 1, for none."""
    found = None if isinstance(raw, str) and not raw.strip() else _time(raw)
    return None if found is None or found < _FIRST + 86_400 else found


def _schema(check: Callable[[str], str], **schema: Any) -> Any:
    return Annotated[str, AfterValidator(check), WithJsonSchema({"type": "string", **schema})]


Id = _schema(check_id, minLength=1, maxLength=MAX_ID, pattern=ID_PATTERN)
Label = _schema(_tag, minLength=1, maxLength=MAX_ID, pattern=ID_PATTERN)
Kind = _schema(_kind, minLength=1, maxLength=64, pattern=_KIND_PATTERN)
Moment = Annotated[
    float | None,
    BeforeValidator(_time),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "number", "minimum": _FIRST},
                {"type": "string", "format": "date-time"},
                {"type": "null"},
            ],
            "description": "Unix seconds or milliseconds, ISO 8601, or the form of Twitter "
            "exports; at most five minutes ahead of the server's clock",
        }
    ),
]


def _where(text: str) -> str:
    try:
        where.parse(text)
    except DataError as error:
        raise ValueError(str(error)) from None
    return text


Where = Annotated[
    str,
    AfterValidator(_where),
    WithJsonSchema({"type": "string", "maxLength": where.MAX_LENGTH, "pattern": where.PATTERN}),
]


def words(limit: int) -> Any:
    """Return the type of a text of at most so many characters."""
    return Annotated[str, Field(max_length=limit), AfterValidator(_text)]


def listed(kind: Any, limit: int) -> Any:
    """Return the type of a list of at most so many values."""
    return Annotated[list[kind], Field(max_length=limit)]


GorseMoment = Annotated[float | None, BeforeValidator(_gorse_time)]
Words = words(2_000)
Labels = listed(Label, 100)
Ids = listed(Id, MAX_LIST)
Count = Annotated[int, Field(ge=1, le=MAX_N), BeforeValidator(_whole)]
Offset = Annotated[int, Field(ge=0, le=MAX_OFFSET), BeforeValidator(_whole)]
TopicId = Annotated[int, Field(ge=0, le=2**31 - 1), BeforeValidator(_whole)]
RowId = Annotated[int, Field(ge=1, le=2**63 - 1), BeforeValidator(_whole)]
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
