"""Learned choice: which messages are left to patterns; the learned model reads the others."""

from __future__ import annotations

import re
from collections.abc import Sequence

from recsys.dialogue.clause_commands import by_pattern
from recsys.dialogue.commands import (
    EVERYTHING,
    Around,
    Clarify,
    Command,
    Find,
    Show,
    Smalltalk,
    Steer,
    Undo,
    Why,
)
from recsys.dialogue.corrections import correction
from recsys.dialogue.followees import are_followees, with_followees
from recsys.dialogue.intent_commands import is_noun
from recsys.dialogue.length_limits import length_limit, without_length
from recsys.dialogue.message_text import Message, is_han
from recsys.dialogue.periods import without_period
from recsys.dialogue.search_words import search_words

# Words, or Han signs, up to which a message that patterns fit is left to them. On utterances of
# three people whom the model had not learned from (command_utterances_5, _6 and _12), of those
# that patterns fit the model alone was right in 91 and patterns alone in 7, but hardly any of the
# latter was as short as this, or of the forms below.
SHORT, SHORT_HAN = 4, 6
PAIR, PAIR_HAN = 8, 14  # the same of a clause that patterns read two wishes in
LISTED, LISTED_HAN = 3, 6  # of a subject in an enumeration
TITLE = 3  # words of a title that patterns read beside a comparison
SHORT_HAN_NOUN = 4  # signs up to which a Chinese message of nouns alone is searched for
LEAST = 0.02  # probability of the model's least sure command below which patterns read a message
MANY = 4  # clauses from which a message is no longer cut by the model
_OF_YEARS = re.compile(r".{2,5}年代的.{1,6}")
_LATIN = re.compile(r"[a-z]+")
_PLACES = frozenset({"1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "last"})


def is_left_to_patterns(message: Message) -> bool:
    """Whether a message is nothing but nouns, a correction, or a mixture of languages."""
    plain = message.plain
    if is_han(plain) and " or " in plain:
        return True
    if len(message.clauses) > 1:
        return bool(correction(message.clauses))
    if not is_han(plain):
        return _is_short(plain) and is_noun(plain, _unknown)
    noun = len(plain) <= SHORT_HAN_NOUN or _OF_YEARS.fullmatch(plain)
    return bool(noun) and is_noun(plain, _unknown)


def fits_patterns(message: Message) -> bool:
    """Whether patterns fit each clause of a message."""
    return all(map(by_pattern, message.clauses))


def limits_only(commands: Sequence[Command]) -> bool:
    """Whether each command is a limit of length or followees, or has one."""
    return all(
        one.within is not None
        if isinstance(one, Find)
        else isinstance(one, Steer)
        and (are_followees(one.target.words) or length_limit(one.target.words) is not None)
        for one in commands
    )


def has_limit(message: Message) -> bool:
    """Whether a message has a limit of length, followees, a period or an order."""
    return any(
        without_length(one)[1] or with_followees(one) != one or without_period(one)[1]
        for one in message.clauses
    )


def has_order(message: Message) -> bool:
    """Whether a clause of a message says how a list is sorted, and nothing else."""
    alone = (by_pattern(one) for one in message.clauses)
    return any(len(made) == 1 and made[0] == _order(made[0]) for made in alone)


def _order(command: Command) -> Command | None:
    return Find(order=command.order) if isinstance(command, Find) and command.order else None


def is_special(message: Message, commands: Sequence[Command]) -> bool:
    """Whether what patterns read in a message that they fit is better than what the model reads.

    It is where the message is short or has many clauses, and where it is one clause with several
    wishes or a form that the model has not: a count, an order, a period, a place of the list, an
    author, a limit of length, followees, a field of an item.
    """
    if _is_short(message.plain) or len(message.clauses) > MANY:
        return True
    if any(map(_has_own_form, commands)):
        return True
    if len(message.clauses) > 1:
        return False
    if len(commands) > 1:
        return _is_within(message.plain, PAIR, PAIR_HAN)
    wish = all(isinstance(one, Find | Steer | Show) for one in commands)
    return (wish and has_limit(message)) or all(map(_is_plain, commands))


def says_more(message: Message, by_patterns: Sequence[Command], told: Sequence[Command]) -> bool:
    """Whether patterns, which fit a message of few words, find more wishes in it than the model."""
    return len(by_patterns) > len(told) and _is_within(message.plain, PAIR, PAIR_HAN)


def enumerates(message: Message, clauses: Sequence[str]) -> bool:
    """Whether a message enumerates subjects, given its clauses with these as one clause."""
    return (
        len(clauses) < len(message.clauses)
        and all(map(by_pattern, clauses))
        and all(_is_within(one, LISTED, LISTED_HAN) for one in message.clauses[1:])
    )


def _has_own_form(command: Command) -> bool:
    """Whether a command has a form that the model does not know."""
    if isinstance(command, Find):
        named = command.words or command.like or command.than
        counted = command.count or search_words(command.words).count
        place = command.like is not None and _is_place(command.like.words)
        return bool(command.order or command.within or counted or place or not named)
    if isinstance(command, Steer):
        return _is_place(command.target.words)
    if isinstance(command, Undo):
        return command.target is not None and command.target.words == EVERYTHING
    if isinstance(command, Show):
        return command.what not in ("more", "profile", "controls")
    if isinstance(command, Smalltalk):
        return command.what == "complaint"
    return isinstance(command, Clarify)


def _is_place(words: str) -> bool:
    return words in _PLACES or words.startswith("author of ")


def _is_plain(command: Command) -> bool:
    """Whether a command is one that patterns read whole: without a subject, or a comparison."""
    if isinstance(command, Find):
        return (
            command.like is not None
            and bool(command.than)
            and len(command.like.words.split()) <= TITLE
        )
    if isinstance(command, Around):
        return command.subject is None
    if isinstance(command, Why):
        return command.item is None or len(command.item.words.split()) < TITLE
    return isinstance(command, Show | Smalltalk)


def _is_short(plain: str) -> bool:
    return _is_within(plain, SHORT, SHORT_HAN)


def _is_within(plain: str, words: int, signs: int) -> bool:
    """Whether a message has at most so many words, or signs where a Latin word counts as one."""
    if is_han(plain):
        return len(_LATIN.sub("a", plain)) <= signs
    return len(plain.split()) <= words


def _unknown(words: str) -> bool:
    return False
