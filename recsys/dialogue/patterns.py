"""Patterns of a language: a message and its clauses to commands, by the first pattern that fits.

Each language is a package (`english`, `chinese`); its module `patterns` holds the
LanguagePatterns. Targets of commands are words as they stand in the message.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from recsys.dialogue.commands import (
    Action,
    CannotDo,
    Command,
    Handoff,
    Smalltalk,
    Smalltalks,
    Steer,
    Target,
)

Made = Callable[[re.Match[str]], Sequence[Command] | None]  # None: it does not fit after all
Rules = tuple[tuple[str, Made], ...]
LooselyMade = Callable[[re.Match[str]], Command | None]
LooseRules = tuple[tuple[str, LooselyMade], ...]
SmallTalk = tuple[tuple[str, Smalltalks], ...]
# a group that repeats and gives no sign back: time stays in proportion to the length of a clause
_REPEATED = re.compile(r"(?<=\))([*+])(?![+?])")


def compiled(rules: Iterable[Rules], possessive: bool = False) -> tuple[CompiledRule, ...]:
    """Return rules whose patterns match whole clauses; `possessive`: repeated groups keep signs."""
    found = []
    for pattern, make in (rule for part in rules for rule in part):
        whole = rf"^(?:{pattern})$"
        found.append((re.compile(_REPEATED.sub(r"\1+", whole) if possessive else whole), make))
    return tuple(found)


CompiledRule = tuple[re.Pattern[str], Made]


@dataclass(frozen=True, slots=True)
class Guards:
    """Patterns that are looked for anywhere in a message, before its clauses are read."""

    self_harm: re.Pattern[str]
    threat: re.Pattern[str]
    instructions: re.Pattern[str]  # orders to a model
    another_user: re.Pattern[str]  # something of somebody else
    own: re.Pattern[str] | None  # what is theirs after all; None: nothing looks so
    people: re.Pattern[str]  # a person is asked for

    def safety(self, message: str) -> Handoff | None:
        """Return the hand-over of words of self-harm or a threat; None: there are none."""
        if self.self_harm.search(message):
            return Handoff("self_harm")
        return Handoff("threat") if self.threat.search(message) else None

    def whole(self, message: str) -> tuple[Command, ...]:
        """Return the commands of a message that is read as one; empty: read it by its clauses."""
        if self.instructions.search(message):
            return (CannotDo("instructions", message),)
        own = self.own is not None and self.own.search(message)
        if self.another_user.search(message) and not own:
            return (CannotDo("another_user", message),)
        return (Handoff("person"),) if self.people.search(message) else ()


@dataclass(frozen=True, slots=True)
class LanguagePatterns:
    """What messages of one language are read with."""

    scope: re.Pattern[str]  # words that make a wish last: "from now on"
    stripped: Callable[[str], str]  # a clause without politeness
    subject: Callable[[str], str]  # words without what names no subject
    target: Callable[[str], Target]
    finding: Callable[[str], str]  # the words of a search
    guards: Guards
    small_talk: tuple[tuple[re.Pattern[str], Smalltalks], ...]
    questions: Callable[
        [str, str], tuple[Command, ...]
    ]  # help and outside; of (bare, whole) clause
    rules: tuple[CompiledRule, ...]
    loose_rules: tuple[tuple[re.Pattern[str], LooselyMade], ...]  # keywords anywhere in a clause

    def without_scope(self, words: str) -> tuple[bool, str]:
        """Return whether a clause is meant for ever, and it without politeness and those words."""
        lasting = self.scope.search(words) is not None
        return lasting, self.stripped(self.scope.sub("", words) if lasting else words)

    def clause(self, words: str) -> tuple[Command, ...]:
        """Return the commands of a clause; empty where no pattern fits."""
        words = words.strip()
        if small := self._small_talk(words):
            return small
        lasting, bare = self.without_scope(words)
        if not bare:
            return ()
        if not lasting and (found := self._small_talk(bare) or self.questions(bare, words)):
            return found
        for pattern, make in self.rules:
            match = pattern.match(bare)
            made = make(match) if match is not None else None
            if made:
                return tuple(map(_lasting, made)) if lasting else tuple(made)
        return ()

    def loosely(self, clause: str) -> Command | None:
        """Return the command of the first keywords of a clause; None: it has none."""
        for pattern, make in self.loose_rules:
            match = pattern.search(clause)
            if match is not None and (made := make(match)) is not None:
                return made
        return None

    def _small_talk(self, words: str) -> tuple[Command, ...]:
        for pattern, what in self.small_talk:
            if pattern.match(words):
                return (Smalltalk(what),)
        return ()


def _lasting(command: Command) -> Command:
    return replace(command, scope="profile") if isinstance(command, Steer) else command


def small_talk(patterns: SmallTalk) -> tuple[tuple[re.Pattern[str], Smalltalks], ...]:
    """Return patterns that match whole clauses, and the kind of small talk that each stands for."""
    return tuple((re.compile(rf"^(?:{pattern})$"), what) for pattern, what in patterns)


def loose(rules: LooseRules) -> tuple[tuple[re.Pattern[str], LooselyMade], ...]:
    """Return rules whose patterns are looked for anywhere in a clause."""
    return tuple((re.compile(pattern), make) for pattern, make in rules)


_PRONOUN = re.compile(
    r"^(?:it|that|this|them|those|these|one|ones|please|back|a bit|to|of|so|or)\b"
)


def loosely_steered(action: Action, target: Callable[[str], Target]) -> LooselyMade:
    """Return what makes a steer of the group "x" of a match; pronouns stand for "this"."""

    def make(match: re.Match[str]) -> Command | None:
        words = match["x"].strip()
        about = Target("this") if _PRONOUN.match(words) else target(words)
        return Steer(action, about) if about.words else None

    return make
