"""Clause commands: the commands of a clause by the patterns of its language."""

from __future__ import annotations

import re

from recsys.dialogue.chinese.rule_set import CHINESE
from recsys.dialogue.commands import Command
from recsys.dialogue.english.rule_set import ENGLISH
from recsys.dialogue.item_questions import item_question
from recsys.dialogue.message_text import is_han
from recsys.dialogue.patterns import LanguagePatterns

LANGUAGES = (ENGLISH, CHINESE)


def patterns_of(words: str) -> LanguagePatterns:
    """Return the patterns of the language that words are in."""
    return CHINESE if is_han(words) else ENGLISH


def by_pattern(words: str) -> tuple[Command, ...]:
    """Return the commands of a clause by the patterns of its language; empty: none fits."""
    if (question := item_question(words)) is not None:
        return (question,)
    if not is_han(words):
        return ENGLISH.clause(words)
    if starts_command(words):  # "less 政治 please"
        return ENGLISH.clause(words) or CHINESE.clause(words)
    return CHINESE.clause(words)


_STARTS = re.compile(
    r"^(?:more|less|fewer|no|not|only|just|hide|mute|block|show|stop|never|find|recommend|undo|why|what|how|"
    r"give|remove|dont|also|please|i|get|play|newer|older|shorter|longer|lighter|darker|too|something|anything|without|ban|skip)\b"
)


def starts_command(words: str) -> bool:
    """Whether a clause begins with an English word that commands begin with."""
    return _STARTS.match(words) is not None
