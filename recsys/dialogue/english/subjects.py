"""Subjects: what a clause is about, without politeness and words that name nothing."""

from __future__ import annotations

import re
from collections.abc import Mapping

from recsys.dialogue.commands import Target

_POLITE = re.compile(
    r"^(?:(?:please|pls|plz|hey|hi|hello|ok|okay|so|well|ugh|um+|uh|hmm|yo|man|dude|"
    r"bro|actually|maybe|"
    r"kindly|also|then|and|but|or|oh|ah|yes|yeah|yep|now|look|listen|guys|anyway|"
    r"seriously|honestly|"
    r"(?:can|could|would|will) (?:you|u)(?: (?:please|pls|plz))?(?: just)?|"
    r"i (?:want|need|would like) (?:you|u) to|"
    r"id like (?:you|u) to|(?:can|could) (?:i|we) (?:please )?(?:just )?(?:get|have|"
    r"see)(?= (?:more|less|fewer|some|something|no))|"
    r"today|tonight|right now|for once|(?:can|could) we|lets|let us|i think|i guess|"
    r"i mean|i said|id say|its time for|time for|"
    r"i(?: would|d)? (?:really )?(?:want|like|prefer|need)(?: to (?:see|have|get|"
    r"read|watch|hear))?(?= (?:more|less|fewer|no|only|just|something|anything)\b)|"
    r"in (?:the )?future i want(?= (?:more|less|fewer|no))|"
    r"(?:fuck(?: (?:you|this|me|off))?|ffs|wtf|omg|damn(?: it| you)?|goddamn|jesus|christ|"
    r"for (?:fucks|gods|christs) sake)(?= (?:this|its|it|that|you|youre|your|the|why|what|stop|no "
    r"more|enough|i|these|nothing|everything)\b)"
    r")\b\s*)+"
)


_TAIL = re.compile(
    r"\s*\b(?:please|pls|plz|thanks|thank you|thx|ty|for me|to me|right now|for now|"
    r"now|tonight|today|this week|at the moment|these days|lately|anymore|again|"
    r"already|a bit|a little|ok|okay|haha|lol|"
    r"ever|here|in here|out there|around here|would be (?:nice|great|good|cool)|"
    r"if possible|man|dude|bro|tho|though|"
    r"from (?:my|the) (?:feed|list|home ?page|timeline|recommendations)|in (?:my|"
    r"the) (?:feed|list|timeline|recommendations)|"
    r"on (?:my|the) (?:feed|list|timeline)|at all|as well|too|instead|somehow|"
    r"everywhere|so much)$"
)


PROFILE = re.compile(
    r"\b(?:from now on|from here on|from today(?: on)?|going forward|"
    r"in (?:the )?future|in general|generally|"
    r"as a rule|always|permanently|for good|forever|for ever|every time|remember(?: that)?|"
    r"until i say otherwise|by default)\b[,:]?\s*"
)


_ABOUT = r"(?:about|on|of|from|by|related to|regarding|concerning|involving|with|around)"


_THINGS = r"(?:stuff|posts?|content|things?|items?|everything|anything|all|topics?)"


_LEADING = re.compile(
    rf"^(?:show me|give me|recommend me|the|a|an|some|any|all|all the|all of the|"
    rf"that|those|these|this|so much|that much|such|"
    r"actual|proper|genuine|decent|"
    rf"{_THINGS} {_ABOUT}|(?:articles|videos|news|films|movies|books|stories) (?:about|on)|"
    r"to (?:see|watch|read|hear)|hearing about|seeing|watching|reading|listening to|"
    r"being shown|of|about)\s+"
)


_TRAILING = re.compile(
    r"\s+(?:stuff|posts?|content|things|items|ones|related stuff|articles? please|"
    r"crap|nonsense|rubbish)$"
)


THIS = re.compile(
    r"^(?:this|that|it|this one|that one|this thing|this item|this post|this video|"
    r"this article|this movie|this film|"
    r"this book|this recommendation|the current one|them|these|those|this stuff|"
    r"this shit|this crap|such (?:stuff|things))$"
)


_MAKER = re.compile(
    r"^(?:anything |things? |stuff |posts? |more )?(?:by |from )?(?:this|that|the same) "
    r"(?:author|creator|writer|account|channel|poster|user|guy|person|blogger|artist|director)$"
)


_LAST = re.compile(r"^(?:the )?last(?: (?:one|item|post|video))?$")


