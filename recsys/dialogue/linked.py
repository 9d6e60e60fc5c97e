"""Linked: what words were linked to, and how alike words have to be."""

from __future__ import annotations

from dataclasses import dataclass

from recsys.dialogue.commands import Target

LEAD = 4.0  # similarity, 0 to 100, by which what is meant must be ahead of the next
LIKELY = 78.0  # similarity from which something is offered
SHORTEST = 4  # signs of words that are compared by edits; Han: 2


@dataclass(frozen=True, slots=True)
class Linked:
    """What words were linked to; without a target, the nearest there are."""

    target: Target | None = None
    options: tuple[Target, ...] = ()  # at most MOST_OPTIONS
    ambiguous: bool = False  # several are meant equally well: the person has to choose
