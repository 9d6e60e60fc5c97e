"""Remaining words: what a clause is about, once the words that carry its intent are left out."""

from __future__ import annotations

import re

from recsys.dialogue.english.subjects import subject
from recsys.dialogue.message_text import is_han

_CUES = frozenset(
    """a able about actually add all along always am an and another any anymore anything are
    around as asked at avoid away back ban banned be been before begone besides best better
    bit block bother bring but by can cant care come could cut dig disappear do does doesnt
    done dont down drop each ease easy else enough even ever every everything exclusively
    extra favour feed feel feeling fewer filter find follow for frequently from full gave get
    gets getting gimme give go going good got great had happening has have hear held help here
    hide hit hold hook how i id if ill im in increase into is isnt it its ive just keep kind
    larger latest lately lean leave less let lets like likes limit list little lot lots loads
    look looking love made make many maybe me mind mode moment more most move much must mute
    my narrow need needs never new news next nice no not nothing notch now of off often on
    once one ones only or other others out over overload please point prefer prioritise pull
    put raise ramp rarely rather really recent recently recommend reduce refuse remove
    restrict room run section see seeing share should show shown sick since skip so some
    something sort stay still stop strictly stuff such suggest than thank thanks that the them
    then there these they thing things think this those though time tired to today tolerance
    tone too top touch toward towards turn type up us use used using very want was watch way
    we week well what whats when where which while who why will wish with within without wont
    world worth would yes you your zero""".split()
)
_HAN_CUES = re.compile(
    r"(?:应该|可以|经常|希望|最近|多出现|安排上|加大|力度|永远看不够|我最爱看|入坑|"
    r"整点|走起|越多越好|占比|高一点|优先|给我|我是|迷$|爱好者|请多关照|加强|再来点|"
    r"多来|少来|"
    r"刷屏了?|满屏都是|看得我头疼|出现得?太?频繁|能不能消停点?|降低一下频率|"
    r"怎么全是|有点过头|没意思|我无感|一天到晚|比例|低一点|适可而止|不太合我口味|"
    r"看吐了|"
    r"一个都别出现|我不接受|给我消失|见到|就烦|全删|通通滚蛋|千万别有|零容忍|杜绝|"
    r"坚决不看|请?全部过滤|我对|过敏|辣眼睛|别让我看到|彻底告别|不碰|我拒绝|"
    r"仅限|今天就|只留|专看|只保留|列表里只放|必须是|要看就看|动态汇总|那事儿后来呢|"
    r"火了吗|的?风向|舆论如何|新进展|聊聊|近况|被骂了吗|最近|"
    r"同款|跟|一个路子|平替|还有像|的没$|看了|意犹未尽|粉丝会喜欢的?|和|风格接近|"
    r"再找个|这样的|那种感觉的|推荐|入门|大全|最好的|有|么$|吗$|哪里|来份|我要|"
    r"帮我|搜|适合|想了解|学|周末|合集|教学|查查|"
    r"多|少|点|些|的|了|吧|啊|呢|请|别|不要|我|你|看|想|要|再|都|太|很|给|推|来|把)"
)


def remaining_words(intent: str, clause: str) -> str:
    """Return the words of a clause that say nothing of its intent; empty where all do."""
    if is_han(clause):
        return _HAN_CUES.sub(" ", clause).strip().split(" ")[0] if clause else ""
    if intent == "find":
        return subject(clause)
    words = clause.split()
    runs: list[list[str]] = [[]]
    for word in words:
        if word in _CUES:
            runs.append([])
        else:
            runs[-1].append(word)
    longest = max(runs, key=len)
    return subject(" ".join(longest))
