"""Search matches: whether the words of a query occur in an item."""

from __future__ import annotations

import re

import numpy as np

from recsys.array_types import Mask, Rows
from recsys.serving.live_state import LiveState
from recsys.text.language.detect import detect
from recsys.text.language.function_words import FUNCTION_WORDS
from recsys.text.language.stop_words import STOP_WORDS
from recsys.text.search_tokens import words_and_pairs

# Share of a query's words that an item must have. Chosen on 408 judged pairs of six catalogues,
# English, German and Chinese (RESULTS, "Reasons"): the precision is .98 from here on and .94 at .6;
# that of the cosine of word vectors, the criterion before, is at no threshold above .46.
SHARE = 0.75
LONGEST_READ = 4_000  # characters of an item
ENDING = 2  # letters at the end that forms of a word may differ in
STEM = 4  # letters that they share at least
_HAN = re.compile(r"[\u3400-\u9fff]+")


def search_matches(live: LiveState, query: str, rows: Rows) -> Mask:
    """Return whether items have SHARE of the words of a query, (len(rows),).

    Words that stand in every kind of text do not count. Chinese is compared by pairs of signs.
    Where a query has no other words, nothing matches.
    """
    found = np.zeros(len(rows), bool)
    words = query_words(query)
    if words:
        for place, row in enumerate(rows.tolist()):
            found[place] = share_of(words, _text(live, row)) >= SHARE
    return found


def query_words(query: str) -> list[str]:
    """Return the distinct words of a query, in small letters, that may tell items apart."""
    empty = STOP_WORDS | FUNCTION_WORDS.get(detect(query).code, frozenset())
    return [
        word
        for word in dict.fromkeys(words_and_pairs(query))
        if word not in empty and len(word) > 1
    ]


def share_of(words: list[str], text: str) -> float:
    """Return the share of some words that a text has, in whatever form; 0 of none."""
    known = set(words_and_pairs(text[:LONGEST_READ]))
    stems: dict[str, list[str]] = {}
    for word in known:
        stems.setdefault(word[:STEM], []).append(word)
    held = sum(
        word in known or any(_alike(word, other) for other in stems.get(word[:STEM], ()))
        for word in words
    )
    held += sum(word not in known and _plural(word, known) for word in words if len(word) < STEM)
    return held / max(len(words), 1)


def _alike(one: str, other: str) -> bool:
    """Return whether two words, the first STEM letters of which agree, are forms of one word."""
    short, long = sorted((one, other), key=len)
    shared = next((at for at, sign in enumerate(short) if sign != long[at]), len(short))
    return shared >= len(short) - ENDING and len(long) - shared <= STEM and not _HAN.search(one)


def _plural(word: str, known: set[str]) -> bool:
    """Return whether the plural or the singular of a short word is known."""
    return word + "s" in known or (word.endswith("s") and word[:-1] in known)


def _text(live: LiveState, row: int) -> str:
    item = live.document(row)
    tags = item.get("tags")
    parts = [item.get("title"), item.get("category"), item.get("text")]
    if isinstance(tags, list | tuple):
        parts[1:1] = [" ".join(map(str, tags))]
    return "\n".join(str(part) for part in parts if part)
