"""Cells: one value from outside (a CSV cell, a JSON value) to one clean Python value.

Each function takes the raw value and the name of its column, and raises FieldError, which names
both. None and empty text mean that the value is absent.
"""

from __future__ import annotations

import json
import math
import re
import unicodedata
from datetime import UTC, datetime, timedelta, timezone

from recsys.errors import DataError

MAX_ID = 512  # characters; longer ids are a sign of a shifted column
AHEAD = 300.0  # seconds that a sender's clock may run ahead of ours
MAX_VALUE = 3e38  # what a float32 column still holds

_MILLISECONDS = 1e11  # from here on (year 5138 in seconds, 1973 in milliseconds)
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_TWITTER = re.compile(
    r"[A-Z][a-z]{2},? ([A-Z][a-z]{2}) +(\d{1,2}) (\d\d):(\d\d):(\d\d) ([+-])(\d\d):?(\d\d) (\d{4})"
)


class FieldError(DataError):
    """One value is wrong; `column` and `reason` say which and why."""

    def __init__(self, column: str, reason: str) -> None:
        super().__init__(f"{column}: {reason}")
        self.column = column
        self.reason = reason


def shown(raw: object, limit: int = 60) -> str:
    """Return a value as an error message shows it: quoted, and cut when long."""
    text = repr(raw) if not isinstance(raw, str) or len(raw) <= limit else repr(raw[:limit]) + "…"
    return text if len(text) <= 2 * limit else text[: 2 * limit] + "…"


def parse_id(raw: object, column: str) -> str:
    """Return an id, stripped: 1 to 512 characters, none of them a control character."""
    text = (raw if isinstance(raw, str) else _id_text(raw, column)).strip()
    if text and len(text) <= MAX_ID and (text.isprintable() or not _controls(text)):
        return text
    if not text:
        raise FieldError(column, "is missing")
    if len(text) > MAX_ID:
        raise FieldError(column, f"has {len(text)} characters, {MAX_ID} are allowed")
    raise FieldError(column, f"{shown(text)} holds a control character or is not UTF-8")


def _id_text(raw: object, column: str) -> str:
    if raw is None:
        return ""
    if isinstance(raw, int) and not isinstance(raw, bool):
        return str(raw)
    if isinstance(raw, float) and raw.is_integer():  # a column of numbers with gaps
        return str(int(raw))
    raise FieldError(column, f"{shown(raw)} is neither text nor a whole number")


def _controls(text: str) -> bool:
    return any(unicodedata.category(sign) in ("Cc", "Cs", "Zl", "Zp") for sign in text)


def parse_number(raw: object, column: str) -> float | None:
    """Return a finite number, None when absent."""
    if raw is None or raw == "":
        return None
    try:
        number = _float(raw)
    except (ValueError, TypeError, OverflowError):
        if isinstance(raw, str) and not raw.strip():
            return None
        raise FieldError(column, f"{shown(raw)} is not a number") from None
    if not -MAX_VALUE <= number <= MAX_VALUE:
        raise FieldError(column, f"{shown(raw)} is not a finite number")
    return number


def _float(raw: object) -> float:
    if isinstance(raw, str) and "_" not in raw:  # Python would read 1_000 as a thousand
        return float(raw)
    if isinstance(raw, (int, float)) and not isinstance(raw, bool):
        return float(raw)
    raise ValueError


def parse_time(raw: object, column: str, now: float) -> float | None:
    """Return Unix seconds, None when absent.

    Reads Unix seconds and milliseconds, ISO 8601 (UTC unless it names a zone) and the form of
    Twitter and Weibo exports. A time up to AHEAD seconds after `now` is returned as it came, so
    that the key of an event does not depend on when it was read; who stores it cuts it to now.
    """
    if raw is None or raw == "":
        return None
    try:
        seconds = _float(raw)
    except (ValueError, TypeError, OverflowError):
        if isinstance(raw, str) and not raw.strip():
            return None
        seconds = _calendar(raw, column)
    if abs(seconds) >= _MILLISECONDS:
        seconds /= 1000.0
    if seconds <= now + AHEAD and seconds > -_MILLISECONDS:
        return seconds
    if math.isfinite(seconds):
        raise FieldError(column, f"{shown(raw)} is in the future")
    raise FieldError(column, f"{shown(raw)} is not a time")


def _calendar(raw: object, column: str) -> float:
    try:
        if isinstance(raw, datetime):
            moment = raw
        elif isinstance(raw, str):
            moment = _twitter(raw) or datetime.fromisoformat(raw.strip())
        else:
            raise ValueError
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        raise FieldError(
            column,
            f"{shown(raw)} is not a time: use ISO 8601, Unix seconds or milliseconds, "
            "or Tue Sep 11 19:23:20 +0800 2012",
        ) from None


def _twitter(raw: str) -> datetime | None:
    found = _TWITTER.fullmatch(raw.strip())
    if found is None or found[1] not in _MONTHS:
        return None
    month, day, hour, minute, second, sign, zone_h, zone_m, year = found.groups()
    offset = timedelta(hours=int(zone_h), minutes=int(zone_m))
    zone = timezone(-offset if sign == "-" else offset)
    return datetime(
        int(year), _MONTHS.index(month) + 1, int(day), int(hour), int(minute), int(second),
        tzinfo=zone,
    )


def parse_text(raw: object, column: str) -> str:
    """Return words as they came, without what no database can hold (NUL, half a surrogate pair)."""
    if raw is None:
        return ""
    if isinstance(raw, (int, float)):
        return str(raw)
    if not isinstance(raw, str):
        raise FieldError(column, f"{shown(raw)} is not text")
    if raw.isascii():
        return raw if "\0" not in raw else raw.replace("\0", "")
    if any("\udc80" <= sign <= "\udcff" for sign in raw) and not _paired(raw):
        raise FieldError(column, "is not valid UTF-8")
    return raw.replace("\0", "").encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _paired(raw: str) -> bool:
    """Whether the surrogates of a text are JSON escapes and not undecodable bytes of a file."""
    return any("\ud800" <= sign <= "\udbff" for sign in raw)


def parse_words(raw: object, column: str) -> tuple[str, ...]:
    """Return a list of words, from `a|b` or a JSON list; stripped, distinct, in order."""
    if raw is None or raw == "":
        return ()
    parts = raw if isinstance(raw, (list, tuple)) else parse_text(raw, column).split("|")
    words = (parse_text(part, column).strip() for part in parts)
    return tuple(dict.fromkeys(word for word in words if word))


def parse_extra(raw: object, column: str) -> object:
    """Return a value of an unknown column in the form that JSON keeps; None when absent."""
    if isinstance(raw, str):
        return parse_text(raw, column) or None
    if raw is None or isinstance(raw, (bool, int)):
        return raw
    if isinstance(raw, float):
        return raw if math.isfinite(raw) else None
    try:
        kept: object = json.loads(json.dumps(raw, default=str, allow_nan=False))
    except (ValueError, TypeError, RecursionError):
        raise FieldError(column, f"{shown(raw)} cannot be kept as JSON") from None
    return kept
