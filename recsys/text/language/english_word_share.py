"""Share of English words in a short text; titles seldom contain function words.

The words are those of the shipped list of English words, kept as sorted hashes (200 KB). A word
that another language uses as a function word says nothing here.
"""

from __future__ import annotations

import re
import zlib
from array import array
from bisect import bisect_left
from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from recsys.text.language.function_words import FUNCTION_WORDS
from recsys.text.language.nouns import english_words

KNOWN = 0.6  # evidence of a word, in natural logarithms: two words decide
SHARED = 0.4  # of a word whose ending Romance languages have as well
CERTAIN = 0.5  # more for letters that English alone has in listed words
UNKNOWN = -0.3  # of a word that is not listed: a name, or a word of another language
SHORTEST = 3  # letters
KEPT = 32_768  # words whose evidence is remembered, about 4 MB

_OTHERS = frozenset(
    word for code, words in FUNCTION_WORDS.items() if code != "en" for word in words
)
_ENGLISH = re.compile("wh|ght|ough|oo|ee|sh|ck|th|ly$|ing$|ness$|hood$|ship$|ful$|less$|ings$")
_ROMANCE = re.compile("(?:[st]ion|al|ent|ant|ble|[ae]nce|ure|or|ar|um|us|is|on|o|a|i|que|et)s?$")

_evidence: dict[str, float] = {}  # of words met lately


@cache
def _hashes() -> array[int]:
    """Return the hashes of all listed words, ascending."""
    return array("I", sorted(set(map(_hash, english_words()))))


def _hash(word: str) -> int:
    return zlib.crc32(word.encode())


def listed(words: Sequence[str]) -> NDArray[np.bool_]:
    """Return which words, in small letters, are listed, or the plural of a listed one."""
    return np.array([is_listed(word) for word in words], bool)


def is_listed(word: str) -> bool:
    """Whether a word, in small letters, is listed, or the plural of a listed one."""
    word = word.removesuffix("'s")
    return _has(word) or (word.endswith("s") and _has(word[:-1]))


def _has(word: str) -> bool:
    table, code = _hashes(), _hash(word)
    place = bisect_left(table, code)
    return place < len(table) and table[place] == code


def english_evidence(words: Sequence[str]) -> float:
    """Return what the words say for English beside its function words, 0 or more."""
    total = 0.0
    for word, one in zip(words, map(_evidence.get, words), strict=True):
        if one is None:
            one = _evidence_of(word)
            if len(_evidence) > KEPT:
                _evidence.clear()
            _evidence[word] = one
        total += one
    return max(total, 0.0)


def _evidence_of(word: str) -> float:
    """Return the evidence of a word; that of function words and of short words is 0."""
    if len(word) < SHORTEST or word in _OTHERS or word in FUNCTION_WORDS["en"]:
        return 0.0
    if not is_listed(word):
        return UNKNOWN
    if _ENGLISH.search(word):
        return KNOWN + CERTAIN
    return SHARED if _ROMANCE.search(word) else KNOWN
