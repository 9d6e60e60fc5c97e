"""Normal form of ids and labels, and spellings of missing values.

Every value from outside passes through here, from files and over HTTP alike, so that the same
name in two Unicode forms is one name. See docs/formats.md.
"""

from __future__ import annotations

import re
import unicodedata

# written by programs only, never by users: absent in every column, titles and texts included
NULLS = frozenset(
    (
        "NULL",
        "null",
        "(null)",
        "<null>",
        "[NULL]",
        "\\N",
        "nan",
        "NaN",
        "<NA>",
        "NaT",
        "#N/A",
        "#NULL!",
        "undefined",
        "[null]",
        "[deleted]",
        "[removed]",
    )
)
# also words or names: absent where a column holds a number, a time, a label or an id
NULL_WORDS = NULLS | frozenset(
    (
        *("None", "none", "NONE", "Null", "NAN", "N/A", "n/a", "nil", "<nil>", "-", "--", "—", "–"),
        *("(not set)", "(not provided)"),  # Google Analytics
    )
)
ZERO_DATES = ("0000-00-00", "0000-00-00 00:00:00", "0000-00-00T00:00:00")  # of MySQL

_FLOAT_ID = re.compile(r"(0|[1-9]\d{0,15})\.0")


def canonical(text: str) -> str:
    """Return an id or a label in its one form.

    NFC, without blanks and invisible signs (zero width, byte order mark, direction) at the ends.
    An invisible sign inside stays: it joins emoji and letters of some scripts.
    """
    if text.isascii():
        return text.strip()
    text = unicodedata.normalize("NFC", text).strip()
    start, end = 0, len(text)
    while start < end and _takes_no_room(text[start]):
        start += 1
    while end > start and _takes_no_room(text[end - 1]):
        end -= 1
    return text[start:end]


def _takes_no_room(sign: str) -> bool:
    # a control character stays where it is: it makes an id invalid instead of another id
    return (unicodedata.category(sign) == "Cf" and sign not in "\U000e007f") or sign.isspace()


def canonical_id(text: str) -> str:
    """Return an id in its one form: `canonical`, and 12 for the 12.0 of a column with gaps."""
    text = canonical(text)
    if text[-2:] == ".0" and _FLOAT_ID.fullmatch(text):
        return text[:-2]
    return text


def label_key(text: str) -> str:
    """Return what labels are compared by: their one form without case."""
    return (
        text.lower() if text.isascii() else canonical(unicodedata.normalize("NFC", text.casefold()))
    )


def is_null(raw: object, words: bool = True) -> bool:
    """Whether a raw value is a spelling of NULL; `words`: also None, N/A, - and the like."""
    if raw is None or raw == "":
        return True
    if isinstance(raw, str):
        return raw in (NULL_WORDS if words else NULLS) or not raw.strip()
    return isinstance(raw, float) and raw != raw
