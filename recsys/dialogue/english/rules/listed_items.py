"""Rules of opinions on listed items, of two subjects in a clause, and of corrections."""

from __future__ import annotations

import re

from recsys.dialogue.commands import Find, Steer, Target
from recsys.dialogue.english.makers import steered, surrounding
from recsys.dialogue.english.subjects import PLACED, THIS, finding, target
from recsys.dialogue.english.word_classes import BAD, GIVE, NOUN_OF_ITEMS, SUBJECT
from recsys.dialogue.patterns import Rules

_SEVERAL = {"two": 2, "2": 2, "three": 3, "3": 3, "four": 4, "4": 4}
RULES: Rules = (
    (
        r"(?:i )?(?:(?:im )?not interested in|dont (?:want|like)|hide|skip|remove|drop|mute|lose|"
        r"(?:ive |i have |i )?(?:already )?(?:seen|read|watched|know)) (?:already )?the first "
        r"(?P<n>two|three|four|[234])(?: ones| items| posts| articles| films| movies)?",
        lambda m: tuple(
            Steer("mute", Target(str(place))) for place in range(1, _SEVERAL[m["n"]] + 1)
        ),
    ),
    (
        rf"{PLACED} (?:is|was|looks|sounds|seems|sucks) ?(?:\w+ ){{0,2}}(?:{BAD}|not for me|"
        r"not interesting|no good|uninteresting|)",
        lambda m: (
            (Steer("mute", target(m["x"])),)
            if re.search(
                rf"(?:{BAD}|not for me|not interesting|no good|uninteresting|sucks)$", m[0]
            )
            else None
        ),
    ),
    (
        rf"(?:i (?:really )?(?:like|love) )?{PLACED} (?:is|was|looks|sounds|seems) "
        r"(?:(?:really|very|so|pretty|quite|the|actually) )*(?:good|nice|great|interesting|perfect|"
        r"best|cool|awesome|excellent|better|fun|useful)",
        lambda m: (Find(like=target(m["x"])),),
    ),
    (
        r"(?:id |i would |i )?(?:rather|prefer|much rather)(?: to)?(?: (?:see|have|read|get|"
        r"watch))? "
        r"(?P<x>.+?) (?:than|over|instead of|rather than|to) (?P<y>.+)",
        lambda m: (Steer("more", target(m["x"])), Steer("less", target(m["y"]))),
    ),
    (
        rf"(?:{GIVE} |i want |more )?(?P<x>(?!(?:what|why|how|who)\b).+?) (?:instead of|"
        rf"rather than) "
        r"(?P<y>.+)",
        lambda m: (Steer("more", target(m["x"])), Steer("less", target(m["y"]))),
    ),
    (
        rf"(?:{GIVE} |i want |find (?:me )?)?(?P<x>(?!(?:i|nothing|anything|everything|all|no|not|"
        r"less|more|why|what|how)\b).+?) (?:but not|but no|but without|without|except(?: for)?) "
        r"(?:any |the )?(?P<y>.+)",
        lambda m: (
            (Find(_named(finding(m["x"]))), Steer("mute", target(m["y"])))
            if not THIS.match(m["y"])
            else None
        ),
    ),
    (
        r"(?:(?:its|it is|everything(?: here)?(?: is|s)?|all (?:of )?(?:it|this) is|why is "
        r"(?:it|everything))(?: just| only| always| all)* about|(?:all|everything) (?:i (?:see|"
        r"get)|"
        r"you show(?: me)?) is) " + SUBJECT,
        steered("less"),
    ),
    (
        rf"how many (?:{NOUN_OF_ITEMS}) (?:about|on|of|with|are about|are there about|"
        rf"are there on|"
        r"do you have (?:about|on)) (?P<x>.+?)(?: (?:do you have|are there|exist|have you got))?",
        surrounding,
    ),
    (
        rf"(?:whats|what is|what are|which is|which are|which) (?:the |your |some )*(?:best|top|"
        rf"good|"
        rf"nicest|favourite|most interesting) (?:{NOUN_OF_ITEMS}) (?:about|on|for|of|with) "
        + SUBJECT,
        lambda m: (Find(finding(m["x"])),),
    ),
    (
        rf"(?:(?:more|show me|give me|find|other|any|anything|something|i want) )*"
        rf"(?:(?:{NOUN_OF_ITEMS}) )?(?:else )?(?:by|from|of) (?:the |its )?(?:same |this |that |"
        rf"his |"
        rf"her )?(?:author|writer|creator|poster|director|artist)(?: (?:of|as) (?P<x>.+))?",
        lambda m: (Steer("only", Target(f"author of {target(m['x'] or 'this').words}")),),
    ),
    (
        r"(?:no )*i (?:meant|mean|said|was talking about|am talking about) (?:the )?"
        r"(?P<x>(?!(?:it|that|this|no|not|only|more|less|never|to|i|you)\b).+)",
        lambda m: (Find(finding(m["x"])),),
    ),
)


def _named(words: str) -> str:
    """Return words; none where they are nothing but a noun of items."""
    return "" if re.fullmatch(NOUN_OF_ITEMS, words) else words
