"""Rules of one subject alone, of all but one, and of a history that is forgotten."""

from __future__ import annotations

import re

from recsys.dialogue.chinese.makers import steered
from recsys.dialogue.patterns import Rules

RULES: Rules = (
    (
        r"(?:忘掉|忘记|忘了|别管|不要考虑|不要管|别考虑|别参考|不要参考|别算|清除|删掉|抹掉|"
        r"忽略)(?:我)?(?:之前|以前|曾经|所有|过去)?(?:看过|喜欢过?|读过|听过|点过|搜过|"
        r"看|浏览过|对)(?:的)?(?P<x>.+?)(?:的?(?:视频|文章|内容|记录|历史|兴趣|"
        r"东西|帖子|书|电影|这件事|这事|事))*(?:吧|了)?",
        steered("forget"),
    ),
    (
        r"(?:除了|除)(?P<x>.+?)(?:以外|之外|外)?(?:什么|啥|别的|其他|其它|"
        r"其余)?(?:的)?(?:都|一概|统统|全都?)(?:不要|不看|不想看|别推|别给我|屏蔽|"
        r"不感兴趣)(?:了)?",
        steered("only"),
    ),
    (
        r"(?:除了|除)(?P<x>.+?)(?:以外|之外|外)?(?:什么|啥|别的|其他|其它|"
        r"其余)?(?:的)?(?:都)?(?:行|可以|好|要|想看|都行|都可以|随便|没问题)",
        steered("mute"),
    ),
    (
        r"(?:我|我就|就|现在)?(?:只|就|仅|光|单)(?:想|要|能|需要|推荐|推|给我|看|听|读|"
        r"爱|喜欢|显示|展示|留|保留|剩)+(?:看|听|读|要|推荐|推)*(?:点|"
        r"些)?(?P<x>.+?)(?:的)?(?:就行|就好|就可以|其他都不要|别的不要)?",
        lambda m: None if re.match(r"(?:有|剩)", m["x"]) else steered("only")(m),
    ),
    (r"(?:限定|限于|聚焦|专注|只限|筛选|锁定|专门推)(?:在|于)?(?P<x>.+?)", steered("only")),
    (r"(?:全部|全|都)(?:换成|要|推|给我)(?P<x>.+?)", steered("only")),
)
