"""Facts that an answer may state, and a text whose spans point to them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

FactKind = Literal["title", "name", "number", "date", "url", "text"]


@dataclass(frozen=True, slots=True)
class Fact:
    """One value that an answer may state, in the form in which it is printed.

    Kinds: `title` of an item; `name` of an author, topic, tag, category or entity; `number`
    (a count or a share); `date`; `url`; `text`: a passage or a sentence of the product, which an
    answer may quote, with all that it says.
    """

    kind: FactKind
    value: str
    item_id: str = ""  # of the item that the fact is about; empty: of none


class Span(NamedTuple):
    """A part of a text, by code points, and the fact that it states."""

    start: int
    end: int  # exclusive
    fact: int  # index into the facts of the text


@dataclass(frozen=True, slots=True)
class FactualText:
    """A text, the facts that it may state, and where it states them; spans do not overlap."""

    text: str
    facts: tuple[Fact, ...] = ()
    spans: tuple[Span, ...] = ()  # ascending

    def __post_init__(self) -> None:
        """ValueError for a span outside the text, or one that points to no fact."""
        at = 0
        for span in self.spans:
            if not at <= span.start <= span.end <= len(self.text):
                raise ValueError(f"{span} lies outside the text or overlaps the span before it")
            if not 0 <= span.fact < len(self.facts):
                raise ValueError(f"{span} points to none of {len(self.facts)} facts")
            at = span.end
