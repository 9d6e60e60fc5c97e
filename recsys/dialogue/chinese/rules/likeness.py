"""Rules of items like one, and of comparisons."""

from __future__ import annotations

from typing import cast

from recsys.dialogue.chinese.comparatives import ANY_COMPARATIVE, TOO_MUCH, comparisons, no_noun
from recsys.dialogue.chinese.makers import compared, compared_with_subject, likened
from recsys.dialogue.commands import Comparison, Find, Target
from recsys.dialogue.patterns import Rules

RULES: Rules = (
    (
        r"(?:我)?(?:只有|就|只剩)(?:.{1,4})(?:分钟|小时|个小时|"
        r"一会儿)(?:时间)?(?:.*)?|(?:没|没有)(?:多少|什么)?时间|时间(?:不多|有限|紧)|"
        r"赶时间",
        lambda m: (Find(than=("shorter",)),),
    ),
    (TOO_MUCH.pattern[1:-1], lambda m: (Find(than=(cast(Comparison, m.lastgroup),)),)),
    (
        r"(?:有没有|有|来|找|推荐|给我|想看|想要|要|求|搜|再来|还有|帮我找|来点|来一部|推荐点|"
        r"给我来)*(?:点|些|个|部|本|一部|一些|一点|一个|一本|几部)*(?:什么)?(?:类似于?|"
        r"像|跟|和|与|同)(?P<x>.+?)(?:差不多|类似|一样|相似|相近|同类型|一个类型|同款|"
        r"这样|那样|那种|这种|一类|似的)*(?:的)?(?:电影|片子|书|剧|歌|文章|视频|东西|内容|"
        r"作品|故事|小说|节目|那部|吗)?(?:[, ]|但是?|不过|只是|可是|只要|而且)+(?:要|"
        r"是|得|能|想要|希望)?(?P<than>.+?)",
        likened,
    ),
    (
        r"(?P<x>.+?)(?:那种|那样的?|这种|这样的?|一样的?|之类的?|类型的?|"
        r"那类)?(?:的)?(?:但是?|不过|只是|可是|只不过)(?:要|是|得|能|"
        r"想要)?(?P<than>.+)",
        lambda m: (
            likened(m) if comparisons(m["than"])[0] and no_noun(comparisons(m["than"])[1]) else None
        ),
    ),
    (
        r"(?:有没有|有|来|找|推荐|给我|想看|想要|要|求|搜|再来|还有|多来|多推|多给我|帮我找|来点|"
        r"来一部|"
        r"推荐点|给我来|还想看|再推荐)*(?:点|些|个|部|本|一部|一些|一点|一个|一本|"
        r"几部)*(?:什么)?(?:类似于?)(?P<x>.+?)(?:这样|那样|"
        r"那种)?(?:的)?(?:电影|片子|书|剧|歌|文章|视频|东西|内容|作品|故事|小说|节目|"
        r"游戏|音乐|吗)*",
        lambda m: likened(m) if m["x"] not in ("的", "吗") else (Find(like=Target("this")),),
    ),
    (
        r"(?:有没有|有|来|找|推荐|给我|想看|想要|要|求|搜|再来|还有|多来|多推|多给我|帮我找|来点|"
        r"来一部|"
        r"推荐点|给我来|还想看|再推荐)*(?:点|些|个|部|本|一部|一些|一点|一个|一本|"
        r"几部)*(?:什么)?(?:像|跟|和|与|同)(?P<x>.+?)(?:差不多|类似|一样|相似|"
        r"相近|同类型|一个类型|同款|这样|那样|那种|这种|一类|似的)(?:的)?(?:电影|片子|书|"
        r"剧|歌|文章|视频|东西|内容|作品|故事|小说|节目|游戏|音乐|吗)*",
        likened,
    ),
    (
        r"(?:再)?(?:多)?(?:来|给我|推荐|要|找|推|看)(?:点|些|几个|一些|个|一点|"
        r"更多)*(?:这样|这种|类似|同类|同样|差不多|一样)(?:的|类型的?)?(?:内容|东西|片子|"
        r"吗)?|(?:有没有|还有)?(?:同类型|类似|差不多)的?(?:吗|有吗|还有吗|推荐)?|"
        r"更多(?:这样|这种|类似)的?",
        lambda m: (Find(like=Target("this")),),
    ),
    (
        r"(?:我)?(?:很|超|特别|非常|最|刚|刚刚)?(?:喜欢|爱看|爱|看完了?|看过|"
        r"看了)(?P<x>.+?)(?:以后|之后|后)?(?:还有|有没有|还能看|还可以看|接下来|推荐|"
        r"该看|有)(?:类似|什么|啥|别的|其他|差不多)*的?(?:吗|看|推荐|好看的|片子|呢)*",
        likened,
    ),
    (r"(?:如果|要是|既然)(?:我|你)?喜欢(?P<x>.+?)(?:还|应该|该|可以|会|能|那|就)+.*", likened),
    (r"(?:我)?(?:不要|别|不看|要|想看|想要)?.*", compared),
    (rf"(?P<c>{ANY_COMPARATIVE})的?(?P<x>\S{{1,12}})", compared_with_subject),
)
