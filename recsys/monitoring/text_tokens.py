"""Normalized text and its index tokens: words, and runs of one and two Han signs."""

from __future__ import annotations

import re
import unicodedata

from recsys.text.language.nouns import simplified

_HAN = "\u3400-\u9fff\uf900-\ufaff"
_WORD = re.compile(rf"[^\W_{_HAN}]+(?:['\u2019][^\W_{_HAN}]+)?|[{_HAN}]+")
_IS_HAN = re.compile(f"[{_HAN}]")


def normalized(text: str) -> str:
    """Return a text in lower case, NFKC, simplified Han signs, with single spaces."""
    if not text.isascii():
        text = simplified(unicodedata.normalize("NFKC", text)).replace("\u2019", "'")
    return " ".join(text.lower().split())


def words(text: str) -> list[str]:
    """Return the words of a normalized text in order; a run of Han signs is one."""
    return _WORD.findall(text)


def tokens(text: str) -> set[str]:
    """Return what a normalized text is indexed by: its words, its Han signs and pairs of them."""
    found: set[str] = set()
    for word in _WORD.findall(text):
        if _IS_HAN.match(word):
            found.update(word)
            found.update(word[at : at + 2] for at in range(len(word) - 1))
        else:
            found.add(word)
    return found


def spaced(text: str) -> str:
    """Return the words of a normalized text with one space around each, Han runs joined.

    So that a phrase is found as a part of the string, and only at borders of words.
    """
    return " " + " ".join(_WORD.findall(text)) + " "


def is_han(text: str) -> bool:
    """Whether a text holds a Han sign."""
    return _IS_HAN.search(text) is not None
