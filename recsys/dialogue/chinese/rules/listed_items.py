"""Rules of opinions on listed items, of two subjects in a clause, and of corrections."""

from __future__ import annotations

from recsys.dialogue.chinese.comparatives import comparisons
from recsys.dialogue.chinese.makers import searched, shown, steered, surrounding
from recsys.dialogue.chinese.subjects import finding, target
from recsys.dialogue.chinese.word_classes import PLACED
from recsys.dialogue.commands import Around, Find, Steer, Target
from recsys.dialogue.patterns import Rules

RULES: Rules = (
    (
        rf"{PLACED}(?:真|很|太|好|有点|实在|也|非常)*(?:烂|差|垃圾|无聊|难看|没意思|没用|不行|"
        rf"不怎么样)(?:了)?",
        lambda m: (Steer("mute", target(m["x"])),),
    ),
    (
        rf"{PLACED}(?:真|很|挺|还|非常|蛮|更|最)*(?:不错|好看|有意思|有趣|很好|棒|有用|好)",
        lambda m: (Find(like=target(m["x"])),),
    ),
    (
        r"(?:别|不要|怎么|为什么|为啥|咋)?(?:再|老|老是|总是|总|又|都|全|一直)*(?:给我)?"
        r"(?:推|推荐|看|是|发)?(?:一样|重复|相同|同样)的(?:东西|内容|文章|帖子)?(?:了)?|又是这些|"
        r"(?:给我)?换(?:换|个|一个)(?:口味|花样)|"
        r"(?:你们?)?(?:能不能|能|可以|可不可以)?(?:给我)?(?:推荐|推|来)(?:一?点|一?些)(?:正常|"
        r"有用|像样|"
        r"靠谱)的(?:东西|内容)?",
        shown("more"),
    ),
    (
        r"(?:为什么|为啥|怎么|咋)?(?:又|老|老是|总|总是)?(?:全|都|全都|净|尽)是(?P<x>.+?)(?:啊|"
        r"了)?",
        steered("less"),
    ),
    (
        r"(?:我)?(?:不要|不想要|不是要|不想看)(?P<y>.{1,8}?)(?:，| )?(?:我?要|想看|想要)(?P<x>.+)",
        lambda m: (Steer("mute", target(m["y"])), Find(finding(m["x"]))),
    ),
    (r"太长(?:了)?(?:，| )?(?:不看|看不下去|懒得看|不想看)", lambda m: (Find(than=("shorter",)),)),
    (
        r"(?:我)?(?:想)?(?:看看|看一下|知道|了解)(?:大家|别人|网友|人们)(?:都|最近|现在)*在?"
        r"(?:聊|讨论|说|看|关注|追)(?:些)?(?:什么|啥)",
        lambda m: (Around(),),
    ),
    (
        r"(?:比起|与其(?:推|看)?)(?P<y>.+?)(?:，)?(?:我)?(?:更想看|更喜欢|更爱看|不如(?:推|看|"
        r"来)?|宁愿看|"
        r"还是看)(?P<x>.+)",
        lambda m: (Steer("more", target(m["x"])), Steer("less", target(m["y"]))),
    ),
    (
        r"(?:我?要|我?想看|来点|找|推荐)*(?P<x>[^我不别少多]+?)(?:，)?但(?:是)?(?:不要|别有|别|"
        r"不含|没有)"
        r"(?P<y>.+?)(?:的)?",
        lambda m: (
            (Find(finding(m["x"])), Steer("mute", target(m["y"])))
            if not comparisons(m[0])[0]
            else None
        ),
    ),
    (
        r"(?:你们?)?(?:这里|这儿)?有(?:多少|几)(?:篇|条|个)?(?:关于|讲)?(?P<x>.+?)的?"
        r"(?:文章|帖子|内容|视频)",
        surrounding,
    ),
    (
        r"(?:还有没有|还有|有没有|看看|来点|更多|推荐|我要|想看)*(?:(?P<x>第.{1,2}?(?:个|条|篇|部))的?|"
        r"这个|同一个|同一|"
        r"这位|该)作者的?(?:其他|别的|更多|其它)?的?(?:文章|帖子|内容|东西|视频|作品)?(?:吗)?",
        lambda m: (
            (Steer("only", Target(f"author of {target(m['x'] or '这个').words}")),)
            if not m[0].endswith("作者")
            else None
        ),
    ),
    (r"(?:不|不是|不对)*我(?:是说|说的是|的意思是|指的是|要的是)(?P<x>.+)", searched),
)
