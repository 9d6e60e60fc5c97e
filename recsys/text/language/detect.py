"""Language detection from script and function words.

Scripts that one language has nearly for itself decide at once; among those who share a script,
function words and rare letters do, and for English a list of words: headlines and titles seldom
hold a function word. A title of one word mostly stays undecided: "Alien" is a word of twenty
languages.
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from recsys.text.clean import clean, is_plain_ascii
from recsys.text.language.english_word_share import english_evidence
from recsys.text.language.function_words import FUNCTION_WORDS, LETTERS

LONGEST_READ = 1_000  # characters; a longer text says nothing else
SINGLE = 0.4  # what a word of one letter weighs: abbreviations are full of them
USUAL = 0.6  # what speaks for the most frequent language of a script besides the Latin one
LEAST = 0.35  # share of a text's letters that a script must have to be the text's
MOST_WORDS = 12  # that are looked up in the list of English words: a longer text has others
DECIDED = 1.0  # evidence that a language needs, in natural logarithms, and a lead of two fifths

_SCRIPTS = {
    "kana": "\u3040-\u30ff",
    "han": "\u3400-\u9fff\uf900-\ufaff",
    "hangul": "\uac00-\ud7af\u1100-\u11ff",
    "cyrillic": "\u0400-\u052f",
    "arabic": "\u0600-\u06ff\u0750-\u077f",
    "greek": "\u0370-\u03ff",
    "hebrew": "\u0590-\u05ff",
    "thai": "\u0e00-\u0e7f",
    "devanagari": "\u0900-\u097f",
    "bengali": "\u0980-\u09ff",
    "tamil": "\u0b80-\u0bff",
    "georgian": "\u10a0-\u10ff",
    "armenian": "\u0530-\u058f",
}
_ALONE = {
    "han": "zh",
    "kana": "ja",
    "hangul": "ko",
    "greek": "el",
    "hebrew": "he",
    "thai": "th",
    "bengali": "bn",
    "tamil": "ta",
    "georgian": "ka",
    "armenian": "hy",
}
_SHARED = {
    "cyrillic": ("ru", "uk", "bg"),
    "arabic": ("ar", "fa", "ur"),
    "devanagari": ("hi",),
    "latin": (
        "en",
        "de",
        "fr",
        "es",
        "it",
        "pt",
        "nl",
        "sv",
        "da",
        "no",
        "fi",
        "pl",
        "cs",
        "ro",
        "hu",
        "tr",
        "id",
        "vi",
    ),
}
_RUNS = {name: re.compile(f"[{signs}]+") for name, signs in _SCRIPTS.items()}
_WORD = re.compile(r"[^\W\d_]+(?:['\u2019][^\W\d_]+)?")
_ASCII_WORD = re.compile(r"[a-z]+(?:'[a-z]+)?")  # the same, of text in lower case
_LETTERS_ONLY = {sign: " " for sign in range(128) if not chr(sign).islower()}
_NOISE = re.compile(r"https?://\S+|www\.\S+|[@#]\w+")
_NOISY = ("://", "www.", "@", "#")  # one of them is in all that _NOISE takes out
_DOUBLED = 2.0  # Han and Hangul signs and kana say as much as some letters


class Language(NamedTuple):
    """A language by its ISO 639-1 code, empty where undecided, and how sure that is, 0 to 1."""

    code: str
    sure: float


NOT_KNOWN = Language("", 0.0)


Evidence = Mapping[str, tuple[tuple[str, float], ...]]


def _weights(pairs: Iterable[tuple[str, str]]) -> Evidence:
    """Return what each sign says for which languages: the more, the fewer share it."""
    owners: dict[str, list[str]] = {}
    for sign, code in pairs:
        owners.setdefault(sign, []).append(code)
    most = len(FUNCTION_WORDS)
    return {
        sign: tuple((code, math.log(most / len(codes)) / math.log(most)) for code in codes)
        for sign, codes in owners.items()
    }


_EVERY_WORD = _weights((word, code) for code, words in FUNCTION_WORDS.items() for word in words)
_BY_LETTER = _weights((sign, code) for sign, codes in LETTERS.items() for code in codes.split())
_BY_WORD: Mapping[tuple[str, ...], Evidence] = {
    codes: {
        word: tuple(
            (code, weight if len(word) > 1 else SINGLE * weight)
            for code, weight in evidence
            if code in codes
        )
        for word, evidence in _EVERY_WORD.items()
    }
    for codes in _SHARED.values()
}


def detect(text: str) -> Language:
    """Return the language of a text; NOT_KNOWN where nothing decides. Any string is fit."""
    if len(text) > LONGEST_READ or not is_plain_ascii(text):
        text = clean(text[: 4 * LONGEST_READ])[:LONGEST_READ]
    if any(sign in text for sign in _NOISY):
        text = _NOISE.sub(" ", text)
    text = text.lower()
    script, share = _script(text)
    if script in _ALONE:
        return Language(_ALONE[script], share)
    if script not in _SHARED:
        return NOT_KNOWN
    return _among(text, _SHARED[script])


def _script(text: str) -> tuple[str, float]:
    if text.isascii():
        return ("latin", 1.0) if any(map(str.isalpha, text)) else ("", 0.0)
    counts = {name: sum(map(len, run.findall(text))) for name, run in _RUNS.items()}
    known = sum(counts.values())
    counts["latin"] = sum(map(str.isalpha, text)) - known
    for name in ("han", "kana", "hangul"):
        counts[name] = int(_DOUBLED * counts[name])
    total = sum(max(count, 0) for count in counts.values())
    if not total:
        return "", 0.0
    if counts["kana"] > 0.1 * (counts["kana"] + counts["han"]):
        counts["kana"] += counts.pop("han")  # Japanese writes both
    best = max(counts, key=lambda name: counts[name])
    share = counts[best] / total
    return (best, share) if share >= LEAST else ("", 0.0)


def _among(text: str, codes: tuple[str, ...]) -> Language:
    scores: defaultdict[str, float] = defaultdict(float)  # those that something speaks for
    if codes[0] != "en":
        scores[codes[0]] = USUAL
    if text.isascii():
        words = _ASCII_WORD.findall(text) if "'" in text else text.translate(_LETTERS_ONLY).split()
    else:
        words = _WORD.findall(text.replace("\u2019", "'"))
    evidence = _BY_WORD[codes]
    for word in words:
        if word in evidence:
            for code, weight in evidence[word]:
                scores[code] += weight
    for sign in set(text) if not text.isascii() else ():
        for code, weight in _BY_LETTER.get(sign, ()):
            if code in codes:
                scores[code] += weight
    if "en" in codes and text.isascii():
        scores["en"] += english_evidence(words[:MOST_WORDS])
    if not scores:
        return NOT_KNOWN
    ranked = sorted(scores.values(), reverse=True)
    best = max(scores, key=scores.__getitem__)
    second = ranked[1] if len(ranked) > 1 else 0.0
    if scores[best] < DECIDED or scores[best] - second < 0.4 * DECIDED:
        return Language(codes[0], 0.5) if len(codes) == 1 else NOT_KNOWN
    sure = 1 - math.exp(-(scores[best] - second))
    return Language(best, round(sure, 3))
