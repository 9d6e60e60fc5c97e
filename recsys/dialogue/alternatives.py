"""Alternatives: the subjects of words such as "jazz or blues" or "爵士或蓝调"."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from recsys.dialogue.commands import MOST_EITHER, Command, Steer, Target
from recsys.dialogue.message_text import is_han

_LONGEST, _LONGEST_HAN = 4, 8  # words, or Han signs, of one of them
_OR = re.compile(r"(?:,? (?:and/or|or|either)|/(?=[^\d])) ?(?:the |some |a |an )?")
_AND = re.compile(r" (?:and|&) (?:the |some |a |an )?")
_HAN_OR = re.compile(r"(?:或者是?|或是|还是|或)|\s+or\s+|/")
_HAN_AND = re.compile(r"(?:和|跟|与|以及)|\s+and\s+")
_CLOSES = re.compile(r"^(?:or|and|或者?|和) ?(?:the |some )?(?P<x>.+)$")
_MOST_BEFORE = 8  # words of the clause that an enumeration goes on
_NO_SUBJECTS = frozenset(
    """so not no less more two something anything else whatever similar other others such later
    never nothing none maybe better worse both""".split()
)


def alternatives(words: str, joined: bool = False) -> tuple[str, ...]:
    """Return the subjects around "or"; empty: words name one. `joined`: around "and", too."""
    han = is_han(words)
    words = words.removeprefix("either ")
    parts = [one.strip() for one in (_HAN_OR if han else _OR).split(words)]
    if len(parts) == 1 and joined:
        parts = [one.strip() for one in (_HAN_AND if han else _AND).split(words)]
    if not 2 <= len(parts) <= MOST_EITHER or len(set(parts)) < len(parts):
        return ()
    return tuple(parts) if all(map(_is_subject, parts)) else ()


def each(commands: Sequence[Command], known: Callable[[str], bool]) -> tuple[Command, ...]:
    """Return commands with one for each alternative where none of them is wanted.

    "No football or tennis" hides both. What is wanted stays one command, as either will do, unless
    it is to last: then each is a wish of its own. `known`: whether a label is called so.
    """
    found: list[Command] = []
    for one in commands:
        parts: tuple[str, ...] = ()
        if isinstance(one, Steer) and one.action != "only" and not known(one.target.words):
            if one.action != "more" or one.scope == "profile":
                parts = alternatives(one.target.words)
        if isinstance(one, Steer) and parts:
            found += [replace(one, target=Target(part)) for part in parts]
        else:
            found.append(one)
    return tuple(found)


def with_enumerations(clauses: Sequence[str], is_bare: Callable[[str], bool]) -> list[str]:
    """Return clauses in which "no football, tennis or golf" is one, not two.

    `is_bare`: whether a clause may be nothing but a subject. The last of the subjects decides: it
    has "or", or "and" after two others, which then stands for "or".
    """
    found: list[str] = []
    at = 0
    while at < len(clauses):
        first, at = clauses[at], at + 1
        found.append(first)
        for last in range(at, min(at + MOST_EITHER - 1, len(clauses))):
            parts = alternatives(clauses[last], joined=True) or _closing(clauses[last])
            if parts and all(map(is_bare, (*clauses[at:last], clauses[last]))):
                if first.count(" ") < _MOST_BEFORE or is_han(first):
                    between = "或" if is_han(first) else " or "
                    found[-1] = between.join((first, *clauses[at:last], *parts))
                    at = last + 1
                break
            if not _is_subject(clauses[last]) or not is_bare(clauses[last]):
                break
    return found


def _closing(clause: str) -> tuple[str, ...]:
    """Return the subject of a clause such as "or golf"; empty: it does not begin so."""
    match = _CLOSES.match(clause)
    return (match["x"],) if match is not None and _is_subject(match["x"]) else ()


def _is_subject(words: str) -> bool:
    if not words or words in _NO_SUBJECTS or words.isdecimal():
        return False
    return len(words) <= _LONGEST_HAN if is_han(words) else len(words.split()) <= _LONGEST
