"""Utterances with expected commands: how many are understood as expected.

A line of a table is the expected commands, a tab and the utterance; see tests/dialogue/README.md.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from recsys.dialogue.alternatives import alternatives
from recsys.dialogue.commands import (
    Around,
    CannotDo,
    Command,
    Find,
    Show,
    Steer,
    Undo,
    Why,
    kind_of,
)
from recsys.dialogue.followees import are_followees
from recsys.dialogue.length_limits import length_limit
from recsys.dialogue.message_text import read_message
from recsys.dialogue.understanding import Understanding, nothing_known
from recsys.errors import DataError
from recsys.text_training.command_examples import LANGUAGES

_SAME_REFERENCE = {"这个": "this", "最后一个": "last"}
_FILLING = re.compile(r"\b(?:the|a|an|some|stuff about|posts about) |的|'")
# what tables may call by its English name though the utterance is Chinese, and short names
_DECADES = zip("123456789", "一二三四五六七八九", strict=True)
_SAME_WORDS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"(?:19|20)?(\d0)年代"), r"\g<1>s"),
    (re.compile(r"(?:19|20)(\d0)s"), r"\g<1>s"),
    *((re.compile(f"{sign}十年代"), f"{digit}0s") for digit, sign in _DECADES),
    *((re.compile(han), name) for name, han in LANGUAGES.items()),
    (re.compile(r"(?<=[<+])known"), "more_known"),
    (re.compile(r"(?<=[<+])unknown"), "less_known"),
)
_PLURAL = re.compile(r"(\w{3,})s\b")


@dataclass(frozen=True, slots=True)
class Utterance:
    """A message and its expected commands, in the form of `written`."""

    text: str
    expected: str

    @property
    def outside(self) -> bool:
        """Whether it asks for nothing that the dialogue does."""
        return self.expected == "cannotdo"


@dataclass(frozen=True, slots=True)
class UtteranceFigures:
    """Shares of utterances."""

    utterances: int
    kinds: float  # whose kinds of commands are as expected
    commands: float  # whose commands are so with action, scope, comparison and words
    outside_recall: float  # of those outside, not understood as anything else
    wrong: tuple[tuple[str, str, str], ...]  # (text, expected, found)


def read_utterances(path: Path) -> list[Utterance]:
    """Return the utterances of a table; DataError names a line that is none."""
    found = []
    for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1):
        parts = line.split("\t")
        if len(parts) != 2:
            raise DataError(f"{path}:{number}: expected commands, a tab and the utterance")
        found.append(Utterance(parts[1], parts[0]))
    return found


def written(commands: Sequence[Command]) -> str:
    """Return commands in the form of the tables of utterances."""
    return " + ".join(map(_written, commands))


def _written(command: Command) -> str:
    if isinstance(command, Steer):
        mark = "!" if command.scope == "profile" else ""
        return f"steer:{command.action}{mark}:{_called(command.target.words)}"
    if isinstance(command, Find):
        than = "<" + "+".join(command.than) if command.than else ""
        if command.like is not None:
            return f"find~{command.like.words}{than}"
        given = command.within.words if command.within is not None else ""
        within = f"[{_called(given)}]" if _called(given) != given else ""
        words = _called(command.words)
        return f"find{than}{within}" if than and not words else f"find:{words}{than}{within}"
    if isinstance(command, Why):
        return f"why:{command.item.words if command.item else ''}"
    if isinstance(command, Around):
        return f"around:{command.subject.words if command.subject else ''}"
    if isinstance(command, Undo) and command.target is not None:
        return f"undo:{command.target.words}"
    if isinstance(command, Show):
        return f"show:{command.what}"
    return kind_of(command)


def _called(words: str) -> str:
    """Return words as tables have them: a limit in minutes, followees, or alternatives."""
    if are_followees(words):
        return "followed"
    if (limit := length_limit(words)) is not None:
        return f"{limit.value} min"
    return "|".join(alternatives(words)) or words


def compared(written_commands: str) -> str:
    """Return written commands without articles, plurals and letter case, to be compared."""
    text = written_commands.casefold()
    for sign, reference in _SAME_REFERENCE.items():
        text = text.replace(sign, reference)
    for pattern, word in _SAME_WORDS:
        text = pattern.sub(word, text)
    return _PLURAL.sub(r"\1", _FILLING.sub("", text))


def kinds(written_commands: str) -> list[str]:
    """Return the kinds of written commands."""
    return [re.split("[:<~]", one)[0] for one in written_commands.split(" + ")]


def understood_as_expected(
    utterances: Sequence[Utterance], understanding: Understanding
) -> UtteranceFigures:
    """Return the figures of an understanding; without a catalogue no word is known to it."""
    right_kinds = right = outside = outside_right = 0
    wrong = []
    for one in utterances:
        commands = understanding.understand(read_message(one.text), nothing_known).commands
        found = written(commands)
        same_kinds = kinds(found) == kinds(one.expected)
        same = compared(found) == compared(one.expected)
        right_kinds, right = right_kinds + same_kinds, right + same
        if one.outside:
            outside += 1
            outside_right += all(isinstance(each, CannotDo) for each in commands)
        if not same:
            wrong.append((one.text, one.expected, found))
    count = max(len(utterances), 1)
    return UtteranceFigures(
        len(utterances),
        right_kinds / count,
        right / count,
        outside_right / outside if outside else float("nan"),
        tuple(wrong),
    )