_PLACES: Mapping[str, int] = {
    "first": 1,
    "second": 2,
    "third": 3,
    "fourth": 4,
    "fifth": 5,
    "sixth": 6,
    "seventh": 7,
    "eighth": 8,
    "ninth": 9,
    "tenth": 10,
    "1st": 1,
    "2nd": 2,
    "3rd": 3,
    "4th": 4,
    "5th": 5,
    "one": 1,
    "two": 2,
    "three": 3,
    "four": 4,
    "five": 5,
    "six": 6,
    "seven": 7,
    "eight": 8,
    "nine": 9,
    "ten": 10,
}


ORDINALS = "|".join(name for name in _PLACES if name not in ("one",))


_PLACE = re.compile(
    rf"^(?:the )?(?:(?:number|no|nr|item|#) ?#?(\d{{1,3}}|{ORDINALS}|one)|#(\d{{1,3}})|"
    rf"(\d{{1,2}}|{ORDINALS})(?:st|nd|rd|th)?(?: (?:one|item|post|video|film|movie|"
    rf"result|entry))?)$"
)


PLACED = (
    rf"(?P<x>(?:the )?(?:{ORDINALS}|last)(?: (?:one|item|post|article|video))?|"
    r"(?:number |no |nr |#)?\d{1,2}|this one|that one)"
)


# clauses whose last words are not politeness: what is said of the list, or allowed once more
_WHOLE = re.compile(
    r"^(?:(?:theres|there is|its|i see|i get|this is|all i (?:see|get) is) )?nothing but .+ "
    r"(?:in here|here|everywhere|(?:in|on) (?:my|the|your|this) (?:feed|list|timeline|page))$|"
    r"^(?:(?:you|u) (?:can|may) |its (?:ok|okay|fine) to )?"
    r"(?:show|recommend|list|suggest|allow|bring back|let in)(?: me)? "
    r"(?!(?:it|this|that|them|these|those|more|something)\b).+ again$|"
    r"^.+ (?:is|are) (?:ok|okay|fine|allowed|welcome) again$"
)


def target(words: str) -> Target:
    """Return the target of words: a place of the list, what was mentioned last, or words."""
    words = words.strip()
    if THIS.match(words):
        return Target("this")
    if _MAKER.match(words):
        return Target("author of this")
    if _LAST.match(words):
        return Target("last")
    if found := _PLACE.match(words):
        given = next(filter(None, found.groups()))
        return Target(str(_PLACES.get(given, given)))
    return Target(subject(words))


def subject(words: str) -> str:
    """Return words without what does not name a subject: articles, "stuff about", "posts"."""
    before = None
    while words != before:
        before = words
        words = _TAIL.sub("", words).strip()
        words = _LEADING.sub("", words).strip()
        words = _TRAILING.sub("", words).strip() or words
    return words


def stripped(clause: str) -> str:
    """Return a clause without politeness and other words that change nothing."""
    before = None
    while clause != before:
        before = clause
        clause = _POLITE.sub("", clause).strip()
        if _WHOLE.match(clause):
            return clause
        clause = _TAIL.sub("", clause).strip()
    return clause


def finding(words: str) -> str:
    """Return the words of a search without what names no content: "some", "to watch"."""
    words = re.sub(r" (?:for|from|in|of|on|about|with|to)$", "", _TAIL.sub("", words).strip())
    words = re.sub(
        r"^to (?:learn|know|read|see|watch|study|understand|hear)(?: (?:more|something))?"
        r"(?: about)? ",
        "",
        words,
    )
    words = re.sub(
        r"^(?:me|us|something|anything|some|any|stuff|things|posts|content|the|more|"
        r"an?(?= \w+ (?:podcast|article)\b))?\s*"
        r"(?:about|on|related to|regarding|(?<=something )with|(?<=anything )with)\s+",
        "",
        words,
    )
    words = re.sub(r"^(?:me|us|some|any|the|more)\s+", "", words)
    words = re.sub(
        r"^(?:reading|watching|seeing|learning|hearing|listening to)(?: (?:something|more|up))?"
        r"(?: (?:about|on))? (?=\w)",
        "",
        words,
    )
    words = re.sub(
        r"^(?:something|anything|stuff) (?:good|nice|interesting|cool|new|fun|useful) "
        r"(?:for|about|on) (?:an? |the )?",
        "",
        words,
    )
    words = re.sub(
        r"^(?:something|anything|everything|all|all of (?:it|them)|some|stuff|things|"
        r"one)(?: (?:good|nice|interesting|"
        r"cool|new|else|great|decent|worth it))?(?: to (?:watch|read|see|listen(?: to)?|"
        r"hear|play|do|eat|cook))?$",
        "",
        words,
    )
    words = re.sub(r"^(?:something|anything)(?= (?!by|for|from|with|like|in|of)\w)\s*", "", words)
    return _TRAILING.sub("", words).strip() or words
