"""Limited commands: those of a clause with a limit of length, or about what followees wrote."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from recsys.dialogue.clause_commands import patterns_of
from recsys.dialogue.commands import (
    CannotDo,
    Command,
    Find,
    Scope,
    Show,
    Smalltalk,
    Steer,
    Target,
    Undo,
)
from recsys.dialogue.followees import (
    FOLLOWEES,
    HAN_FOLLOWEES,
    are_followees,
    asks_what_they_wrote,
    of_followees,
)
from recsys.dialogue.merged_commands import Guess
from recsys.dialogue.message_text import is_han

_ANYTHING = re.compile(
    r"(?:(?:show|give|find|get) (?:me )?|i want |any |some |more |the |all |only |just )*"
    r"(?:something|anything|everything|stuff|things?|posts?|articles?|items?|threads?|content|"
    r"news|videos?|ones|"
    r"whats new|what is new|whats there)|"
    r"(?:给我|看看?|来|找|推荐|有|没有|什么|些|点|只看|只要|要|想)*"
    r"(?:内容|文章|帖子|东西|新闻|视频|的|新的)?"
)
_NOTHING_ELSE = re.compile(
    r"(?:(?:i|we|you|it|them|these|this|that|to|be|is|are|should|must|can|only|just|please|keep|"
    r"make|"
    r"limit|stay|stick|want|need|have|ive|got|like|id|for|me|show|give|lists?|items?|time|at|"
    r"the|with|"
    r"ones?|its|theyre|all|anything|something|and|but) ?)*|"
    r"(?:只|要|就|行|好|的|看|我|想|请|给|推荐|都|是|最好|控制|在|时长|时间|有|能|可以|来|吧|点|"
    r"些)*"
)
_REFUSED = re.compile(
    r"(?:(?:no|not|nothing|never|without|dont|do not|hide|skip|please|anything|show|me|give|"
    r"want|i|things?|videos?|"
    r"posts?|articles?|stuff|ones|films?|movies?) ?)+|(?:不要|别|不看|不想|屏蔽|看|给我|推荐|推|"
    r"的|视频|文章|内容)+"
)
_REFUSAL = re.compile(r"\b(?:no|not|nothing|never|without|dont|do not|hide|skip)\b|不|别|屏蔽")


def names_anything(words: str) -> bool:
    """Whether words are about no subject: "posts", "something"."""
    return _ANYTHING.fullmatch(words) is not None


def limited(
    rest: str, limit: Target, parts: Callable[[str], Sequence[Sequence[Command]]]
) -> tuple[Command, ...]:
    """Return the commands of a clause with a limit of length; empty: the limit is no wish.

    `rest`: the clause without it; `parts`: the commands of the parts of a clause. A search is made
    within the limit; everything else stays, and the limit is a wish beside it.
    """
    lasting, bare = patterns_of(rest).without_scope(rest) if rest else (False, "")
    scope: Scope = "profile" if lasting else "conversation"
    alone = Steer("only", limit, scope)
    if not bare or _NOTHING_ELSE.fullmatch(bare) or names_anything(bare):
        return (alone,)
    if _REFUSED.fullmatch(bare) and _REFUSAL.search(bare):
        return (Steer("mute", limit, scope),)
    found: list[Command] = []
    beside: Steer | None = alone
    for each in (command for part in parts(rest) for command in part):
        one = Find(each.words, within=each.within) if isinstance(each, Guess) else each
        if isinstance(one, Find) and one.like is None and one.words and one.within is None:
            found.append(
                Find(one.words, than=one.than, within=limit, count=one.count, order=one.order)
            )
            beside = None
        elif isinstance(one, Steer) and names_anything(one.target.words):
            if one.action in ("less", "mute"):
                return (Steer("mute", limit, one.scope),)
        elif isinstance(one, Steer) and one.action == "more" and one.scope != "profile":
            found.append(Find(one.target.words, within=limit))
            beside = None
        elif isinstance(one, Steer) and one.action == "only":
            found.append(one)
        elif isinstance(one, Find) and one != Find():
            found.append(one)
        elif not isinstance(one, Find | Show | CannotDo | Smalltalk):
            return ()
        elif isinstance(one, CannotDo) and one.what != "unknown":
            return ()
    return (*found, beside) if beside is not None else tuple(found)


def what_followees_wrote(clause: str) -> tuple[Command, ...]:
    """Return the search for all that followees wrote where a clause asks for it; else nothing."""
    if not asks_what_they_wrote(clause):
        return ()
    return (Find(within=Target(HAN_FOLLOWEES if is_han(clause) else FOLLOWEES)),)


def mentions_followees(command: Command) -> bool:
    """Whether a command is about those whom the user follows, or about what they wrote."""
    if isinstance(command, Steer):
        return are_followees(command.target.words)
    if isinstance(command, Find):
        within = command.within is not None and are_followees(command.within.words)
        return within or are_followees(command.words)
    return isinstance(command, Undo) and bool(
        command.target and are_followees(command.target.words)
    )


def with_their_items(command: Command) -> tuple[Command, ...]:
    """Return a command about "jazz by followees" as one about jazz that is limited to them."""
    if isinstance(command, Steer):
        words = command.target.words
    elif isinstance(command, Find) and command.like is None:
        words = command.words
    else:
        return (command,)
    if are_followees(words):
        return (Steer("only", Target(words)),) if isinstance(command, Guess) else (command,)
    if words.removeprefix("by ").removeprefix("from ") == FOLLOWEES:
        words = FOLLOWEES
        whose = Target(FOLLOWEES)
        if isinstance(command, Steer):
            return (replace(command, target=whose),)
        return (Find(within=whose),)
    about = of_followees(words)
    if about is None:
        return (command,)
    whose = Target(HAN_FOLLOWEES if is_han(words) else FOLLOWEES)
    if names_anything(about):
        if isinstance(command, Steer):
            return (replace(command, target=whose),)
        return (Find(within=whose),)
    if isinstance(command, Find):
        subject = patterns_of(about).finding(about)
        if command.within is None:
            return (replace(command, words=subject, within=whose),)
        return (replace(command, words=subject), Steer("only", whose))
    if command.action == "more" and command.scope != "profile":
        return (Find(about, within=whose),)
    if command.action == "only":
        return (replace(command, target=Target(about)), replace(command, target=whose))
    return (command,)
