"""Nouns of English and Chinese from shipped word lists; their first lines state origin and
licence.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import chain
from pathlib import Path

ENGLISH = Path(__file__).with_name("en_nouns.txt.gz")
CHINESE = Path(__file__).with_name("zh_nouns.txt.gz")
LONGEST = 5  # signs of a listed Chinese word


def _lines(path: Path) -> tuple[list[str], list[str]]:
    """Return the words of both lines of a list that are no comments."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        first, second = (line.split() for line in file if not line.startswith("#"))
    return first, second


@cache
def _english() -> tuple[frozenset[str], frozenset[str]]:
    """Return nouns and other words, in small letters."""
    nouns, others = _lines(ENGLISH)
    return frozenset(nouns), frozenset(others)


@cache
def _simplified() -> Mapping[int, str]:
    """Return simplified signs by the code point of the traditional ones; reads no noun."""
    with gzip.open(CHINESE, "rt", encoding="utf-8") as file:
        signs = next(line for line in file if not line.startswith("#"))
    return {ord(pair[0]): pair[1] for pair in signs.split()}


def simplified(text: str) -> str:
    """Return a text with simplified signs in place of traditional ones."""
    return text if text.isascii() else text.translate(_simplified())


@cache
def _chinese() -> frozenset[str]:
    """Return nouns in simplified signs."""
    return frozenset(_lines(CHINESE)[1])


def english_words() -> Iterator[str]:
    """Return all listed English words, nouns or not, without keeping them."""
    nouns, others = _lines(ENGLISH)
    return chain(nouns, others)


def english_noun(word: str) -> bool | None:
    """Return whether an English word, in small letters, is mostly a noun; None: it is not listed.

    The plural of a listed noun is one.
    """
    nouns, others = _english()
    if word in nouns:
        return True
    if word in others:
        return False
    return True if word.endswith("s") and word[:-1] in nouns else None


def chinese_nouns(signs: int) -> list[str]:
    """Return the listed Chinese nouns of so many signs, in the order of their code points."""
    return sorted(word for word in _chinese() if len(word) == signs)


def chinese_word(text: str) -> bool:
    """Return whether a run of Han signs is a listed noun itself."""
    return simplified(text) in _chinese()


def chinese_noun(text: str) -> bool:
    """Return whether a run of Han signs is a listed noun, or a sequence of listed nouns.

    Longer runs are split from the left into the longest listed words; a sign that is left over
    makes the run no noun. Traditional signs are read as simplified ones.
    """
    words, rest = _chinese(), simplified(text)
    while rest:
        lengths = range(min(LONGEST, len(rest)), 1, -1)
        length = next((n for n in lengths if rest[:n] in words), 0)
        if not length:
            return False
        rest = rest[length:]
    return bool(text)
