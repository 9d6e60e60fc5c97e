"""Detection of the column of times in files of events whose names do not tell it.

Only files of events without a known time column are examined. A column is taken if each of its
first values is a date with a year, a month and a day, or Unix time in seconds or milliseconds
between 2000 and now. Numbers of other sizes may be anything and are never taken.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import date

from recsys.data.day_month_order import is_short_date
from recsys.data.header_naming import Naming, Shape, more_precise
from recsys.data.timestamps import FutureTime, NotATime, unix_seconds
from recsys.errors import DataError

ROWS = 50  # that are examined
CLOCK = "timestamp"
_START = 946_684_800.0  # seconds from 1970 to 2000


def with_time_column(
    naming: Naming, shape: Shape, given: Mapping[str, str], columns: Mapping[str, Sequence[object]]
) -> Naming:
    """Return the naming of a file, its unnamed column of times read as `timestamp`.

    `given`: what --map says; `columns`: name -> first values. The naming is returned unchanged if
    the file has a time column, is not one of events, or has no column of times. DataError when
    several columns hold times.
    """
    if CLOCK not in shape.columns or CLOCK in naming.columns or CLOCK in given:
        return naming
    found = [name for name in naming.unused if _holds_times(columns.get(name, ()))]
    if not found:
        return naming
    if (precise := more_precise(found)) is not None:
        found = [found[precise]]  # comment_date_gmt beside comment_date
    if len(found) > 1:
        raise DataError(
            f"{' and '.join(found)} hold times, and none is called {CLOCK}: choose one with "
            f"--map {CLOCK}={found[0]}, or none with --map {CLOCK}="
        )
    return naming.reading_as({found[0]: CLOCK})


def _holds_times(values: Sequence[object]) -> bool:
    filled = [value for value in values[:ROWS] if value is not None and str(value).strip()]
    return bool(filled) and all(map(_is_time, filled))


def _is_time(value: object) -> bool:
    if is_short_date(value):
        return True
    now = time.time()
    try:
        seconds = unix_seconds(value, now)
    except (NotATime, FutureTime):
        return False
    if isinstance(value, date):
        return True
    text = str(value).strip()
    if any(sign in text for sign in "-/:年") or text.count(".") == 2:
        return True
    number = float(text)
    return seconds >= _START and (number == seconds or number == seconds * 1e3)
