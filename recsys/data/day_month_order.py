"""Order of day and month in the dates of a table: 29/01/2021 07:01 or 1/29/2021 7:01 PM.

One such date may be read both ways, a column of them seldom: a number above 12 is a day. The first
rows of a file decide where at least half are such dates, or the caller does; where neither does,
each row is rejected.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime

DAY_FIRST, MONTH_FIRST = "day-first", "month-first"
ORDERS = {DAY_FIRST: "the day first", MONTH_FIRST: "the month first"}
TIMES = ("timestamp", "created_at", "available_from", "expires_at")  # columns of times
_PIVOT = 70  # years of two digits below it are of this century
_DATE = re.compile(
    r"(\d{1,2})([-/])(\d{1,2})\2(\d{4}|\d{2})"
    r"(?:[T ,]+(\d{1,2}):(\d\d)(?::(\d\d)(?:\.\d+)?)?(?: ?([AaPp])\.?[Mm]\.?)?)?"
)


def is_short_date(value: object) -> bool:
    """Return whether a value is a date of which day and month stand before the year."""
    return isinstance(value, str) and _DATE.fullmatch(value.strip()) is not None


def order_of(cells: Iterable[str]) -> str:
    """Return which of day and month comes first in a column's cells; empty: they do not show it.

    Empty too where some cells show the one and some the other, and where fewer than half of the
    filled cells are such dates: one among dates of another form is no rule of the column.
    """
    filled = [cell for cell in cells if cell.strip()]
    found = [match for cell in filled if (match := _DATE.fullmatch(cell.strip()))]
    if 2 * len(found) < len(filled):
        return ""
    day_first = any(int(match[1]) > 12 for match in found)
    month_first = any(int(match[3]) > 12 for match in found)
    if day_first == month_first:
        return ""
    return DAY_FIRST if day_first else MONTH_FIRST


def in_iso_form(text: str, order: str) -> str:
    """Return a date in ISO 8601, UTC; a text that is no such date as it is."""
    match = _DATE.fullmatch(text.strip())
    if match is None:
        return text
    first, _, second, year, hour, minute, second_of, half = match.groups()
    day, month = (first, second) if order == DAY_FIRST else (second, first)
    hours = int(hour or 0)
    if half and not 1 <= hours <= 12:
        return text
    if half:
        hours = hours % 12 + (12 if half in "Pp" else 0)
    full = int(year) if len(year) == 4 else int(year) + (2000 if int(year) < _PIVOT else 1900)
    try:
        return datetime(
            full, int(month), int(day), hours, int(minute or 0), int(second_of or 0), tzinfo=UTC
        ).isoformat()
    except ValueError:
        return text
