"""Statements: sentences of an answer as templates with facts, and what they come with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from recsys.dialogue.commands import Command
from recsys.dialogue.facts import Fact
from recsys.ranking.query import Recommendation

Value = Fact | tuple[Fact, ...]  # several are listed with commas


@dataclass(frozen=True, slots=True)
class Statement:
    """One sentence: an English template, which is the key of its translations, and its values."""

    template: str
    values: Mapping[str, Value] = field(default_factory=dict)
    weight: int = 1  # 0: left out where an answer has to be short


@dataclass(frozen=True, slots=True)
class Undoing:
    """How the latest change of an answer is taken back."""

    scope: str  # conversation or profile
    controls: tuple[int, ...] = ()  # ids for PATCH /users/<user>/profile, of scope profile


@dataclass(frozen=True, slots=True)
class Answer:
    """What was carried out: facts only; `wording.say` makes a text of them."""

    commands: tuple[Command, ...]
    statements: tuple[Statement, ...]
    items: tuple[Recommendation, ...] = ()
    undo: Undoing | None = None
    options: tuple[str, ...] = ()  # answers to a question back, as the person may send them
    handoff: str = ""  # why the conversation goes to people: person, threat or self_harm
