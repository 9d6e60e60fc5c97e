"""Wording: the statements of an answer to a text whose spans point to facts, by templates."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

from recsys.dialogue.answer_statements import Statement, Value
from recsys.dialogue.facts import Fact, FactualText, Span
from recsys.i18n import translate

Tone = Literal["neutral", "anger"]
SHORT = 1  # statements of an answer to anger, besides what comes first

_PLACE = re.compile(r"\{(\w+)\}")
SORRY = "Sorry about that. You can say “undo”, or “no more …” to hide something."
_SENTENCE_END = {"en": " ", "zh": ""}


def say(statements: Sequence[Statement], language: str, tone: Tone = "neutral") -> FactualText:
    """Return the text of an answer in a language, the first statement first.

    Anger gets a short answer that offers undo and mute before anything else.
    """
    told = list(statements)
    if tone == "anger":
        told = [Statement(SORRY), *[one for one in told if one.weight][:SHORT]]
    text, facts, spans = "", list[Fact](), list[Span]()
    for one in told:
        if text:
            text += _SENTENCE_END.get(language, " ")
        text = _append(text, one, language, facts, spans)
    return FactualText(text, tuple(facts), tuple(spans))


def _append(text: str, one: Statement, language: str, facts: list[Fact], spans: list[Span]) -> str:
    sentence = translate(one.template, language, **{name: f"{{{name}}}" for name in one.values})
    at = 0
    for place in _PLACE.finditer(sentence):
        text += sentence[at : place.start()]
        text = _value(text, one.values[place[1]], language, facts, spans)
        at = place.end()
    return text + sentence[at:]


def _value(text: str, value: Value, language: str, facts: list[Fact], spans: list[Span]) -> str:
    several = value if isinstance(value, tuple) else (value,)
    between = "、" if language == "zh" else ", "
    for place, fact in enumerate(several):
        text += between if place else ""
        shown = fact.value
        if fact.kind == "title":
            before, after = ("《", "》") if language == "zh" else ("“", "”")
            text += before
        start = len(text)
        text += shown
        if fact not in facts:
            facts.append(fact)
        spans.append(Span(start, len(text), facts.index(fact)))
        text += after if fact.kind == "title" else ""
    return text
