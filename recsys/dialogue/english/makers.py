"""Makers: commands of what a rule has matched; None where it does not fit after all."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import cast

from recsys.dialogue.commands import (
    MOST_COUNTED,
    Around,
    Command,
    Comparison,
    Find,
    Show,
    Smalltalk,
    Steer,
    Target,
    Undo,
    Why,
)
from recsys.dialogue.english.comparatives import comparisons, no_noun
from recsys.dialogue.english.subjects import finding, subject, target
from recsys.dialogue.patterns import Made


def steered(action: str) -> Made:
    """Return the maker of a steer of the group "x"."""

    def make(match: re.Match[str]) -> Sequence[Command] | None:
        about = target(match["x"])
        if _BAD_NOUN.fullmatch(about.words):
            return (Smalltalk("complaint"),)
        if not about.words or _NO_SUBJECT.match(about.words):
            return None
        return (Steer(action, about),)  # type: ignore[arg-type]

    return make


_BAD_NOUN = re.compile(
    r"(?:(?:this|that|the|your|such|all|any|more|of|fucking|stupid|bloody|damn|useless|same|old) )*"
    r"(?:shite?|crap|garbage|trash|rubbish|bullshit|bs|junk|nonsense|bad (?:stuff|things))"
)


_NO_SUBJECT = re.compile(
    r"^(?:something|anything|everything|nothing|some|any|one|ones|other|others|more|"
    r"less|i|you|me|we|to|of|is|are|way|idea|clue|problem|worries|"
    r"thanks?|thank you|it all|all|time|thing|matter|kidding|wonder|doubt|need|rush|"
    r"luck|chance|way jose|no no|no|not|wait|good|bueno)$"
)


def likened(match: re.Match[str]) -> Sequence[Command] | None:
    """Return a search for items like the group "x"; "than": what the comparison is."""
    groups = match.groupdict()
    than, left = comparisons(groups.get("than") or "")
    words = groups["x"]
    if groups.get("than") is None:
        than, words = comparisons(words)
        words = re.sub(r"\s*\b(?:but|only|just|and|though)$", "", words).strip()
    elif not than:
        words, left = f"{words} {groups['than']}", ""
    like = target(words)
    return (Find(like=like, than=than),) if like.words and not left.split()[3:] else None


def compared(match: re.Match[str]) -> Sequence[Command] | None:
    """Return a comparison with what is listed, where the clause holds nothing else."""
    than, rest = comparisons(match.string)
    if not than:
        return None
    if no_noun(rest):
        return (Find(than=than),)
    return None


def compared_with_subject(match: re.Match[str]) -> Sequence[Command] | None:
    """Return a search for the group "x" by the comparison in the group "c"."""
    than, _ = comparisons(match["c"])
    words = finding(re.sub(r"^(?:ones?|of)\b ?", "", match["x"]))
    count = int(match.groupdict().get("n") or 0)
    found = Find(words, than=than, count=min(count, MOST_COUNTED))
    return (found,) if than and words and not no_noun(words) else None


def too_much(match: re.Match[str]) -> Sequence[Command]:
    """Return the comparison that a clause such as "too long" asks for."""
    return (Find(than=(cast(Comparison, match.lastgroup),)),)


def searched(match: re.Match[str]) -> Sequence[Command] | None:
    """Return a search for the group "x", by comparisons where it has any."""
    words = match["x"].strip()
    than, rest = comparisons(words)
    if than and no_noun(rest):
        return (Find(than=than),)
    if than and _DIRECT.search(words):
        words = rest
    else:
        than = ()
    return (Find(finding(words), than=than),)


_DIRECT = re.compile(
    r"\b(?:shorter|longer|newer|older|lighter|darker|cheaper|funnier|(?:less|more|"
    r"lesser|better|higher) \w+|recent|obscure|underrated)\b"
)


def replaced(match: re.Match[str]) -> Sequence[Command] | None:
    """Return less of the group "x" and more of the group "y"."""
    gone, wanted = target(match["x"]), target(match["y"])
    if not gone.words or not wanted.words or _NO_SUBJECT.match(wanted.words):
        return None
    if _NO_SUBJECT.match(gone.words):
        return None
    return (Steer("less", gone), Steer("more", wanted))


def undone(match: re.Match[str]) -> Sequence[Command] | None:
    """Return the undo of what was wished about the group "x"; None: it names nothing."""
    about = target(match["x"])
    if not about.words or about.words in ("this", "last") or _NO_SUBJECT.match(about.words):
        return None
    return (Undo(about),)


def shown(what: str) -> Made:
    """Return the maker of a Show."""
    return lambda match: (Show(what),)  # type: ignore[arg-type]


def explained(match: re.Match[str]) -> Sequence[Command]:
    """Return the question why the group "x" is listed."""
    words = (match.groupdict().get("x") or "").strip()
    if not words or re.fullmatch(
        r"(?:these|those|them|all these|all of these|this list|that list|such)(?: \w+)?", words
    ):
        return (Why(),)
    return (Why(target(words)),)


def surrounding(match: re.Match[str]) -> Sequence[Command]:
    """Return the question what happens around the group "x"."""
    words = subject((match.groupdict().get("x") or "").strip())
    if not words or re.fullmatch(r"(?:everyone|people|here|it|the world|now|on)", words):
        return (Around(),)
    return (Around(Target(words)),)


def referred(command: Callable[[Target], Command]) -> Made:
    """Return the maker of a command about what "this" stands for."""
    return lambda match: (command(Target("this")),)
