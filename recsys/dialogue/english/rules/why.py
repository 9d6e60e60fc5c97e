"""Rules of questions why something is listed."""

from __future__ import annotations

import re

from recsys.dialogue.commands import Target, Why
from recsys.dialogue.english.makers import explained, surrounding
from recsys.dialogue.english.subjects import ORDINALS
from recsys.dialogue.english.word_classes import SUBJECT
from recsys.dialogue.patterns import Rules

RULES: Rules = (
    (
        r"why(?: oh why| on earth| the hell| in the world|s|is)? (?:is|are|"
        r"does) (?:everyone|everybody|people|the internet|"
        r"all the world) (?:talking about|so (?:into|obsessed with)|discussing|"
        r"obsessed with|mad about|angry about) " + SUBJECT,
        surrounding,
    ),
    (
        r"(?:why|y|how come|what for|for what reason|reasons?|wtf|because\?)",
        lambda m: (Why(),) if m.string.strip() in ("why", "y") else (Why(Target("this")),),
    ),
    (
        r"(?:how come|how did|what made|why did) (?:you|u)(?: \w+)? (?:pick|choose|select|chose|"
        r"picked|recommend|suggest|list|come up with|go (?:for|with)) "
        r"(?P<x>(?:the )?(?:" + ORDINALS + r"|number \w+|last)(?: \w+)?)",
        explained,
    ),
    (
        r"(?:why|how come|how did|how do|how were|what made) (?:you )?(?:pick|choose|"
        r"select|chose|come up with|find|get to|recommend|suggest)(?:ed|en)? (?:these|"
        r"those|them|the list|this list)(?: .*)?|(?:how|why) (?:were|are) (?:these|"
        r"those|they) (?:picked|chosen|selected|here|recommended)|where do (?:these|"
        r"those|they) come from|(?:based )?on what(?: (?:basis|grounds))?(?: .*)?|"
        r"based on what",
        lambda m: (Why(),),
    ),
    (
        r"(?:why|how come|y)(?: on earth| the hell| the fuck| in the world|"
        r" exactly)? (?:did|do|are|would|were|have|am|should|is|was) (?:you|u|"
        r"i)(?: keep| always| even| just)? (?:recommend(?:ing|ed)?|suggest(?:ing|ed)?|"
        r"show(?:ing|n)?(?: me)?|send(?:ing)?(?: me)?|giv(?:e|ing)(?: me)?|"
        r"think(?:ing)?(?: (?:that )?i(?:d| would)? (?:like|want|enjoy|"
        r"be interested in))?|see(?:ing)?|get(?:ting)?|like|be interested in|care about|"
        r"shown|push(?:ing)?(?: me)?|have)(?: me)? ?(?P<x>.*)",
        lambda m: (
            explained(m) if (m["x"] or "").strip() not in ("", "again") else (Why(Target("this")),)
        ),
    ),
    (
        r"(?:why|how come) (?:(?:do|am|are|did) )?(?:i|you) (?:keep|always|still|constantly)? ?"
        r"(?:getting|seeing|shown|showing(?: me)?|recommending(?: me)?|get|see|show(?: me)?)"
        r"(?: so (?:much|many))?(?: of)? " + SUBJECT,
        explained,
    ),
    (
        r"(?:how come|why) (?P<x>this|that|it|these|those|they|the [\w ]+?) (?:is|are|was|were|"
        r"showed up|"
        r"shows up|appears?|appeared|ended up|landed|came up|got)\b.*",
        explained,
    ),
    (r"(?:how come|why) im (?:seeing|getting|shown|being shown) " + SUBJECT, explained),
    (
        r"what makes (?:you|u) (?:think|believe|say)(?: that)? (?:i(?:d| would| will)?|"
        r"im)(?: .*)? (?:this|that|it|these|those|them)",
        lambda m: (Why(Target("this")),),
    ),
    (
        r"(?:explain|justify) (?:the |this |that |your )?(?:recommendation|suggestion|"
        r"choice|this|that|it)(?: .*)?|what(?:s| is) the reason(?: for (?:this|that|"
        r"it))?|(?:what(?: has|s| does)?|how (?:is|does)) (?:this|that|it) (?:got |"
        r"have )?(?:to do with|related to|relate to|concern) me|what has (?:this|that|"
        r"it) got to do with (?:me|my .*)|(?:wtf|what|why|what the (?:hell|"
        r"fuck)) is (?:this|that|it)(?: \w+){0,2} (?:here|in my (?:list|feed|"
        r"recommendations))?",
        lambda m: (
            (Why(Target("this")),)
            if not re.fullmatch(r"what is (?:this|that|it)", m[0].strip())
            else None
        ),
    ),
    (
        r"(?:explain|justify) (?P<x>(?:the )?(?:" + ORDINALS + r"|number \w+|last)(?: one)?)",
        explained,
    ),
    (
        r"(?:why|how come|y)(?: is| are|s)? (?P<x>.+?)(?: (?:here|in (?:here|my (?:list|"
        r"feed|recommendations)|the list)|on (?:my|the) list|recommended|"
        r"being recommended|showing up|listed))?",
        lambda m: (
            None
            if re.search(
                r"\b(?:my|your) (?!list|feed)|\b(?:not|cant|wont|doesnt|isnt|so slow|broken|"
                r"deleted|removed|banned|blocked)\b",
                m["x"],
            )
            else explained(m)
        ),
    ),
)
