"""Intent commands: what an intent of the classifier, or words that name no command, ask for."""

from __future__ import annotations

import re
from collections.abc import Callable

from recsys.dialogue.clause_commands import patterns_of
from recsys.dialogue.commands import (
    Around,
    CannotDo,
    Command,
    Find,
    Handoff,
    Help,
    Show,
    Smalltalk,
    Steer,
    Target,
    Undo,
    Why,
)
from recsys.dialogue.message_text import is_han
from recsys.dialogue.subject_extraction import remaining_words
from recsys.text.language.english_word_share import listed

LONGEST_NOUN = 6  # words of a clause that may be nothing but what is searched for


LONGEST_HAN_NOUN = 10  # signs of such a clause


def of_intent(intent: str, words: str) -> Command | None:
    """Return the command of an intent; None where the words name nothing that it needs."""
    rest = remaining_words(intent, words)
    name, _, detail = intent.partition(".")
    if name == "steer":
        if not rest:
            return None
        return Steer(detail, patterns_of(rest).target(rest))  # type: ignore[arg-type]
    if name == "show":
        return Show(detail)  # type: ignore[arg-type]
    made: dict[str, Callable[[], Command]] = {
        "find": lambda: Find(rest),
        "like": lambda: Find(like=Target(rest or "this")),
        "why": lambda: Why(Target("this")),
        "around": lambda: Around(Target(rest) if rest else None),
        "help": lambda: Help(words),
        "undo": Undo,
        "smalltalk": lambda: Smalltalk("agreement"),
        "handoff": lambda: Handoff("person"),
        "outside": lambda: CannotDo("outside", words),
    }
    return made[name]()


def is_noun(words: str, known: Callable[[str], bool]) -> bool:
    """Whether words may be nothing but what is searched for."""
    if is_han(words):
        return 2 <= len(words) <= LONGEST_HAN_NOUN and not _HAN_VERBS.search(words)
    parts = words.split()
    if not 0 < len(parts) <= LONGEST_NOUN or _VERBS.search(words):
        return False
    return any(known(part) for part in parts) or bool(listed(parts).mean() >= 0.5)


_VERBS = re.compile(
    r"\b(?:i|you|we|they|he|she|my|your|is|are|am|was|were|do|does|did|can|could|will|would|should|"
    r"have|has|had|im|youre|dont|cant|wont|isnt|me|who|what|when|where|why|how)\b"
)


_HAN_VERBS = re.compile(
    r"[我你您他她吗呢吧啊]|怎么|什么|为什么|哪|谁|多少|几点|帮|请|^(?:是|在|会|能|可以)"
)
