"""Text scores for insults, threats, fraud and rumours, by weighted phrases or by a model.

A scorer is any function from texts to scores by kind. The default reads the phrases of
`text_rule_phrases`; a model of your own joins it by name, see `load_scorer`.
"""

from __future__ import annotations

import importlib
import logging
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from recsys.errors import DataError
from recsys.safety.text_rule_phrases import CHINESE, ENGLISH, INSULTS, KINDS, SLURS
from recsys.text.clean import clean
from recsys.text.deobfuscation import Lexicon, joined
from recsys.text.sentiment.features import undisguised

log = logging.getLogger(__name__)

FLAGGED = 0.5  # score from which a text is doubtful
SLUR, SAID_TO, LOUD = 0.6, 0.6, 0.1  # of an insult by itself, of one to somebody, of each !


@dataclass(frozen=True, slots=True)
class TextFlag:
    """One kind of doubt about a text."""

    kind: str  # insult, threat, scam, rumour, or what a model calls it
    score: float  # 0 to 1
    why: str  # the phrase that was found, or the model's name


Scorer = Callable[[Sequence[str]], list[list[TextFlag]]]

_SLURS = frozenset(SLURS.split())
_HURTING = _SLURS | frozenset(INSULTS.split())
_NAMES = "|".join(sorted(_HURTING))
_WORD = re.compile(r"[a-z]+")
_TO_SOMEBODY = re.compile(
    r"\b(?:you(?:'re)?|ur|u|your|these|those|he(?:'s)?|she(?:'s)?|they(?:'re)?)\b"
    rf"(?P<between>[\w',]*(?: [\w',]+){{0,3}}) (?:{_NAMES})\b"
    rf"|\b(?:{_NAMES}) like (?:you|him|her|them)\b|\b(?:what|such) an? (?:\w+ )?(?:{_NAMES})\b"
    rf"|\bfuck\w* (?:{_NAMES})\b"
)
_DENIED = re.compile(r"\b(?:not|never|no|isn't|aren't|don't|doesn't|wasn't|nor|if|why)\b")
_ENGLISH = {
    kind: [
        (hints.split(), re.compile(rf"(?<!\w)(?:{phrase})"), weight)
        for hints, phrase, weight in phrases
    ]
    for kind, phrases in ENGLISH.items()
}
_CHINESE = {
    kind: [(re.compile(phrase), weight) for phrase, weight in phrases]
    for kind, phrases in CHINESE.items()
}
_LEXICON = Lexicon.of(
    {
        *_HURTING,
        *re.findall(
            r"[a-z]{3,}",
            " ".join(
                f"{hints} {phrase}" for phrases in ENGLISH.values() for hints, phrase, _ in phrases
            ),
        ),
    }
)
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z][a-z])")  # in YouAreHere
_SEAM = re.compile(r"(?<=[a-z])[._/|~=:]+(?=[a-z])|_+")  # words held together by signs
# quick looks at what the two change: they begin with a letter or sign that is rare
_MAY_BE_HUMP = re.compile(r"[A-Z](?<=[a-z][A-Z])")
_MAY_BE_SEAM = re.compile(r"[._/|~=:][._/|~=:a-z]|_")
_RUN = re.compile(r"([a-z])\1{2,}")
_SPOKEN = re.compile(r"[\u3400-\u9fff]")
_BLANKS_IN_HAN = re.compile(r"(?<=[\u3400-\u9fff])[\s*·.。\-_]+(?=[\u3400-\u9fff])")


def by_words(texts: Sequence[str]) -> list[list[TextFlag]]:
    """Return the doubts about each text by labelled phrases, each kind once; any string is fit."""
    plain = [_plain(text) for text in texts]
    words = _different_words(plain)
    if _RUN.search(words):
        plain = [_WORD.sub(_shortened, text) if _RUN.search(text) else text for text in plain]
        words = _different_words(plain)
    plain = [_BLANKS_IN_HAN.sub("", text) if _has_han(text) else text for text in plain]
    possible = _possible(words)
    return [_doubts(text, possible) for text in plain]


@dataclass(frozen=True, slots=True)
class _Possible:
    """What may be found in any of some texts: a quick look at their different words."""

    # of each kind: hints, of which a text that holds the phrase holds one; phrase; weight
    phrases: Mapping[str, Sequence[tuple[Sequence[str], re.Pattern[str], float]]]
    hurting: Sequence[str]  # words that insult


def _possible(words: str) -> _Possible:
    """Return the English phrases of which a hint occurs in some words, and what may insult.

    No hint has a blank, so that each lies within a word.
    """
    phrases = {
        kind: [
            (found, phrase, weight)
            for hints, phrase, weight in every
            if (found := [hint for hint in hints if hint in words])
        ]
        for kind, every in _ENGLISH.items()
    }
    return _Possible(phrases, sorted(_HURTING.intersection(_WORD.findall(words))))


