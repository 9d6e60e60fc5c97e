"""Rules of items like one, and of comparisons."""

from __future__ import annotations

import re

from recsys.dialogue.commands import Find, Target
from recsys.dialogue.english.comparatives import (
    ANY_COMPARATIVE,
    DEGREE,
    TOO_MUCH,
    comparisons,
    no_noun,
)
from recsys.dialogue.english.makers import compared, compared_with_subject, likened, too_much
from recsys.dialogue.english.word_classes import GIVE, NOUN_OF_ITEMS
from recsys.dialogue.patterns import Rules

RULES: Rules = (
    (
        r"(?:is there |have you got |do you have |got |give me |show me |find me )?(?:an? |"
        r"some )?(?P<than>[\w -]+?) versions? "
        r"of (?P<x>.+)",
        lambda m: likened(m) if comparisons(m["than"])[0] else None,
    ),
    (
        r"(?:i|we)(?:ve| have)(?: got)? (?:a whole|the whole|an entire|all|plenty of|lots of|"
        r"loads of) "
        r"(?:evening|night|day|time|afternoon|weekend|morning)(?: (?:free|to (?:fill|spare|"
        r"kill)))?",
        lambda m: (Find(than=("longer",)),),
    ),
    (
        r"(?:i only have|ive only got|i have only|i just have|only got|got only|i have|"
        r"ive got) (?:about )?(?:\d+|ten|five|fifteen|twenty|thirty|half an|an?|a few|"
        r"a couple of|not much) ?(?:minutes?|mins?|hours?|time|hour)?(?: .*)?|(?:not|"
        r"dont have) much time",
        lambda m: (Find(than=("shorter",)),),
    ),
    (TOO_MUCH.pattern[1:-1], too_much),
    (
        r"(?:something|anything|stuff|things|one|ones|films?|movies?|books?|shows?|"
        r"songs?|posts?|articles?|videos?|music|games?|recipes?|podcasts?|series|"
        r"what else is)?\s*(?:(?:just|quite|exactly|sort of|kind of|kinda|"
        r"sorta) )?(?:like|similar to|along the lines of|in the (?:vein|style|"
        r"spirit) of|comparable to|close to|reminiscent of|in the same vein as|"
        r"a la) (?P<x>.+?)(?:,? (?:but|only|just|though|except|yet|and) (?P<than>.+))?",
        likened,
    ),
    (
        r"(?:(?:find|show|give|recommend|suggest|get|i want|i need|i would like|id like|"
        r"looking for|im looking for|want|play|any|got|are there|is there|know|"
        r"do you (?:have|know)|have you got|is there)(?: me| us)?(?: any|"
        r" some)? )(?:something|anything|more|stuff|things|one|ones|films?|movies?|"
        r"books?|shows?|songs?|posts?|articles?|videos?|music|games?|recipes?|podcasts?|"
        r"series|another)?(?: one| film| movie| book)?\s*(?:(?:just|quite|"
        r"exactly) )?(?:like|similar to|along the lines of|in the (?:vein|style|"
        r"spirit) of|comparable to|close to|in the same vein as) (?P<x>.+?)(?:,? (?:but|"
        r"only|just|though|except|yet|and) (?P<than>.+))?",
        likened,
    ),
    (
        rf"(?:{GIVE}|is there|are there|have you got|do you have|do you know|got|i want|i need|"
        rf"any|find(?: me)?)?(?: ?(?:a|an|any|some))? ?(?P<than>{DEGREE}(?:{ANY_COMPARATIVE})) "
        r"(?:something|anything|stuff|things?|ones?|films?|movies?|books?|shows?|songs?|posts?|"
        r"articles?|videos?|games?|recipes?|podcasts?|series) "
        r"(?:like|similar to|along the lines of|in the (?:vein|style|spirit) of) (?P<x>.+)",
        likened,
    ),
    (
        r"(?:more|others|another(?: one)?|another \w+|anything) (?:(?:just|"
        r"exactly) )?(?:like|similar to) (?P<x>.+?)(?:,? (?:but|only|just|though|except|"
        r"yet|and) (?P<than>.+))?",
        likened,
    ),
    (
        r"(?:the )?same (?:thing|kind|sort|again|idea)?(?: of thing)?,? ?(?:but|only|"
        r"just|except) (?P<than>.+)",
        lambda m: (
            (Find(like=Target("this"), than=comparisons(m["than"])[0]),)
            if comparisons(m["than"])[0]
            else None
        ),
    ),
    (
        r"(?:more|another one|others) of (?:this|the same|these|those|that)(?: kind|"
        r" sort| type)?|(?:the )?same (?:again|kind of (?:thing|stuff))|similar (?:ones|"
        r"stuff|things|items|to (?:this|that|it)(?: one)?)|(?:show me |give me |"
        r"find me )?(?:something )?similar",
        lambda m: (Find(like=Target("this")),),
    ),
    (
        r"(?:if|since|because|as) (?:i|you) (?:liked?|loved?|"
        r"enjoyed?) (?P<x>.+?) (?:what|which|then what)(?: .*)?",
        likened,
    ),
    (
        r"i (?:really |just |absolutely )?(?:loved|liked|enjoyed|finished|watched|read|"
        r"saw|adored) (?P<x>.+?) (?:what else|whats next|what next|what should|"
        r"anything else|anything like|is there|any more like|got anything).*",
        likened,
    ),
    (
        r"(?P<x>.+?),? (?:but|only|just) (?P<than>(?:a (?:bit|little|lot) |much |way |"
        r"even |slightly )?[\w ]+)",
        lambda m: (
            likened(m)
            if comparisons(m["than"])[0]
            and no_noun(comparisons(m["than"])[1])
            and not re.match(r"(?:" + GIVE + r"|i |more|less|no|find)\b", m["x"])
            else None
        ),
    ),
    (r".+", compared),
    (
        rf"(?P<c>{DEGREE}(?:{ANY_COMPARATIVE})) (?P<x>(?!than\b)[\w&'/-]+(?: [\w&'/-]+"
        rf"){{0,4}})",
        compared_with_subject,
    ),
    (
        rf"(?:(?:{GIVE}|is there|are there|have you got|do you have|got|i want|i need|any|some|"
        rf"something|anything|stuff|things?|a|an|the|good|whats|what are|find(?: me)?|items?|"
        rf"posts?|"
        rf"articles?|videos?|threads?|ones?|top|"
        rf"(?P<n>\d{{1,2}})) )*+(?P<c>{DEGREE}(?:{ANY_COMPARATIVE}))"
        rf"(?: (?:{NOUN_OF_ITEMS}))? (?:about|on|regarding|related to|concerning|around|in|for|"
        rf"of|by|with) (?P<x>(?!(?:this|that|it|these|those)\b).+)",
        compared_with_subject,
    ),
)
