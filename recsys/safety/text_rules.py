"""Text scores for insults, threats, fraud and rumours, by weighted phrases or by a model.

A scorer is any function from texts to scores by kind. The default reads the phrases of
`text_rule_phrases`; a model of your own joins it by name, see `load_scorer`.
"""

from __future__ import annotations

import importlib
import logging
import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from recsys.errors import DataError
from recsys.safety.plain_text import HURTING_WORDS, SLUR_WORDS, has_han, plain
from recsys.safety.text_rule_phrases import CHINESE, ENGLISH, KINDS
from recsys.safety.word_form_cache import WordMemory
from recsys.text.language.function_words import FUNCTION_WORDS

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

_NAMES = "|".join(sorted(HURTING_WORDS))
_WORD = re.compile(r"[a-z]+")
_TO_SOMEBODY = re.compile(
    r"\b(?:you(?:'re)?|ur|u|your|these|those|he(?:'s)?|she(?:'s)?|they(?:'re)?)\b"
    rf"(?P<between>[\w',]*(?: [\w',]+){{0,3}}) (?:{_NAMES})\b"
    rf"|\b(?:{_NAMES}) like (?:you|him|her|them)\b|\b(?:what|such) an? (?:\w+ )?(?:{_NAMES})\b"
    rf"|\bfuck\w* (?:{_NAMES})\b"
)
_DENIED = re.compile(r"\b(?:not|never|no|isn't|aren't|don't|doesn't|wasn't|nor|if|why)\b")


class _Phrase(NamedTuple):
    """An English phrase of a kind."""

    kind: str
    hints: tuple[str, ...]  # a text that holds the phrase holds one of them
    pattern: re.Pattern[str]
    weight: float


_Hinted = tuple[_Phrase, Sequence[str]]


def _hint_word(hint: str) -> str:
    """Return the rarest word of a hint, with a blank where the hint goes on beside it.

    Where a text holds the hint, one of its words, between blanks, holds this. Function words are
    the most frequent; of others, the longest one is taken to be the rarest.
    """
    words = hint.split()
    place = max(
        range(len(words)),
        key=lambda at: (words[at] not in FUNCTION_WORDS["en"], len(words[at])),
    )
    return " " * (place > 0) + words[place] + " " * (place < len(words) - 1)


def _any_of(texts: Iterable[str]) -> str:
    """Return a pattern of any of some texts, by first signs: so fewer are tried at each place."""
    rest: dict[str, list[str]] = {}
    for text in sorted(texts):
        rest.setdefault(re.escape(text[0]), []).append(re.escape(text[1:]))
    return "|".join(f"{first}(?:{'|'.join(others)})" for first, others in rest.items())


_ENGLISH = [
    _Phrase(kind, tuple(hints.split(", ")), re.compile(rf"(?<!\w)(?:{phrase})"), weight)
    for kind in KINDS
    for hints, phrase, weight in ENGLISH[kind]
]
_CHINESE = {
    kind: [(re.compile(phrase), weight) for phrase, weight in phrases]
    for kind, phrases in CHINESE.items()
}
_HINT_WORDS = [[_hint_word(hint) for hint in phrase.hints] for phrase in _ENGLISH]
_ANY_HINT_WORD = re.compile(_any_of({one for every in _HINT_WORDS for one in every}))


@dataclass(frozen=True, slots=True)
class _Note:
    """What a word may be a part of."""

    phrases: tuple[int, ...]  # places in _ENGLISH of those of which it may hold a word of a hint
    hurting: bool


def _note(word: str) -> _Note | None:
    phrases: tuple[int, ...] = ()
    between_blanks = f" {word} "
    if _ANY_HINT_WORD.search(between_blanks):
        phrases = tuple(
            place
            for place, every in enumerate(_HINT_WORDS)
            if any(one in between_blanks for one in every)
        )
    hurting = not HURTING_WORDS.isdisjoint(_WORD.findall(word))
    return _Note(phrases, hurting) if phrases or hurting else None


_memory = WordMemory(_note)


def by_words(texts: Sequence[str]) -> list[list[TextFlag]]:
    """Return the doubts about each text by labelled phrases, each kind once; any string is fit."""
    found: list[list[TextFlag]] = [[] for _ in texts]
    as_a_whole = []
    for place, text in enumerate(texts):
        read = _memory.read(text)
        if read is None:
            as_a_whole.append(place)
        elif read.notes:
            possible = sorted({phrase for note in read.notes for phrase in note.phrases})
            hurting = any(note.hurting for note in read.notes)
            hinted = [(_ENGLISH[one], _ENGLISH[one].hints) for one in possible]
            found[place] = _doubts(read.plain, hinted, hurting)
    if as_a_whole:
        forms = [plain(texts[place]) for place in as_a_whole]
        phrases = _hinted(forms)
        for place, form in zip(as_a_whole, forms, strict=True):
            found[place] = _doubts(form, phrases, True)
    return found


def _hinted(texts: Sequence[str]) -> list[_Hinted]:
    """Return the phrases of which a hint occurs in any of some texts, with these hints."""
    whole = "\n".join(texts)
    return [
        (phrase, some)
        for phrase in _ENGLISH
        if (some := [hint for hint in phrase.hints if hint in whole])
    ]


def _doubts(text: str, possible: Sequence[_Hinted], hurting: bool) -> list[TextFlag]:
    """Return the doubts about a plain text, each kind once.

    `possible`: English phrases in their order, each with hints of which it holds one where it holds
    the phrase. `hurting`: whether it may hold a word that insults.
    """
    matches: dict[str, list[tuple[str, float]]] = {}
    for phrase, hints in possible:
        for hint in hints:
            if hint in text:
                if hit := phrase.pattern.search(text):
                    matches.setdefault(phrase.kind, []).append((hit[0], phrase.weight))
                break
    if has_han(text):
        for kind, phrases in _CHINESE.items():
            hits = [(hit[0], w) for pattern, w in phrases if (hit := pattern.search(text))]
            matches.setdefault(kind, []).extend(hits)
    if hurting:
        matches.setdefault("insult", []).extend(_insults(text))
    found = []
    for kind in KINDS:
        result = matches.get(kind)
        if not result:
            continue
        score = 1 - math.prod(1 - weight for _, weight in result)
        if score >= FLAGGED:
            words, _ = max(result, key=lambda pair: pair[1])
            found.append(TextFlag(kind, round(score, 3), words[:60]))
    return found


def _insults(text: str) -> list[tuple[str, float]]:
    words = HURTING_WORDS.intersection(_WORD.findall(text))
    if not words:
        return []
    result = [(word, SLUR) for word in sorted(words & SLUR_WORDS)[:1]]
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
