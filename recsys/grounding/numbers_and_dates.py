"""Numbers, dates and URLs of a text in normal forms, English and Chinese."""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal

URL = re.compile(
    # a host has at most six parts here, of 63 letters each: a longer chain of dots is none
    r"(?:https?://|www\.)[^\s<>\"'《》“”（）()]+"
    r"|\b[\w-]{1,63}(?:\.[\w-]{1,63}){0,5}\.(?:com|org|net|io|cn|ly|co|de|info)\b(?:/[^\s<>\"']*)?",
    re.IGNORECASE,
)
_SCALE = {"k": 3, "thousand": 3, "million": 6, "m": 6, "billion": 9, "万": 4, "亿": 8, "百万": 6}
_DIGITS = re.compile(
    r"\d[\d,]*(?:\.\d+)?(?:\s*(?:k|m|thousand|million|billion)\b|\s*(?:百万|万|亿))?(?:\s*(?:%|percent\b))?",
    re.IGNORECASE,
)
_WORDS = {
    word: value
    for value, word in enumerate(
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen"
        " fifteen sixteen seventeen eighteen nineteen".split()
    )
} | {
    word: 10 * value
    for value, word in enumerate("twenty thirty forty fifty sixty seventy eighty ninety".split(), 2)
}
_WORD = re.compile(
    rf"\b(?:(?P<tens>{'|'.join(w for w, v in _WORDS.items() if v >= 20)})"
    rf"(?:[-\s](?P<ones>{'|'.join(w for w, v in _WORDS.items() if 0 < v < 10)}))?"
    rf"|(?P<one>{'|'.join(w for w, v in _WORDS.items() if v < 20 and v != 1)})"
    r"|(?P<large>hundred|thousand|million|billion|dozen|twice|half))s?\b",
    re.IGNORECASE,
)
_LARGE = {"hundred": "100", "thousand": "1000", "million": "1000000", "billion": "1000000000"}
_LARGE |= {"dozen": "12", "twice": "2", "half": "0.5"}
_HAN_DIGITS = {sign: value for value, sign in enumerate("零一二三四五六七八九")} | {
    "两": 2,
    "〇": 0,
}
_HAN_UNITS = {"十": 10, "百": 100, "千": 1000, "万": 10_000, "亿": 100_000_000}
_MEASURES = (
    "个篇条人位部本天年月日次时分秒倍集首张名家只点元块岁周章层号季成级项件种款台辆场轮胜局页股万亿"
)
_HAN = re.compile(
    rf"[零〇一二两三四五六七八九十百千万亿]{{2,}}|[二两三四五六七八九十百千](?=[{_MEASURES}])"
)
_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "january jan",
            "february feb",
            "march mar",
            "april apr",
            "may",
            "june jun",
            "july jul",
            "august aug",
            "september sep sept",
            "october oct",
            "november nov",
            "december dec",
        ),
        1,
    )
    for name in names.split()
}
_MONTH = "|".join(sorted(_MONTHS, key=len, reverse=True))
_DATES = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"\b(?P<y>\d{4})[-/.](?P<m>\d{1,2})[-/.](?P<d>\d{1,2})\b",
        r"(?P<y>\d{4})\s*年\s*(?P<m>\d{1,2})\s*月(?:\s*(?P<d>\d{1,2})\s*[日号])?",
        r"(?P<m>\d{1,2})\s*月\s*(?P<d>\d{1,2})\s*[日号]",
        rf"\b(?P<d>\d{{1,2}})(?:st|nd|rd|th)?\s+(?:of\s+)?(?P<n>{_MONTH})\b\.?(?:,?\s+(?P<y>\d{{4}}))?",
        rf"\b(?P<n>{_MONTH})\b\.?\s+(?P<d>\d{{1,2}})(?:st|nd|rd|th)?\b(?:,?\s+(?P<y>\d{{4}}))?",
        rf"\b(?P<n>{_MONTH})\b\.?,?\s+(?P<y>\d{{4}})\b",
    )
)
Date = tuple[int, int, int]  # year, month, day; 0: not said


def plain(text: str) -> str:
    """Return a text in NFKC with straight quotes and apostrophes."""
    return unicodedata.normalize("NFKC", text).replace("\u2019", "'").replace("\u2018", "'")


def urls(text: str) -> set[str]:
    """Return the URLs and host names of a text, without scheme and final signs."""
    found = (one.group().rstrip(".,;:!?)。，；：！？") for one in URL.finditer(text))
    return {re.sub(r"^https?://", "", one.lower()).rstrip("/") for one in found}


def dates(text: str) -> tuple[list[Date], str]:
    """Return the dates of a text, and the text with a blank in place of each."""
    found: list[Date] = []
    for pattern in _DATES:
        for one in pattern.finditer(text):
            parts = one.groupdict()
            month = _MONTHS[parts["n"].lower()] if parts.get("n") else int(parts["m"])
            found.append((int(parts.get("y") or 0), month, int(parts.get("d") or 0)))
        text = pattern.sub(" ", text)
    return found, text


def has_date(date: Date, known: list[Date]) -> bool:
    """Whether a date is among known ones; what it does not say may be anything."""
    return any(all(a in (0, b) for a, b in zip(date, one, strict=True)) for one in known)


def numbers(text: str) -> list[str]:
    """Return the numbers of a text in normal form, in their order: 1200, 0.5, 12%.

    Numerals, English number words from two on (`one` and `一` mostly count nothing), and Chinese
    numerals of two signs or before a measure word.
    """
    found: list[tuple[int, str]] = []
    for one in _DIGITS.finditer(text):
        found.append((one.start(), _numeral(one.group())))
    for one in _WORD.finditer(text):
        if one["large"]:
            value = _LARGE[one["large"].lower()]
        elif one["one"]:
            value = str(_WORDS[one["one"].lower()])
        else:
            value = str(_WORDS[one["tens"].lower()] + _WORDS[(one["ones"] or "zero").lower()])
        found.append((one.start(), value))
    for one in _HAN.finditer(text):
        found.append((one.start(), str(_han_value(one.group()))))
    return [value for _, value in sorted(found)]


def _numeral(text: str) -> str:
    percent = "%" if re.search(r"%|percent", text, re.IGNORECASE) else ""
    digits = re.match(r"[\d,]*\d(?:\.\d+)?", text)
    assert digits is not None
    value = Decimal(digits.group().replace(",", ""))
    rest = re.sub(r"%|percent", "", text[digits.end() :], flags=re.IGNORECASE).strip(", ").lower()
    value *= Decimal(10) ** _SCALE.get(rest, 0)
    return f"{value.normalize():f}{percent}"


def _han_value(text: str) -> int:
    if not any(sign in _HAN_UNITS for sign in text):
        return int("".join(str(_HAN_DIGITS[sign]) for sign in text))
    total = section = digit = 0
    for sign in text:
        if sign in _HAN_DIGITS:
            digit = _HAN_DIGITS[sign]
        elif (unit := _HAN_UNITS[sign]) >= 10_000:
            total += max(section + digit, 1) * unit
            section = digit = 0
        else:
            section += max(digit, 1) * unit
            digit = 0
    return total + section + digit
