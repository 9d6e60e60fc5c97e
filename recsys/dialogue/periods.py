"""Periods: words such as "this week", "since 2020" or "最近一个月", and the moments they span."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Literal

from recsys.dialogue.message_text import is_han

Unit = Literal["hour", "day", "week", "month", "year"]

_NUMBERS = {
    word: number
    for number, word in enumerate(
        "zero one two three four five six seven eight nine ten eleven twelve".split()
    )
} | {"a": 1, "an": 1, "couple of": 2, "few": 3}
_HAN_NUMBERS = {sign: number for number, sign in enumerate("零一二三四五六七八九十")} | {
    "两": 2,
    "几": 3,
    "半": 0.5,
}
_COUNT = r"\d{1,3}|" + "|".join(sorted(_NUMBERS, key=len, reverse=True))
_MONTHS = (
    "january|february|march|april|may|june|july|august|september|october|november|december"
).split("|")
_MONTH = "|".join(_MONTHS)
_PERIOD = (
    r"(?:today|yesterday|(?:this|last) (?:week|month|year)|"
    rf"(?:the )?(?:last|past) (?:(?:{_COUNT}) )?(?:hour|day|week|month|year)s?|"
    rf"since (?:yesterday|last (?:week|month|year)|(?:(?:{_MONTH}) )?(?:19|20)\d\d)|"
    r"(?:after|before|until) (?:19|20)\d\d)"
)
_ENGLISH = re.compile(
    rf"(?:^|(?<= ))(?:(?:posted|published|written|released|made|created|that are|that were) )*"
    rf"(?:(?:from|in|of|during|within|over|for) (?:the )?)?(?P<period>{_PERIOD}|"
    r"(?<=from )(?:19|20)\d\d|(?<=in )(?:19|20)\d\d)(?= only$|$| (?:about|on|regarding|"
    r"related to) )"
)
_HAN_COUNT = r"[一二两三四五六七八九十几半]|十[一二]|\d{1,3}"
_CHINESE = re.compile(
    rf"(?P<period>今天|今日|昨天|(?:这|本|上)(?:个|一)?(?:周|星期|礼拜|月)|今年|去年|"
    rf"(?:最?近|过去|这)(?:的)?(?:{_HAN_COUNT})?个?(?:小时|天|周|星期|礼拜|月|年)|"
    rf"(?:19|20)\d\d年?(?:以来|以后|之后|以前|之前)|(?:19|20)\d\d年)"
    rf"(?:里|内|以?来|之内|以内|当中)?(?:新?(?:发布|发表|发|写|出|上线|更新)(?:过|了)?)?的?"
)

_OFTEN_NOW = frozenset({"today", "yesterday", "this week", "今天", "今日", "昨天", "这周"})
_POSSESSIVE = re.compile(
    r"\b(today|yesterday|(?:this|last) (?:week|month|year))s "
    r"(posts?|articles?|threads?|videos?|items?|content|stuff)$"
)
_NOUNS = re.compile(
    r"\b(?:posts?|articles?|news|threads?|videos?|items?|discussions?|new|newest|latest)\b|文章|"
    r"帖|新闻|"
    r"视频|内容|新的"
)


def without_period(clause: str) -> tuple[str, str]:
    """Return a clause without the period that it ends with, and the period; empty: it has none.

    A period of a Chinese clause may stand anywhere. "Today" and the like say when somebody wants
    something, unless a noun of items or a word such as "from" is there.
    """
    if not is_han(clause):
        clause = _POSSESSIVE.sub(r"\2 from \1", clause)
    found = (_CHINESE if is_han(clause) else _ENGLISH).search(clause)
    if found is None:
        return clause, ""
    if found["period"] in _OFTEN_NOW and found[0] == found["period"] != clause:
        if not _NOUNS.search(clause):
            return clause, ""
    rest = f"{clause[: found.start()]} {clause[found.end() :]}"
    return (rest.replace(" ", "") if is_han(clause) else " ".join(rest.split())), found["period"]


def moments_of(words: str, now: datetime) -> tuple[datetime, datetime] | None:
    """Return the first moment of a period and the one after its last, in UTC; None: it is none.

    Weeks begin on Monday. Years alone ("2020", "since 2020", "last year") are none: see
    `comparable_fields.years_of`.
    """
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    if words in ("today", "今天", "今日"):
        return today, today + timedelta(days=1)
    if words in ("yesterday", "昨天"):
        return today - timedelta(days=1), today
    if words == "since yesterday":
        return today - timedelta(days=1), now
    if found := re.fullmatch(r"(since )?(this|last) (week|month|year)", words):
        return _calendar(found[3], found[2] == "last", bool(found[1]), today, now)
    if found := re.fullmatch(r"(这|本|上)(?:个|一)?(周|星期|礼拜|月)", words):
        unit = "month" if found[2] == "月" else "week"
        return _calendar(unit, found[1] == "上", False, today, now)
    if found := re.fullmatch(rf"(?:the )?(?:last|past) (?:({_COUNT}) )?(\w+?)s?", words):
        count = _NUMBERS.get(found[1] or "a") or float(found[1] if found[1] else 1)
        return _back(count, found[2], now), now
    if found := re.fullmatch(
        rf"(?:最?近|过去|这)的?({_HAN_COUNT})?个?(小时|天|周|星期|礼拜|月|年)", words
    ):
        return _back(_han_count(found[1] or "一"), _HAN_UNITS[found[2]], now), now
    if found := re.fullmatch(rf"since ({_MONTH}) (\d{{4}})", words):
        return datetime(int(found[2]), _MONTHS.index(found[1]) + 1, 1, tzinfo=UTC), now
    return None


_HAN_UNITS = {
    "小时": "hour",
    "天": "day",
    "周": "week",
    "星期": "week",
    "礼拜": "week",
    "月": "month",
    "年": "year",
}
_DAYS = {"hour": 1 / 24, "day": 1.0, "week": 7.0, "month": 30.44, "year": 365.25}


def _han_count(words: str) -> float:
    if words.isdecimal():
        return float(words)
    return float(sum(_HAN_NUMBERS[sign] for sign in words))


def _back(count: float, unit: str, now: datetime) -> datetime:
    return now - timedelta(days=min(count * _DAYS[unit], 365.25 * 500))


def _calendar(
    unit: str, last: bool, until_now: bool, today: datetime, now: datetime
) -> tuple[datetime, datetime]:
    """Return this or the last calendar week, month or year; `until_now`: and what follows."""
    if unit == "week":
        first = today - timedelta(days=today.weekday())
        before = first - timedelta(days=7)
    elif unit == "month":
        first = today.replace(day=1)
        before = (first - timedelta(days=1)).replace(day=1)
    else:
        first = today.replace(month=1, day=1)
        before = first.replace(year=first.year - 1)
    if not last:
        return first, now + timedelta(days=1)
    return before, now if until_now else first
