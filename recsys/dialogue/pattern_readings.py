"""Pattern readings: what patterns say of a segment, as features of the learned model."""

from __future__ import annotations

from dataclasses import dataclass

from recsys.dialogue.clause_commands import by_pattern
from recsys.dialogue.commands import (
    Around,
    CannotDo,
    Command,
    Find,
    Show,
    Smalltalk,
    Steer,
    Undo,
    Why,
    kind_of,
)
from recsys.dialogue.message_tokens import TokenizedMessage, tokenized

LONGEST = 160  # signs of a segment that patterns read
_PLACES = frozenset({"1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "last"})


@dataclass(frozen=True, slots=True)
class PatternReading:
    """The name of the commands of a segment, and the tokens of the first one's target."""

    name: str  # "none": no pattern fits
    target: tuple[int, int] | None = None


NO_READING = PatternReading("none")


def pattern_reading(message: TokenizedMessage, first: int, end: int) -> PatternReading:
    """Return what patterns read in the tokens from `first` up to `end`."""
    words = message.words(first, end)
    made = by_pattern(words) if words and len(words) <= LONGEST else ()
    if not made:
        return NO_READING
    target = _target(made[0])
    place = _place(message, first, end, target) if target else None
    return PatternReading("+".join(map(_name, made)), place)


def _name(command: Command) -> str:
    if isinstance(command, Steer):
        this = ".this" if command.target.words == "this" else ""
        return f"steer.{command.action}{'!' if command.scope == 'profile' else ''}{this}"
    if isinstance(command, Find):
        if command.like is not None:
            return "like.this" if command.like.words == "this" else "like"
        return "find" if command.words else "find.than" if command.than else "find.order"
    if isinstance(command, Why):
        words = command.item.words if command.item else "this"
        return "why.place" if words in _PLACES else "why.this" if words == "this" else "why.title"
    if isinstance(command, Show | Smalltalk | CannotDo):
        return f"{kind_of(command)}.{command.what}"
    if isinstance(command, Around):
        return "around" if command.subject else "around.all"
    if isinstance(command, Undo):
        return "undo" if command.target else "undo.all"
    return kind_of(command)


def _target(command: Command) -> str:
    if isinstance(command, Steer):
        return command.target.words
    if isinstance(command, Find):
        return command.like.words if command.like is not None else command.words
    if isinstance(command, Around):
        return command.subject.words if command.subject else ""
    if isinstance(command, Undo):
        return command.target.words if command.target else ""
    if isinstance(command, Why):
        return command.item.words if command.item else ""
    return ""


def _place(message: TokenizedMessage, first: int, end: int, target: str) -> tuple[int, int] | None:
    """Return the tokens of a segment that are the words of a target; None: there are none."""
    wanted = [one.text for one in tokenized(target).tokens if one.is_word]
    tokens = message.tokens
    words = [at for at in range(first, end) if tokens[at].is_word]
    for start in range(len(words) - len(wanted) + 1):
        places = words[start : start + len(wanted)]
        if places and [tokens[at].text for at in places] == wanted:
            return places[0], places[-1] + 1
    return None
