"""Rules of questions what happens around a subject."""

from __future__ import annotations

import re

from recsys.dialogue.commands import Around
from recsys.dialogue.english.makers import surrounding
from recsys.dialogue.english.word_classes import SUBJECT
from recsys.dialogue.patterns import Rules

RULES: Rules = (
    (
        r"(?:whats|what is|what are|what) (?:everyone|everybody|people|others|"
        r"most people) (?:watching|reading|"
        r"listening to|into|looking at)",
        lambda m: (Around(),),
    ),
    (
        r"(?:what|which)(?:s| is| are|re| (?:ones|things|posts|articles|topics|stories) are)? "
        r"(?:trending|hot|popular|viral|buzzing|big|happening|"
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
        r"of) " + SUBJECT,
        surrounding,
    ),
    (
        r"what (?:do|does|did) (?:people|everyone|everybody|they|folks|users|the public|"
        r"others) (?:think|say|feel|make) (?:about|of|on) " + SUBJECT,
        surrounding,
    ),
    (
        r"what(?:s| is| has been)? (?:happening|going on|going down|up|new|trending|hot|"
        r"popular|the (?:latest|news|story|deal|talk|buzz|fuss|hype|situation|state|"
        r"mood|word|update|drama))(?: (?:today|now|currently))? (?:with|around|in|on|"
        r"about|at|of|over|for|regarding) " + SUBJECT,
        surrounding,
    ),
    (
        r"(?:any|whats the|is there|is there any|are there any)?\s*(?:buzz|hype|"
        r"updates?|developments?|trends|reactions?|discussions?|chatter|drama|"
        r"fuss)(?: happening| going on)? (?:around|about|on|with|in|over|to|regarding) " + SUBJECT,
        surrounding,
    ),
    (
        r"(?:(?:any |some )?(?:new |fresh |recent |"
        r"latest |breaking )*news|whats being (?:said|written)|what (?:is|has been|"
        r"gets) (?:being )?(?:discussed|said|"
        r"written|reported|posted)) (?:about|on|around|regarding|concerning) " + SUBJECT,
        surrounding,
    ),
    (
        r"(?:the )?(?:latest|news around|headlines (?:about|on))(?: news)?(?: on| about|"
        r" from| in| around| with)? " + SUBJECT,
        lambda m: (
            surrounding(m)
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
        r"keep me posted|tell me the latest) (?:on|about|with) " + SUBJECT,
        surrounding,
    ),
    (
        r"(?:is )?(?:there )?(?:anything|something) (?:big |new |"
        r"interesting )?(?:happening|going on|new|up) (?:around|with|in|about|at|on) " + SUBJECT,
        surrounding,
    ),
    (
        r"how(?:s| is| are| did| was)? (?P<x>.+?) (?:going down|being received|"
        r"doing(?: with people)?|received|developing|going over|trending)(?: (?:with|by|"
        r"among) (?:people|everyone|fans|users|the public))?",
        lambda m: (
            surrounding(m) if not re.fullmatch(r"(?:it|you|u|things|everything)", m["x"]) else None
        ),
    ),
    (
        r"(?:what happened|what went on|whats gone on) (?:with|to|in|at|around|on) " + SUBJECT,
        surrounding,
    ),
)
