"""Another wording of an answer by a language model, with its spans found anew.

The model's guard has seen that the wording states the facts of the answer and no others.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from recsys.dialogue.facts import Fact, FactualText, Span


class WordingModel(Protocol):
    """A model that rewords a text within its facts."""

    def reworded(self, text: str, facts: Sequence[Fact], language: str = "en") -> str:
        """Return another wording, or the text itself."""


def reworded(model: WordingModel, said: FactualText, language: str) -> FactualText:
    """Return an answer in the words of a model; the answer itself where the model has no other."""
    if not said.text.strip():
        return said
    text = model.reworded(said.text, said.facts, language)
    return said if text == said.text else FactualText(text, said.facts, spans_in(text, said.facts))


def spans_in(text: str, facts: Sequence[Fact]) -> tuple[Span, ...]:
    """Return where a text states facts, ascending: the first free place of each, longest first."""
    found: list[Span] = []
    for place in sorted(range(len(facts)), key=lambda one: -len(facts[one].value)):
        value, start = facts[place].value, 0
        while value and (start := text.find(value, start)) >= 0:
            end = start + len(value)
            if all(end <= one.start or one.end <= start for one in found):
                found.append(Span(start, end, place))
                break
            start += 1
    return tuple(sorted(found))
