"""Rules of searches."""

from __future__ import annotations

import re
from collections.abc import Sequence

from recsys.dialogue.commands import Command, Find
from recsys.dialogue.english.comparatives import comparisons, no_noun
from recsys.dialogue.english.makers import searched
from recsys.dialogue.english.subjects import finding
from recsys.dialogue.english.word_classes import GIVE, SUBJECT, VERBS
from recsys.dialogue.patterns import Rules

RULES: Rules = (
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
        r"(?:what|which (?:one|ones|posts?|articles?|books?|films?|videos?)|what else) "
        r"(?:should|can|could|shall|would|do) (?:i|we|you) "
        r"(?:read|watch|see|listen to|learn|recommend|suggest|have)(?: to (?:read|watch|learn))? "
        r"(?:about|on|by|from|for) " + SUBJECT,
        lambda m: (Find(finding(m["x"])),),
    ),
    (
        r"(?:find|search|search for|look for|look up|lookup|seek|fetch|browse|explore|"
        r"google)(?: me| us| for)*(?: something| anything| some| stuff)*(?: about| on|"
        r" for)? " + SUBJECT,
        lambda m: (
            (Find(finding(_after_verb(m)), than=()),)
            if not comparisons(_after_verb(m))[0]
            else _find_words(_after_verb(m))
        ),
    ),
    (
        r"(?:"
        + GIVE
        + r"|i want(?: to "
        + VERBS
        + r")?|i need|we (?:want|need)(?: to "
        + VERBS
        + r")?|id (?:like|love)(?: to "
        + VERBS
        + r")?|i(?: would|d) (?:like|love)(?: to "
        + VERBS
        + r")?|i wanna(?: "
        + VERBS
        + r")?|wanna(?: "
        + VERBS
        + r")?|want(?: to "
        + VERBS
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
        r" us)? " + SUBJECT,
        searched,
    ),
    (r"(?:im |i am )?in an? (?P<x>[\w -]+?) mood", searched),
    (
        r"put (?:on )?(?:some |a bit of )?(?P<x>[\w -]+?)(?: on)?",
        lambda m: searched(m) if re.search(r"\bon\b", m[0]) else None,
    ),
    (
        r"(?:whats|what is|what are|whatre) (?:a |an |some )?(?:good|nice|great|decent|"
        r"fun)(?: ones?)? "
        r"(?!idea|way|time)(?P<x>.+)",
        searched,
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
        r"featuring) " + SUBJECT,
        lambda m: (Find(_find_story(m[0])),),
    ),
)


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
    if no_noun(rest):
        return (Find(than=than),)
    return (Find(finding(rest), than=than),)


def _find_story(words: str) -> str:
    return re.sub(r"^based on an? ", "", words)
