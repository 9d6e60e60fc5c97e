"""Comparatives: the comparisons of a clause and what is left of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import cast

from recsys.dialogue.commands import Comparison

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
    "less_known": r"less (?:well[ -])?known|least (?:known|popular)|lesser[ -]known|less popular|"
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


DEGREE = (
    r"(?:(?:a (?:bit|little|lot|tad)|much|way|even|slightly|somewhat|far|really|"
    r"rather|only|but|just|more) )*"
)


ANY_COMPARATIVE = "|".join(_DIMENSIONS.values())


_ONE = "|".join(f"(?P<{name}>{words})" for name, words in _DIMENSIONS.items())


_COMPARATIVE = re.compile(rf"(?<![\w]){DEGREE}(?:{_ONE})(?![\w])")


TOO_MUCH = re.compile(
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


def no_noun(words: str) -> bool:
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
