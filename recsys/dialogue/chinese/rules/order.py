"""Rules of sorted lists: 按价格排序, 最新的在前."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from recsys.dialogue.chinese.subjects import finding
from recsys.dialogue.commands import Command, Comparison, Find
from recsys.dialogue.patterns import Rules

_ORDERS: Mapping[Comparison, str] = {
    "newer": r"最新|最近|时间|日期|新旧|发布时间|年份|由新到旧|从新到旧",
    "older": r"最早|最旧|最老|由旧到新|从旧到新",
    "cheaper": r"最便宜|最低价|价格最低|价格(?:由低到高|从低到高|升序)?|价钱",
    "dearer": r"最贵|价格最高|价格(?:由高到低|从高到低|降序)",
    "better_rated": r"评分最高|口碑最好|评价最好|评分(?:从高到低|由高到低)?|口碑|评价",
    "more_known": r"最火|最热门|最受欢迎|热度|人气|热门程度|热度从高到低|最流行",
    "less_known": r"最冷门|最小众",
    "shorter": r"最短|长短|长度|时长|由短到长|从短到长",
    "longer": r"最长|由长到短|从长到短",
}
_KEY = "|".join(f"(?P<{name}>{words})" for name, words in _ORDERS.items())


def _sorted(match: re.Match[str]) -> Sequence[Command]:
    found = match.groupdict()
    order = next(name for name in _ORDERS if found.get(name))
    return (Find(finding(found.get("x") or ""), order=order),)


RULES: Rules = (
    (
        rf"(?:把)?(?:列表|结果|它们|这些|内容|全部)?(?:请)?(?:按照?|根据|以|依)(?:{_KEY})的?"
        r"(?:顺序|高低|先后|从高到低|从低到高)?(?:来)?(?:排序|排列|排)(?:一下|显示|列表)?",
        _sorted,
    ),
    (
        rf"(?:把|先看|先来|先给我看?|先显示)?(?:{_KEY})的?(?:内容|东西|文章|帖子)?"
        r"(?:排|放|显示|列)?(?:在)?(?:最)?(?:前面?|优先|先|第一)",
        _sorted,
    ),
    (rf"(?P<x>[^按]{{1,8}}?)(?:按照?|根据)(?:{_KEY})(?:排序|排列|排)", _sorted),
)
