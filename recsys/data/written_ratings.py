"""Written ratings: ratings in words, as fractions and as stars, read as numbers.

`4/5`, `8 out of 10`, `5 stars`, `★★★½`, `80%`, 力荐 and `excellent` are ratings in many exports.
Each has a number, and the top of its scale where it shows one. Ratings on several scales in one
file are refused: as numbers of one scale they would be wrong in silence.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import NamedTuple

from recsys.data.event_kinds import RATING, find
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


def may_be_written(raw: object) -> bool:
    """Whether a value of a column of ratings is a text that is no plain number."""
    if not isinstance(raw, str) or not raw:
        return False
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
        self._first: tuple[str, float] | None = None  # a rating that shows its top, and the top

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
        return f"ratings written as words or signs were read as numbers: {parts}"


def _plain(digits: str) -> float:
    return float(digits.replace(",", "."))
