"""English patterns: clauses to commands, the first that fits; targets are words as they stand."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import cast

from recsys.dialogue.commands import (
    MOST_COUNTED,
    Around,
    CannotDo,
    Command,
    Comparison,
    Find,
    Handoff,
    Help,
    Show,
    Smalltalk,
    Smalltalks,
    Steer,
    Target,
    Undo,
    Why,
)

Made = Callable[[re.Match[str]], Sequence[Command] | None]  # None: it does not fit after all

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
    r"in (?:the )?future i want(?= (?:more|less|fewer|no))"
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
_ABOUT = r"(?:about|on|of|from|related to|regarding|concerning|involving|with|around)"
_THINGS = r"(?:stuff|posts?|content|things?|items?|everything|anything|all|topics?)"
_LEADING = re.compile(
    rf"^(?:show me|give me|recommend me|the|a|an|some|any|all|all the|all of the|"
    rf"that|those|these|this|so much|that much|such|"
    rf"{_THINGS} {_ABOUT}|(?:articles|videos|news|films|movies|books|stories) (?:about|on)|"
    r"to (?:see|watch|read|hear)|hearing about|seeing|watching|reading|listening to|"
    r"being shown|of|about)\s+"
)
_TRAILING = re.compile(
    r"\s+(?:stuff|posts?|content|things|items|ones|related stuff|articles? please|"
    r"crap|nonsense|rubbish)$"
)
_THIS = re.compile(
    r"^(?:this|that|it|this one|that one|this thing|this item|this post|this video|"
    r"this article|this movie|this film|"
    r"this book|this recommendation|the current one|them|these|those|this stuff|"
    r"this shit|this crap|such (?:stuff|things))$"
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
_ORDINALS = "|".join(name for name in _PLACES if name not in ("one",))
_PLACE = re.compile(
    rf"^(?:the )?(?:(?:number|no|nr|item|#) ?#?(\d{{1,3}}|{_ORDINALS}|one)|#(\d{{1,3}})|"
    rf"(\d{{1,2}}|{_ORDINALS})(?:st|nd|rd|th)?(?: (?:one|item|post|video|film|movie|"
    rf"result|entry))?)$"
)


def target(words: str) -> Target:
    """Return the target of words: a place of the list, what was mentioned last, or words."""
    words = words.strip()
    if _THIS.match(words):
        return Target("this")
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
        clause = _TAIL.sub("", clause).strip()
    return clause


# comparatives ----------------------------------------------------------------------------------

_DIMENSIONS: Mapping[Comparison, str] = {
    "shorter": r"short(?:er|est|ish)|short(?=$| (?:ones?|reads?|posts?|articles?|things?|"
    r"stuff)\b)|quick(?:er)?|briefer|brief|less long|not (?:so|as|that|"
    r"too) long|fast(?:er)? read|bite ?sized",
    "longer": r"longer|longest|lengthier|more in ?depth|more detailed|less short|not (?:so|as|that|"
    r"too) short",
    "newer": r"newer|more recent|most recent|recent(?:ly)?|fresher|more modern|more current|"
    r"less old|"
    r"not (?:so|as|that|too) old|up to date|more up to date|the latest|latest|newest",
    "older": r"older|oldest|more classic|a classic|classics|old school|oldies|less new|less recent|"
    r"not (?:so|as|that|too) (?:new|recent)|vintage",
    "less_known": r"less (?:well )?known|least (?:known|popular)|lesser known|less popular|"
    r"less mainstream|more obscure|"
    r"obscure|hidden gems?|underrated|more niche|niche|not (?:so|as|that|"
    r"too) (?:popular|mainstream|famous|well known)|under the radar|nobody knows",
    "more_known": r"more (?:well )?known|better known|best known|most (?:popular|famous|read|"
    r"viewed|"
    r"liked|watched|known|discussed)|more popular|more mainstream|more famous|"
    r"less obscure|less niche|popular|famous|mainstream",
    "lighter": r"lighter|lighthearted|light hearted|more light ?hearted|more cheerful|cheerful|"
    r"happier|funnier|more fun|less (?:dark|sad|heavy|serious|depressing|grim|"
    r"gloomy|negative)|not (?:so|as|that|too) (?:dark|sad|heavy|serious|depressing|"
    r"grim)|more (?:positive|upbeat|uplifting)|upbeat|uplifting|easier|"
    r"(?:that )?cheers? me up|(?:that )?makes? me (?:laugh|smile)|feel good",
    "darker": r"darker|more (?:serious|dark|grim|gritty)|grimmer|grittier|sadder|heavier|"
    r"less (?:cheerful|light|happy|funny|fluffy|cheesy)|gritty",
    "cheaper": r"cheaper|cheapest|less expensive|more affordable|not (?:so|as|that|too) expensive",
    "dearer": r"pricier|more expensive|dearer|more luxurious|fancier",
    "better_rated": r"better rated|best rated|best reviewed|highest rated|higher rated|top rated|"
    r"with (?:a )?better (?:ratings?|reviews?)|"
    r"better reviewed",
}
_TOO: Mapping[Comparison, str] = {
    "shorter": r"long|lengthy",
    "longer": r"short|brief",
    "newer": r"old|outdated|dated|old fashioned|ancient",
    "older": r"new|recent|modern",
    "less_known": r"popular|mainstream|well known|famous|obvious|known",
    "more_known": r"obscure|niche|unknown",
    "lighter": r"dark|sad|heavy|serious|depressing|grim|gloomy|negative|violent|scary|bleak",
    "darker": r"light|cheerful|happy|funny|cheesy|fluffy|silly|childish",
    "cheaper": r"expensive|pricey|dear",
    "dearer": r"cheap",
}
_DEGREE = (
    r"(?:(?:a (?:bit|little|lot|tad)|much|way|even|slightly|somewhat|far|really|"
    r"rather|only|but|just|more) )*"
)
_ANY_COMPARATIVE = "|".join(_DIMENSIONS.values())
_ONE = "|".join(f"(?P<{name}>{words})" for name, words in _DIMENSIONS.items())
_COMPARATIVE = re.compile(rf"(?<![\w]){_DEGREE}(?:{_ONE})(?![\w])")
_TOO_MUCH = re.compile(
    r"^(?:(?:this|that|it|these|those|they|theyre|its|thats|this one|that one|"
    r"the (?:first|last) one)(?: is| are| was|s)? )?"
    r"(?:(?:just|all|still|way|far|really|a bit|a little|much|kind of|kinda) )*too (?:"
    + "|".join(f"(?P<{name}>{words})" for name, words in _TOO.items())
    + r")(?: for (?:me|us|tonight))?$"
)
_EMPTY_NOUN = re.compile(
    r"^(?:something|anything|some|any|a|an|the|one|ones|stuff|things?|give me|gimme|"
    r"show me|find me|recommend(?: me)?|suggest(?: me)?|get me|got|have you got|"
    r"do you have|is there|are there|i want|i need|i only have|i prefer|id prefer|"
    r"prefer|want|need|please|but|and|only|just|more|make (?:it|them)|"
    r"minutes|\d+|item|items|same thing|same|not|last|year|years?|from|than (?:this|"
    r"that|it|these|those)|than|thats|that is|i know|stuff|posts?|articles?|threads?|videos?|"
    r"content|news|"
    r"of those|a little|a bit|bit|way|much|even|to (?:watch|read|see|hear)|really|"
    r"time|twenty|ten|half an hour|looking for|im|today|tonight|for|me|us|"
    r"with|be|should|would|like|in|tone|lot|tad|what about|how about|in mood|mood|else)$"
)


def comparisons(clause: str) -> tuple[tuple[Comparison, ...], str]:
    """Return the comparisons of a clause, and what is left of it without them."""
    found: list[Comparison] = []

    def take(match: re.Match[str]) -> str:
        name = cast(Comparison, match.lastgroup)
        if name not in found:
            found.append(name)
        return " "

    rest = " ".join(_COMPARATIVE.sub(take, clause).split())
    return tuple(found), rest


def _no_noun(words: str) -> bool:
    """Whether words name nothing: only words such as "something" or "a"."""
    left = words.strip()
    while left:
        parts = left.split()
        for count in range(min(4, len(parts)), 0, -1):
            if _EMPTY_NOUN.match(" ".join(parts[:count])):
                left = " ".join(parts[count:])
                break
        else:
            return False
    return True


# makers ----------------------------------------------------------------------------------------


def _steer(action: str) -> Made:
    def make(match: re.Match[str]) -> Sequence[Command] | None:
        about = target(match["x"])
        if _BAD_NOUN.fullmatch(about.words):
            return (Smalltalk("complaint"),)
        if not about.words or _NO_SUBJECT.match(about.words):
            return None
        return (Steer(action, about),)  # type: ignore[arg-type]

    return make


_BAD = (
    r"(?:shite?|shitty|crap|crappy|garbage|trash|rubbish|bullshit|bs|junk|bad|terrible|awful|"
    r"useless|"
    r"stupid|dumb|annoying|boring|the worst|horrible|worthless|wrong|irrelevant|ridiculous|a joke|"
    r"a waste of time|nonsense|lame|pathetic|broken)"
)
_BAD_NOUN = re.compile(
    r"(?:(?:this|that|the|your|such|all|any|more|of|fucking|stupid|bloody|damn|useless|same|old) )*"
    r"(?:shite?|crap|garbage|trash|rubbish|bullshit|bs|junk|nonsense|bad (?:stuff|things))"
)
_NO_SUBJECT = re.compile(
    r"^(?:something|anything|everything|nothing|some|any|one|ones|other|others|more|"
    r"less|i|you|me|we|to|of|is|are|way|idea|clue|problem|worries|"
    r"thanks?|thank you|it all|all|time|thing|matter|kidding|wonder|doubt|need|rush|"
    r"luck|chance|way jose|no no|no|not|wait|good|bueno)$"
)


def _like(match: re.Match[str]) -> Sequence[Command] | None:
    groups = match.groupdict()
    than, left = comparisons(groups.get("than") or "")
    words = groups["x"]
    if groups.get("than") is None:
        than, words = comparisons(words)
        words = re.sub(r"\s*\b(?:but|only|just|and|though)$", "", words).strip()
    elif not than:
        words, left = f"{words} {groups['than']}", ""
    like = target(words)
    return (Find(like=like, than=than),) if like.words and not left.split()[3:] else None


def _than(match: re.Match[str]) -> Sequence[Command] | None:
    than, rest = comparisons(match.string)
    if not than:
        return None
    if _no_noun(rest):
        return (Find(than=than),)
    return None


def _than_of(match: re.Match[str]) -> Sequence[Command] | None:
    than, _ = comparisons(match["c"])
    words = finding(re.sub(r"^(?:ones?|of)\b ?", "", match["x"]))
    count = int(match.groupdict().get("n") or 0)
    found = Find(words, than=than, count=min(count, MOST_COUNTED))
    return (found,) if than and words and not _no_noun(words) else None


def _too(match: re.Match[str]) -> Sequence[Command]:
    return (Find(than=(cast(Comparison, match.lastgroup),)),)


def _find(match: re.Match[str]) -> Sequence[Command] | None:
    words = match["x"].strip()
    than, rest = comparisons(words)
    if than and _no_noun(rest):
        return (Find(than=than),)
    if than and _DIRECT.search(words):
        words = rest
    else:
        than = ()
    return (Find(finding(words), than=than),)


_DIRECT = re.compile(
    r"\b(?:shorter|longer|newer|older|lighter|darker|cheaper|funnier|(?:less|more|"
    r"lesser|better|higher) \w+|recent|obscure|underrated)\b"
)


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
        r"(?:about|on|related to|regarding)\s+",
        "",
        words,
    )
    words = re.sub(r"^(?:me|us|some|any|the|more)\s+", "", words)
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


def _shown(what: str) -> Made:
    return lambda match: (Show(what),)  # type: ignore[arg-type]


def _small(what: Smalltalks) -> Made:
    return lambda match: (Smalltalk(what),)


def _why(match: re.Match[str]) -> Sequence[Command]:
    words = (match.groupdict().get("x") or "").strip()
    if not words or re.fullmatch(
        r"(?:these|those|them|all these|all of these|this list|that list|such)(?: \w+)?", words
    ):
        return (Why(),)
    return (Why(target(words)),)


def _around(match: re.Match[str]) -> Sequence[Command]:
    words = subject((match.groupdict().get("x") or "").strip())
    if not words or re.fullmatch(r"(?:everyone|people|here|it|the world|now|on)", words):
        return (Around(),)
    return (Around(Target(words)),)


def _this(command: Callable[[Target], Command]) -> Made:
    return lambda match: (command(Target("this")),)


_VERBS = r"(?:see|watch|read|hear|hear about|get|have|look at|listen to|be shown|know about)"
_GIVE = (
    r"(?:show(?: me| us)?|give(?: me| us)?|gimme|recommend(?: me| us)?|"
    r"suggest(?: me| us)?|send(?: me)?|get me|bring(?: me)?(?: on)?|put in|add|"
    r"include|serve(?: me)?|feed me|play(?: me)?)"
)
_X = r"(?P<x>.+)"
_NOUN_OF_ITEMS = (
    r"things?|stuff|posts?|articles?|threads?|ones?|items?|videos?|content|discussions?|news|"
    r"pieces?|"
    r"reads?"
)

_PLACED = (
    rf"(?P<x>(?:the )?(?:{_ORDINALS}|last)(?: (?:one|item|post|article|video))?|"
    r"(?:number |no |nr |#)?\d{1,2}|this one|that one)"
)
_LIST: tuple[tuple[str, Made], ...] = (
    # an opinion of a listed item
    (
        rf"{_PLACED} (?:is|was|looks|sounds|seems|sucks) ?(?:\w+ ){{0,2}}(?:{_BAD}|not for me|"
        r"not interesting|no good|uninteresting|)",
        lambda m: (
            (Steer("mute", target(m["x"])),)
            if re.search(
                rf"(?:{_BAD}|not for me|not interesting|no good|uninteresting|sucks)$", m[0]
            )
            else None
        ),
    ),
    (
        rf"(?:i (?:really )?(?:like|love) )?{_PLACED} (?:is|was|looks|sounds|seems) "
        r"(?:(?:really|very|so|pretty|quite|the|actually) )*(?:good|nice|great|interesting|perfect|"
        r"best|cool|awesome|excellent|better|fun|useful)",
        lambda m: (Find(like=target(m["x"])),),
    ),
    # two subjects
    (
        r"(?:id |i would |i )?(?:rather|prefer|much rather)(?: to)?(?: (?:see|have|read|get|"
        r"watch))? "
        r"(?P<x>.+?) (?:than|over|instead of|rather than|to) (?P<y>.+)",
        lambda m: (Steer("more", target(m["x"])), Steer("less", target(m["y"]))),
    ),
    (
        rf"(?:{_GIVE} |i want |more )?(?P<x>(?!(?:what|why|how|who)\b).+?) (?:instead of|"
        rf"rather than) "
        r"(?P<y>.+)",
        lambda m: (Steer("more", target(m["x"])), Steer("less", target(m["y"]))),
    ),
    (
        rf"(?:{_GIVE} |i want |find (?:me )?)?(?P<x>(?!(?:i|nothing|anything|everything|all|no|not|"
        r"less|more|why|what|how)\b).+?) (?:but not|but no|but without|without|except(?: for)?) "
        r"(?:any |the )?(?P<y>.+)",
        lambda m: (
            (Find(_named(finding(m["x"]))), Steer("mute", target(m["y"])))
            if not _THIS.match(m["y"])
            else None
        ),
    ),
    (
        r"(?:(?:its|it is|everything(?: here)?(?: is|s)?|all (?:of )?(?:it|this) is|why is "
        r"(?:it|everything))(?: just| only| always| all)* about|(?:all|everything) (?:i (?:see|"
        r"get)|"
        r"you show(?: me)?) is) " + _X,
        _steer("less"),
    ),
    (
        rf"how many (?:{_NOUN_OF_ITEMS}) (?:about|on|of|with|are about|are there about|"
        rf"are there on|"
        r"do you have (?:about|on)) (?P<x>.+?)(?: (?:do you have|are there|exist|have you got))?",
        _around,
    ),
    (
        rf"(?:whats|what is|what are|which is|which are|which) (?:the |your |some )*(?:best|top|"
        rf"good|"
        rf"nicest|favourite|most interesting) (?:{_NOUN_OF_ITEMS}) (?:about|on|for|of|with) " + _X,
        lambda m: (Find(finding(m["x"])),),
    ),
    (
        rf"(?:(?:more|show me|give me|find|other|any|anything|something|i want) )*"
        rf"(?:(?:{_NOUN_OF_ITEMS}) )?(?:else )?(?:by|from|of) (?:the |its )?(?:same |this |that |"
        rf"his |"
        rf"her )?(?:author|writer|creator|poster|director|artist)(?: (?:of|as) (?P<x>.+))?",
        lambda m: (Steer("only", Target(f"author of {target(m['x'] or 'this').words}")),),
    ),
    # a correction
    (
        r"(?:no )*i (?:meant|mean|said|was talking about|am talking about) (?:the )?"
        r"(?P<x>(?!(?:it|that|this|no|not|only|more|less|never|to|i|you)\b).+)",
        lambda m: (Find(finding(m["x"])),),
    ),
    # undo
    (
        r"(?:undo|revert|reverse|restore|take back|scratch|cancel)(?: (?:that|this|it|"
        r"the last(?: \w+)?|my last \w+|what (?:you|i) just (?:did|said)|last|"
        r"all that))?(?: (?:one|thing|change|command|please))?",
        lambda m: (Undo(),),
    ),
    (
        r"(?:take|put|bring|change|turn|switch|give|roll|get) (?:it|that|this|them|"
        r"those) back(?: in| on| please)?",
        lambda m: (Undo(),),
    ),
    (
        r"(?:no )*(?:wait )?(?:go|turn|step|change) back(?: (?:one|a) step)?|roll back|"
        r"back up|oops(?: .*)?|whoops(?: .*)?|my bad|(?:that|it|this) was (?:a mistake|"
        r"an accident|wrong|not what i meant)|i (?:made|did) a mistake|wrong (?:one|"
        r"button)|i (?:didnt|did not|dont) mean (?:that|it|to)|(?:no )*not that|nvm|"
        r"never ?mind(?: .*)?|forget (?:what i (?:just )?said|(?:that|it|this))|"
        r"i changed my mind|un(?:mute|hide|block|do) (?:that|it|this)|restore it|"
        r"change it back|on second thought.*|stop(?: (?:it|that|this|now))?|cancel",
        lambda m: (Undo(),),
    ),
    # why
    (
        r"why(?: oh why| on earth| the hell| in the world|s|is)? (?:is|are|"
        r"does) (?:everyone|everybody|people|the internet|"
        r"all the world) (?:talking about|so (?:into|obsessed with)|discussing|"
        r"obsessed with|mad about|angry about) " + _X,
        _around,
    ),
    (
        r"(?:why|y|how come|what for|for what reason|reasons?|wtf|because\?)",
        lambda m: (Why(),) if m.string.strip() in ("why", "y") else (Why(Target("this")),),
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
            _why(m) if (m["x"] or "").strip() not in ("", "again") else (Why(Target("this")),)
        ),
    ),
    (
        r"(?:why|how come) (?:do|am|are|did) (?:i|you) (?:keep|always|still|constantly)? ?"
        r"(?:getting|seeing|shown|showing(?: me)?|recommending(?: me)?|get|see|show(?: me)?)"
        r"(?: so (?:much|many))?(?: of)? " + _X,
        _why,
    ),
    (r"(?:how come|why) im (?:seeing|getting|shown|being shown) " + _X, _why),
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
    (r"(?:explain|justify) (?P<x>(?:the )?(?:" + _ORDINALS + r"|number \w+|last)(?: one)?)", _why),
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
            else _why(m)
        ),
    ),
    # around
    (
        r"what(?:s| is| are|re)? (?:trending|hot|popular|viral|buzzing|big|happening|"
        r"going on|up|new|the buzz|the news|everyone (?:talking|reading|"
        r"watching)(?: about)?|everybody (?:talking|reading|watching)(?: about)?|"
        r"people (?:talking|reading|watching|discussing)(?: about)?|"
        r"the latest)(?: (?:today|now|right now|this week|in the world|everywhere|here|"
        r"lately))?",
        lambda m: (Around(),),
    ),
    (
        r"(?:top stories|headlines|trending(?: now| topics)?|trends|breaking news|"
        r"breaking|any (?:big )?news|news|what did i miss(?: .*)?|"
        r"what have i missed(?: .*)?|catch me up|(?:is )?(?:there )?anything (?:big |"
        r"important |interesting |new |major )?(?:happening|going on|trending|"
        r"happened)(?: (?:today|now|right now|lately|this week|in the world|here))?|"
        r"what(?:s| is) everyone (?:talking|on) about|whats the world (?:talking|"
        r"up to)(?: about)?|anything new|whats new)",
        lambda m: (Around(),),
    ),
    (
        r"what(?:s| is| are|re)? (?:people|everyone|everybody|they|folks|users|"
        r"the public|others) (?:saying|thinking|talking|writing|feeling) (?:about|on|"
        r"of) " + _X,
        _around,
    ),
    (
        r"what (?:do|does|did) (?:people|everyone|everybody|they|folks|users|the public|"
        r"others) (?:think|say|feel|make) (?:about|of|on) " + _X,
        _around,
    ),
    (
        r"what(?:s| is| has been)? (?:happening|going on|going down|up|new|trending|hot|"
        r"popular|the (?:latest|news|story|deal|talk|buzz|fuss|hype|situation|state|"
        r"mood|word|update|drama))(?: (?:today|now|currently))? (?:with|around|in|on|"
        r"about|at|of|over|for|regarding) " + _X,
        _around,
    ),
    (
        r"(?:any|whats the|is there|is there any|are there any)?\s*(?:buzz|hype|"
        r"updates?|developments?|trends|reactions?|discussions?|chatter|drama|"
        r"fuss)(?: happening| going on)? (?:around|about|on|with|in|over|to|regarding) " + _X,
        _around,
    ),
    (
        r"(?:the )?(?:latest|news around|headlines (?:about|on))(?: news)?(?: on| about|"
        r" from| in| around| with)? " + _X,
        lambda m: (
            _around(m)
            if re.search(
                r"^(?:the )?(?:latest (?:news )?(?:on|about|from|in|around|with)|news around|"
                r"headlines)",
                m[0],
            )
            else None
        ),
    ),
    (
        r"(?:catch me up|update me|fill me in|brief me|bring me up to (?:speed|date)|"
        r"keep me posted|tell me the latest) (?:on|about|with) " + _X,
        _around,
    ),
    (
        r"(?:is )?(?:there )?(?:anything|something) (?:big |new |"
        r"interesting )?(?:happening|going on|new|up) (?:around|with|in|about|at|on) " + _X,
        _around,
    ),
    (
        r"how(?:s| is| are| did| was)? (?P<x>.+?) (?:going down|being received|"
        r"doing(?: with people)?|received|developing|going over|trending)(?: (?:with|by|"
        r"among) (?:people|everyone|fans|users|the public))?",
        lambda m: (
            _around(m) if not re.fullmatch(r"(?:it|you|u|things|everything)", m["x"]) else None
        ),
    ),
    (r"(?:what happened|what went on|whats gone on) (?:with|to|in|at|around|on) " + _X, _around),
    # show
    (
        r"(?:(?:show|give|get|send)(?: me| us)?|gimme|got(?: any)?|"
        r"have you got(?: any)?|any|are there|is there|let me see|i want|i want to see|"
        r"want|do you have|can i have|can i see|load|see)?\s*(?:a few |some |any |"
        r"many )?more(?: (?:please|results|options|suggestions|recommendations|ones|"
        r"of (?:these|them|those|the list)))?|next(?: (?:page|one|ones|ten|batch|"
        r"please))?|(?:keep|carry) (?:going|on)|continue|go on|what else(?: (?:is there|"
        r"do you have|have you got|you got))?|(?:any|show me|some|got any|"
        r"the) (?:others?|other ones)|(?:show me |give me |got )?(?:something|"
        r"anything) (?:else|different)|(?:show|give) me (?:other|different|new) (?:ones|"
        r"things|suggestions|options|results)|next|different ones|others|refresh|reload|"
        r"new (?:list|page|suggestions)|more more|(?:mix it|spice it|shake it|shuffle it|"
        r"shuffle)(?: "
        r"(?:up|a bit))*|"
        r"(?:(?:stop|quit|dont|no|not|why|always|its|its always|please stop) )*(?:(?:showing|"
        r"recommending|giving|show|recommend|give)(?: me)? )?(?:always )?the same (?:things?|"
        r"stuff|ones|"
        r"posts|items|list|articles|crap|shit)(?: (?:over and over|again|every time|"
        r"all the time))*|"
        r"(?:(?:show|give|find|get) me |i want )?(?:something|anything|stuff|things|ones|posts|"
        r"articles|what) (?:that )?(?:i|ive|i have) (?:havent|have not|not|never|didnt|did not) "
        r"(?:seen|read|watched|see)(?: yet| before| already)*",
        _shown("more"),
    ),
    (
        r"(?:tell me )?what (?:do|did|have|has) (?:you|u|the system|it) (?:know|"
        r"learn(?:ed|t)?|think|believe|store[d]?|remember|collect(?:ed)?|gather(?:ed)?|"
        r"assume)(?: about me| of me| on me| i like| i(?:m| am) into| im interested in|"
        r" about my (?:taste|interests))|(?:show|see|tell|open|view|what(?:s| is| are|"
        r"re)?)(?: me)? my (?:profile|interests|taste|tastes|user profile|preferences|"
        r"history|persona)(?: in your eyes)?|who (?:do you think i am|am i(?: (?:to|"
        r"for) you)?)|what (?:are|were) my (?:interests|preferences|tastes?)|what (?:do|"
        r"should) i (?:like|enjoy)(?: (?:according to you|in your opinion))?|"
        r"my (?:profile|interests)|what kind of (?:person|user|reader|"
        r"viewer) am i(?: .*)?|describe (?:me|my taste)",
        _shown("profile"),
    ),
    (
        r"(?:what|which|who|whom)(?: things| topics| words| stuff)? (?:have i|did i|"
        r"do i have|i have|am i)(?: \w+)? (?:muted|mute|hid|hidden|hide|blocked|block|"
        r"banned|filtered|boosted|told you|asked for|turned off|muting|hiding|"
        r"blocking)(?: .*)?|what (?:did|have) i (?:tell|told|asked?|say|"
        r"said)(?: you)?(?: to)? ?(?:hide|mute|block|show|skip|less|more|"
        r"remember)?(?: .*)?|(?:show|list|see|display|view|what are|whats|"
        r"which are)(?: me)?(?: all)?(?: of)? (?:my|the|current|active) ?(?:current|"
        r"active)? ?(?:filters?|mutes?|blocks?|controls?|muted (?:topics|words|things)|"
        r"blocked (?:topics|words|things)|rules|topic settings|settings for topics|"
        r"restrictions)|what (?:did|have) you (?:just )?chang(?:e|ed)(?: .*)?|(?:which|"
        r"what) (?:filters?|rules|controls|mutes)(?: \w+)* (?:on|"
        r"active|set|in (?:place|force|effect)|are there|do i have)|my (?:filters?|"
        r"mutes?|controls?|mute list|blocklist|settings for topics)",
        _shown("controls"),
    ),
    (
        r"(?:none|nothing|neither) of (?:these|those|them)(?: please)?|"
        r"(?:these|those|they) are (?:all )?(?:bad|boring|not good|no good)",
        _shown("more"),
    ),
    # by comparison
    (
        r"(?:i only have|ive only got|i have only|i just have|only got|got only|i have|"
        r"ive got) (?:about )?(?:\d+|ten|five|fifteen|twenty|thirty|half an|an?|a few|"
        r"a couple of|not much) ?(?:minutes?|mins?|hours?|time|hour)?(?: .*)?|(?:not|"
        r"dont have) much time",
        lambda m: (Find(than=("shorter",)),),
    ),
    (_TOO_MUCH.pattern[1:-1], _too),
    (
        r"(?:something|anything|stuff|things|one|ones|films?|movies?|books?|shows?|"
        r"songs?|posts?|articles?|videos?|music|games?|recipes?|podcasts?|series|"
        r"what else is)?\s*(?:(?:just|quite|exactly|sort of|kind of|kinda|"
        r"sorta) )?(?:like|similar to|along the lines of|in the (?:vein|style|"
        r"spirit) of|comparable to|close to|reminiscent of|in the same vein as|"
        r"a la) (?P<x>.+?)(?:,? (?:but|only|just|though|except|yet|and) (?P<than>.+))?",
        _like,
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
        _like,
    ),
    (
        r"(?:more|others|another(?: one)?|another \w+|anything) (?:(?:just|"
        r"exactly) )?(?:like|similar to) (?P<x>.+?)(?:,? (?:but|only|just|though|except|"
        r"yet|and) (?P<than>.+))?",
        _like,
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
        _like,
    ),
    (
        r"i (?:really |just |absolutely )?(?:loved|liked|enjoyed|finished|watched|read|"
        r"saw|adored) (?P<x>.+?) (?:what else|whats next|what next|what should|"
        r"anything else|anything like|is there|any more like|got anything).*",
        _like,
    ),
    (
        r"(?P<x>.+?),? (?:but|only|just) (?P<than>(?:a (?:bit|little|lot) |much |way |"
        r"even |slightly )?[\w ]+)",
        lambda m: (
            _like(m)
            if comparisons(m["than"])[0]
            and _no_noun(comparisons(m["than"])[1])
            and not re.match(r"(?:" + _GIVE + r"|i |more|less|no|find)\b", m["x"])
            else None
        ),
    ),
    (r".+", _than),
    (
        rf"(?P<c>{_DEGREE}(?:{_ANY_COMPARATIVE})) (?P<x>(?!than\b)[\w&'/-]+(?: [\w&'/-]+"
        rf"){{0,4}})",
        _than_of,
    ),
    (
        rf"(?:(?:{_GIVE}|is there|are there|have you got|do you have|got|i want|i need|any|some|"
        rf"something|anything|stuff|things?|a|an|the|good|whats|what are|find(?: me)?|items?|"
        rf"posts?|"
        rf"articles?|videos?|threads?|ones?|top|"
        rf"(?P<n>\d{{1,2}})) )*+(?P<c>{_DEGREE}(?:{_ANY_COMPARATIVE}))"
        rf"(?: (?:{_NOUN_OF_ITEMS}))? (?:about|on|regarding|related to|concerning|around|in|for|"
        rf"of|by|with) (?P<x>(?!(?:this|that|it|these|those)\b).+)",
        _than_of,
    ),
    # steering
    (
        r"(?:forget|ignore|disregard|dont (?:use|count|consider)|stop using|"
        r"do not (?:use|count)|unlearn|erase|drop)(?: about)?(?: the fact)?(?: that|"
        r" everything| anything| all| what| whatever)?(?: that)? ?(?:i|ive|i have|i had|"
        r"i ever)(?: ever| once| used to)? (?:liked?|loved?|watch(?:ed)?|read|saw|seen|"
        r"looked at|did|searched(?: for)?|clicked(?: on)?|was into|said i liked?|(?:was|"
        r"am) interested in)(?: about| on| of)? " + _X,
        _steer("forget"),
    ),
    (
        r"(?:forget|ignore|disregard|dont (?:use|count|consider)|stop using|"
        r"do not (?:use|count))(?: all)?(?: about)? (?:the |my |those |"
        r"these )?(?P<x>.+?)(?: (?:videos|posts|articles|stuff|things|films|movies|"
        r"books|songs|history))? (?:i|ive|that i|which i)(?: have| had|"
        r" ever)? (?:watched|read|saw|seen|liked|clicked(?: on)?|looked at|listened to)",
        _steer("forget"),
    ),
    (
        r"forget(?: all)?(?: about)? my (?P<x>.+?) (?:history|interest|phase|views|"
        r"likes)",
        _steer("forget"),
    ),
    (
        r"(?:nothing (?:but|except|other than)|only|just|exclusively|purely|solely|"
        r"strictly|stick (?:to|with)|stay with|limit (?:it|this|yourself|them) to|"
        r"restrict (?:it|this|them) to|keep (?:it|this) (?:to|at)|focus on|narrow (?:it|"
        r"this) down to|filter (?:by|for|on)|confine (?:it|this) to) (?:(?:show(?: me)?|"
        r"give(?: me)?|stuff|things|posts|ones|items|films|movies|books|want|recommend|"
        r"watch|see|the|some|in|on|about|for|from|want to (?:see|watch|hear|read)) )*" + _X,
        _steer("only"),
    ),
    (
        r"(?:i )?(?:only|just) (?:want|wanna|need|like|care about|feel like)(?: to|"
        r" some| about)?(?: " + _VERBS + r")? " + _X,
        _steer("only"),
    ),
    (r"i (?:only|just) want(?: to " + _VERBS + r")? " + _X, _steer("only")),
    (
        r"(?:show|give|recommend|suggest)(?: me)? (?:only|just|nothing but|exclusively) " + _X,
        _steer("only"),
    ),
    (r"(?P<x>[\w &/-]+?) (?:only|exclusively|and nothing else)", _steer("only")),
    (
        r"(?:anything|everything|something)(?: is fine)? (?:but|except(?: for)?|"
        r"other than|besides|apart from) (?:the )?" + _X,
        _steer("mute"),
    ),
    (
        r"(?:not|no|dont (?:want|show)(?: me)?|hide|remove|skip|drop|kill|delete|ditch|"
        r"lose|mute) (?P<x>this|that|it|this one|that one|these|those)(?: (?:one|thing|"
        r"item|post|video|movie|film|book|again|crap|shit))?(?: please)?",
        _this(lambda t: Steer("mute", t)),
    ),
    (
        r"(?:ive|i have|i|already|ive already|i already|weve|"
        r"i think ive)(?: already)? ?(?:seen|watched|read|saw|know|knew|heard|own|have|"
        r"finished|played|got)(?: already)? (?P<x>this|that|it|this one|that one|"
        r"the \w+ one|the last one|number \w+|(?:the )?(?:" + _ORDINALS + r")(?: one)?)(?: .*)?",
        _steer("mute"),
    ),
    (
        r"(?:already )?(?:seen|watched|read|heard|know|knew|played|been there)(?: (?:it|"
        r"that|this|this one|that one))?(?: (?:already|before|done that))?",
        _this(lambda t: Steer("mute", t)),
    ),
    (
        r"(?:not interested|no interest|boring|meh|nah|nope|no thanks|no thank you|pass|"
        r"skip|next one|not for me|not my (?:thing|cup of tea|"
        r"taste))(?: (?:in )?(?:this|that|it|this one|that one))?",
        _this(lambda t: Steer("mute", t)),
    ),
    (
        r"(?:a (?:bit|little|lot|tad) |much |way |far |even |slightly |"
        r"some(?:what)? )*(?:less|fewer|not so (?:much|many)|not as (?:much|many)|"
        r"not (?:that|too) (?:much|many)|lower) (?:of )?(?:like )?(?:the |that |those |"
        r"this )?" + _X,
        _steer("less"),
    ),
    (
        r"(?:i (?:could|can|would|might) (?:do|live)|id (?:prefer|like)|i(?:d|"
        r" would)? (?:prefer|like|want)|"
        + _GIVE
        + r"|i want to see|i need)(?: to see| me| with)? (?:a (?:bit|little|lot) |much |"
        r"way |far )?(?:less|fewer) (?:of )?" + _X,
        _steer("less"),
    ),
    (
        r"(?:way |far |much |just |there(?:s| is| are) (?:way |far |just )?|its (?:way |"
        r"far )?|i get (?:way |far )?|im (?:seeing|getting) (?:way |far )?|"
        r"youre showing me (?:way |far )?|you show me (?:way |far )?|you (?:recommend|"
        r"suggest) (?:way |far )?)*(?:too (?:much|many)|so (?:much|many)|an overload of|"
        r"overdose of) (?:of )?" + _X,
        _steer("less"),
    ),
    (
        r"(?:tone|dial|cut|turn|scale|bring|wind|keep|slow)(?: it)? (?:down|back|"
        r"low)(?: on| with)? (?:the |all the |all of the )?" + _X,
        _steer("less"),
    ),
    (r"(?:tone|dial|turn|cut|scale|bring|wind) (?:the )?(?P<x>.+?) (?:down|back)", _steer("less")),
    (
        r"(?:reduce|decrease|lower|limit|minimi[sz]e|lessen|downgrade|go easy on|"
        r"ease (?:up|off) on|cut)(?: the| amount of| number of)* " + _X,
        _steer("less"),
    ),
    (
        r"(?:(?:thats |thats more than |more than |ive had |i(?:ve| have) seen |"
        r"had )?enough (?:with |of |about )?(?:the |all the |this |that )?)" + _X,
        lambda m: _steer("less")(m),
    ),
    (
        r"(?:im |i am |i m |i )?(?:so |really |getting |a bit |sick and |kind of |"
        r"kinda |just |very |pretty |totally )*(?:tired|sick|bored|fed up|weary|over|"
        r"done|annoyed|exhausted)(?: and tired)? (?:of|with|by)?(?: the| all the|"
        r" all this| this| seeing| hearing about)* ?" + _X,
        _steer("less"),
    ),
    (
        r"(?:im |i am |i was |was )?(?:not |never )(?:a |really |much |particularly |"
        r"that |too |so |very )*(?:big |huge |great )?(?:fan of|into|interested in|"
        r"keen on|fond of|crazy about|a lover of|bothered about) (?:the )?" + _X,
        _steer("less"),
    ),
    (
        r"(?:i )?(?:dont|do not|didnt|cant say i|never)(?: really| particularly| much|"
        r" quite)? (?:like|enjoy|care (?:for|about)|love|get|dig|fancy) (?:the )?" + _X,
        _steer("less"),
    ),
    (
        r"(?:the |all the |all this )?(?P<x>[\w &/-]+?) (?:is|are|r|has|have) (?:just |"
        r"really |getting |becoming |gotten |become )*(?:too much|too many|a bit much|"
        r"annoying(?: me)?|boring(?: me)?|getting old|old|everywhere|overrated|tiresome|"
        r"out of hand|irritating|exhausting|driving me (?:mad|crazy|nuts)|enough)",
        _steer("less"),
    ),
    (
        r"(?:not )?another (?P<x>.+)",
        lambda m: _steer("less")(m) if m[0].startswith("not ") else None,
    ),
    (r"(?P<x>[\w &/-]+?) (?:less|fewer)(?: often)?", _steer("less")),
    (
        r"(?P<x>[\w &/-]+?) again\b.*",
        lambda m: _steer("less")(m) if re.search(r"\bagain$", m.string) else None,
    ),
    (
        r"(?:i )?(?:never(?: ever)?|dont(?: ever)?|do not(?: ever)?|wont|no longer|stop|"
        r"quit|please stop|cease)(?: again)? ?(?:want|wanna|wish|need|like|"
        r"care)?(?: to)? ?(?:be )?(?:show(?:ing|n)?|recommend(?:ing|ed)?|suggest(?:ing|"
        r"ed)?|see(?:ing)?|giv(?:e|ing|en)|send(?:ing)?|sent|push(?:ing)?|get(?:ting)?|"
        r"hear(?:ing)?|watch(?:ing)?|read(?:ing)?|bother(?:ing)?|spam(?:ming)?|serv(?:e|"
        r"ing)|feed(?:ing)?|have|having|play(?:ing)?|look(?:ing)? at)(?: me|"
        r" us)?(?: with)?(?: any| anything| any more| more| the| all)*(?: about| on| of|"
        r" from)? " + _X,
        _steer("mute"),
    ),
    (
        r"(?:i )?(?:dont|do not|never|no longer) (?:want|wanna|need|wish for|"
        r"care for)(?: to "
        + _VERBS
        + r"| to| any| anything| any more| the)*(?: about| on| with)? "
        + _X,
        _steer("mute"),
    ),
    (
        r"(?:i )?(?:really |absolutely |fucking |just )*(?:hate|detest|loathe|despise|"
        r"cant stand|cannot stand|cant bear|abhor) (?:the |all |seeing )?" + _X,
        _steer("mute"),
    ),
    (
        r"(?:mute|hide|block|ban|remove|delete|filter(?: out)?|exclude|drop|kill|ditch|"
        r"banish|avoid|skip|omit|suppress|silence|blacklist|blocklist|eliminate|lose|"
        r"cut out|screen out|leave out|take out|turn off|switch off|throw out|"
        r"get rid of|do away with|snooze|unfollow|spare me|save me from|keep away|"
        r"away with|down with|screw|to hell with|death to|no to|"
        r"say no to)(?: me)?(?: all| any| every| everything| anything| stuff| posts|"
        r" content)*(?: about| on| of| with| from| related to)?(?: the| all the)? " + _X,
        _steer("mute"),
    ),
    (
        r"(?:take|get|keep|leave|cut|filter|throw|kick) (?:the |"
        r"all the )?(?P<x>.+?) (?:out|away|off)(?: of (?:my|the) \w+)?",
        _steer("mute"),
    ),
    (
        r"(?:no(?! no\b| way| idea| problem| worries| wonder| doubt)|zero|without|w/o|"
        r"sans|minus|free of|nothing(?: to do)?(?: with| about| on)?|not(?! bad| enough| sure|"
        r" now| today| yet| really| too)|none of|never)(?: more| any| any more|"
        r" further)?(?: of)?(?: the| that| those| this)? " + _X,
        lambda m: _steer("mute")(m),
    ),
    (
        r"(?:cant get enough of|i cant get enough of|never (?:get )?enough|"
        r"obsessed with|im obsessed with|cant live without) " + _X,
        _steer("more"),
    ),
    (
        r"(?:i(?:m| am)?|were|we are|weve|ive)(?: been)?(?: really| very| so| super|"
        r" totally| getting| quite| also| a big| a huge| currently| kind of| kinda|"
        r" pretty)* (?:into|a fan of|fan of|interested in|keen on|fond of|crazy about|"
        r"mad about|passionate about|fascinated by|hooked on|addicted to|"
        r"curious about) (?:the )?" + _X,
        _steer("more"),
    ),
    (
        r"(?:a (?:bit|little|lot|tad) |much |way |far |even |some |lots |many )*(?:more|"
        r"extra|additional|loads of|lots of|plenty of) (?:of )?(?:the |that |those |"
        r"this )?(?!like\b|recent\b|popular\b|please$)" + _X,
        _steer("more"),
    ),
    (
        r"(?:"
        + _GIVE
        + r"|i want(?: to "
        + _VERBS
        + r")?|i need|id (?:like|love)(?: to "
        + _VERBS
        + r")?|i(?: would|d) (?:like|love)(?: to "
        + _VERBS
        + r")?|i wanna(?: "
        + _VERBS
        + r")?|i wish (?:i saw|there (?:was|were))|wanna(?: "
        + _VERBS
        + r")?|lets have|lets see|want|need|how about|what about|it should (?:have|show)|"
        r"there should be)(?: some| a (?:bit|little|lot)| lots| much| even)* (?:more|"
        r"extra|additional|lots of|plenty of)(?: of)?(?: the)? (?!like\b|recent\b|"
        r"popular\b)" + _X,
        _steer("more"),
    ),
    (
        r"(?:increase|boost|raise|up|amplify|favou?r|promote|priorit(?:i[sz]e|y)|"
        r"turn up|crank up|bring on|bring back|bring in|keep .* coming|pump up|upgrade|"
        r"double down on|bump up)(?: the| amount of| number of)* " + _X,
        _steer("more"),
    ),
    (r"(?:keep) (?:the )?(?P<x>.+?) (?:coming|up)", _steer("more")),
    (
        r"(?:where(?:s| is| are|re)?|why(?:s| is| are)? there(?: so little| no|"
        r" not enough| so few)?|not enough|too (?:little|few)|there(?:s| is|re|"
        r" are) (?:not enough|too (?:little|few)|so little|so few)|i miss|"
        r"i dont see (?:enough|any)|you forgot) (?:all )?(?:the |my )?" + _X,
        lambda m: (
            _steer("more")(m)
            if not re.search(r"\b(?:settings?|my|button|page|menu|account|password)\b", m["x"])
            else None
        ),
    ),
    (
        r"i (?:really |just |absolutely |also |do |fucking |so )*(?:love|like|enjoy|"
        r"adore|dig|heart|<3|prefer) (?:the )?" + _X,
        lambda m: (
            _steer("more")(m)
            if not re.match(r"(?:to|you|it$|this$|that$|how)\b", m["x"])
            else (Smalltalk("praise"),)
            if re.match(r"(?:you|it$|this$|that$|how)\b", m["x"])
            else None
        ),
    ),
    (r"(?P<x>[\w &/-]+?) (?:more|please more)(?: often)?", _steer("more")),
    # finding
    (
        r"(?:surprise|amaze|entertain|impress|amuse) me(?: with something)?|(?:im|i am|"
        r"so|really|feeling)(?: so| really| very)* bored(?: .*)?|bored|(?:recommend|"
        r"suggest|find|show|give|get|pick)(?: me| us)? (?:something|anything|stuff|"
        r"a few things|some(?:thing)? (?:good|nice|cool|interesting|new))|(?:what|"
        r"which one|what one|which)(?:s| should| shall| can| could| do| would|"
        r" to)?(?: i| we| you)?(?: recommend| suggest)?(?: good to)? ?(?:watch|read|see|"
        r"listen to|play|cook|hear|do|start with|try)?(?: (?:tonight|today|next|now|"
        r"this evening|first|this weekend|with (?:the )?(?:kids|family)))?|(?:got|have|"
        r"have you got|do you have|is there|know|any)(?: you)? ?(?:anything|"
        r"something) (?:good|nice|interesting|new|fun|for me|worth watching|"
        r"worth reading|cool|to recommend)?(?: .{0,10})?|recommend(?:ations?)?|"
        r"suggestions?|any (?:recommendations?|suggestions?|ideas|tips)(?: for (?:me|"
        r"tonight|today))?|what do you (?:recommend|suggest|have(?: for me)?|got)|"
        r"what have you got(?: for me)?|recommend me|for you|my (?:list|feed|"
        r"recommendations)|whats (?:good|on)|show me (?:my )?(?:recommendations|"
        r"the list|my list|what you(?:ve)? got)|help me (?:choose|pick|decide)(?: .*)?|"
        r"something to (?:pass the time)",
        lambda m: (
            None
            if not m[0].strip() or m[0].strip() in ("what", "which", "got", "know", "any")
            else (Find(finding(_kept_words(m[0]))),)
        ),
    ),
    (
        r"(?:find|search|search for|look for|look up|lookup|seek|fetch|browse|explore|"
        r"google)(?: me| us| for)*(?: something| anything| some| stuff)*(?: about| on|"
        r" for)? " + _X,
        lambda m: (
            (Find(finding(_after_verb(m)), than=()),)
            if not comparisons(_after_verb(m))[0]
            else _find_words(_after_verb(m))
        ),
    ),
    (
        r"(?:"
        + _GIVE
        + r"|i want(?: to "
        + _VERBS
        + r")?|i need|we (?:want|need)(?: to "
        + _VERBS
        + r")?|id (?:like|love)(?: to "
        + _VERBS
        + r")?|i(?: would|d) (?:like|love)(?: to "
        + _VERBS
        + r")?|i wanna(?: "
        + _VERBS
        + r")?|wanna(?: "
        + _VERBS
        + r")?|want(?: to "
        + _VERBS
        + r")?|need|i fancy|fancy|i feel like|feel like|feeling like|im feeling|i(?:m|"
        r" am)? ?(?:in the )?mood for|in the mood for|(?:im |i am |were |we are |"
        r"currently )?looking for|(?:im |i am )?searching for|(?:im |i am )?after|"
        r"in need of|craving|im craving|can (?:you|i) (?:recommend|get|have|see)|"
        r"know(?: of)?(?: any| some)?|do you know(?: of)?(?: any| some)?|do you have|"
        r"have you got|have you|you got|got|are there|is there|any|what about|how about|"
        r"tell me(?: something)? about|tell me something about|teach me about|i(?:d|"
        r" would)? (?:want|like) to (?:learn|know|read|hear|see)(?: more|"
        r" something)? about|lets (?:watch|read|see)|put on|what have you got (?:from|"
        r"on|about|by)|what(?:s| is| do you have| have you) (?:got )?(?:there )?(?:from|"
        r"on|by|about)|something (?:about|on|with)|anything (?:about|on|with))(?: me|"
        r" us)? " + _X,
        _find,
    ),
    (r"(?:anything|something) (?:by|from|featuring|starring|for) .+", lambda m: (Find(m[0]),)),
    (
        r"(?:a |an |some |the )?(?:videos?|articles?|posts?|books?|films?|movies?|"
        r"podcasts?|stories|story|documentar(?:y|ies)|shows?|songs?|recipes?|news|"
        r"pieces?|essays?|threads?) (?:on|about|for|by|from|with|of) (?P<x>.+)",
        lambda m: (
            Find(m[0])
            if not m[0].startswith(("posts", "post", "video ", "a video", "videos on", "stuff"))
            else Find(finding(m["x"])),
        ),
    ),
    (
        r"(?:based on|set in|starring|directed by|written by|produced by|made in|"
        r"featuring) " + _X,
        lambda m: (Find(_find_story(m[0])),),
    ),
)


def _named(words: str) -> str:
    """Return words; none where they are nothing but a noun of items."""
    return "" if re.fullmatch(_NOUN_OF_ITEMS, words) else words


def _kept_words(clause: str) -> str:
    """Return "something to watch" and the like, which say what sort of thing is wanted."""
    found = re.search(r"\bsomething to (?:watch|read|listen to|play|cook|eat)\b", clause)
    return found[0] if found else ""


def _after_verb(match: re.Match[str]) -> str:
    found = re.match(
        r"(?:find|search|look|lookup|seek|fetch|browse|explore|google)(?: up)?(?: me|"
        r" us)?(?: for| me| us)*\s*(.*)",
        match[0],
    )
    return found[1] if found else match["x"]


def _find_words(words: str) -> Sequence[Command]:
    than, rest = comparisons(words)
    if _no_noun(rest):
        return (Find(than=than),)
    return (Find(finding(rest), than=than),)


def _find_story(words: str) -> str:
    return re.sub(r"^based on an? ", "", words)


_RULES = tuple((re.compile(rf"^(?:{pattern})$"), make) for pattern, make in _LIST)

_SMALL: tuple[tuple[re.Pattern[str], Smalltalks], ...] = tuple(
    (re.compile(rf"^(?:{pattern})$"), cast(Smalltalks, what))
    for pattern, what in (
        (
            r"(?:hi|hello|hey|heya|hiya|howdy|yo|sup|wassup|whats up|greetings|"
            r"good (?:morning|evening|afternoon|day)|morning|evening|hallo|"
            r"hola)(?: (?:there|bot|all|you|everyone|again|friend|buddy|mate))*|"
            r"anybody there|are you there|how are (?:you|u|things)(?: (?:doing|today))*|"
            r"hows it going|how do you do|nice to meet you|how r u",
            "greeting",
        ),
        (
            r"(?:many |ok |cool |great )?(?:thanks?|thx|ty|tysm|thank (?:you|u)|cheers|"
            r"much appreciated|appreciate it|merci)(?: (?:so much|a lot|very much|you|mate|"
            r"man|bot|again|for (?:the|your) \w+|for that|for this))*",
            "thanks",
        ),
        (
            r"(?:good ?bye|bye(?: bye)?|see (?:you|ya|u)(?: (?:later|soon|tomorrow|"
            r"around))?|cya|later|good ?night|take care|im (?:off|done|out)|"
            r"thats all(?: for (?:now|today))?|gotta go|farewell|cu|peace out)(?: .{0,12})?",
            "farewell",
        ),
        (
            r"(?:ok|okay|k|kk|yes|yeah|yep|yup|sure|fine|alright|all right|right|got it|"
            r"i see|understood|good|ok then|okay then|no|nope|nah|no problem|no worries|hm+|"
            r"hmm|ah|aha|oh|mhm|indeed|exactly|true|whatever|fair enough|makes sense|"
            r"sounds good|thats (?:fine|ok|okay|right|it))(?: (?:ok|okay|thanks|cool|good|"
            r"then))*",
            "agreement",
        ),
        (
            r"(?:(?:thats |this is |that was |its |you(?:re| are) |so |very |really |"
            r"pretty |quite |oh |wow |great |well |haha )*(?:actually |finally )?(?:cool|good|"
            r"great|nice|nice one|"
            r"awesome|amazing|perfect|excellent|wonderful|brilliant|fantastic|lovely|"
            r"love it|good job|well done|good one|wow|sweet|neat|helpful|the best|smart|"
            r"funny|clever|good bot|super|not bad|love this|like it|"
            r"interesting)(?: (?:love it|job|bot|work|one|stuff|choice|pick|list|thanks|"
            r"choices|picks))*|lol|haha+|ha|hehe|lmao|rofl|xd|i (?:love|like) (?:it|this|"
            r"that|you|these|how you .*)|love (?:it|this|that|you))",
            "praise",
        ),
        (
            r"(?:this|that|it|you|(?:this|the|your) (?:app|bot|service|site|thing|"
            r"list))(?:s| is| are|re| r)? (?:so |really |just |totally |"
            r"fucking |absolutely )*(?:bad|terrible|awful|useless|stupid|dumb|rubbish|crap|"
            r"shit|garbage|annoying|the worst|horrible|worthless|broken|suck|sucks|"
            r"an idiot)|(?:you|this|it) (?:really )?suck[s]?|(?:fuck|fuck (?:you|this|off)|"
            r"wtf|shit|damn|bullshit|bloody hell|screw (?:you|this)|shut up|stupid (?:bot|"
            r"thing|app)|idiot|useless|terrible|awful|what a (?:joke|mess|waste)(?: .*)?|"
            r"(?:everything|all|most of it|half of it|the stuff|whatever|all the stuff)"
            r"(?: (?:that )?"
            r"(?:you|u|it) (?:\w+ )?(?:show|recommend|suggest|give|list|pick|send|offer)\w*(?: me| "
            rf"us)?| here| on here)?(?:s| is| are| was) (?:\w+ ){{0,2}}{_BAD}|"
            r"nothing (?:(?:that )?(?:you|u) (?:\w+ )?(?:show|recommend|suggest|give|list|pick)\w*"
            r"(?: me)? |here )?(?:is|was|works?)(?: (?:any )?(?:good|right|useful|relevant|"
            r"interesting))?|"
            r"(?:this|these|those|your|the) (?:recommendations?|suggestions?|lists?|results?|"
            r"picks?|articles|posts|choices)"
            rf"(?: you \w+ me)? (?:(?:is|are|r) (?:\w+ ){{0,2}}{_BAD}|sucks?)|"
            rf"i hate (?:this|these|that|your|the|all)(?: \w+){{0,2}} (?:{_BAD}|recommendations?|"
            r"suggestions?|lists?|app|site|service|bot)|"
            r"(?:hey )?(?:you|u|your|youre)(?: are| r)? (?:a |an |such |all |so |just |fucking |"
            r"stupid |damn |"
            r"bloody |bunch of |complete |total |the |useless )*(?:idiots?|morons?|fools?|clowns?|"
            r"assholes?|bastards?|imbeciles?|dumbass|dickheads?|useless|hopeless|stupid|dumb|"
            r"terrible|awful|annoying|bad)|"
            r"(?:idiots|morons|clowns|fools)|"
            r"why (?:is|are) (?:this|these|your|the|my|all)(?: (?:list|feed|app|recommendations?|"
            rf"suggestions?|results?|stuff|things))? (?:so|such|always|all) (?:\w+ )?{_BAD}|"
            r"(?:you|this|it) (?:never|dont|doesnt|does not|do not|just dont|just doesnt|cant)(?: "
            r"(?:ever|even|really))? (?:get (?:it|me|anything|this) ?(?:right)?|listen(?: to me)?|"
            r"understand(?: me| anything)?|learn|work|help)|"
            r"(?:this|that|it)(?:s| is| was)? not (?:helpful|working|useful|what i (?:want(?:ed)?|"
            r"asked(?: for)?|said|meant))|"
            r"worst .*|this is (?:bs|ridiculous|a joke)|i hate (?:this|you|it)(?: (?:app|"
            r"bot|thing|shit|crap))?|so annoying)",
            "complaint",
        ),
        (
            r"(?:are (?:you|u)|r u|is this) (?:a |an |even |really )*(?:robot|bot|human|"
            r"real|person|ai|machine|chatbot|computer|alive|chatgpt|real person)(?: .*)?|"
            r"(?:whats|what is|tell me|do you have)(?: your| a)? name|who (?:are|r) (?:you|"
            r"u)|who (?:made|created|built|programmed|wrote|owns|developed|trained) (?:you|"
            r"u)|who (?:made|created|built|programmed|owns|developed|trained) this|"
            r"what are you|how old are you|where are you from|do you (?:sleep|dream|"
            r"love me|have feelings|like me)|are you (?:ok|single|happy|smart|sentient|"
            r"conscious)",
            "self",
        ),
    )
)

_PLATFORM = (
    r"(?:accounts?|profile|password|passcode|email|e-mail|mail|notifications?|"
    r"alerts?|settings?|data|history|privacy|cookies?|language|app|android|ios|"
    r"iphone|"
    r"website|site|page|feed|list|recommendations?|subscriptions?|subscribe|"
    r"unsubscribe|membership|premium|plan|price|cost|free|pay(?:ment)?|invoice|"
    r"refund|"
    r"bill(?:ing)?|log ?in|log ?on|sign ?in|sign ?up|log ?out|sign ?out|register|"
    r"username|user name|avatar|picture|photo|posts?|comments?|uploads?|upload|"
    r"downloads?|download|export|"
    r"delete|report|block|mute|unmute|follow|unfollow|followers|share|save|"
    r"bookmarks?|playlist|watchlist|search|filter|topics?|interests?|"
    r"verify|verification|code|two factor|2fa|device|offline|dark mode|font|help|"
    r"support|contact|moderat(?:e|or|ion)|banned|suspended|"
    r"watch history|parental|kids|child|age|terms|rules|guidelines|policy|ads?|"
    r"personali[sz]ed?|algorithm|bot|chat|message|messages|this (?:work|thing|app|"
    r"site|service)|"
    r"channel|video|creator|author|review|rating|rate|like|dislike|undo|draft|"
    r"publish|edit|change my|reset|recover|restore|connect|link my|sync)"
)
_HELP = re.compile(
    r"^(?:(?:i )?(?:want|need|demand) (?:a |an |my )?(?:refund|money back|invoice).*|(?:forget|"
    r"delete|clear|erase|reset|remove|wipe) (?:everything|all(?: of it)?|(?:all )?my "
    r"(?:history|data|profile|recommendations|interests|account|likes|preferences))"
    r"(?: (?:i|ive|that i|you|about|so far|on)\b.*)?|(?:i )?need (?:some )?help(?: (?:with|"
    r"please).*)?|"
    r"help(?: me)?(?: (?:please|out|with .*|menu|page))?|"
    r"what can (?:you|u|i|this(?: thing)?) (?:do|say|ask|tell you)(?: (?:here|"
    r"for me|with (?:you|this)))?|what (?:are|r) (?:my|the) options(?: here)?|"
    r"what (?:commands|things) (?:can i|are there|do you).*|"
    r"how (?:do|does|can|should|would) (?:this|it|you|these|the (?:app|site|service|"
    r"feed|algorithm|recommendations?)|i use (?:this|you))(?: (?:app|site|service|"
    r"thing|bot))?(?: work| function| go| know)?(?: .*)?|how to use (?:this|you|"
    r"it).*|faq|manual|instructions|user guide|tutorial|getting started|"
    r"(?:i )?(?:forgot|lost|cant remember|cannot remember|"
    r"dont remember) my (?:password|username|login|email|pin|user name).*|"
    r"(?:i )?(?:cant|cannot|can not|unable to|am unable to|im unable to|not able to|"
    r"couldnt) (?:log|sign|get(?! enough)|access|open|find|change|delete|upload|"
    r"post|comment|see|load|register|verify|receive|connect|turn|unsubscribe|"
    r"cancel)\b.*|"
    r"(?:my|the) (?:account|app|password|login|profile|video|page|upload|feed|"
    r"notifications?|payment|subscription|email)\b.* (?:not|doesnt|isnt|wont|cant|"
    r"is|was|has|are|keeps?|got|broken|hacked|disappeared|gone|locked|suspended|"
    r"blocked)\b.*|"
    r"whats? (?:does|is|do) (?:the )?(?:a |an )?(?:mute|snooze|less|more|block|"
    r"boost|control|filter|premium|this button|the \w+ button|following|"
    r"interest)\b.*(?:mean|do|for)?|what (?:does|do) .+ mean(?: here)?|"
    r"(?:who|what) (?:can|does|could) (?:\w+ )?(?:see|read|access|view|know|"
    r"use) (?:what|my|me|which|who)\b.*|"
    r"(?:where|when|how long|how often|how many|how much|does|do|is|are|can|may|"
    r"will|should)\b.*\b"
    + _PLATFORM
    + r"\b.*|how long do you keep .*|does (?:it|this) cost.*|is (?:it|this|"
    r"there) (?:free|safe|secure).*|"
    r"(?:(?:can|could) you )?(?:explain|tell me) how (?:the |your |this |it |"
    r"my )?(?:recommend\w*|algorithm|list|feed|suggestions?|ranking|it|this)\b.*)$"
)
_HOW = re.compile(
    r"^(?:how (?:do|can|could|should|would|to|does|did|might)|where (?:do|can|is|"
    r"are|could|should|would)|can i|could i|may i|is it possible to|am i able to|"
    r"is there (?:a way|an option|any way)|"
    r"what (?:happens|should i do|do i do) (?:if|when|with)|why (?:was|is|are|were|"
    r"cant|did|does|do|has|have|wont|isnt) (?:my|i)|how long|how many|how much|"
    r"i want to (?:delete|close|cancel|change|update|edit|export|download|report|"
    r"reset)|whats the (?:procedure|way)|steps to)\b.*$"
)
_FIND_NOT_HELP = re.compile(
    r"^(?:can i (?:get|have|see|watch|read|listen)|(?:is|are) there (?:any|some|a|"
    r"an)?\s*(?:more|interview|news|videos? (?:on|about|of)|posts? (?:on|about)|"
    r"(?:\w+ ){1,3}(?:posts?|articles?|threads?|videos?|discussions?|guides?) (?:on|about|for|of|"
    r"with)|"
    r"articles?|books?|films?|movies?|songs?|shows?|recipes?|podcasts?|"
    r"documentar\w+)\b)"
)
_ON_PLATFORM = re.compile(rf"\b{_PLATFORM}\b")
_PEOPLE = re.compile(
    r"(?:\b(?:talk|speak|chat|connect|transfer|put|get|contact|reach|call|message|"
    r"write|escalate|complain|forward|need|want|give)\b.*\b(?:human|real person|"
    r"someone real|a person|people|agent|operator|manager|representative|rep|staff|"
    r"support|customer (?:service|care|support)|supervisor|moderator|admin|"
    r"somebody real|real human|employee|your boss)\b)"
    r"|^(?:human|agent|operator|representative|support|customer (?:service|support)|"
    r"live (?:chat|agent)|real (?:person|human))(?: please)?$|^is there (?:a human|"
    r"anyone real|a real person).*"
)
_SELF_HARM = re.compile(
    r"\b(?:kill(?:ing)? (?:myself|me self)|suicid\w*|end (?:my|it) (?:life|all)|"
    r"end my life|want to die|wanna die|wish i (?:was|were) dead|better off dead|"
    r"hurt(?:ing)? myself|harm(?:ing)? myself|cut(?:ting)? myself|self ?harm|"
    r"dont want to (?:live|be alive|exist)|no (?:reason|point) (?:to|in) liv(?:e|"
    r"ing)|take my own life|hang myself|overdose on pills|kms)\b"
)
_THREAT = re.compile(
    r"\b(?:(?:im (?:going to|gonna)|i will|ill|i am (?:going to|gonna)|ima|we will|"
    r"i want to|i wanna|going to|gonna)(?: \w+){0,4} (?:kill|murder|shoot|stab|hurt|"
    r"beat|hunt|destroy|burn|bomb|strangle|rape|attack|find) (?:you|u|them|him|her|"
    r"all of you|everyone|everybody|your (?:family|kids|house|office|staff|team)|"
    r"people)|(?:blow|burn|shoot) (?:up |down )?(?:your|the) (?:office|building|"
    r"house|school)|bomb (?:your|the) \w+|you(?:re| are| will|"
    r" gonna)?(?: all)? (?:dead|going to die|gonna die|will die)|watch your back|"
    r"i know where you live|kill (?:you|u) all)\b"
)
_INSTRUCTIONS = re.compile(
    r"\b(?:(?:ignore|disregard|forget|override|"
    r"bypass)(?: \w+){0,3} (?:instructions?|prompts?|rules|guidelines|directions|"
    r"commands|programming|training)|system prompt|developer (?:mode|message)|"
    r"jailbreak|pretend (?:to be|you are|youre)|act as (?:a|an|if|my)|you are now|"
    r"roleplay|role play|print your|reveal your (?:prompt|instructions|rules)|"
    r"repeat (?:your|the) (?:instructions|prompt|text above)|(?:drop|delete|"
    r"truncate) table|select \* from|<script|sudo|admin mode|dan mode)\b"
)
_KIN = (
    r"(?:brother|sister|mother|mom|mum|father|dad|wife|husband|son|daughter|friend|"
    r"boss|neighbou?r|colleague|girlfriend|boyfriend|ex|roommate|teacher|partner|"
    r"uncle|aunt|cousin|kid|kids|child|children)s?"
)
_ANOTHER = re.compile(
    rf"(?:\b(?:user|account|customer|member)(?: (?:no|nr|number|id|named|"
    rf"called))? #?(?!posts?\b|settings?\b|name\b|profile\b|data\b|guide\b|page\b|"
    rf"reviews?\b|experience\b|interface\b)(?:\d+|\w+\d+|bob|[a-z]+)$"
    rf"|\b(?:of|for|to|as) (?:the )?user \S+|\bas (?:the )?user \S+"
    rf"|\bmy {_KIN} (?:account|feed|list|history|profile|recommendations|settings|mutes|filters)"
    rf"|\b(?:recommendations|account|feed|history|list|profile|settings|mutes|likes|"
    rf"activity|filters) (?:of|for) (?:my {_KIN}|user|someone else|somebody else|"
    rf"another (?:user|person)|other (?:users|people)|[a-z]+ ?\d+)"
    rf"|^(?:show|tell|give|what)(?: me)?(?: us)? ?(?:what|which \w+|"
    rf"everything)? ?(?:has |is |does |did |have )?(?:my )?(?!(?:i|you|we|they|"
    rf"people|everyone|everybody|others|the|it|this|that|is|"
    rf"are)\b)[a-z]+ (?:has been|is|was|been|has|likes?|reads?|watch(?:es|ed)?|"
    rf"watching|reading|did|does|muted) ?(?:been )?(?:reading|watching|liking|"
    rf"listening to|looking at|doing|seen|read|watched|liked)\b"
    rf"|\b(?:delete|remove|show|open|change|edit|reset|read|hack|block|close|suspend|"
    rf"ban) (?:the )?[a-z]+s (?:account|feed|history|profile|recommendations|"
    rf"settings|password|mutes|messages|list)\b"
    rf"|\b(?:log me in|sign me in|act) as (?!i\b)\w+)"
)
_MINE = re.compile(
    r"\b(?:my|your|this|his|hers|its|users|others|accounts|topics|news|"
    r"sports) (?:account|feed|history|profile|recommendations|settings|password|"
    r"mutes|messages|list)\b"
)
_OUTSIDE = re.compile(
    r"^(?:(?:sort|order|group|arrange) (?:\w+ ){0,2}by\b.*|(?:whats|what is|what will|hows|"
    r"how is|will|is it going to|is it|"
    r"check)(?: the)? ?(?:weather|temperature|forecast|rain\w*|snow\w*|be (?:sunny|"
    r"cold|hot|warm))\b.*|will it (?:rain|snow)\b.*|"
    r"(?:book|reserve|order|buy|purchase|rent|schedule|cancel my|pay|transfer|wire|"
    r"deposit|withdraw|send(?! me\b)|call(?! it)|text|email|phone|dial(?! back|"
    r" down)|ring|remind me|wake me|set (?:an?|my|the|up)|turn (?:on|"
    r"off) (?:the )?(?:lights?|tv|heating|ac|fan|oven|music)|switch (?:on|off) the|"
    r"unlock|lock|open the (?:door|garage|window)|translate|calculate|convert|"
    r"compute|solve|spell|define|write (?:me )?(?:an? |the |my )?(?:poem|essay|"
    r"letter|story|email|code|program|song|report|cv|resume|speech|joke)|compose|"
    r"draw|paint|sing|dance|do my|fix|repair|clean|hack|post (?:this|that|it)|tweet|"
    r"upload this|call|drive|navigate|flip a coin|roll (?:a )?dice?)\b.*|"
    r"(?:whats|what is|what are|wheres|where is|whens|when is|when was|when did|"
    r"when does|who is|who was|whos|who won|who wrote|who invented|how (?:tall|old|"
    r"far|big|deep|high|heavy|many calories|hot|cold|fast|long is|much is|"
    r"many people|is the weather)|what time|what day|what year|whats the (?:time|"
    r"date)|what does .* stand for|which (?:country|city|planet)|is it (?:true|"
    r"possible)|will i|do i need|should i (?:buy|sell|wear|marry|take|call|see a)|"
    r"can dogs|why is the sky|how do planes|what color)\b.*)$"
)


def safety(message: str) -> Handoff | None:
    """Return the hand-over of a message with words of self-harm or a threat; None for others."""
    if _SELF_HARM.search(message):
        return Handoff("self_harm")
    return Handoff("threat") if _THREAT.search(message) else None


def whole(message: str) -> tuple[Command, ...]:
    """Return the commands of a message that is read as one; empty: read it by its clauses."""
    if _INSTRUCTIONS.search(message):
        return (CannotDo("instructions", message),)
    if _ANOTHER.search(message) and not _MINE.search(message):
        return (CannotDo("another_user", message),)
    if _PEOPLE.search(message):
        return (Handoff("person"),)
    return ()


def clause(words: str) -> tuple[Command, ...]:
    """Return the commands of a clause; empty where no pattern fits."""
    words = words.strip()
    for pattern, what in _SMALL:
        if pattern.match(words):
            return (Smalltalk(what),)
    scope = PROFILE.search(words) is not None
    bare = stripped(PROFILE.sub("", words) if scope else words)
    if not bare:
        return ()
    for pattern, what in _SMALL:
        if bare != words and not scope and pattern.match(bare):
            return (Smalltalk(what),)
    if not scope and (found := _questions(bare)):
        return found
    for rule, make in _RULES:
        match = rule.match(bare)
        made = make(match) if match is not None else None
        if made:
            return tuple(
                Steer(one.action, one.target, "profile")
                if scope and isinstance(one, Steer)
                else one
                for one in made
            )
    return ()


def _questions(bare: str) -> tuple[Command, ...]:
    if _FIND_NOT_HELP.match(bare):
        return ()
    if _HELP.match(bare) and not _SHOWN.match(bare):
        return (Help(bare),)
    if _HOW.match(bare) and not _SHOWN.match(bare):
        return (Help(bare),) if _ON_PLATFORM.search(bare) else (CannotDo("outside", bare),)
    if _OUTSIDE.match(bare) and not _SHOWN.match(bare):
        return (CannotDo("outside", bare),)
    return ()


_SHOWN = re.compile(
    r"^(?:what (?:are|were|is) my (?:interests|preferences|tastes?|profile|filters|"
    r"mutes|controls)|why (?:is|are) (?!my\b)|why do i (?:keep|always|still|only|get|see)\b|"
    r"why (?:did|do) you|why (?:am|are|"
    r"would|did) (?:i|you|these|this)|how come|is there (?:any )?(?:news|anything|"
    r"something|buzz|hype)|are there any (?:good|more|other)|"
    r"what (?:is|are) (?:going on|happening|trending|hot|new|popular|people|"
    r"everyone|everybody|the (?:latest|buzz|news|story|deal|talk))|"
    r"whats (?:going on|happening|trending|hot|new|popular|up|the (?:latest|buzz|"
    r"news|story|deal|talk|fuss))|which (?:filters|mutes|rules)|"
    r"how many (?:posts?|articles?|threads?|videos?|items?|things) (?:are )?(?:there )?(?:about|"
    r"on)\b|"
    r"(?:whats|what is|what are|which is|which are|which) (?:the |your |some )*(?:best|top|good|"
    r"nicest|most)\b|"
    r"how (?:did|do|are) (?:you|these|they) (?:pick|choose|select|picked|chosen)|"
    r"who (?:do you think i am|am i)|what is this doing|"
    r"where do (?:these|those|they) come|wheres all the|where is all the|"
    r"what are you showing|should i (?:watch|read)|call me|what is everyone)\b"
)
