"""Plain form of a text for the text rules: lower case, single blanks, no disguised words."""

from __future__ import annotations

import re

from recsys.safety.text_rule_phrases import ENGLISH, INSULTS, SLURS
from recsys.text.clean import clean
from recsys.text.deobfuscation import Lexicon, joined
from recsys.text.sentiment.features import undisguised

SLUR_WORDS = frozenset(SLURS.split())
HURTING_WORDS = SLUR_WORDS | frozenset(INSULTS.split())
LEXICON = Lexicon.of(
    {
        *HURTING_WORDS,
        *re.findall(
            r"[a-z]{3,}",
            " ".join(phrase for phrases in ENGLISH.values() for _, phrase, _ in phrases),
        ),
        *("rumor", "rumour"),  # their pattern holds neither as a whole
    }
)

_LETTERS = re.compile(r"[a-z]+")
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z][a-z])")  # in YouAreHere
_SEAM = re.compile(r"(?<=[a-z])[._/|~=:]+(?=[a-z])|_+")  # words held together by signs
# quick looks at what the two change: they begin with a letter or sign that is rare
_MAY_BE_HUMP = re.compile(r"[A-Z](?<=[a-z][A-Z])")
_MAY_BE_SEAM = re.compile(r"[._/|~=:][._/|~=:a-z]|_")
_RUN = re.compile(r"([a-z])\1{2,}")
_HAN = re.compile(r"[\u3400-\u9fff]")
_BLANKS_IN_HAN = re.compile(r"(?<=[\u3400-\u9fff])[\s*·.。\-_]+(?=[\u3400-\u9fff])")


def plain(text: str) -> str:
    """Return a text in lower case without disguises; any string is fit."""
    text = joined(text)
    if _MAY_BE_HUMP.search(text):
        text = _HUMP.sub(" ", text)
    text = undisguised(clean(text).replace("\u2019", "'"), LEXICON).lower()
    if _MAY_BE_SEAM.search(text):
        text = _SEAM.sub(" ", text)
    text = without_runs(" ".join(text.split()))
    return _BLANKS_IN_HAN.sub("", text) if has_han(text) else text


def without_runs(text: str) -> str:
    """Return a text in lower case in which stuuupid is stupid: a word that the rules know."""
    return _LETTERS.sub(_shortened, text) if _RUN.search(text) else text


def has_han(text: str) -> bool:
    """Whether a text holds a Han sign."""
    return not text.isascii() and bool(_HAN.search(text))


def _shortened(found: re.Match[str]) -> str:
    for by in (r"\1", r"\1\1"):
        if (word := _RUN.sub(by, found[0])) in LEXICON.informative:
            return word
    return found[0]
