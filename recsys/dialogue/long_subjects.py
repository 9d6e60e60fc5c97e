"""Long subjects: what commands are about, cut down to the labels that items have."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from recsys.dialogue.commands import Around, CannotDo, Command, Find, Steer, Target
from recsys.dialogue.message_text import is_han

LONGEST_SUBJECT, LONGEST_HAN_SUBJECT = 60, 16  # signs of what a clause is about
MOST_NAMED = 3  # labels that are looked for in a clause with a longer subject
LONGEST_LABEL, LONGEST_HAN_LABEL = 3, 4  # words, or Han signs, of such labels


def too_long(command: Command) -> bool:
    """Whether what a command is about is longer than names are."""
    words = ""
    if isinstance(command, Steer):
        words = command.target.words
    elif isinstance(command, Find):
        words = command.words or (command.like.words if command.like else "")
    elif isinstance(command, Around) and command.subject is not None:
        words = command.subject.words
    elif isinstance(command, CannotDo) and command.what == "unknown":
        words = command.words
    return len(words) > (LONGEST_HAN_SUBJECT if is_han(words) else LONGEST_SUBJECT)


def with_labels(
    words: str, made: Sequence[Command], known: Callable[[str], bool]
) -> tuple[Command, ...]:
    """Return commands about the labels with which long subjects begin.

    Where there are none, the first label of the clause is searched for; without any, the clause is
    unknown.
    """
    found: list[Command] = []
    for one in made:
        if not too_long(one):
            found.append(one)
        elif isinstance(one, Steer):
            labels = named_in(_head(one.target.words), known)
            found += [replace(one, target=Target(label)) for label in labels]
        elif isinstance(one, Around) and one.subject is not None:
            found += [
                Around(Target(label)) for label in named_in(_head(one.subject.words), known)[:1]
            ]
    if not found:
        found += [Find(label) for label in named_in(words, known)[:1]]
    return tuple(found) or (CannotDo("unknown", words),)


def _head(subject: str) -> str:
    """Return the beginning of a subject, as long as subjects are."""
    return subject[: LONGEST_HAN_SUBJECT if is_han(subject) else LONGEST_SUBJECT]


def named_in(words: str, known: Callable[[str], bool]) -> list[str]:
    """Return the first labels that stand in a clause, the longest of those at a place."""
    han = is_han(words)
    parts = list(words) if han else words.split()
    found: list[str] = []
    at = 0
    while at < len(parts) and len(found) < MOST_NAMED:
        for size in range(LONGEST_HAN_LABEL if han else LONGEST_LABEL, 1 if han else 0, -1):
            label = ("" if han else " ").join(parts[at : at + size])
            if at + size <= len(parts) and known(label):
                found.append(label)
                at += size - 1
                break
        at += 1
    return list(dict.fromkeys(found))
