"""Passage of a help text, with its title and link."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Passage:
    """A section of a help text, or an answer with its question as the title."""

    title: str
    text: str  # plain text, no markup
    link: str  # path below the ingested folder, with an anchor; or the URL that a CSV row gives
    language: str = ""  # ISO 639-1; empty: undecided
