"""Label keys: the forms in which labels and words are compared."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from recsys.dialogue.message_text import plain

ALIASES = Path(__file__).with_name("data") / "label_aliases.tsv"
SHORTEST_STEM = 3  # letters that are left of a word
_ARTICLE = re.compile(r"^(?:the|a|an) ")


def key_of(text: str) -> str:
    """Return the form in which labels are compared: plain, without article and plural."""
    words = _ARTICLE.sub("", plain(text).replace("-", " ")).split()
    return " ".join(map(_singular, words))


def _singular(word: str) -> str:
    if len(word) > 4 and word.endswith("ies") and word != "movies" and word != "series":
        return word[:-3] + "y"
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word


@cache
def aliases() -> dict[str, tuple[str, ...]]:
    """Return the keys that mean the same, by each of them; of both languages."""
    found: dict[str, tuple[str, ...]] = {}
    for line in ALIASES.read_text("utf-8").splitlines():
        keys = tuple(dict.fromkeys(key_of(one) for one in line.split("\t")))
        for key in keys:
            found[key] = tuple(dict.fromkeys((*found.get(key, ()), *keys)))
    return found


_ENDINGS = re.compile(r"(?:(?<=[aeiouy][a-z])|(?<=[aeiouy][a-z]{2}))(?:ings?|ed|ies|y|es|e|s)$")
_DOUBLED = re.compile(r"([bdgmnprt])\1$")


def stem(key: str) -> str:
    """Return the words of a key without the endings of their forms: "gardening" as "garden"."""
    return " ".join(map(stem_of_word, key.split()))


def stem_of_word(word: str) -> str:
    """Return a word without the ending of its form, where enough letters are left."""
    cut = _ENDINGS.sub("", word)
    return _DOUBLED.sub(r"\1", cut) if len(cut) >= SHORTEST_STEM else word
