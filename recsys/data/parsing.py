"""Parsing of single values (a CSV cell, a JSON value) to Python values.

Each function takes the raw value and the name of its column, and raises FieldError, which names
both. None, empty text and the spellings of NULL (recsys.data.id_normalization) mean that the value
is absent.
"""

from __future__ import annotations

import json
import math
import re
import unicodedata
from collections.abc import Iterable
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from recsys.data.id_normalization import (
    NULL_WORDS,
    ZERO_DATES,
    canonical,
    canonical_id,
    is_null,
    label_key,
)
from recsys.data.label_lists import split_labels
from recsys.data.timestamps import AHEAD, FutureTime, NotATime, any_moment, unix_seconds
from recsys.errors import DataError

__all__ = ["AHEAD", "MAX_ID", "MAX_VALUE", "FieldError", "FutureError"]

MAX_ID = 512  # characters; longer ids are a sign of a shifted column
FIRST_DAY = -62_135_596_800.0  # 1 January of the year 1: the empty time of Go and .NET
NO_TIME = (
    FIRST_DAY,
    -(2**63) / 1e9,
)  # the latter: the missing time of pandas and NumPy as a number
PLACEHOLDERS = (*NO_TIME, 0.0, -2_208_988_800.0, -2_209_161_600.0)  # also 1970, 1900, 1899-12-30
MAX_VALUE = 3e38  # what a float32 column still holds

_NAMES = ("name", "text", "label", "title", "slug")  # of an object in a list of labels
_DECIMAL_COMMA = re.compile(r"\s*[+-]?(\d+),(\d+)\s*")
# two signs, or one of them twice: only one reading is left
_GROUPED = re.compile(r"[+-]?\d{1,3}(?:(?:,\d{3})+\.\d+|(?:,\d{3}){2,})")
_GROUPED_BY_DOTS = re.compile(r"[+-]?\d{1,3}(?:(?:\.\d{3})+,\d+|(?:\.\d{3}){2,})")


class FieldError(DataError):
    """One value is wrong; `column` and `reason` say which and why."""

    def __init__(self, column: str, reason: str) -> None:
        super().__init__(f"{column}: {reason}")
        self.column = column
        self.reason = reason


class FutureError(FieldError):
    """A time lies ahead of the clock, and only that is wrong with it."""


def native(value: object) -> Any:
    """Return Python's own 7 for `numpy.int64(7)`; any other value as it is."""
    item = getattr(value, "item", None)
    if callable(item) and getattr(value, "shape", None) == ():
        return item()
    return value


def shown(raw: object, limit: int = 60) -> str:
    """Return a value as an error message shows it: quoted, and cut when long."""
    text = repr(raw) if not isinstance(raw, str) or len(raw) <= limit else repr(raw[:limit]) + "…"
    return text if len(text) <= 2 * limit else text[: 2 * limit] + "…"


def parse_id(raw: object, column: str) -> str:
    """Return an id in its one form: 1 to 512 characters, none of them a control character.

    A spelling of NULL is refused: it names nobody and nothing.
    """
    text = raw if isinstance(raw, str) else _id_text(raw, column)
    if text.isascii() and text.isprintable() and " " not in text and text[-2:] != ".0":
        if 0 < len(text) <= MAX_ID and text not in NULL_WORDS:
            return text  # nearly all are like this
    text = canonical_id(text)
    if not text:
        raise FieldError(column, "is missing")
    if len(text) > MAX_ID:
        raise FieldError(column, f"has {len(text)} characters, {MAX_ID} are allowed")
    if not text.isprintable() and _controls(text):
        raise FieldError(column, f"{shown(text)} holds a control character or is not UTF-8")
    if text in NULL_WORDS:
        raise FieldError(column, f"{shown(text)} is a spelling of NULL, not an id")
    return text


def optional_id(raw: object, column: str) -> str:
    """Return an id as `parse_id` does, empty when it is absent."""
    return "" if is_null(raw) else parse_id(raw, column)


def _id_text(raw: object, column: str) -> str:
    if raw is None:
        return ""
    raw = native(raw)
    if isinstance(raw, str):
        return raw
    if isinstance(raw, int) and not isinstance(raw, bool):
        return str(raw)
    if isinstance(raw, float):
        if raw.is_integer():  # a column of numbers with gaps
            return str(int(raw))
        if raw != raw:
            return ""
    if isinstance(raw, Decimal) and raw.is_finite() and raw == raw.to_integral_value():
        return str(int(raw))
    raise FieldError(column, f"{shown(raw)} is neither text nor a whole number")


