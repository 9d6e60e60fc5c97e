"""Subjects: what a clause is about, without politeness and words that name nothing."""

from __future__ import annotations

import re

from recsys.dialogue.commands import Target

PROFILE = re.compile(
    r"(?:从现在(?:开始|起)|从今(?:天)?(?:以后|起|往后)|从此(?:以后)?|今后|"
    r"以后(?:都|就|请)?|往后|永远(?:都|地)?|永久(?:地|性)?|一直|长期|"
    r"默认|记住|记得(?:以后)?|平时|通常|一般(?:情况下|来说)|每次(?:都)?|总是)(?:请)?"
)


_POLITE = re.compile(
    r"^(?:请你|请您|请|麻烦你|麻烦|拜托(?:了)?|求求你?(?:们)?了?|求你了?|你?能不?能?帮我(?=找|"
    r"搜|推|多|少|屏|把|看|换|撤|取|去)|能不能|"
    r"可不可以|可以(?=多|少|给|推|帮)|能(?=多|少|给|推荐)|可否|帮我(?=找|搜|推|多|"
    r"少|屏|把|看|换|撤|取|去)|"
    r"那么?|那就|嗯+|呃|哎呀?|唉|喂|嘿|诶|哦|噢|好的?(?=给|来|推|那|多|少)|然后|"
    r"还有(?!吗|没|别|其|么|更|啥|什么|类|同|$)|另外|而且|并且|再就是|以及|同时|顺便|"
    r"对了|我说|话说|其实|感觉|我觉得|我希望|希望(?:能)?|我想要|我想(?=多|少|看更多|"
    r"只)|想要?(?=多|少)|想(?=多|少)|"
    r"我要(?=多|少|看更多|更多)|你(?:就|能)?(?=给我|多|少|别|推|只)|给我(?=少|多|"
    r"只)|现在|今天(?=想|就|只|别|不)|今晚(?=别|不|想|只)|最近(?=想|只|少|多)|"
    r"我现在|我今天|我今晚|我们|的话|但是?|不过|只是|就是(?=想)|再(?=多|少))\s*"
)


_TAIL = re.compile(
    r"(?:\s|吧|呗|啊|呀|哦|噢|喔|嘛|啦|咯|哟|好吗|好不好|好么|行吗|行不行|可以吗|"
    r"可以么|谢谢(?:你)?|谢了|拜托了?|好了|就好|就行了?|就可以了?|来着|而已|一下子|"
    r"受不了(?:了)?|了啦|行么|吗(?=$))+$"
)


_LEAD = re.compile(
    r"^(?:给我|为我|帮我|我|最近|近来|这阵子|这几天|看到|看见|看|推送|推荐|推|关于|有关|任何|"
    r"所有(?:的)?|"
    r"一切|那些|这些|有关于|什么|有|一些|一点|点儿?|些|更多(?:的)?|的|再|来|放|"
    r"听到?|读|把|对|跟|和|些关于|点关于|各种|全部)+(?=.)"
)


_END = re.compile(
    r"(?:类型的?|类的?|方面的?|相关的?|有关的?|之类的?|那种|的(?:内容|东西|推荐|"
    r"推送|信息|话题|事情|事|那些|这种|那种|新闻(?=$)|视频(?=$))?|内容|题材的?|"
    r"这件事|这方面|了|一些|一点点?|点)$"
)


_THIS = re.compile(
    r"^(?:这|那|它|这个|那个|这条|那条|这部|这本|这篇|这首|这一个|这一条|这种|"
    r"那种|这样|那样|这些|那些|这种的|这样的|那样的|这类|这玩意儿?|这东西|这视频|"
    r"这个视频|这篇文章|这部电影|这个推荐|刚才那个|刚才的|此|这款|这家)的?$"
)


_MAKER = re.compile(
    r"^(?:这|那)(?:个|位)(?:作者|博主|账号|up主|用户|人|导演|作家|频道)(?:的|发的|写的)?$"
)


_LAST = re.compile(r"^最后(?:一)?(?:个|条|部|本|篇)?$")


_DIGITS = {
    "一": 1,
    "二": 2,
    "两": 2,
    "三": 3,
    "四": 4,
    "五": 5,
    "六": 6,
    "七": 7,
    "八": 8,
    "九": 9,
    "十": 10,
}


_PLACE = re.compile(
    r"^第?\s*([一二两三四五六七八九十]|\d{1,3})\s*(?:个|条|部|本|篇|首|项|号|则|"
    r"款)?(?:那个|的)?$"
)


def target(words: str) -> Target:
    """Return the target of words: a place of the list, what was mentioned last, or words."""
    words = words.strip()
    if _THIS.match(words) or re.fullmatch(r"(?:一?点儿?|一?些|一点点|老是|总是|推)+", words):
        return Target("this")
    if _MAKER.match(words):
        return Target("author of this")
    if _LAST.match(words):
        return Target("last")
    found = _PLACE.match(words)
    if found and words not in _DIGITS:
        return Target(str(_DIGITS.get(found[1], found[1])))
    return Target(subject(words))


def subject(words: str) -> str:
    """Return words without what does not name a subject."""
    words = words.strip()
    before = None
    while words != before:
        before = words
        shorter = _END.sub("", words).strip()
        words = shorter if shorter else words
        shorter = _LEAD.sub("", words).strip()
        words = shorter if shorter else words
        words = _TAIL.sub("", words).strip() or words
    return words


def stripped(clause: str) -> str:
    """Return a clause without politeness and particles."""
    before = None
    while clause != before:
        before = clause
        clause = _POLITE.sub("", clause).strip()
        clause = _TAIL.sub("", clause).strip() or clause
    return clause


def finding(words: str) -> str:
    """Return the words of a search without what names no content."""
    words = _TAIL.sub("", words.strip()).strip()
    words = re.sub(
        r"^(?:点儿?|些|一点|一些|一下|一部|一个|一本|一首|一篇|个|部|本|首|篇|几个|几部|"
        r"有关于|关于|有关|跟|讲|什么|啥|我|看看|看|给我|更多|更多的|的)+(?=.)",
        "",
        words,
    )
    words = (
        re.sub(r"(?:有哪些|有什么|有啥|有吗|有没有|推荐吗?|看看|看啥|吗|呢|看)$", "", words)
        or words
    )
    words = (
        re.sub(r"^(?:东西|好看的?|内容|看看|看的|的|好东西|什么|片子|好玩的东西)$", "", words)
        if words in ("东西", "看看", "看的", "的", "好东西", "什么", "内容")
        else words
    )
    words = re.sub(r"(?<=..)的(?:内容|文章|帖子|视频|教程|资料|东西)$", "", words)
    return re.sub(r"(?<=..)的$", "", words)
