"""Comparatives: the comparisons of a clause and what is left of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import cast

from recsys.dialogue.commands import Comparison

_LITTLE = r"(?:一点儿?|一些|点儿?|些|一点点|很多|得多|多了)"


_DIMENSIONS: Mapping[Comparison, str] = {
    "shorter": rf"最短的?|(?:更|再|稍微?|稍稍)?(?:短|简短|快){_LITTLE}|(?:更|再)(?:短|简短)|"
    rf"短的|短片|短小|简短|(?:更|能|可以|马上)*快(?:点|些)?(?:就能)?(?:看完|读完|听完)的?|(?:不|"
    rf"别|不要|没有?)(?:那么|太|要太|这么)长|没那么长|别太长|不长|快速",
    "longer": rf"最长的?|(?:更|再|稍微?)?(?:长|详细|深入){_LITTLE}|(?:更|再)(?:长|详细|深入)|长的|"
    rf"(?:不|别|不要|没有?)(?:那么|太|要太|这么)短|没那么短",
    "newer": rf"(?:更|再|稍微?)?(?:新|近){_LITTLE}|(?:更|再)新|最近的|最新的?|新的|新近|"
    rf"近期的?|近年的?|(?:不|别|不要|没有?)(?:那么|太|要太|这么)(?:老|旧)|没那么(?:老|旧)",
    "older": rf"(?:更|再|稍微?)?(?:老|旧|早|经典){_LITTLE}|(?:更|再)(?:老|旧|早|经典)|"
    rf"老的|老片|经典(?:老片|的|片)?|怀旧|早期的?|以前的|(?:不|别|不要|没有?)(?:那么|太|要太|"
    rf"这么)新",
    "less_known": rf"(?:更|再|稍微?)?(?:冷门|小众|偏门){_LITTLE}|(?:更|再)(?:冷门|小众)|"
    rf"冷门的?|小众的?|(?:不|别|不要|没有?)(?:那么|太|要太|这么)(?:火|热门|有名|出名|大众|知名)|"
    rf"没那么(?:火|"
    rf"热门|有名|出名|大众)|没什么人(?:知道|看)的?|被低估的?|宝藏",
    "more_known": rf"最(?:火|热门|受欢迎|流行)的?|(?:更|再|稍微?)?(?:热门|火|有名|出名|大众|流行|"
    rf"知名){_LITTLE}|(?:更|"
    rf"再)(?:热门|火|有名|出名|大众|流行)|热门的?|有名的?|出名的?|大家都在看的?|(?:不|别|不要|"
    rf"没有?)(?:那么|这么|"
    rf"太|要太)(?:冷门|小众)",
    "lighter": rf"(?:更|再)?(?:简单|容易|通俗){_LITTLE}|(?:更|再|稍微?)?(?:轻松|欢快|开心|搞笑|"
    rf"温馨|积极|阳光|幽默|治愈|明亮|轻快|"
    rf"正能量){_LITTLE}|(?:更|再)(?:轻松|欢快|开心|搞笑|温馨|积极|阳光|幽默)的?|"
    rf"轻松的|欢快的|(?:不|别|不要|没有?)(?:那么|太|要太|这么)(?:沉重|黑暗|压抑|严肃|悲伤|暗|丧|"
    rf"虐)|"
    rf"没那么(?:沉重|黑暗|压抑|严肃|悲伤|暗|丧|虐)",
    "darker": rf"(?:更|再|稍微?)?(?:黑暗|沉重|严肃|压抑|暗黑|深沉|悲伤|残酷|暗){_LITTLE}|"
    rf"(?:更|再)(?:黑暗|沉重|严肃|压抑|暗黑|深沉|悲伤)的?|黑暗的|暗黑的|不(?:那么|太|"
    rf"要太)(?:轻松|欢快|搞笑|幼稚)",
    "cheaper": rf"(?:更|再|稍微?)?(?:便宜|实惠){_LITTLE}|(?:更|再)(?:便宜|实惠)|"
    rf"(?:不|别|不要|没有?)(?:那么|这么|太|要太)贵|没那么贵",
    "dearer": rf"(?:更|再)?(?:贵|高档|高端){_LITTLE}|(?:更|再)(?:贵|高档|高端)",
    "better_rated": rf"评分(?:更|再)?高{_LITTLE}?的?|口碑(?:更|再)?好{_LITTLE}?的?|高分的?|"
    rf"评价(?:更|"
    rf"再)?好{_LITTLE}?的?",
}


_TOO: Mapping[Comparison, str] = {
    "shorter": "长|久|啰嗦|冗长",
    "longer": "短|简单",
    "newer": "老|旧|过时|老套",
    "older": "新|现代",
    "less_known": "热门|火|大众|有名|烂大街|常见",
    "more_known": "冷门|小众|偏",
    "lighter": "沉重|黑暗|压抑|严肃|悲伤|暗|丧|虐|血腥|吓人|可怕|致郁|负能量|苦",
    "darker": "轻松|幼稚|搞笑|傻|欢快|甜|肤浅",
    "cheaper": "贵",
    "dearer": "便宜",
}


ANY_COMPARATIVE = "|".join(_DIMENSIONS.values())


_COMPARATIVE = re.compile("|".join(f"(?P<{name}>{words})" for name, words in _DIMENSIONS.items()))


TOO_MUCH = re.compile(
    r"^(?:这个?|那个?|这些|那些|这部|这条|这篇|第.个|它)?(?:也|都|有点|实在|真的|真是|"
    r"又|还是)*(?:太|有点|有些|过于)(?:过)?(?:"
    + "|".join(f"(?P<{name}>{words})" for name, words in _TOO.items())
    + r")(?:了|了点|了些|了一点)?(?:吧|啊)?$"
)


_EMPTY = re.compile(
    r"(?:来|给我|给|要|想要|想看|想|看|有没有|有|推荐|找|换|我|你|个|一个|一部|"
    r"一点|一些|点|些|的|吗|吧|更|再|而且|并且|又|还|且|但|但是|片子|东西|内容|视频|"
    r"文章|那种|这种|只有|能|再|二十|十|\d+|分钟|半小时|时间|不多|就|能不能|可以|请|帮我|"
    r"放|首|和|也|要是|是|比较|稍微|比|这个|多|听|读|老片|片|电影|那|了|得)"
)


def comparisons(clause: str) -> tuple[tuple[Comparison, ...], str]:
    """Return the comparisons of a clause, and what is left of it without them."""
    found: list[Comparison] = []

    def take(match: re.Match[str]) -> str:
        name = cast(Comparison, match.lastgroup)
        if name not in found:
            found.append(name)
        return " "

    rest = _COMPARATIVE.sub(take, clause)
    return tuple(found), rest


def no_noun(words: str) -> bool:
    """Whether words name nothing: only words such as "something" or "a"."""
    return not _EMPTY.sub("", words).strip()