def _different_words(texts: Sequence[str]) -> str:
    """Return each word of some texts once, whichever way they are spelt, with blanks between."""
    return " ".join({word for text in texts for word in text.split()})


def _plain(text: str) -> str:
    """Return a text in lower case and without disguises."""
    text = joined(text)
    if _MAY_BE_HUMP.search(text):
        text = _HUMP.sub(" ", text)
    text = undisguised(clean(text).replace("\u2019", "'"), _LEXICON).lower()
    if _MAY_BE_SEAM.search(text):
        text = _SEAM.sub(" ", text)
    return " ".join(text.split())


def _has_han(text: str) -> bool:
    return not text.isascii() and bool(_SPOKEN.search(text))


def _doubts(text: str, possible: _Possible) -> list[TextFlag]:
    han = _has_han(text)
    found = []
    for kind in KINDS:
        result = _matches(kind, text, han, possible)
        if not result:
            continue
        score = 1 - math.prod(1 - weight for _, weight in result)
        if score >= FLAGGED:
            words, _ = max(result, key=lambda pair: pair[1])
            found.append(TextFlag(kind, round(score, 3), words[:60]))
    return found


def _shortened(found: re.Match[str]) -> str:
    for by in (r"\1", r"\1\1"):
        if (word := _RUN.sub(by, found[0])) in _LEXICON.informative:
            return word
    return found[0]


def _matches(kind: str, text: str, han: bool, possible: _Possible) -> list[tuple[str, float]]:
    result = []
    for hints, phrase, weight in possible.phrases[kind]:
        for hint in hints:
            if hint in text:
                if hit := phrase.search(text):
                    result.append((hit[0], weight))
                break
    if han:
        result += [(hit[0], w) for phrase, w in _CHINESE[kind] if (hit := phrase.search(text))]
    if kind == "insult" and any(word in text for word in possible.hurting):
        result += _insults(text)
    return result


def _insults(text: str) -> list[tuple[str, float]]:
    words = set(_WORD.findall(text))
    result = [(word, SLUR) for word in sorted(words & _SLURS)[:1]]
    if not words & _HURTING:
        return result
    for hit in _TO_SOMEBODY.finditer(text):
        if not _DENIED.search(hit["between"] or ""):
            result.append((hit[0], min(SAID_TO + LOUD * text.count("!"), 0.9)))
            break
    return result


def load_scorer(spec: str = "") -> Scorer:
    """Return the default scorer, joined by the function that `module:function` names.

    That function takes a list of texts and returns, for each, a mapping of kinds to scores from 0
    to 1, such as {"insult": .9}; a kind that both know gets the higher score. It is called in the
    process that stores the item, so it should take milliseconds; where it fails, a warning is
    logged and the words decide. DataError when it cannot be loaded.
    """
    if not spec:
        return by_words
    module, _, name = spec.partition(":")
    try:
        model = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError, ValueError) as error:
        raise DataError(f"RECSYS_SAFETY_MODEL={spec}: {error}; give module:function") from error
    if not callable(model):
        raise DataError(f"RECSYS_SAFETY_MODEL={spec}: {name} is not a function")
    return _joined(spec, model)


def _joined(spec: str, model: Callable[[Sequence[str]], Sequence[Mapping[str, float]]]) -> Scorer:
    def scorer(texts: Sequence[str]) -> list[list[TextFlag]]:
        words = by_words(texts)
        try:
            result = [_from_model(spec, one) for one in model(list(texts))]
            if len(result) != len(texts):
                raise DataError(f"{len(result)} answers for {len(texts)} texts")
        except Exception as error:  # whatever it raises: a post is not lost for it
            log.warning("RECSYS_SAFETY_MODEL=%s failed, words alone were read: %r", spec, error)
            return words
        return [_highest([*one, *other]) for one, other in zip(words, result, strict=True)]

    return scorer


def _from_model(spec: str, scores: Mapping[str, float]) -> list[TextFlag]:
    for kind, score in scores.items():
        if not 0 <= float(score) <= 1:
            raise DataError(f"{kind} has the score {score!r}; 0 to 1 is expected")
    return [
        TextFlag(str(kind), round(float(score), 3), spec)
        for kind, score in scores.items()
        if score >= FLAGGED
    ]


def _highest(doubts: Sequence[TextFlag]) -> list[TextFlag]:
    best: dict[str, TextFlag] = {}
    for one in doubts:
        if one.kind not in best or best[one.kind].score < one.score:
            best[one.kind] = one
    return list(best.values())
