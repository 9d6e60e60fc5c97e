"""Makers: commands of what a rule has matched; None where it does not fit after all."""

from __future__ import annotations

import re
from collections.abc import Sequence

from recsys.dialogue.chinese.comparatives import comparisons, no_noun
from recsys.dialogue.chinese.subjects import finding, target
from recsys.dialogue.commands import (
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
from recsys.dialogue.patterns import Made

_BAD_NOUN = re.compile(
    r"(?:这些|那些|这种|的|一堆|这个|所有|全部|些)*(?:垃圾|狗屎|屎|烂东西|破玩意儿?|破东西|废话|"
    r"鬼东西|"
    r"烂玩意儿?|垃圾东西|垃圾内容|垃圾推荐)"
)


_NOBODY = re.compile(
    r"^(?:我|你|您|他|她|它|们|什么|啥|谁|哪|怎么|吗|呢|了|的|好|行|是|在|有|事|话|"
    r"说|都|到|看到|见到|全)*$"
)


def steered(action: str) -> Made:
    """Return the maker of a steer of the group "x"."""

    def make(match: re.Match[str]) -> Sequence[Command] | None:
        about = target(match["x"])
        if _BAD_NOUN.fullmatch(about.words):
            return (Smalltalk("complaint"),)
        if not about.words or _NOBODY.match(about.words):
            return None
        return (Steer(action, about),)  # type: ignore[arg-type]

    return make


def replaced(match: re.Match[str]) -> Sequence[Command] | None:
    """Return less of the group "x" and more of the group "y"."""
    gone, wanted = target(match["x"]), target(match["y"])
    if not gone.words or not wanted.words or _NOBODY.match(gone.words):
        return None
    return (Steer("less", gone), Steer("more", wanted))


def undone(match: re.Match[str]) -> Sequence[Command] | None:
    """Return the undo of what was wished about the group "x"; None: it names nothing."""
    about = target(match["x"])
    if not about.words or about.words in ("this", "last") or _NOBODY.match(about.words):
        return None
    if _JUST_NOW.match(about.words):
        return None
    return (Undo(about),)


_JUST_NOW = re.compile(r"^(?:刚才|刚刚|上一?(?:个|条|步|次)|之前|前面|最后|所有|全部)")


def referred(action: str) -> Made:
    """Return the maker of a command about what "this" stands for."""
    return lambda match: (Steer(action, Target("this")),)  # type: ignore[arg-type]


def likened(match: re.Match[str]) -> Sequence[Command] | None:
    """Return a search for items like the group "x"; "than": what the comparison is."""
    groups = match.groupdict()
    than: tuple[Comparison, ...] = ()
    words = groups["x"]
    if groups.get("than"):
        than, rest = comparisons(groups["than"])
        if not than and groups["than"] not in ("的", ""):
            return None
    words = re.sub(
        r"(?:一样|这样|那样|那种|那部|这部|的(?:电影|片子|书|剧|歌|文章|视频|东西)?)$",
        "",
        words.strip(),
    )
    words = re.sub(r"^(?:一部|一个|一本|那个|电影)(?=.)", "", words)
    like = target(words)
    return (Find(like=like, than=than),) if like.words else None


def compared(match: re.Match[str]) -> Sequence[Command] | None:
    """Return a comparison with what is listed, where the clause holds nothing else."""
    than, rest = comparisons(match.string)
    return (Find(than=than),) if than and no_noun(rest) else None


def compared_with_subject(match: re.Match[str]) -> Sequence[Command] | None:
    """Return a search for the group "x" by the comparison in the group "c"."""
    than, _ = comparisons(match["c"])
    words = finding(re.sub(r"^(?:的|而且|和|又)+(?=.)", "", match["x"]))
    return (Find(words, than=than),) if than and words and not no_noun(words) else None


def searched(match: re.Match[str]) -> Sequence[Command] | None:
    """Return a search for the group "x", by comparisons where it has any."""
    words = match["x"].strip()
    than, rest = comparisons(words)
    if than and no_noun(rest):
        return (Find(than=than),)
    if than and re.search(r"(?:一点|一些|点|些)的?|更|再|冷门|小众|热门|最新|最近|高分", words):
        words = rest.strip()
        words = re.sub(r"^的|^(?:而且|和|又)", "", words).strip()
    else:
        than = ()
    return (Find(finding(words), than=than),)


def explained(match: re.Match[str]) -> Sequence[Command]:
    """Return the question why the group "x" is listed."""
    words = (match.groupdict().get("x") or "").strip()
    if not words or re.fullmatch(r"(?:这些|那些|它们|这几个|这个列表|这几条)(?:东西|内容)?", words):
        return (Why(),)
    return (Why(target(words)),)


def surrounding(match: re.Match[str]) -> Sequence[Command]:
    """Return the question what happens around the group "x"."""
    words = (match.groupdict().get("x") or "").strip()
    words = re.sub(r"^(?:最近|现在|今天|目前|关于|有关|对于?|那个|这次|听说)+", "", words)
    words = re.sub(
        r"(?:最近|现在|今天|目前|大家|人们|网友|别人|那边|这边|圈子?里?|圈|这件事|这事|的|到底|"
        r"方面|领域|"
        r"界)+$",
        "",
        words,
    )
    if not words or re.fullmatch(
        r"(?:大家|人们|网友|网上|外面|世界|世界上|都|这里|这儿|现在|你们?|我们?)+", words
    ):
        return (Around(),)
    return (Around(Target(words)),)


def shown(what: str) -> Made:
    """Return the maker of a Show."""
    return lambda match: (Show(what),)  # type: ignore[arg-type]