def _controls(text: str) -> bool:
    return any(unicodedata.category(sign) in ("Cc", "Cs", "Zl", "Zp") for sign in text)


def parse_number(raw: object, column: str) -> float | None:
    """Return a finite number, None when absent; 4,5 is read as 4.5."""
    if raw is None or raw == "":
        return None
    try:
        number = _float(raw)
    except (ValueError, TypeError, OverflowError):
        if is_null(raw):
            return None
        if isinstance(raw, str) and (parts := _DECIMAL_COMMA.fullmatch(raw)):
            return _decimal_comma(raw, parts, column)
        if isinstance(raw, str) and (grouped := _ungrouped(raw.strip())) is not None:
            return grouped
        raise FieldError(column, f"{shown(raw)} is not a number") from None
    if -MAX_VALUE <= number <= MAX_VALUE:
        return number
    if is_null(raw) or number != number:
        return None
    raise FieldError(column, f"{shown(raw)} is not a finite number")


def _ungrouped(text: str) -> float | None:
    """Return a number with separated thousands, such as 1,234.50 and 1.234,50; None for others."""
    if _GROUPED.fullmatch(text):
        return float(text.replace(",", ""))
    if _GROUPED_BY_DOTS.fullmatch(text):
        return float(text.replace(".", "").replace(",", "."))
    return None


def _decimal_comma(raw: str, parts: re.Match[str], column: str) -> float:
    whole, fraction = parts[1], parts[2]
    if len(fraction) == 3 and whole != "0" and len(whole) <= 3:
        reason = (
            f"{shown(raw)} is ambiguous, as the comma may separate decimals or thousands: write"
        )
        raise FieldError(column, f"{reason}, {whole}.{fraction} or {whole}{fraction}")
    return float(raw.replace(",", "."))


def _float(raw: object) -> float:
    if isinstance(raw, str) and "_" not in raw:  # Python would read 1_000 as a thousand
        return float(raw)
    if isinstance(raw, (int, float, Decimal)) and not isinstance(raw, bool):
        return float(raw)
    raise ValueError


def parse_time(raw: object, column: str, now: float) -> float | None:
    """Return Unix seconds, None when absent; the forms are those of recsys.data.timestamps.

    A time up to AHEAD seconds after `now` is returned as it came, so that the key of an event does
    not depend on when it was read; who stores it cuts it to now. FutureError for later ones.
    """
    if raw is None or raw == "":
        return None
    try:
        seconds = unix_seconds(raw, now)
    except FutureTime:
        raise FutureError(column, f"{shown(raw)} is in the future") from None
    except NotATime as error:
        if is_null(raw) or raw in ZERO_DATES:
            return None
        raise FieldError(column, f"{shown(raw)} is not a time{error}") from None
    if seconds <= 0 and seconds in PLACEHOLDERS:
        if seconds in NO_TIME:
            return None
        reason = f"{shown(raw)} is what programs write where no time is known: leave it empty"
        raise FieldError(column, reason)
    return seconds


def parse_any_time(raw: object, column: str) -> float | None:
    """Return Unix seconds of a moment in the past or the future, None when absent."""
    if raw is None or raw == "":
        return None
    try:
        seconds = any_moment(raw)
        return None if seconds in NO_TIME else seconds
    except FutureTime:
        reason = f"{shown(raw)} lies after the year 2199: write a date, or nothing for never"
        raise FutureError(column, reason) from None
    except NotATime as error:
        if is_null(raw) or raw in ZERO_DATES:
            return None
        raise FieldError(column, f"{shown(raw)} is not a time{error}") from None


def parse_created(raw: object, column: str, now: float) -> float | None:
    """Return when an item was or will be created; up to AHEAD seconds after `now` count as now.

    These are differences between clocks. What is later is a date of publication.
    """
    moment = parse_any_time(raw, column)
    return now if moment is not None and now < moment <= now + AHEAD else moment


def parse_text(raw: object, column: str) -> str:
    """Return words as they came, without what no database can hold (NUL, half a surrogate pair).

    Absent are the spellings of NULL that no user writes: a title "None" stays a title.
    """
    if raw is None or is_null(raw, words=False):
        return raw if isinstance(raw, str) and raw.isspace() else ""
    return clean_text(raw if isinstance(raw, str) else _plain(raw, column), column)


