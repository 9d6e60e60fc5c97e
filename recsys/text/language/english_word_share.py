"""Share of English words in a short text; titles seldom contain function words.

The words are those of the shipped list of English words, kept as sorted hashes (200 KB). A word
that another language uses as a function word says nothing here.
"""

from __future__ import annotations

import re
import zlib
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

_OTHERS = frozenset(
    word for code, words in FUNCTION_WORDS.items() if code != "en" for word in words
)
_ENGLISH = re.compile("wh|ght|ough|oo|ee|sh|ck|th|ly$|ing$|ness$|hood$|ship$|ful$|less$|ings$")
_ROMANCE = re.compile("(?:[st]ion|al|ent|ant|ble|[ae]nce|ure|or|ar|um|us|is|on|o|a|i|que|et)s?$")


@cache
def _hashes() -> NDArray[np.uint32]:
    """Return the hashes of all listed words, ascending."""
    codes = np.fromiter(map(_hash, english_words()), np.uint32)
    return np.unique(codes)


def _hash(word: str) -> int:
    return zlib.crc32(word.encode())


def listed(words: Sequence[str]) -> NDArray[np.bool_]:
    """Return which words, in small letters, are listed, or the plural of a listed one."""
    table = _hashes()
    forms = [word.removesuffix("'s") for word in words]
    found = np.zeros(len(words), bool)
    for variant in (forms, [word[:-1] if word.endswith("s") else word for word in forms]):
        codes = np.array([_hash(word) for word in variant], np.uint32)
        place = np.minimum(np.searchsorted(table, codes), len(table) - 1)
        found |= table[place] == codes
    return found


def english_evidence(words: Sequence[str]) -> float:
    """Return what the words say for English beside its function words, 0 or more."""
    result = [word for word in words if len(word) >= SHORTEST and word not in _OTHERS]
    result = [word for word in result if word not in FUNCTION_WORDS["en"]]
    if not result:
        return 0.0
    total = 0.0
    for word, known in zip(result, listed(result).tolist(), strict=True):
        if not known:
            total += UNKNOWN
        elif _ENGLISH.search(word):
            total += KNOWN + CERTAIN
        else:
            total += SHARED if _ROMANCE.search(word) else KNOWN
    return max(total, 0.0)
