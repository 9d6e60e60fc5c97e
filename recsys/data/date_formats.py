"""Parsing of written dates and times: a date in one of several orders, a clock time, a zone.

Only forms that can be read in one way are parsed: the year first, months by name, days first
between dots, Chinese, Japanese and Korean forms. The order of day and month in a column of dates
such as 01/02/2021 is found by `recsys.data.day_month_order`.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_FULL_MONTHS = tuple(
    """
    january february march april may june july august september october november december sept
    """.split()
)
_WEEKDAY = r"(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*\.?,? +)?"
_MONTH = r"(?P<name>[A-Za-z]{3,9})\.?"
_DATES = tuple(
    re.compile(pattern)
    for pattern in (
        r"(?P<year>\d{4})(?P<sign>[-/.])(?P<month>\d{1,2})(?P=sign)(?P<day>\d{1,2})(?!\d)",
        r"(?P<year>\d{4})\. ?(?P<month>\d{1,2})\. ?(?P<day>\d{1,2})\.",  # Korean
        r"(?P<year>\d{4})[年년] ?(?P<month>\d{1,2})[月월] ?(?P<day>\d{1,2})[日일]",
        rf"{_WEEKDAY}{_MONTH} +(?P<day>\d{{1,2}})(?:st|nd|rd|th)?,? +(?P<year>\d{{4}})(?!\d|:)",
        rf"{_WEEKDAY}(?P<day>\d{{1,2}})(?:st|nd|rd|th)?[-/ .] ?{_MONTH},?[-/ ] ?"
        r"(?P<year>\d{4}|\d\d)(?!\d)",
        r"(?P<day>\d{1,2})\.(?P<month>\d{1,2})\.(?P<year>\d{4})(?!\d)",
    )
)
_CTIME = re.compile(
    rf"{_WEEKDAY}{_MONTH} +(?P<day>\d{{1,2}}) (?P<clock>\d\d:\d\d:\d\d)(?P<zone> [A-Z]+)? "
    r"(?P<year>\d{4})"
)
_MORNING = ("上午", "午前", "오전", "凌晨", "早上")
_AFTERNOON = ("下午", "午後", "오후", "晚上")
_CLOCK = re.compile(
    rf"(?:[T ,@:_]|\bat\b)*(?P<half>{'|'.join((*_MORNING, *_AFTERNOON))})? ?"
    r"(?P<hour>\d{1,2})(?P<sign>[:.：时時点시]) ?(?P<minute>\d{1,2})"
    r"(?:[:.：分분] ?(?P<second>\d\d)秒?(?:[.,](?P<fraction>\d+))?)?[分분]?"
    r"(?: ?(?P<meridiem>[AaPp])\.?[Mm]\.?)?"
)
_ZONE = re.compile(
    r" ?(?:(?P<utc>Z|z|UTC|GMT)?(?:(?P<sign>[+-])(?P<hours>\d{1,2}):?(?P<minutes>\d\d)?)?"
    r"(?: (?:UTC|GMT|[A-Z]{3,5}|[+-]\d{2,4}))?)(?: m=[+-][\d.]+)?(?: ?\[?(?P<area>[A-Z][A-Za-z_]+"
    r"(?:/[A-Z][A-Za-z_+-]+\d*)*)\]?)?"
)
# abbreviations with one meaning; CST, IST and BST have several
_ABBREVIATIONS = {
    "EST": -5.0,
    "EDT": -4.0,
    "MST": -7.0,
    "MDT": -6.0,
    "PST": -8.0,
    "PDT": -7.0,
    "CET": 1.0,
    "CEST": 2.0,
    "EET": 2.0,
    "EEST": 3.0,
    "WET": 0.0,
    "WEST": 1.0,
    "MSK": 3.0,
    "JST": 9.0,
    "KST": 9.0,
    "UTC": 0.0,
    "GMT": 0.0,
    "UT": 0.0,
    "Z": 0.0,
}


def written_moment(text: str) -> datetime | None:
    """Return the moment that a text writes, UTC where it names no zone; None for another form.

    ValueError for a date or a time of day that does not exist.
    """
    text = text.strip().removeprefix("[").removesuffix("]") if text[:1] == "[" else text.strip()
    if (found := _CTIME.fullmatch(text)) is not None:
        month = _month(found["name"])
        clock = _clock(f" {found['clock']}{found['zone'] or ''}")
        if month is None or clock is None:
            return None
        return _joined(int(found["year"]), month, int(found["day"]), clock)
    for pattern in _DATES:
        found = pattern.match(text)
        if found is None:
            continue
        parts = found.groupdict()
        number = int(parts["month"]) if parts.get("month") else _month(parts["name"])
        clock = _clock(text[found.end() :])
        if number is not None and clock is not None:
            return _joined(_year(parts["year"]), number, int(parts["day"]), clock)
    return None


_Clock = tuple[timedelta, tzinfo]  # the time of day, and the zone


def _joined(year: int, month: int, day: int, clock: _Clock) -> datetime:
    return datetime(year, month, day, tzinfo=clock[1]) + clock[0]


def _clock(text: str) -> _Clock | None:
    """Return the time of day and the zone that follow a date; None where they are no such."""
    if not text.strip(" .,"):
        return timedelta(), UTC
    found = _CLOCK.match(text)
    if found is None:
        return None
    hour, minute, second = (int(found[name] or 0) for name in ("hour", "minute", "second"))
    half, meridiem = found["half"], (found["meridiem"] or "").lower()
    if half or meridiem:
        if not (1 <= hour <= 12 or half and hour <= 23):
            raise ValueError("no hour of a half day")
        late = half in _AFTERNOON or meridiem == "p"
        hour = hour % 12 + 12 * late if hour <= 12 else hour
    if minute > 59 or second > 60 or hour > 24 or hour == 24 and (minute or second):
        raise ValueError("no time of day")
    zone = _zone(text[found.end() :])
    micro = int((found["fraction"] or "0")[:6].ljust(6, "0"))
    time = timedelta(hours=hour, minutes=minute, seconds=second, microseconds=micro)
    return None if zone is None else (time, zone)


def _zone(text: str) -> tzinfo | None:
    """Return the zone that a text names, UTC for none; None where it is none."""
    name = text.strip(" ()")
    if not name:
        return UTC
    if (hours := _ABBREVIATIONS.get(name)) is not None:
        return timezone(timedelta(hours=hours))
    found = _ZONE.fullmatch(text)
    if found is None:
        return None
    if found["sign"]:
        offset = timedelta(hours=int(found["hours"]), minutes=int(found["minutes"] or 0))
        return timezone(-offset if found["sign"] == "-" else offset)
    if found["utc"]:
        return UTC
    try:
        return ZoneInfo(found["area"]) if found["area"] and "/" in found["area"] else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def _month(name: str) -> int | None:
    small = name.casefold()
    if small not in _MONTHS and small not in _FULL_MONTHS:
        return None
    return _MONTHS.index(small[:3]) + 1


def _year(digits: str) -> int:
    """Return a year; of two digits, as in the C library, those from 69 on lie before 2000."""
    year = int(digits)
    return year if len(digits) == 4 else year + (2000 if year < 69 else 1900)
