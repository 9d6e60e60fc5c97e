"""Parsing of timestamps in common formats to Unix seconds.

Numbers are distinguished by their size: seconds, milliseconds, microseconds and nanoseconds of any
time outside of 1966 to 1973 have sizes of their own. Numbers below these (a year, the serial
number of a spreadsheet's date, a position) are never taken for seconds unless they are whole days
from 1970; dates that begin with a day or a month are refused unless dots separate them: both are
wrong in silence otherwise.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from email.utils import parsedate_to_datetime

from recsys.data.date_formats import written_moment
from recsys.errors import DataError

AHEAD = 300.0  # seconds that a sender's clock may run ahead of ours
LAST = 7_258_118_400.0  # seconds from 1970 that a number may stand for: the end of 2199
LEAST = 1e8  # seconds from 1970, either way, that a number must hold: 3 March 1973
DAY, LEAST_DATE = (
    86_400,
    1e6,
)  # whole days of this size are dates of 1966 to 1973: of films, of people
_UNITS = (
    (1e11, 1.0, "seconds"),
    (1e14, 1e3, "milliseconds"),
    (1e17, 1e6, "microseconds"),
    (1e20, 1e9, "nanoseconds"),
)
_WAY_OUT = (
    ": use ISO 8601, Unix seconds or milliseconds, RFC 2822, or Tue Sep 11 19:23:20 +0800 2012"
)
_MONTHS = "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec"
_BASIC = re.compile(r"(\d{4})(\d\d)(\d\d)(?:(\d\d)(\d\d)(\d\d)?)?(?:\.0+)?")
_RFC_2822 = re.compile(
    rf"(?:[A-Z][a-z]{{2}}, ?)?\d{{1,2}} (?:{_MONTHS}) \d{{2}}(?:\d{{2}})? \d{{1,2}}:\d\d(?::\d\d)?"
    r" ?(?:[+-]\d{4}|UT|UTC|GMT|Z|[ECMP][SD]T)?"
)
_TWITTER = re.compile(
    rf"(?:[A-Z][a-z]{{2}},? )?({_MONTHS}) +(\d{{1,2}}) (\d\d):(\d\d):(\d\d)"
    r" (?:([+-])(\d\d):?(\d\d)|UTC|GMT) (\d{4})"
)
_JAVASCRIPT = re.compile(
    rf"[A-Z][a-z]{{2}} ({_MONTHS}) (\d\d) (\d{{4}}) (\d\d):(\d\d):(\d\d) GMT([+-])(\d\d)(\d\d)"
    r"(?: \([^)]*\))?"
)
_NET_DATE = re.compile(r"\\?/Date\((-?\d{9,14})(?:[+-]\d{4})?\)\\?/")
_DAY_FIRST = re.compile(r"\d{1,2}[-/.]\d{1,2}[-/.]\d{2}(?:\d{2})?(?:[T ,].*)?")
_MONTH = re.compile(r"\d{4}[-/.]\d{1,2}")


# end of the message about a day of unknown order: what a command has besides
OF_FILES = ", or name the order of a file with --dates day-first or --dates month-first"


class NotATime(DataError):
    """A value is no time; the text goes on with what it may be meant as."""


class FutureTime(DataError):
    """A time lies more than AHEAD seconds after now."""


def unix_seconds(raw: object, now: float) -> float:
    """Return Unix seconds; UTC where the value names no zone. NotATime and FutureTime else."""
    number = _number(raw)
    if number is None:
        seconds = _calendar(raw)
    elif LEAST <= number <= now + AHEAD and number < 1e11:
        return number  # nearly all are like this
    else:
        seconds = _of_number(raw, number)
    if seconds > now + AHEAD:
        if number is not None and (moment := _digits(raw)) is not None:
            seconds = moment
        if seconds > now + AHEAD:
            raise FutureTime
    return seconds


def any_moment(raw: object) -> float:
    """Return Unix seconds of a moment, also a future one; UTC without a zone. NotATime else.

    A date may lie in any year; a number stands for seconds, milliseconds, … before 2200, else
    FutureTime.
    """
    return _calendar(raw) if _number(raw) is None else unix_seconds(raw, LAST)


def unit_of(raw: object) -> str:
    """Return the name of a form worth telling: microseconds, basic dates, …; else empty."""
    try:
        number = _number(raw)
    except NotATime:
        return ""
    if number is None:
        text = raw.strip() if isinstance(raw, str) else ""
        return "RFC 2822" if _RFC_2822.fullmatch(text) else ""
    if _digits(raw) is not None:
        return "ISO 8601 basic dates"
    name = next((name for most, _, name in _UNITS if abs(number) < most), "")
    return name if name in ("microseconds", "nanoseconds") else ""


def _number(raw: object) -> float | None:
    """Return a value as a number; None for what is none. NotATime for a number without an end."""
    try:
        if isinstance(raw, str):
            if "_" in raw:
                return None
            number = float(raw)
        elif isinstance(raw, (int, float, Decimal)) and not isinstance(raw, bool):
            number = float(raw)
        else:
            return None
    except (ValueError, OverflowError):
        return None
    if not math.isfinite(number):
        raise NotATime
    return number


def _of_number(raw: object, number: float) -> float:
    if abs(number) < LEAST:
        moment = _digits(raw)
        if moment is not None:
            return moment
        if abs(number) >= LEAST_DATE and number % DAY == 0:
            return number
        raise NotATime(_meant(number))
    if 1e11 <= number < 1e12 and (moment := _digits(raw)) is not None:
        return moment  # 202101290701; as milliseconds it would lie in 1976
    for most, per_second, _ in _UNITS:
        if abs(number) < most:
            # whole numbers are divided exactly: a float holds no nanosecond of today
            whole = raw if isinstance(raw, int) else None
            return (whole or number) / per_second
    if number > 0:
        raise FutureTime
    raise NotATime


def _digits(raw: object) -> float | None:
    """Return the moment that 20210129 or 20210129070100 spells; None for other numbers."""
    text = raw.strip() if isinstance(raw, str) else _plain(raw)
    found = _BASIC.fullmatch(text)
    if found is None or not 1800 <= int(found[1]) <= 2100:
        return None
    try:
        return datetime(*(int(part or 0) for part in found.groups()), tzinfo=UTC).timestamp()  # type: ignore[misc, arg-type]
    except ValueError:
        return None


def _plain(raw: object) -> str:
    return str(int(raw)) if isinstance(raw, (int, float, Decimal)) and raw == int(raw) else str(raw)


def _meant(number: float) -> str:
    """Return what a number that is too small for seconds may be, and what to write instead."""
    if number == 0:
        return ": leave it empty where no time is known"
    if number == int(number) and 1000 <= number <= 2999:
        return f": for the year write {int(number)}-01-01"
    if 20_000 <= number < 80_000:
        moment = datetime(1899, 12, 30) + timedelta(days=number)
        return (
            f": as the date cell of a spreadsheet it is {moment:%Y-%m-%d %H:%M}; give the column "
            "the format yyyy-mm-dd hh:mm:ss and save it again"
        )
    return (
        ": it is too small for Unix seconds; write the date as 2021-01-29, or leave the column out "
        "where it numbers the rows (the order of a file is the order in time)"
    )


def _calendar(raw: object) -> float:
    if isinstance(raw, datetime):
        return _stamp(raw)
    if isinstance(raw, date):
        return _stamp(datetime(raw.year, raw.month, raw.day))
    if isinstance(raw, (list, tuple)):
        return _stamp(_of_parts(raw))
    if not isinstance(raw, str):
        raise NotATime(_WAY_OUT)
    text = (raw if raw.isascii() else unicodedata.normalize("NFKC", raw)).strip()
    for read in _READERS:
        try:
            moment = read(text)
        except (ValueError, OverflowError, TypeError, IndexError):
            continue
        if moment is not None:
            try:
                return _stamp(moment)
            except (ValueError, OverflowError):
                continue
    if _DAY_FIRST.fullmatch(text):
        raise NotATime(
            ": day and month cannot be distinguished; write the year first, as in 2021-01-29"
            + OF_FILES
        )
    if _MONTH.fullmatch(text):
        raise NotATime(": for the month write its first day, as in 2021-01-01")
    raise NotATime(_WAY_OUT)


def _of_parts(parts: Sequence[object]) -> datetime:
    """Return the moment of [2026, 11, 20, 10, 0, 5], as Java writes times: a date at least."""
    numbers = [one for one in parts if isinstance(one, int) and not isinstance(one, bool)]
    if len(numbers) != len(parts) or not 3 <= len(numbers) <= 7:
        raise NotATime(_WAY_OUT)
    year, month, day, *clock = numbers
    hour, minute, second, nano = [*clock, 0, 0, 0, 0][:4]
    try:
        return datetime(year, month, day, hour, minute, second, nano // 1000, tzinfo=UTC)
    except (ValueError, OverflowError):
        raise NotATime(_WAY_OUT) from None


def _stamp(moment: datetime) -> float:
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _iso(text: str) -> datetime | None:
    return None if text.isdigit() else datetime.fromisoformat(text.upper())


def _rfc_2822(text: str) -> datetime | None:
    return parsedate_to_datetime(text) if _RFC_2822.fullmatch(text) else None


def _microsoft(text: str) -> datetime | None:
    """Read /Date(1611903660000)/ and /Date(1611903660000+0100)/, JSON of older .NET."""
    found = _NET_DATE.fullmatch(text)
    return datetime.fromtimestamp(int(found[1]) / 1e3, UTC) if found else None


def _twitter(text: str) -> datetime | None:
    found = _TWITTER.fullmatch(text)
    if found is None:
        return None
    month, day, hour, minute, second, sign, zone_h, zone_m, year = found.groups()
    return _moment((year, month, day, hour, minute, second), sign, zone_h, zone_m)


def _javascript(text: str) -> datetime | None:
    found = _JAVASCRIPT.fullmatch(text)
    if found is None:
        return None
    month, day, year, hour, minute, second, sign, zone_h, zone_m = found.groups()
    return _moment((year, month, day, hour, minute, second), sign, zone_h, zone_m)


def _moment(
    parts: tuple[str, ...], sign: str | None, zone_h: str | None, zone_m: str | None
) -> datetime:
    year, month, day, hour, minute, second = parts
    number = _MONTHS.split("|").index(month) + 1
    moment = datetime(int(year), number, int(day), int(hour), int(minute), int(second), tzinfo=UTC)
    offset = timedelta(hours=int(zone_h or 0), minutes=int(zone_m or 0))
    return moment + offset if sign == "-" else moment - offset


_READERS: tuple[Callable[[str], datetime | None], ...] = (
    _iso,
    _rfc_2822,
    _twitter,
    _javascript,
    _microsoft,
    written_moment,
)
