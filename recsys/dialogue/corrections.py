"""Corrections: two clauses of which one takes a subject back, such as "not bread, docker"."""

from __future__ import annotations

import re
from collections.abc import Sequence

from recsys.dialogue.clause_commands import by_pattern, patterns_of
from recsys.dialogue.commands import Command, Find, Steer
from recsys.dialogue.message_text import is_han

MOST_WORDS, MOST_SIGNS = 4, 8  # of a clause that may be nothing but a subject; the latter: of Han
_NOT = re.compile(
    r"^(?:(?:no|nope|sorry|wait|i (?:said|meant|mean)) )*not (?:the )?"
    r"(?P<x>(?!(?:bad|enough|sure|now|today|yet|really|too|interested|for|so|a|an|much|many)\b).+)$"
)
_HAN_NOT = re.compile(r"^(?:不对?|我说的)?不是(?P<x>.{1,8})$")
_HAN_BUT = re.compile(r"^(?:而?是|我?要的?是|我说的是)(?=.)")
_SENTENCE = re.compile(r"^(?:its|it is|thats|that is|this is|i|you|we|they)\b")
_DENIALS = frozenset(("no", "nope", "wait", "sorry", "不", "不对", "不是", "错了"))


def correction(clauses: Sequence[str]) -> tuple[Command, ...]:
    """Return the commands of clauses that take a subject back; empty: they do not.

    "Not bread, docker" searches for docker alone; "docker, not bread" also leaves bread out.
    """
    told = [one for one in clauses if one not in _DENIALS]
    if len(told) != 2:
        return ()
    first, second = told
    if _denied(first) and (subject := _subject(second)):
        return (Find(subject),)
    if (denied := _denied(second)) and (subject := _subject(first)):
        return (Find(subject), Steer("mute", patterns_of(denied).target(denied)))
    return ()


def _denied(clause: str) -> str:
    found = (_HAN_NOT if is_han(clause) else _NOT).match(clause)
    return found["x"] if found else ""


def _subject(clause: str) -> str:
    """Return the words of a clause that is nothing but a subject; empty: it is more."""
    language = patterns_of(clause)
    words = _HAN_BUT.sub("", language.stripped(clause))
    longest = len(words) > MOST_SIGNS if is_han(words) else len(words.split()) > MOST_WORDS
    if not words or longest or _SENTENCE.match(clause) or by_pattern(words):
        return ""
    return language.finding(words)
