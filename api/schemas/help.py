"""Schemas of answers from help texts."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from .field_types import Answer, Language, Share, Strict, Words


class HelpQuery(Strict):
    """A question."""

    q: Annotated[Words, Field(min_length=1, pattern="\\S")] = Field(description="the question")
    lang: Language = None


class HelpPassage(Answer):
    """A passage of a help text."""

    title: str
    text: str
    link: str = Field(description="path below the ingested folder, or the URL that a row gives")
    similarity: Share


class HelpFound(Answer):
    """What the help texts answer."""

    known: bool = Field(description="whether there is an answer")
    text: str = Field(
        description="the answer in one text; else that none is known, and whom to ask"
    )
    passages: list[HelpPassage] = Field(
        description="the best first; more than one where they contradict each other"
    )
    contradicts: bool
    contact: str = Field(description="whom to ask where nothing is known; RECSYS_HELP_CONTACT")
    loaded: bool = Field(description="whether there are help texts at all")
