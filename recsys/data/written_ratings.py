"""Written ratings: ratings in words, as fractions and as stars, read as numbers.

`4/5`, `8 out of 10`, `5 stars`, `★★★½`, `80%`, 力荐 and `excellent` are ratings in many exports.
Each has a number, and the top of its scale where it shows one. Ratings on several scales in one
file are refused: as numbers of one scale they would be wrong in silence.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from math import isfinite
from typing import NamedTuple

from recsys.data.event_flags import WORDS
from recsys.data.event_kinds import RATING, find
from recsys.data.id_normalization import is_null
from recsys.data.parsing import FieldError, shown

TOP_OF_WORDS = 5.0
MOST_TOLD = 8  # words in the sentence of a report
_NUMBER = r"(\d+(?:[.,]\d+)?)"
_FRACTION = re.compile(rf"{_NUMBER}\s*(?:/|out of|of|von|sur|/共)\s*{_NUMBER}\s*(?:stars?|星)?")
_COUNTED = re.compile(rf"{_NUMBER}\s*(?:-?\s*stars?|星级?|颗星|★|⭐|points?|pts|分|点)")
_PERCENT = re.compile(rf"{_NUMBER}\s*[%％]")
_STARS = re.compile(r"([★⭐🌟*]*)([½⯨⯪]?)([☆✩✰⚝]*)")
_VARIANT = "\ufe0f"  # a sign after another one that asks for a coloured picture
_TOPS = (5.0, 10.0, 20.0, 100.0)  # of fractions, beside the whole numbers from 3 to 7
_WORDS: Mapping[float, str] = {  # numbers of five, the best first; several words joined by _
    5.0: "力荐 好评 很好 非常好 极好 优秀 非常满意 非常喜欢 excellent outstanding amazing great "
    "perfect very_satisfied very_positive positive strongly_agree love_it",
    4.0: "推荐 好 不错 良好 满意 very_good good satisfied agree like_it",
    3.0: "还行 中评 一般 普通 中等 average ok okay fair neutral mixed so_so medium",
    2.0: "较差 不好 差 不推荐 不满意 poor bad dissatisfied disagree below_average",
    1.0: "很差 差评 极差 非常差 很不满意 非常不满意 terrible awful horrible very_poor very_bad "
    "very_dissatisfied very_negative negative strongly_disagree hate_it",
}
_NUMBERS = {
    word.replace("_", " "): number for number, words in _WORDS.items() for word in words.split()
}

_BOOLEANS = {word: float(is_yes) for word, is_yes in WORDS.items() if not word[0].isdigit()}
_GRADES = {  # of schools, where the first values of a column are grades and nothing else
    **{"a+": 5.0, "a": 5.0, "a-": 4.7, "b+": 4.3, "b": 4.0, "b-": 3.7, "c+": 3.3, "c": 3.0},
    **{"c-": 2.7, "d+": 2.3, "d": 2.0, "d-": 1.7, "e": 1.0, "f": 1.0},
}


class WrittenRating(NamedTuple):
    """The number that a written rating stands for."""

    number: float
    top: float | None  # the best rating of its scale; None where it does not show one


def written_rating(text: str) -> WrittenRating | None:
    """Return the rating that a text writes; None for another text, and for a number alone."""
    word = unicodedata.normalize("NFC", text).replace(_VARIANT, "").strip().casefold().strip("。.!")
    word = word.replace("_", " ")
    if (number := _NUMBERS.get(word)) is not None:
        return WrittenRating(number, TOP_OF_WORDS)
    if found := _FRACTION.fullmatch(word):
        number, top = _plain(found[1]), _plain(found[2])
        usual = top in _TOPS or 3 <= top <= 7 and top.is_integer()
        return WrittenRating(number, top) if usual and number <= top else None
    if found := _PERCENT.fullmatch(word):
        return WrittenRating(_plain(found[1]), 100.0) if _plain(found[1]) <= 100 else None
    if found := _COUNTED.fullmatch(word):
        return WrittenRating(_plain(found[1]), None)
    found = _STARS.fullmatch(word)
    if found is None or not (found[1] or found[2]):
        return None
    number = len(found[1]) + 0.5 * bool(found[2])
    if not found[3]:
        return WrittenRating(number, None)
    return WrittenRating(number, float(len(found[1]) + bool(found[2]) + len(found[3])))


def word_scale(values: Iterable[object]) -> Mapping[str, float] | None:
    """Return the numbers of the words in a column of ratings; None for another column.

    That is a column that holds true and false (yes and no, …) alone, or grades in letters alone.
    """
    filled = [one for one in values if not is_null(one)]
    scales = (_BOOLEANS, _GRADES) if filled else ()
    return next((one for one in scales if all(_word(raw) in one for raw in filled)), None)


def number_of_word(scale: Mapping[str, float], raw: object) -> object:
    """Return a value of a column of words as its number; a missing one, and 0 and 1, as they are.

    FieldError for what the scale does not have.
    """
    if is_null(raw) or scale is _BOOLEANS and raw in (0, 1, "0", "1") and raw not in (True, False):
        return raw
    number = scale.get(_word(raw))
    if number is None:
        others = "true and false" if scale is _BOOLEANS else "grades in letters"
        raise FieldError("value", f"{shown(raw)} stands among {others}: write all ratings alike")
    return number


def _word(raw: object) -> str:
    if isinstance(raw, bool):
        return str(raw).lower()
    return raw.strip().casefold().replace("−", "-") if isinstance(raw, str) else ""


def may_be_written(raw: object) -> bool:
    """Whether a value of a column of ratings is a text that is no plain number."""
    if not isinstance(raw, str) or not raw:
        return isinstance(raw, bool)
    return not raw.isascii() or not raw[-1].isdecimal() or "/" in raw or "of" in raw


def kind_as_rating(raw: object) -> str:
    """Return the kind of event that a rating names (`like`, `dislike`, 👍); empty for none."""
    if not isinstance(raw, str):
        return ""
    kind = find(raw.strip())
    return kind.name if kind is not None and kind.explicit and kind.name != RATING else ""


class WrittenRatings:
    """The scale of the written ratings of a file, and what was read as which number."""

    def __init__(self) -> None:
        self.read: dict[str, str] = {}  # as written -> the number, or the kind
        self.words: Mapping[str, float] | None = None  # of a column of words: word -> number
        self._highest: float | None = None  # of the plain numbers among the first values
        self._first: tuple[str, float] | None = None  # a rating that shows its top, and the top
        self._is_begun = False

    def begin(self, values: Iterable[object]) -> None:
        """Take the first values of the column of ratings, which decide how words are read."""
        values = list(values)
        if not self._is_begun and values:
            self._is_begun = True
            self.words = word_scale(values)
            self._highest = max(filter(None, map(_plain_number, values)), default=None)

    def number(self, raw: object) -> object:
        """Return a value of a column of words as its number, and note it for the report."""
        number = raw if self.words is None else number_of_word(self.words, raw)
        if number is not raw:
            self._tell(str(raw).lower() if isinstance(raw, bool) else str(raw), f"{number:g}")
        return number

    def check(self, raw: object) -> None:
        """Take a value of a column of ratings; FieldError for one of another scale than before."""
        if not isinstance(raw, str):
            return
        rating = written_rating(raw)
        if rating is None:
            if kind := kind_as_rating(raw):
                self._tell(raw, kind)
            return
        if rating.top is not None:
            if self._highest is not None and self._highest > rating.top:
                raise FieldError(
                    "value",
                    f"{shown(raw)} is out of {rating.top:g}, and the column has {self._highest:g}, "
                    "too: write all ratings on one scale",
                )
            if self._first is None:
                self._first = raw.strip(), rating.top
            elif self._first[1] != rating.top:
                first, top = self._first
                raise FieldError(
                    "value",
                    f"{shown(raw)} is out of {rating.top:g}, and {shown(first)} before it out of "
                    f"{top:g}: write all ratings on one scale",
                )
        self._tell(raw, f"{rating.number:g}")

    def _tell(self, raw: str, meaning: str) -> None:
        if len(self.read) < MOST_TOLD:
            self.read.setdefault(raw.strip(), meaning)

    def sentence(self) -> str:
        """Return which written ratings were read as which numbers; empty for none."""
        if not self.read:
            return ""
        parts = ", ".join(f"{word} as {meaning}" for word, meaning in self.read.items())
        numbers = {meaning[0].isdecimal() for meaning in self.read.values()}
        read = "numbers and kinds of event" if len(numbers) > 1 else "numbers"
        read = read if True in numbers else "kinds of event"
        return f"ratings written as words or signs were read as {read}: {parts}"


def _plain_number(raw: object) -> float | None:
    if isinstance(raw, bool) or not isinstance(raw, (str, int, float)):
        return None
    try:
        number = float(raw)
    except (ValueError, OverflowError):
        return None
    return number if isfinite(number) else None


def _plain(digits: str) -> float:
    return float(digits.replace(",", "."))
