"""Merged commands: those of the clauses of a message as commands of the whole message."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from recsys.dialogue.commands import (
    MOST,
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
from recsys.dialogue.followees import are_followees
from recsys.dialogue.length_limits import length_limit


@dataclass(frozen=True, slots=True)
class Understood:
    """The commands of a message, at most MOST, and what was left out."""

    commands: tuple[Command, ...]
    too_many: int = 0  # commands left out
    contradicted: tuple[Steer, ...] = ()  # earlier wishes about the same, which do not hold


@dataclass(frozen=True, slots=True)
class Guess(Find):
    """Words that name no command: searched for where a message says nothing else."""


def merged(parts: Sequence[Sequence[Command]], profile: bool = False) -> Understood:
    """Return the commands of clauses as those of one message.

    "It" and "that" stand for what the clause before was about; repetitions, small talk beside
    commands and clauses without a command are left out; of contradictions the last wins.
    """
    found: list[Command] = []
    for one in (command for part in parts for command in part):
        _add(found, one)
    telling = [one for one in found if not isinstance(one, Smalltalk | CannotDo)]
    if not all(isinstance(one, Guess) or _only_limits(one) for one in telling):
        telling = [one for one in telling if not isinstance(one, Guess)]
    telling = [_search(one) if isinstance(one, Guess) else one for one in telling]
    impossible = [
        one for one in found if isinstance(one, CannotDo) and one.what not in ("unknown", "empty")
    ]
    if any(isinstance(one, Steer) and length_limit(one.target.words) for one in telling):
        telling = [one for one in telling if one != Find(than=("shorter",))]  # the limit says it
    kept = telling or impossible[:1] or _best_of_rest(found)
    if profile:
        kept = [replace(one, scope="profile") if isinstance(one, Steer) else one for one in kept]
    kept, contradicted = _without_contradictions(kept)
    if not kept:
        kept = [CannotDo("empty")]
    return Understood(tuple(kept[:MOST]), max(len(kept) - MOST, 0), tuple(contradicted))


def _only_limits(command: Command) -> bool:
    """Whether a command says how long items may be, or by whom; words may stand beside it."""
    if not isinstance(command, Steer) or command.action != "only":
        return False
    words = command.target.words
    return are_followees(words) or length_limit(words) is not None


def _search(guess: Guess) -> Find:
    return Find(guess.words, than=guess.than, within=guess.within, order=guess.order)


def _best_of_rest(found: Sequence[Command]) -> list[Command]:
    """Return small talk, the one that matters most; else what is not understood."""
    small = [one for one in found if isinstance(one, Smalltalk)]
    small.sort(key=lambda one: _WEIGHT.get(one.what, 1))
    return list(small[:1] or found[:1])


_WEIGHT = {"complaint": 0, "self": 0, "agreement": 2}


def _add(found: list[Command], one: Command) -> None:
    before = found[-1] if found else None
    if one == before:
        return
    subject = _subject_of(before)
    if isinstance(one, Steer) and one.target.words == "this" and subject is not None:
        if isinstance(before, Steer) and before.target.words == "this":
            return
        found[-1] = replace(one, target=subject)
        if isinstance(before, Steer) and before.scope == "profile":
            found[-1] = replace(one, target=subject, scope="profile")
        return
    if isinstance(one, Show) and one.what == "more" and isinstance(before, Steer):
        return  # "I love chess, more of it"
    if isinstance(one, Show) and one.what == "more" and isinstance(before, Guess):
        found[-1] = Steer("more", Target(before.words))  # "Poems! More!"
        return
    if isinstance(one, Find) and isinstance(before, Find):
        if not one.words and one.like is None and (before.like is not None or before.words):
            than = tuple(dict.fromkeys((*before.than, *one.than)))
            found[-1] = replace(before, than=than, order=one.order or before.order)
            return
        if not before.words and before.like is None:
            than = tuple(dict.fromkeys((*before.than, *one.than)))
            found[-1] = replace(one, than=than, order=one.order or before.order)
            return
    if isinstance(one, Find) and one.like == Target("this") and isinstance(before, Steer):
        if before.action == "more" and not one.than:
            found[-1] = Find(like=before.target)
            return
    if isinstance(one, Help) and isinstance(before, Help) and _ASKS.match(one.question):
        found.append(one)
        return
    if isinstance(one, Undo | Help | Handoff | Why) and type(before) is type(one):
        if not isinstance(one, Why) or one.item is None:
            return
    found.append(one)


# a second question for help of its own, not the end of the first
_ASKS = re.compile(
    r"^(?:how|where|can|may|what|do|is|when)\b|^(?:还有|另外)?(?:怎么|如何|在哪|哪里|能不能)"
)


def _subject_of(command: Command | None) -> Target | None:
    if isinstance(command, Steer):
        return command.target
    if isinstance(command, Find) and command.words:
        return command.target or Target(command.words)
    if isinstance(command, Around):
        return command.subject
    return None


def _without_contradictions(
    commands: Sequence[Command],
) -> tuple[list[Command], list[Steer]]:
    last: dict[str, int] = {}
    for place, one in enumerate(commands):
        if isinstance(one, Steer) and one.action != "forget":
            last[one.target.words] = place
    kept, lost = [], []
    for place, one in enumerate(commands):
        if isinstance(one, Steer) and last.get(one.target.words, place) != place:
            later = commands[last[one.target.words]]
            if later != one:
                lost.append(one)
            continue
        kept.append(one)
    return kept, lost
