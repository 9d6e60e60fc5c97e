"""Limits of length: "under 10 minutes", "半小时以内" and the like, as minutes."""

from __future__ import annotations

import math
import re
from typing import NamedTuple

from recsys.dialogue.message_text import is_han

_TENS = {"twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "ninety": 90}
_ONES = {
    word: number
    for number, word in enumerate(
        "one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
        "fifteen sixteen seventeen eighteen nineteen".split(),
        start=1,
    )
}
_NUMBERS = {"half an": 0.5, "half a": 0.5, "a quarter of an": 0.25, "quarter of an": 0.25} | {
    "a couple of": 2,
    "a": 1,
    "an": 1,
}
_WORD = (
    rf"(?:{'|'.join(_TENS)})(?:[ -](?:{'|'.join(_ONES)}))?|{'|'.join(sorted(_ONES, reverse=True))}"
)
_COUNT = rf"\d{{1,4}}(?:\.\d)?|{_WORD}|{'|'.join(sorted(_NUMBERS, key=len, reverse=True))}"
_UNITS = {"h": 60.0, "m": 1.0, "s": 1 / 60}  # minutes, by the first letter
_UNIT = r"minutes?|mins?|m|hours?|hrs?|h|seconds?|secs?"
_SPAN = rf"(?:{_COUNT})[ -]?(?:{_UNIT})(?: and (?:a half|(?:{_COUNT}) (?:{_UNIT})))?"
_FROM = (
    r"over|more than|longer than|above|at least|no shorter than|no less than|min(?:imum)?(?: of)?"
)
_LESS = r"or (?:less|shorter|under|below)|max(?:imum)?|tops|at (?:the )?most"
_MORE = r"or (?:more|longer|over)|plus|at least|min(?:imum)?"
_ENGLISH = re.compile(
    r"(?:^|(?<= ))(?:(?:that|which|thats|theyre|of|with|and|but|are|is|take|takes|last|lasts|"
    r"run) )*"
    rf"(?P<limit>(?:between |from )?(?P<a>{_SPAN}|{_COUNT}) ?(?:and|to|-) ?(?P<b>{_SPAN})|"
    rf"(?P<refused>(?:nothing|not|no|never) )?"
    rf"(?P<before>no longer than|no more than|no shorter than|no less than|longer than|"
    rf"more than|over|"
    rf"above|at least|in under|under|less than|shorter than|below|at most|up to|within|"
    rf"max(?:imum)?(?: of)?|min(?:imum)?(?: of)?) (?:about )?(?P<c>{_SPAN})|"
    rf"(?:i|you|one) (?:can|could) (?:read|watch|finish|hear|do|get through|listen to|"
    rf"play) in (?P<e>{_SPAN})|"
    rf"(?P<d>{_SPAN}) (?P<after>{_LESS}|{_MORE}))"
    r"(?: long| in length| each)?(?= |$)(?! (?:ago|old|away|later|from (?:now|here|home|my|the)|"
    r"drive|walk))"
)
_AGE = re.compile(r"\b(?:posted|published|written|made|created|released|uploaded|from|old) ?$")
_BOUNDS_BELOW = re.compile(rf"^(?:{_FROM})$|^(?:{_MORE})$")

_HAN_DIGITS = {sign: number for number, sign in enumerate("零一二三四五六七八九")} | {"两": 2}
_HAN_COUNT = (
    r"\d{1,4}(?:\.\d)?|[一二两三四五六七八九]?十[一二三四五六七八九]?|[一二两三四五六七八九]|半"
)
_HAN_UNITS = {"分钟": 1.0, "分": 1.0, "小时": 60.0, "钟头": 60.0, "秒": 1 / 60, "秒钟": 1 / 60}
_HAN_SPAN = rf"(?:{_HAN_COUNT})个?半?(?:分钟|小时|钟头|秒钟|秒)"
_CHINESE = re.compile(
    rf"(?:时长|长度|时间)?(?:在|是|为)?(?P<limit>(?P<a>{_HAN_COUNT})(?:分钟|"
    rf"小时)?[到至](?P<b>{_HAN_SPAN})|"
    rf"(?P<before>(?:不要|别|不能|不)?(?:超过|多于|长于|大于|高于)|少于|短于|小于|低于|不到|"
    rf"至多|最多|最长|"
    rf"至少|最少|不少于|不短于|不低于)(?P<c>{_HAN_SPAN})|"
    rf"(?<![近去这])(?P<d>{_HAN_SPAN})(?P<after>以内|之内|以下|内|以上|之上)|"
    rf"(?P<e>{_HAN_SPAN})(?:之?内)?(?:就|我)?(?:能|可以)(?:看|读|听|做)(?:完|好)(?:的)?)"
    r"(?!前|发|更新|出|写|之前)(?:的|就行|就好)?"
)
_HAN_BELOW = re.compile(r"^(?:超过|多于|长于|大于|高于|至少|最少|不少于|不短于|不低于|以上|之上)$")


class LengthLimit(NamedTuple):
    """Minutes that are allowed, both ends among them."""

    least: float
    most: float  # inf: no longest

    @property
    def value(self) -> str:
        """The limit as a target's value: "-10", "60-" or "5-10"."""
        least = f"{self.least:g}" if self.least else ""
        return f"{least}-{'' if math.isinf(self.most) else f'{self.most:g}'}"


def limit_of_value(value: str) -> LengthLimit:
    """Return the limit of a target's value; ValueError for any other text."""
    least, _, most = value.partition("-")
    return LengthLimit(float(least or 0), float(most or math.inf))


def without_length(clause: str) -> tuple[str, str]:
    """Return a clause without the limit of length in it, and the limit; empty: it has none."""
    found = (_CHINESE if is_han(clause) else _ENGLISH).search(clause)
    if found is None or _limit(found) is None or _AGE.search(clause[: found.start()]):
        return clause, ""
    before, after = clause[: found.start()], clause[found.end() :]
    rest = before + after if is_han(clause) else " ".join(f"{before} {after}".split())
    return rest, found["limit"]


def length_limit(words: str) -> LengthLimit | None:
    """Return the limit that words are; None: they are none, or more than one."""
    found = (_CHINESE if is_han(words) else _ENGLISH).fullmatch(words)
    return _limit(found) if found is not None else None


def _limit(found: re.Match[str]) -> LengthLimit | None:
    han = is_han(found[0])
    minutes = _han_minutes if han else _minutes
    if found["b"]:
        most = minutes(found["b"])
        first = found["a"]
        unit = next((one for one in (_HAN_UNITS if han else ()) if found["b"].endswith(one)), "")
        least = minutes(first) if re.search(r"[a-z]{3}|[^\d.]", first) and not han else None
        if least is None or least > most:
            least = _number(first, han) * (most / max(_number(found["b"], han), 1e-9))
        return LengthLimit(min(least, most), most) if unit or not han else None
    span = minutes(found["c"] or found["d"] or found["e"])
    if not 0 < span < 100_000:
        return None
    word = found["before"] or found["after"] or ""
    from_below = bool((_HAN_BELOW if han else _BOUNDS_BELOW).match(word))
    if not han and found["refused"]:
        from_below = not from_below
    return LengthLimit(span, math.inf) if from_below else LengthLimit(0, span)


def _number(words: str, han: bool) -> float:
    """Return the number that words begin with; 0: with none."""
    found = re.match(_HAN_COUNT if han else rf"(?:{_COUNT})(?![a-z])", words)
    if found is None:
        return 0.0
    return _han_count(found[0]) if han else _count(found[0])


def _minutes(span: str) -> float:
    """Return the minutes of words such as "an hour and a half"; of a bare number that number."""
    total, unit = 0.0, 1.0
    for count, name in re.findall(rf"({_COUNT})[ -]?({_UNIT})(?![a-z])", span):
        unit = _UNITS[name[0]]
        total += _count(count) * unit
    if " and a half" in span:
        total += unit / 2
    return total or _number(span, False)


def _count(words: str) -> float:
    if words[0].isdecimal():
        return float(words)
    if words in _NUMBERS:
        return float(_NUMBERS[words])
    return float(sum(_TENS.get(one) or _ONES[one] for one in re.split("[ -]", words)))


def _han_minutes(span: str) -> float:
    found = re.fullmatch(rf"({_HAN_COUNT})个?(半?)(分钟|小时|钟头|秒钟|秒)", span)
    if found is None:
        return 0.0
    return (_han_count(found[1]) + (0.5 if found[2] else 0.0)) * _HAN_UNITS[found[3]]


def _han_count(words: str) -> float:
    if words[0].isdecimal():
        return float(words)
    if words == "半":
        return 0.5
    tens, ten, ones = words.partition("十")
    if not ten:
        return float(_HAN_DIGITS[words])
    return 10.0 * (_HAN_DIGITS[tens] if tens else 1) + (_HAN_DIGITS[ones] if ones else 0)
