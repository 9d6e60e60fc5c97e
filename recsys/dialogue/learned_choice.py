"""Learned choice: whether the commands of the learned model are believed, or those of patterns."""

from __future__ import annotations

from recsys.dialogue.clause_commands import by_pattern
from recsys.dialogue.commands import Handoff
from recsys.dialogue.corrections import correction
from recsys.dialogue.followees import with_followees
from recsys.dialogue.intent_commands import is_noun
from recsys.dialogue.learned_commands import LearnedCommands
from recsys.dialogue.length_limits import without_length
from recsys.dialogue.merged_commands import Understood
from recsys.dialogue.message_text import Message, is_han

# least probability of the model's least sure command, in messages of one clause and of several;
# chosen on other_utterances and half of the own ones
LEAST_ONE, LEAST_MANY = 0.4, 0.3


def left_to_patterns(message: Message) -> bool:
    """Whether patterns read a message: they fit each clause, or it has what only they know.

    That is a limit of length, followees, a correction, or nothing but English nouns.
    """
    clauses = message.clauses
    if len(clauses) == 1 and not is_han(message.plain) and is_noun(message.plain, _unknown):
        return True
    if all(map(by_pattern, clauses)) or correction(clauses):
        return True
    return any(without_length(one)[1] or with_followees(one) != one for one in clauses)


def _unknown(words: str) -> bool:
    return False


def is_better(learned: LearnedCommands, by_patterns: Understood, message: Message) -> bool:
    """Whether a message is understood better by the learned model than by patterns."""
    if any(isinstance(one, Handoff) for one in by_patterns.commands):
        return False
    return learned.chance >= (LEAST_ONE if len(message.clauses) == 1 else LEAST_MANY)
