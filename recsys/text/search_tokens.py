"""Search tokens: the words of a text by which a query is compared with titles."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from recsys.text.clean import clean

_WORD = re.compile(r"[^\W_\u3400-\u9fff]+")
_HAN = re.compile(r"[\u3400-\u9fff]+")
LONGEST = 300  # characters of a title or a query that are read
SHORTEST_PLURAL = 4  # letters of a word whose final s does not count


def words_and_pairs(text: str) -> Iterator[str]:
    """Yield words in small letters, and of runs of Chinese the pairs of signs, one sign alone."""
    low = clean(text).lower()
    yield from _WORD.findall(low)
    for run in _HAN.findall(low):
        yield from (run[at : at + 2] for at in range(len(run) - 1)) if len(run) > 1 else [run]


def search_tokens(text: str) -> dict[str, None]:
    """Return the distinct tokens of a title or a query, in order: without accents and plural s."""
    return dict.fromkeys(_plain(word) for word in words_and_pairs(text[:LONGEST]))


def _plain(word: str) -> str:
    if not word.isascii():
        parts = unicodedata.normalize("NFD", word)
        word = unicodedata.normalize(
            "NFC", "".join(s for s in parts if not unicodedata.combining(s))
        )
    if len(word) >= SHORTEST_PLURAL and word[-1] == "s" and word[-2] != "s":
        return word[:-1]
    return word
