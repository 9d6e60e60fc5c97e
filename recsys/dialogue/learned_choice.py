"""Learned choice: whether the commands of the learned model are believed, or those of patterns."""

from __future__ import annotations

from collections.abc import Sequence

from recsys.dialogue.clause_commands import by_pattern
from recsys.dialogue.commands import (
    Around,
    CannotDo,
    Clarify,
    Command,
    Find,
    Handoff,
    Show,
    Smalltalk,
    Steer,
    Undo,
)
from recsys.dialogue.corrections import correction
from recsys.dialogue.followees import with_followees
from recsys.dialogue.intent_commands import is_noun
from recsys.dialogue.learned_commands import LearnedCommands
from recsys.dialogue.length_limits import without_length
from recsys.dialogue.merged_commands import Understood
from recsys.dialogue.message_text import Message, is_han
from recsys.dialogue.search_words import search_words

# Least probability of the model's least sure command, where patterns fit every clause and where
# they do not; chosen on utterances of two people (command_utterances_5 and _6) by a model that had
# not learned from these. Of messages that patterns do not fit they read a quarter rightly, the
# model two thirds.
LEAST_FITTED, LEAST = 0.5, 0.15
# Words, or Han signs, from which a message that patterns fit may be read by the model; short ones
# are what patterns were written for.
LONG, LONG_HAN = 6, 10


LISTS = frozenset({"more", "profile", "controls"})  # the rest are fields of items


def is_one_noun(message: Message) -> bool:
    """Whether a message is nothing but English nouns: what is searched for."""
    one = len(message.clauses) == 1 and not is_han(message.plain)
    return one and is_noun(message.plain, _unknown)


def fits_patterns(message: Message) -> bool:
    """Whether patterns fit each clause of a message."""
    return all(map(by_pattern, message.clauses))


def is_structured(message: Message) -> bool:
    """Whether a message has what patterns read best: a length, followees, a correction, or
    alternatives in two languages.
    """
    clauses = message.clauses
    mixed = is_han(message.plain) and " or " in message.plain
    return (
        mixed
        or bool(correction(clauses))
        or any(without_length(one)[1] or with_followees(one) != one for one in clauses)
    )


def _unknown(words: str) -> bool:
    return False


def is_better(
    learned: LearnedCommands, by_patterns: Understood, message: Message, fitted: bool
) -> bool:
    """Whether a message is understood better by the learned model than by patterns.

    `fitted`: whether patterns fit each clause of it.
    """
    if any(isinstance(one, Handoff) for one in by_patterns.commands):
        return False
    if not fitted and any(isinstance(one, CannotDo) for one in by_patterns.commands):
        return learned.chance >= LEAST
    told = learned.understood.commands
    if fitted and len(by_patterns.commands) > len(told):
        return False
    if is_structured(message) or _is_reversed(by_patterns.commands, told):
        return False
    plain = message.plain
    long = len(plain) >= LONG_HAN if is_han(plain) else len(plain.split()) >= LONG
    least = LEAST_FITTED if fitted else LEAST
    return long and learned.chance >= least and all(map(_is_learned, by_patterns.commands))


def _is_reversed(by_patterns: Sequence[Command], told: Sequence[Command]) -> bool:
    """Whether what patterns read as a refusal or a question is read as a wish for the same, or
    an undo loses its subject.
    """
    refused = [
        one.target.words
        for one in by_patterns
        if isinstance(one, Steer) and one.action in ("less", "mute")
    ] + [one.subject.words for one in by_patterns if isinstance(one, Around) and one.subject]
    wished = [one.words for one in told if isinstance(one, Find)] + [
        one.target.words
        for one in told
        if isinstance(one, Steer) and one.action in ("more", "only")
    ]
    if any(one in words or words in one for one in refused for words in wished if words and one):
        return True
    undone = [one.target for one in by_patterns if isinstance(one, Undo)]
    return any(undone) and any(isinstance(one, Undo) and one.target is None for one in told)


def _is_learned(command: Command) -> bool:
    """Whether a command by patterns is of a form that the model knows, too."""
    if isinstance(command, Find):
        plain = command == Find(command.words, command.like)
        return plain and not search_words(command.words).count
    if isinstance(command, Show):
        return command == Show(command.what) and command.what in LISTS
    if isinstance(command, Smalltalk):
        return command.what != "complaint"
    return not isinstance(command, Clarify)
