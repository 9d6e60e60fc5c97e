"""Message text: normalised, cut into clauses, with the language that answers are given in."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from recsys.i18n import SOURCE
from recsys.text.language.detect import detect
from recsys.text.language.nouns import simplified

LONGEST = 2_000  # characters that are read of a message; the rest is left out, and said
MOST_CLAUSES = 20

_QUOTES = str.maketrans({"‘": "'", "’": "'", "´": "'", "`": "'", "“": '"', "”": '"', "„": '"'})
_LONG = re.compile(r"([^\W\d_])\1{2,}")
_HAN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]")
_KANA = re.compile(r"[\u3040-\u30ff]")
_WORD = re.compile(r"[^\W\d_]+")
_SPACES = re.compile(r"\s+")
_CLAUSES = re.compile(r"[,;!?。，、；！？\n]+|\.(?=\s|$)|…|\.{2,}|\s[-–—]+\s")
_OTHER_SCRIPTS = ("ja", "ko", "ru", "uk", "bg", "ar", "fa", "ur", "el", "he", "th", "hi", "bn")


@dataclass(frozen=True, slots=True)
class Message:
    """A message: its text as typed, the same in small letters without signs, and its clauses."""

    typed: str  # NFKC, the first LONGEST characters
    plain: str  # small letters, one space between words, apostrophes and emoji gone
    clauses: tuple[str, ...]
    language: str  # of the answer: en or zh
    foreign: str  # the language it is in where that is neither; empty: it is English or Chinese
    cut: bool  # longer than what is read
    left_out: int = 0  # clauses after the first MOST_CLAUSES


def read_message(text: str, language: str | None = None) -> Message:
    """Return a message; `language`: of the answer where the text does not tell, else English."""
    typed = unicodedata.normalize("NFKC", text[: 2 * LONGEST])[:LONGEST].translate(_QUOTES)
    han, words = len(_HAN.findall(typed)), len(_WORD.findall(_HAN.sub(" ", typed)))
    kana = len(_KANA.findall(typed))
    foreign = "ja" if kana > 1 and 2 * kana >= han else "" if han else _foreign(typed)
    spoken = (
        "zh"
        if han > words and not foreign
        else SOURCE
        if words and not foreign
        else language or SOURCE
    )
    clauses = [plain(part) for part in _CLAUSES.split(typed)]
    told = tuple(filter(None, clauses))
    kept, left_out = told[:MOST_CLAUSES], max(len(told) - MOST_CLAUSES, 0)
    return Message(typed, plain(typed), kept, spoken, foreign, len(text) > LONGEST, left_out)


def plain(text: str) -> str:
    """Return a text in small simplified letters, without emoji, apostrophes and most signs.

    A letter that stands more than twice in a row stands once. Signs inside words and numbers stay.
    """
    text = simplified(unicodedata.normalize("NFKC", text)).casefold().replace("'", "")
    kept = [
        sign if sign.isalnum() or sign in "-+&#./%" or unicodedata.category(sign) == "Mn" else " "
        for sign in text
    ]
    text = _LONG.sub(r"\1", "".join(kept))
    words = [word.strip("-./") for word in _SPACES.split(text)]
    return " ".join(filter(None, words))


def _is_other(letter: str) -> bool:
    """Whether a letter is neither Latin nor Han."""
    return not unicodedata.name(letter, "").startswith(("LATIN", "CJK"))


def is_han(text: str) -> bool:
    """Whether a text holds a Han sign."""
    return _HAN.search(text) is not None


def _foreign(text: str) -> str:
    """Return the code of another language than English and Chinese; "und" where only its script is.

    Empty for a text in these, and for one whose language is not certain.
    """
    found = detect(text)
    letters = [sign for sign in text if sign.isalpha()]
    if not found.code and 2 * sum(map(_is_other, letters)) > len(letters):
        return "und"
    if not found.code or found.code in ("en", "zh"):
        return ""
    certain = found.code in _OTHER_SCRIPTS or (found.sure > 0.8 and len(text.split()) > 3)
    return found.code if certain else ""