def clean_text(raw: str, column: str) -> str:
    """Return words without what no database can hold; whatever they spell, they are words."""
    if raw.isascii():
        return raw if "\0" not in raw else raw.replace("\0", "")
    if any("\udc80" <= sign <= "\udcff" for sign in raw) and not _paired(raw):
        raise FieldError(column, "is not valid UTF-8")
    return raw.replace("\0", "").encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _plain(raw: object, column: str) -> str:
    """Return a number, a date or a time as text."""
    if isinstance(raw, (float, Decimal)) and raw == raw and math.isfinite(raw) and raw == int(raw):
        return str(int(raw))
    if isinstance(raw, (int, float, Decimal)):
        return str(raw)
    if isinstance(raw, (date, datetime, time)):
        return raw.isoformat()
    if isinstance(raw, (list, tuple, dict)):
        from recsys.data.rich_text import rich_text  # here: few requests need it

        if (words := rich_text(raw)) is not None:
            return words
    raise FieldError(column, f"{shown(raw)} is not text")


def _paired(raw: str) -> bool:
    """Whether the surrogates of a text are JSON escapes and not undecodable bytes of a file."""
    return any("\ud800" <= sign <= "\udbff" for sign in raw)


def parse_label(raw: object, column: str) -> str:
    """Return a category, a tag or another label in its one form; empty when absent."""
    return "" if is_null(raw) else canonical(parse_text(raw, column))


def parse_words(raw: object, column: str) -> tuple[str, ...]:
    """Return labels in their one form, distinct without case, in order; the first spelling stays.

    From a list, or a text in one of the forms of `recsys.data.label_lists`. Of a list of objects
    the `name` of each counts, else its `text`, `label`, `title` or `slug`.
    """
    if is_null(raw):
        return ()
    parts: Iterable[object] = (
        raw if isinstance(raw, (list, tuple)) else split_labels(parse_text(raw, column))
    )
    named = (_name_of(part) if isinstance(part, dict) else part for part in parts)
    return distinct(word for part in named if (word := parse_label(part, column)))


def _name_of(part: dict[str, object]) -> object:
    return next((part[name] for name in _NAMES if name in part), part)


def distinct(labels: Iterable[str]) -> tuple[str, ...]:
    """Return labels that are distinct without case, in order; the first spelling stays."""
    found: dict[str, str] = {}
    for label in labels:
        found.setdefault(label_key(label), label)
    return tuple(found.values())


def parse_extra(raw: object, column: str) -> object:
    """Return a value of an unknown column in the form that JSON keeps; None when absent."""
    if isinstance(raw, str):
        return parse_text(raw, column) or None
    if raw is None or isinstance(raw, (bool, int)):
        return raw
    if isinstance(raw, Decimal):
        raw = float(raw) if not raw.is_finite() or raw != int(raw) else int(raw)
    if isinstance(raw, float):
        return raw if math.isfinite(raw) else None
    if isinstance(raw, int):
        return raw
    if isinstance(raw, (date, time)):
        return raw.isoformat()
    try:
        kept: object = json.loads(json.dumps(raw, default=str, allow_nan=False))
    except (ValueError, TypeError, RecursionError):
        raise FieldError(column, f"{shown(raw)} cannot be kept as JSON") from None
    return kept


def is_deeper(value: object, levels: int) -> bool:
    """Return whether a JSON value nests lists and objects in more than so many levels."""
    layer = [value]
    for _ in range(levels + 1):
        inner = [one for one in layer if isinstance(one, (dict, list, tuple))]
        layer = [part for one in inner for part in (one.values() if isinstance(one, dict) else one)]
        if not inner:
            return False
    return True


def json_size(value: object) -> int:
    """Return the bytes of a JSON value in UTF-8, without its quotes' escapes."""
    if isinstance(value, str):
        return 2 + (len(value) if value.isascii() else len(value.encode("utf-8", "replace")))
    if isinstance(value, dict):
        return 2 + sum(json_size(name) + json_size(one) + 2 for name, one in value.items())
    if isinstance(value, (list, tuple)):
        return 2 + sum(json_size(one) + 1 for one in value)
    if isinstance(value, int) and value.bit_length() > 64:
        return value.bit_length() // 3
    return 8
