"""Segment modifiers: counts, periods, order and fields of items in a segment of the learned model.

The model names what a segment asks and its target; what limits or sorts a search is read here from
the segment's words by the rules of patterns.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from recsys.dialogue.clause_commands import by_pattern
from recsys.dialogue.commands import MOST_COUNTED, Command, Find, Show, Smalltalk, Steer, Target
from recsys.dialogue.item_questions import item_question
from recsys.dialogue.limited_commands import names_anything
from recsys.dialogue.message_text import is_han
from recsys.dialogue.periods import without_period
from recsys.dialogue.search_words import number_of, search_words, split_count

LISTS = frozenset({"more", "profile", "controls"})  # the rest are fields of items
_COUNTED = re.compile(
    r"\b(?:me|us|the|top|best|any|only|just|give|find|show|get|need|want|recommend|suggest|for|"
    r"up|first|another) (?P<n>\d{1,2}|two|three|four|five|six|seven|eight|nine|ten)"
    r"(?: (?:more|good|great|new|best|interesting|nice|recent|short|other|different|solid|decent))*"
    r"(?: (?:articles?|posts?|threads?|items?|things|videos|films|movies|books|songs|shows|"
    r"podcasts|recipes|ones|pieces|reads|results|links|clips|stories|tips|ideas)\b.*)?$"
)
_HAN_COUNTED = re.compile(
    r"(?:给我|来|推荐|找|前|只要|搜|要|看)(?:个)?(?P<n>\d{1,2}|[二两三四五六七八九十])"
    r"(?:篇|条|个|部|本|则|首|集)(?:关于|讲|有关|跟)?$"
)


def field_question(words: str) -> Command | None:
    """Return the field of an item, or the complaint, that a segment is; None: neither."""
    if (question := item_question(words)) is not None:
        return question
    made = by_pattern(words)
    one = made[0] if len(made) == 1 else None
    if isinstance(one, Smalltalk) and one.what == "complaint":
        return one
    return one if isinstance(one, Show) and one.what not in LISTS else None


def modified(command: Command, words: str, before: str) -> Sequence[Command]:
    """Return the commands of a segment's words, given the model's.

    `before`: the words before its target. A search gets the count, the order and the period that
    its words have; another wish gets a period as one beside it.
    """
    if isinstance(command, Find):
        return [_modified_search(command, words, before)]
    if isinstance(command, Steer) and command.action == "only":
        return _limited(command, words)
    return [command]


def _modified_search(command: Find, words: str, before: str) -> Find:
    made = by_pattern(words)
    alone = made[0] if len(made) == 1 else None
    if isinstance(alone, Find) and (alone.order or alone.count):
        agrees = alone.words == command.words or alone.words in command.words
        if agrees and alone.like is None and command.like is None:
            return replace(command, words=alone.words, order=alone.order, count=alone.count)
    found = command
    rest, period = without_period(words)
    if period and command.within is None and not _is_part(period, command.words):
        found = replace(found, within=Target(period))
    elif period and command.within is None:
        about, within = without_period(command.words)
        if within:
            about = "" if names_anything(about) else about
            found = replace(found, words=about, within=Target(within))
    if command.like is None:
        found = _counted(found, before)
    return found


def _counted(command: Find, before: str) -> Find:
    searched = search_words(command.words)
    if searched.count:
        return replace(command, words=searched.words, count=searched.count)
    number, rest = split_count(command.words)
    if 1 < number <= 20 and rest.rstrip().endswith("s") and not is_han(rest):
        return replace(command, words=rest, count=number)
    match = (_HAN_COUNTED if is_han(before) else _COUNTED).search(before)
    number = number_of(match["n"]) if match is not None else 0
    return replace(command, count=min(number, MOST_COUNTED)) if number > 1 else command


def _limited(command: Steer, words: str) -> Sequence[Command]:
    rest, period = without_period(words)
    if not period or period == command.target.words:
        return [command]
    about, within = without_period(command.target.words)
    if within:
        if not about or names_anything(about):
            return [replace(command, target=Target(within))]
        return [replace(command, target=Target(about)), replace(command, target=Target(within))]
    return [command, replace(command, target=Target(period))]


def _is_part(period: str, words: str) -> bool:
    return period in words
