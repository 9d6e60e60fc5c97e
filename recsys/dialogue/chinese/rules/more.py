"""Rules of more of a subject."""

from __future__ import annotations

import re

from recsys.dialogue.chinese.makers import steered
from recsys.dialogue.commands import Smalltalk
from recsys.dialogue.patterns import Rules

RULES: Rules = (
    (
        r"(?P<x>.+?)(?:的)?(?:怎么|咋)?(?:这么|那么|太|好|有点|也太|实在太|"
        r"越来越)少(?:了)?",
        steered("more"),
    ),
    (
        r"(?:稍微|尽量|最好|可以|再|请|就|想|要|还想|还要|我要|我想)*(?:多|增加|加(?!拿|"
        r"州|勒|菲|油|班|密|盟|薪|速)|加大|"
        r"提高|增多|加强|提升)(?:来|推送|推荐|推|放|给我看?|给|看到?|发|整|弄|点|一点|些|"
        r"一些|一下|安排|搞|出|听|读|上)*(?:儿)?(?:关于|有关)?(?P<x>.+?)(?:了)?",
        lambda m: (
            None
            if re.match(
                r"(?:多少|多大|多久|多长|多远|多高|多谢|加油|多余|加班|多亏|增加了)", m.string
            )
            else steered("more")(m)
        ),
    ),
    (
        r"(?P<x>.+?)(?:的)?(?:内容|东西)?(?:可以|能|要|请|稍微|尽量|最好|给我|都|"
        r"就|再|应该|来|得)*(?:多|增加)(?:来|推送|推荐|推|放|给我看?|给|看|发|点|一点|些|"
        r"一些|一下|几个|一点儿|安排)+(?:了)?",
        lambda m: (
            None if re.search(r"(?:还有|有|太|很|这么|那么|差不)$", m["x"]) else steered("more")(m)
        ),
    ),
    (
        r"(?:我)?(?:要|想|想要|还要|给我|希望|还想)?(?:看|听|读|有|要)*更多(?:的|"
        r"关于)*(?P<x>.+?)",
        steered("more"),
    ),
    (
        r"(?:我)?(?:最近|现在|真的|超级?|很|非常|特别|好|最|挺|比较|一直|开始|突然|可|"
        r"太)*(?:爱|喜欢|迷上|迷|热爱|沉迷|爱上|喜欢上|感兴趣的是|着迷于|痴迷)(?:了)?(?:看|"
        r"听)?(?P<x>.+?)(?:了)?",
        lambda m: (
            steered("more")(m)
            if m["x"] not in ("这个", "你", "它", "这些")
            else (Smalltalk("praise"),)
        ),
    ),
    (
        r"(?:我)?(?:最近)?对(?P<x>.+?)(?:很|挺|特别|非常|超级?|比较|有点|也|最近|"
        r"真的|蛮)*(?:感兴趣|有兴趣|着迷|好奇|上瘾)",
        steered("more"),
    ),
)
