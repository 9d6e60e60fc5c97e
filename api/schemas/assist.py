"""Schemas of suggestions for creators."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from .field_types import Answer, Language, Strict

Suggestions = Annotated[int, Field(ge=1, le=10)]


class AssistBody(Strict):
    """A text for which something is to be written."""

    text: Annotated[str, Field(min_length=1, max_length=1_000_000, pattern="\\S")] = Field(
        description="the text; the first 20,000 characters are read"
    )
    n: Suggestions = 3
    lang: Language = None


class Suggestion(Answer):
    """A suggestion, and how it was made."""

    text: str
    made: Literal["extract", "template", "model"] = Field(
        description="extract: words of the text; template: a sentence of the product; model: "
        "reworded by the language model, and found to state the same"
    )


class Assisted(Answer):
    """Suggestions, the best first; empty where the text holds nothing fit."""

    suggestions: list[Suggestion]
    read: int = Field(description="characters of the text that were read")
