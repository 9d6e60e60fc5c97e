"""Title writer: titles for a text by a model, where the text grounds them, else extracted ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from recsys.grounding.grounded import grounded
from recsys.writing.extracted_titles_and_tags import titles
from recsys.writing.title_candidates import LONGEST

Made = Literal["extract", "model"]


@dataclass(frozen=True, slots=True)
class WrittenTitle:
    """A title, and what it was made by."""

    text: str
    made: Made


@dataclass(frozen=True, slots=True)
class _Text:
    """The text as the one fact that its title may state."""

    value: str
    kind: Literal["text"] = "text"


def grounded_title(title: str, text: str) -> str:
    """Return a model's title in one line; empty where it is too long or not grounded."""
    line = " ".join(title.split())
    if not line or len(line) > LONGEST or not grounded(line, [_Text(text)]):
        return ""
    return line


def written_titles(text: str, n: int, write: Callable[[str], str] | None) -> list[WrittenTitle]:
    """Return up to n titles of a text: the model's where it is grounded, then extracted ones.

    `write`: the model; None: there is none.
    """
    extracted = titles(text, n)
    own = grounded_title(write(text), text) if write is not None and extracted else ""
    found: list[WrittenTitle] = [WrittenTitle(one, "extract") for one in extracted]
    if own and own not in extracted:
        found = [WrittenTitle(own, "model"), *found]
    return found[:n]


def first_titles(texts: Sequence[str], write: Callable[[str], str] | None) -> list[str]:
    """Return the first title of each text; empty where a text has none."""
    return [next((one.text for one in written_titles(text, 1, write)), "") for text in texts]
