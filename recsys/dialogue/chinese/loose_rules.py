"""Loose rules: Chinese keywords anywhere in a clause that no other rule fits."""

from __future__ import annotations

from recsys.dialogue.chinese.subjects import finding, subject, target
from recsys.dialogue.commands import Action, Around, Find, Help, Show, Target, Undo, Why
from recsys.dialogue.english.subjects import target as english_target
from recsys.dialogue.message_text import is_han
from recsys.dialogue.patterns import LooselyMade, LooseRules, loosely_steered


def _steer(action: Action) -> LooselyMade:
    return loosely_steered(
        action, lambda words: (target if is_han(words) else english_target)(words)
    )


LOOSE_RULES: LooseRules = (
    (r"谁(?:能|可以)?(?:看到|看见|关注|看过|知道|拉黑)了?我", lambda m: Help(m.string)),
    (
        r"(?:屏蔽|拉黑|过滤|隐藏|少推|多推|设置|限制)了?(?:哪些|什么|啥|谁)",
        lambda m: Show("controls"),
    ),
    (
        r"(?:我是个?(?:什么样|怎样|啥样)的人|对我的?(?:了解|看法|印象)|我的(?:口味|"
        r"兴趣|喜好|画像))",
        lambda m: Show("profile"),
    ),
    (r"(?:热门|热点|流行|有意思|大)的?(?:话题|新闻|事)", lambda m: Around()),
    (
        r"^(?P<x>.+?)(?:最近|现在|今天)?(?:怎么了|咋了|怎么样了|什么情况|出什么事了?)$",
        lambda m: Around(Target(subject(m["x"]))),
    ),
    (
        r"^(?P<x>第.{1,2}(?:个|条|部))?.*(?:为什么|为啥|怎么会?|凭什么|"
        r"怎么).*(?:推荐|推|出现|在这里|给我)",
        lambda m: Why(target(m["x"]) if m["x"] else Target("this")),
    ),
    (r"(?:改回|恢复|撤销|撤回|还原|复原|退回|回退)", lambda m: Undo()),
    (
        r"(?:换一?批|换几个|换一组|再来一批|下一批|都不(?:好看|喜欢|感兴趣|想看))",
        lambda m: Show("more"),
    ),
    (
        r"(?:跟|和|像|与)(?P<x>.+?)(?:差不多|类似|一样|相似|同类)",
        lambda m: Find(like=target(m["x"])),
    ),
    (
        r"(?:账号|密码|设置|语言|通知|邮件|验证|登录|注册|关注了?我|隐私|私密|私信|会员|"
        r"订阅|退款|举报|头像|昵称|数据|记录|收藏|上传|评论|注销).*(?:吗|怎么|哪|在哪|"
        r"如何|为什么|不到|不了|多少|谁)|(?:怎么|在哪|如何|哪里|一直|收不到|"
        r"为什么).*(?:账号|密码|设置|语言|通知|邮件|验证|登录|注册|关注|隐私|私信|会员|"
        r"订阅|退款|举报|头像|昵称|数据|收藏|上传|评论|注销)",
        lambda m: Help(m.string),
    ),
    (
        r"(?:别|不要|不想|屏蔽|拒绝|讨厌|不看|去掉|删掉)(?:再|给我|让我|推荐?|看到?|任何|"
        r"关于|所有|的)*(?P<x>.+)",
        _steer("mute"),
    ),
    (
        r"^(?P<x>.+?)(?:能不能|可不可以|可以|请|实在|真的|给我|稍微)*(?:少(?:一?点|些|"
        r"推|来)|太多|看腻)",
        _steer("less"),
    ),
    (r"(?:只|仅|光)(?:想|要|看|听|推|给我)+(?P<x>.+)", _steer("only")),
    (r"多(?:推荐|推|来|给我|看|放|加)+(?:一些|一点|些|点)?(?P<x>.+)", _steer("more")),
    (r"对(?P<x>.+?)(?:很|挺|蛮|比较|特别|非常|超|有点)*(?:感兴趣|有兴趣)", _steer("more")),
    (
        r"^(?P<x>.+?)(?:有吗|有没有|有么|有啥|有哪些|教程|推荐)$",
        lambda m: Find(finding(m["x"])),
    ),
)
