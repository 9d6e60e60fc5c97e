"""Loose patterns: keywords anywhere in a clause that no exact pattern fits."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from recsys.dialogue import chinese_patterns, english_patterns
from recsys.dialogue.commands import Around, Command, Find, Help, Show, Steer, Target, Undo, Why
from recsys.dialogue.message_text import is_han

Made = Callable[[re.Match[str]], Command | None]
_PRONOUN = re.compile(
    r"^(?:it|that|this|them|those|these|one|ones|please|back|a bit|to|of|so|or)\b"
)


def _steer(action: str) -> Made:
    def make(match: re.Match[str]) -> Command | None:
        words = match["x"].strip()
        module = chinese_patterns if is_han(words) else english_patterns
        about = Target("this") if _PRONOUN.match(words) else module.target(words)
        return Steer(action, about) if about.words else None  # type: ignore[arg-type]

    return make


def _around(match: re.Match[str]) -> Command:
    words = english_patterns.subject((match.groupdict().get("x") or "").strip())
    return Around(Target(words) if words else None)


def _find(match: re.Match[str]) -> Command:
    return Find(english_patterns.finding(match["x"]))


_ENGLISH: tuple[tuple[str, Made], ...] = (
    (
        r"\b(?:reason|why|how (?:did|is|come|has)|what made|what led)\b.*\b(?:this|that|it|these|"
        r"those|here|listed|recommend\w*|suggest\w*|result|list)\b",
        lambda m: Why(None if re.search(r"\b(?:these|those)\b", m[0]) else Target("this")),
    ),
    (
        r"\b(?:hot|trending|popular|big|rising) (?:topics?|things|stories|news|stuff)\b|"
        r"\b(?:anything|something|whats) (?:\w+ )?(?:going on|happening|trending)\b",
        lambda m: Around(),
    ),
    (
        r"\b(?:how|what) (?:do|does|did|are) (?:people|others|everyone|users|fans|folks|they|the "
        r"public) (?:feel|think|say|saying|react|reacting|"
        r"like)\b(?: \w+){0,2}? (?:about|to|of|on) "
        r"(?P<x>.+)",
        _around,
    ),
    (r"\bwhat (?:happened|is new|has happened)\b.*?\b(?:with|to|in|at) (?P<x>.+)", _around),
    (
        r"\b(?:what|which|list|show)\b.*\b(?:muted?|blocked?|hid(?:e|den)?|filter(?:ed|"
        r"s)?|turned "
        r"off|banned|rules|restrictions)\b",
        lambda m: Show("controls"),
    ),
    (
        r"\b(?:tell|what|how|which|summari[sz]e)\b.*\b(?:you (?:think|know|believe|"
        r"learned|see)|my "
        r"(?:taste|interests|profile|preferences)|im into|about me|i like|i enjoy)\b",
        lambda m: Show("profile"),
    ),
    (
        r"\b(?:undo|revert|roll(?:ed)? back|reverse|restore|take (?:it|that) back|"
        r"back to (?:how|what)"
        r"|changed my mind)\b",
        lambda m: Undo(),
    ),
    (
        r"^(?:none|nothing) of (?:these|those|them)$|\b(?:next|more) (?:page|results|"
        r"options|ones)\b",
        lambda m: Show("more"),
    ),
    (
        r"\b(?:never received|cant|cannot|doesnt|does not|wont|not working|problem|issue|error)\b"
        r".*\b(?:account|profile|password|e?mail|notifications?|settings?|app|log ?in|"
        r"sign ?in|post|"
        r"comment|upload|payment|link|code|page|video)\b",
        lambda m: Help(m.string),
    ),
    (
        r"\b(?:rather not|not want|never|dont (?:want|show)|no longer|stop|without|hide|"
        r"ban|block|"
        r"mute|remove|get rid of|spare me|leave out|cut out|keep out|avoid|exclude)\b"
        r"(?:.*\b(?:about|on|of|with|see|seeing|show|showing|recommend|recommending|hear|any|"
        r"anything|all|the)\b)? (?P<x>.+)",
        _steer("mute"),
    ),
    (
        r"\b(?:less|fewer|cut (?:down|back) on|not so much|reduce|"
        r"lower) (?:of )?(?P<x>.+)",
        _steer("less"),
    ),
    (r"\b(?:too (?:much|many)|tired of|sick of|fed up with|enough) (?P<x>.+)", _steer("less")),
    (
        r"\b(?:only|just|exclusively|nothing but)\b (?:feel like|want|show me|"
        r"interested in|watch|"
        r"read|see|about|stuff|things|for|in|to|the|some|a)*\b ?(?P<x>.+)",
        _steer("only"),
    ),
    (
        r"\b(?:more|additional|extra|increase|boost|throw in(?: some)?(?: more)?|"
        r"add(?: some)?) (?:of )?(?P<x>.+)",
        _steer("more"),
    ),
    (
        r"^(?:what|which) (?P<x>.+?) (?:have you got|do you have|can you recommend|"
        r"would you recommend"
        r"|should i \w+|are there|is there|do you recommend)$",
        _find,
    ),
    (
        r"^(?P<x>.+?)(?: recommendations?| suggestions?| ideas?)? (?:anyone|anybody|pls|"
        r"for me)$",
        _find,
    ),
    (
        r"\b(?:how|where|can i|could i|do you|is my|are my|what do you do|i never|never received|"
        r"cant|cannot|doesnt|does not|wont|problem|issue|error|"
        r"not working)\b.*\b(?:account|profile|"
        r"password|e?mail|notifications?|settings?|data|history|privacy|private|language|app|"
        r"subscription|log ?in|sign ?(?:in|up)|follow(?:s|ers|ing)?|post|comment|upload|payment|"
        r"refund|delete|report|block|link|code|picture|name|page|list|feed|search|save)\b",
        lambda m: Help(m.string),
    ),
)

_CHINESE: tuple[tuple[str, Made], ...] = (
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
        lambda m: Around(Target(chinese_patterns.subject(m["x"]))),
    ),
    (
        r"^(?P<x>第.{1,2}(?:个|条|部))?.*(?:为什么|为啥|怎么会?|凭什么|"
        r"怎么).*(?:推荐|推|出现|在这里|给我)",
        lambda m: Why(chinese_patterns.target(m["x"]) if m["x"] else Target("this")),
    ),
    (r"(?:改回|恢复|撤销|撤回|还原|复原|退回|回退)", lambda m: Undo()),
    (
        r"(?:换一?批|换几个|换一组|再来一批|下一批|都不(?:好看|喜欢|感兴趣|想看))",
        lambda m: Show("more"),
    ),
    (
        r"(?:跟|和|像|与)(?P<x>.+?)(?:差不多|类似|一样|相似|同类)",
        lambda m: Find(like=chinese_patterns.target(m["x"])),
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
        lambda m: Find(chinese_patterns.finding(m["x"])),
    ),
)


def _compiled(rules: Sequence[tuple[str, Made]]) -> tuple[tuple[re.Pattern[str], Made], ...]:
    return tuple((re.compile(pattern), make) for pattern, make in rules)


_RULES = {True: _compiled(_CHINESE), False: _compiled(_ENGLISH)}


def loosely(clause: str) -> Command | None:
    """Return the command of the first keywords of a clause; None: it has none."""
    for pattern, make in _RULES[is_han(clause)]:
        match = pattern.search(clause)
        if match is not None and (made := make(match)) is not None:
            return made
    return None
