"""Learned commands: what the segments that the learned model found ask for."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import cast, get_args

from recsys.dialogue.clause_commands import patterns_of
from recsys.dialogue.commands import (
    Action,
    Around,
    CannotDo,
    Command,
    Comparison,
    Find,
    Handoff,
    Help,
    Scope,
    Show,
    Shown,
    Smalltalk,
    Smalltalks,
    Steer,
    Target,
    Undo,
    Why,
)
from recsys.dialogue.comparison_cues import compared
from recsys.dialogue.followees import FOLLOWEES, HAN_FOLLOWEES
from recsys.dialogue.learned_model import LearnedModel, Segment
from recsys.dialogue.merged_commands import Understood, merged
from recsys.dialogue.message_text import is_han
from recsys.dialogue.message_tokens import FOLLOWED, LENGTH, TokenizedMessage, tokenized
from recsys.dialogue.segment_modifiers import field_question, modified

LASTING = 0.5  # least probability of a wish that is for good
COMPARED = 0.4  # least probability of a comparison
FIELD_CHANCE = 0.9  # how sure a question for a field of an item is: its pattern fits the segment
_THIS = re.compile(
    r"(?:it|this|that|them|these|those|this one|that one|that stuff|this stuff|one|ones)|"
    r"(?:这|那|它)(?:个|些|条|种|类|部|篇)?的?"
)
_NO_SUBJECT = re.compile(r"太[长短难旧老慢深]|too ")  # "not too long" is a comparison
_LASTING = re.compile(
    r"\b(?:always|from now on|from here on|in future|in the future|for good|forever|for ever|"
    r"ever again|permanently|never ever|going forward|as a rule)\b|"
    r"以后|今后|往后|从今|永远|永久|一直都?(?:别|不|要|多|少)|再也(?:别|不)|长期"
)
_FOLLOWED = re.compile(r"\b(?:follow|subscri)|关注|订阅")
_PLACES = (
    ("1", r"\b(?:1st|first|top|one|1|uppermost)\b|第?[一1]|头一?[个条]|最上面|最前面|打头|置顶"),
    ("2", r"\b(?:2nd|second|two|2)\b|第?[二2两]"),
    ("3", r"\b(?:3rd|third|three|3)\b|第?[三3]"),
    ("4", r"\b(?:4th|fourth|four|4)\b|第?[四4]"),
    ("5", r"\b(?:5th|fifth|five|5)\b|第?[五5]"),
    ("6", r"\b(?:6th|sixth|six|6)\b|第?[六6]"),
    ("7", r"\b(?:7th|seventh|seven|7)\b|第?[七7]"),
    ("8", r"\b(?:8th|eighth|eight|8)\b|第?[八8]"),
    ("9", r"\b(?:9th|ninth|nine|9)\b|第?[九9]"),
    ("10", r"\b(?:10th|tenth|ten|10)\b|第?(?:十|10)"),
    ("last", r"\b(?:last|bottom)\b|最后|末尾|最下面|倒数第一"),
)
_PLACE_OF = tuple((place, re.compile(pattern)) for place, pattern in _PLACES)
_HAN_PLACE = re.compile(r"第\s*(\d+|[一二三四五六七八九十])")
_NUMBER = re.compile(r"\b(?:number|no|nr|#|item|post|position|place|spot)\s?#?(\d+|\w+)")


@dataclass(frozen=True, slots=True)
class LearnedCommands:
    """The commands of a message by the learned model, and how sure it is of the least sure one."""

    understood: Understood
    chance: float


def learned_commands(typed: str, model: LearnedModel) -> LearnedCommands | None:
    """Return the commands of a message as typed; None where the model finds none."""
    message = tokenized(typed)
    segments = model.read(message)
    made: list[Command] = []
    chance = 1.0
    lasting = False
    for one in segments:
        lasting = lasting or bool(_LASTING.search(message.words(one.first, one.end)))
        words = message.words(one.first, one.end)
        if (asked := field_question(words)) is not None:
            made.append(asked)
            chance = min(chance, max(one.chance, FIELD_CHANCE))
            continue
        command = _command(message, one, lasting)
        if command is None:
            return None
        start = one.target[0] if one.target else one.end
        made.extend(modified(command, words, message.words(one.first, start)))
        chance = min(chance, one.chance * one.target_chance**0.5)
    return LearnedCommands(_whole(made), chance) if made else None


def _whole(commands: Sequence[Command]) -> Understood:
    """Return commands as those of one message; thanks after a wish are left out."""
    telling = [one for one in commands if not isinstance(one, Smalltalk | CannotDo)]
    if telling:
        commands = [
            one
            for at, one in enumerate(commands)
            if not (at and isinstance(one, Smalltalk) and one.what in ("thanks", "agreement"))
        ]
    understood = merged([telling]) if telling else Understood(())
    if len(understood.commands) == len(telling):
        places = iter(understood.commands)
        kept = [one if isinstance(one, Smalltalk | CannotDo) else next(places) for one in commands]
    else:
        kept = [
            *understood.commands,
            *(one for one in commands if isinstance(one, Smalltalk | CannotDo)),
        ]
    return Understood(tuple(kept), understood.too_many, understood.contradicted)


def _command(message: TokenizedMessage, segment: Segment, lasting: bool) -> Command | None:
    """Return the command of a segment; None where it lacks what its intent needs.

    `lasting`: this segment or one before says that its wish is for good.
    """
    words = message.words(*segment.target) if segment.target else ""
    name, _, detail = segment.intent.partition(".")
    whole = message.words(segment.first, segment.end)
    tokens = [one.text for one in message.tokens[segment.first : segment.end]]
    if name in ("steer", "find", "like", "undo") and _FOLLOWED.search(words):
        words = HAN_FOLLOWEES if is_han(words) else FOLLOWEES
    if _THIS.fullmatch(words):
        words = "this"
    than = _than(message, segment) if name in ("find", "like") else ()
    limit = Target(message.limit) if LENGTH in tokens else None
    followed = Target(HAN_FOLLOWEES if message.han else FOLLOWEES) if FOLLOWED in tokens else None
    if name == "steer":
        lasting = lasting or segment.flags.get("lasting", 0.0) > LASTING
        scope: Scope = "profile" if lasting else "conversation"
        if not words or _NO_SUBJECT.match(words):
            return None
        return Steer(cast(Action, detail), Target(words), scope)
    if name == "find":
        within = limit or followed
        if within is not None and words in (message.limit, HAN_FOLLOWEES, FOLLOWEES):
            words = ""
        if detail == "than":
            return Find(than=than, within=within) if than or within else None
        return Find(words, than=than, within=within) if words or within else None
    makers: dict[str, Callable[[], Command | None]] = {
        "like": lambda: _like(words, detail, than),
        "why": lambda: _why(whole, words, detail),
        "around": lambda: Around(Target(words) if words else None),
        "show": lambda: Show(cast(Shown, detail)),
        "help": lambda: Help(whole),
        "undo": lambda: Undo(Target(words)) if words and words != "this" else Undo(),
        "smalltalk": lambda: Smalltalk(_small_talk(whole)),
        "handoff": lambda: Handoff("person"),
        "cannotdo": lambda: CannotDo("outside", whole),
    }
    return makers[name]() if name in makers else None


def _than(message: TokenizedMessage, segment: Segment) -> tuple[Comparison, ...]:
    """Return the comparisons of a segment, by the model or by cues beside its target."""
    first, end = segment.target or (segment.first, segment.first)
    cues = compared(message.words(segment.first, first), message.words(end, segment.end))
    return tuple(
        one for one in get_args(Comparison) if one in cues or segment.flags.get(one, 0.0) > COMPARED
    )


def _like(words: str, detail: str, than: tuple[Comparison, ...]) -> Command | None:
    if detail == "this":
        words = "this"
    return Find(like=Target(words), than=than) if words else None


def _why(whole: str, words: str, detail: str) -> Command | None:
    if detail == "title":
        return Why(Target(words)) if words else None
    place = _place(whole) if detail == "place" else "this"
    return Why(Target(place)) if place else None


def _place(words: str) -> str:
    """Return the place of the list that words name; empty: none."""
    for named in (_HAN_PLACE.search(words), _NUMBER.search(words)):
        if named is not None:
            for place, pattern in _PLACE_OF:
                if pattern.fullmatch(named[1]) or named[1] == place:
                    return place
            if named[1].isdecimal():
                return named[1]
    found = [
        (match.start(), place)
        for place, pattern in reversed(_PLACE_OF)
        if (match := pattern.search(words)) is not None
    ]
    ordinals = [one for one in found if not re.match(r"one\b", words[one[0] :])]
    return min(ordinals or found)[1] if found else ""


def _small_talk(words: str) -> Smalltalks:
    made = patterns_of(words).clause(words)
    small = [one.what for one in made if isinstance(one, Smalltalk)]
    if small:
        return small[0]
    for what, pattern in _SMALL:
        if pattern.search(words):
            return what
    return "agreement"


_SMALL: tuple[tuple[Smalltalks, re.Pattern[str]], ...] = (
    ("thanks", re.compile(r"\b(?:thank\w*|thx|ty|cheers|ta|tysm)\b|谢|辛苦|感激")),
    (
        "farewell",
        re.compile(r"\b(?:bye|goodbye|goodnight|good night|later|cya)\b|再见|拜拜|晚安|下次"),
    ),
    (
        "complaint",
        re.compile(r"\b(?:useless|suck\w*|rubbish|stupid|worst|hate)\b|没用|垃圾|笨|差劲"),
    ),
    (
        "greeting",
        re.compile(
            r"\b(?:hi\w*|hello|hey|yo|morning|evening|sup)\b|你好|您好|在吗|嗨|哈喽|早|好呀"
        ),
    ),
    (
        "praise",
        re.compile(
            r"\b(?:great|cool|nice|love\w*|funny|best|clever|good)\b|棒|厉害|聪明|有意思|可爱|不错"
        ),
    ),
)
